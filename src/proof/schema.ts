import * as z from 'zod'
import { baselineDocument, isDayBounded, timestamp } from '../baselines/document.ts'

const text = z.string()
const maybe = text.nullable()
const moment = z.iso.datetime({ offset: true, error: 'must be an ISO timestamp with an offset' })
const status = z.enum(['pass', 'warn', 'fail', 'skip', 'error', 'waived'])
const verdictStatus = z.enum(['verified', 'failed', 'could_not_verify'])
const count = z.int().nonnegative()
/** Safe as the name of a folder. */
const folderName = text.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be letters, digits, dots, dashes and underscores')
const hash = text.regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hex')

const result = z.object({
  check_name: text.min(1),
  object_name: maybe,
  status,
  detail: text,
  hint: maybe,
  expected: z.unknown(),
  actual: z.unknown(),
})

const identity = z.object({
  installation_id: maybe,
  installed_at: maybe,
  system_identifier: text,
  timeline_id: z.int(),
  started_at: text,
  database_name: text,
  server_version: text,
  server_version_num: z.int(),
  is_in_recovery: z.boolean(),
  is_sandbox: z.boolean(),
})

const bucket = z
  .object({
    relation_name: text,
    partition_name: text,
    bucket_name: text,
    grain: z.enum(['partition', 'table', 'day', 'month', 'undated']),
    starts_at: timestamp.nullable(),
    ends_at: timestamp.nullable(),
    partition_starts_at: timestamp.nullable(),
    partition_ends_at: timestamp.nullable(),
    is_default: z.boolean(),
    row_count: text.regex(/^\d+$/, 'must be a count: digits in quotes').nullable(),
    oldest_at: timestamp.nullable(),
    newest_at: timestamp.nullable(),
    fingerprint: maybe,
    problem: maybe,
  })
  .refine(isDayBounded, 'must have the bounds of its day')

const answer = z.object({
  name: text,
  method: text,
  url: text,
  asked_at: text,
  milliseconds: z.number(),
  status: z.int().nullable(),
  content_type: maybe,
  redirected_to: maybe,
  body: maybe,
  is_body_cut: z.boolean(),
  problem: maybe,
})

const output = <Value extends z.ZodType>(value: Value) =>
  z.union([z.object({ value, problem: z.null() }), z.object({ value: z.null(), problem: text })])

const verification = z.object({
  format: z.literal('pgdrill-verification'),
  format_version: z.literal(1),
  verification_id: folderName,
  tool_version: text,
  started_at: moment,
  finished_at: moment,
  target: z.object({ name: text, url: text, is_sandbox: z.boolean(), identity: identity.nullable() }),
  depth: z.enum(['quick', 'standard', 'full']),
  failure_point: moment,
  restore_point: moment.nullable(),
  baseline: z.object({ origin: text, document: baselineDocument, isInside: z.boolean() }).nullable(),
  recovery: z
    .object({
      recovery_point: timestamp.nullable(),
      source: z.enum(['heartbeat', 'data']).nullable(),
      is_exact: z.boolean(),
      evidence: z.object({
        heartbeat_at: maybe,
        newest_row_at: maybe,
        newest_row_relation: maybe,
        newest_commit_at: maybe,
        replayed_at: maybe,
      }),
    })
    .nullable(),
  buckets: z.array(bucket),
  guard_output: z
    .object({ rpc: output(z.object({ answer: z.boolean().nullable() })), rows: output(z.array(result)) })
    .nullable(),
  app_url: maybe,
  answers: z.array(answer),
  results: z.array(result),
  verdict: z.object({
    status: verdictStatus,
    exit_code: z.literal([0, 1, 2]),
    counts: z.object({ pass: count, warn: count, fail: count, skip: count, error: count, waived: count }),
  }),
  stages: z.array(z.object({ name: text, seconds: z.number().nonnegative() })),
})

const bound = z.object({
  status: z.enum(['pass', 'fail', 'error']),
  seconds: z.number().nullable(),
  budget_seconds: z.number().nullable(),
  detail: text,
})
const role = z.enum(['lead', 'db_owner', 'app_owner'])

const drillRecord = z.object({
  drill_id: folderName,
  ticket: text,
  owners: z.object({ lead: text, db_owner: text, app_owner: text }),
  method: z.enum(['pitr', 'dump', 'backup']),
  target_name: text,
  is_sandbox: z.boolean(),
  scope: z.enum(['whole', 'database_only']),
  state: z.enum(['open', 'finished', 'aborted']),
  started_at: moment,
  restore_started_at: moment.nullable(),
  restored_at: moment.nullable(),
  verified_at: moment.nullable(),
  finished_at: moment.nullable(),
  failure_point: moment.nullable(),
  restore_point: moment.nullable(),
  recovery_point: timestamp.nullable(),
  stages: z.array(z.object({ name: text, started_at: moment, finished_at: moment.nullable() })),
  rto: bound,
  rpo: bound,
  clock_skew_seconds: z.number().nullable(),
  production_clock_skew_seconds: z.number().nullable(),
  baseline_id: maybe,
  verdict: verdictStatus.nullable(),
  follow_ups: z.array(
    z.object({
      check_name: text,
      object_name: maybe,
      status,
      detail: text,
      hint: maybe,
      role,
      owner: text,
      due: z.iso.date(),
      note: maybe,
    }),
  ),
  notes: z.array(z.object({ at: moment, by: text, text })),
  previous: z.object({ drill_id: folderName, proof_sha256: hash }).nullable(),
})

/** proof.json, version 1; docs/proof.md describes it. Fields that it does not know are passed over. */
export const proofSchema = z.object({
  format: z.literal('pgdrill-proof'),
  format_version: z.literal(1),
  proof_id: folderName,
  tool_version: text,
  drill: drillRecord.nullable(),
  verification,
  attachments: z.array(z.object({ path: text, size: count, sha256: hash })),
})

export type ProofDocument = z.infer<typeof proofSchema>
