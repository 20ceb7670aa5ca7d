import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { parseOutsideJson, versionText } from '../outside-text.ts'
import { timeOf } from '../rules/moments.ts'

/** A moment as PostgreSQL writes it in JSON, infinite and before our era too. */
export const timestamp = z.string().refine(isTimestamp, 'must be an ISO timestamp')
const finiteTimestamp = z.iso.datetime({ offset: true, error: 'must be an ISO timestamp with an offset' })
const count = z.string().regex(/^\d{1,19}$/, 'must be a count: digits in quotes, not negative')
const name = z.string().min(1)

function isTimestamp(text: string): boolean {
  if (!/^(-?infinity|\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}:\d{2}( BC)?)$/.test(text)) return false
  try {
    timeOf(text)
    return true
  } catch {
    return false
  }
}

/** Whether a bucket that says that it is a day has the bounds of one: what compares days reckons with them. */
export function isDayBounded({
  grain,
  starts_at,
  ends_at,
}: {
  grain: string
  starts_at: string | null
  ends_at: string | null
}): boolean {
  return (
    grain !== 'day' || [starts_at, ends_at].every((at) => at !== null && isTimestamp(at) && Number.isFinite(timeOf(at)))
  )
}

// Of two with one name the second would hide the first.
function unique<Key extends string, List extends z.ZodType<{ [key in Key]: string }[]>>(list: List, key: Key): List {
  return list.refine(
    (items) => new Set(items.map((item) => item[key])).size === items.length,
    `must not hold a ${key} twice`,
  )
}

const bucket = z
  .object({
    partition_name: name,
    bucket_name: name,
    grain: z.enum(['partition', 'table', 'day', 'month', 'undated']),
    starts_at: timestamp.nullable(),
    ends_at: timestamp.nullable(),
    partition_starts_at: timestamp.nullable(),
    partition_ends_at: timestamp.nullable(),
    is_default: z.boolean(),
    row_count: count,
    oldest_at: timestamp.nullable(),
    newest_at: timestamp.nullable(),
    fingerprint: z
      .string()
      .regex(/^-?\d{1,60}$/, 'must be digits in quotes')
      .nullable(),
    /** Taken over from an earlier baseline, because the partition cannot have changed since. */
    is_carried: z.boolean(),
  })
  .refine(isDayBounded, 'must have the bounds of its day')

const tenant = z.object({ tenant_key: name, row_count: count, newest_at: timestamp.nullable() })

const relation = z.object({
  relation_name: name,
  timestamp_column: name.nullable(),
  is_append_only: z.boolean(),
  tolerance: z.string().regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'must be a share from 0 to 1 in quotes'),
  tenant_column: name.nullable(),
  is_tenant_shown: z.boolean(),
  is_secret: z.boolean(),
  depth: z.enum(['standard', 'full']),
  /** How its fingerprints were made; null when it has none. */
  recipe: name.nullable(),
  buckets: unique(z.array(bucket), 'bucket_name'),
  tenants: unique(z.array(tenant), 'tenant_key'),
})

const guard = z.object({
  relation_name: name,
  trigger_name: name,
  function_name: name,
  trigger_definition: z.string().nullable(),
  function_definition: z.string().nullable(),
  is_trigger_ours: z.boolean(),
})

const partitionedRelation = z.object({
  relation_name: name,
  period: z.enum(['day', 'week', 'month', 'quarter', 'year']),
  time_zone: name,
  name_pattern: z.string().nullable(),
})

const waiver = z.object({
  check_name: name,
  object_name: z.string().nullable(),
  reason: name,
  owner: name,
  until: z.iso.date(),
})

const schemaObject = z.object({
  object_kind: name,
  object_name: z.string(),
  definition: z.string(),
  relation_name: name.nullable(),
  is_of_partition: z.boolean(),
  /** Why no object of this kind could be read; older documents do not have it. */
  problem: z.string().nullable().default(null),
})

/** The baseline document, version 1: what drill.export_baseline() writes. docs/baselines.md describes it. */
export const baselineDocument = z.object({
  format: z.literal('pgdrill-baseline'),
  format_version: z.literal(1),
  baseline_id: z.uuid(),
  captured_at: finiteTimestamp,
  captured_lsn: z.string().regex(/^[0-9A-F]+\/[0-9A-F]+$/i, 'must be an LSN such as 0/16B3748'),
  label: z.string().nullable(),
  /** Taken in the snapshot that a dump was made from: a copy restored from that dump is equal to it. */
  is_exact: z.boolean(),
  /** full: with fingerprints and tenants. */
  depth: z.enum(['standard', 'full']),
  schema_version: name,
  source: z.object({
    installation_id: z.uuid(),
    system_identifier: z.string().regex(/^-?\d{1,20}$/, 'must be digits in quotes'),
    timeline_id: z.int().positive(),
    started_at: finiteTimestamp,
    database_name: name,
    server_version: name,
  }),
  policies: z.record(z.string(), z.number().nonnegative()),
  guards: z.array(guard),
  partitioned_relations: z.array(partitionedRelation),
  isolation_policy: z.record(z.string(), z.enum(['fail', 'warn', 'skip'])).default({}),
  waivers: z.array(waiver).default([]),
  objects: z.array(schemaObject),
  relations: unique(z.array(relation).min(1, 'must hold at least one relation'), 'relation_name'),
})

export type Baseline = z.infer<typeof baselineDocument>
export type BaselineRelation = Baseline['relations'][number]
export type BaselineBucket = BaselineRelation['buckets'][number]

/** A baseline and where it came from, in words for the report. */
export interface BaselineSource {
  origin: string
  /** Without its objects where it is inside the target: they are compared there. */
  document: Baseline
  isInside: boolean
}

/**
 * Reads a baseline document.
 * @param text JSON
 * @param origin what the document is called in messages, such as a file name
 * @throws CouldNotVerify with one line that says what is wrong and where
 */
export function parseBaseline(text: string, origin: string): Baseline {
  const retry = 'Export it again: pgdrill baseline export --target production.'
  let json: unknown
  try {
    json = parseOutsideJson(text)
  } catch (error) {
    throw new CouldNotVerify(`the baseline ${origin} ${(error as Error).message}`, retry)
  }
  const head = json as { format?: unknown; format_version?: unknown } | null
  if (head === null || typeof head !== 'object' || head.format !== 'pgdrill-baseline') {
    throw new CouldNotVerify(`${origin} is not a baseline of pgdrill`, retry)
  }
  if (head.format_version !== 1) {
    throw new CouldNotVerify(
      `the baseline ${origin} has ${versionText(head.format_version)}, this pgdrill reads version 1`,
      'Use the pgdrill that wrote it, or export it again.',
    )
  }
  const parsed = baselineDocument.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new CouldNotVerify(
      `the baseline ${origin} is damaged: ${issue?.path.join('.') || 'the document'} ${issue?.message}`,
      retry,
    )
  }
  return parsed.data
}
