// Whether the copy has every object of production, unchanged: pure. What a good
// restore rightly changes is known here and in drill.list_objects(), not waived.

import { diffArrays } from 'diff'
import type { Baseline } from '../baselines/document.ts'
import type { CheckResult, CheckStatus, SchemaObject } from '../database/contract.ts'

/** What may not be there unless production has it: it would open or run something. */
const opening = new Set(['grant', 'policy', 'default privilege', 'trigger', 'event trigger', 'rule', 'user mapping'])

/**
 * One row per object that is missing, changed or unexpected, and one pass per kind with the number of equal objects.
 * What is part of a missing table is told with the table. Partitions of critical relations are judged as buckets.
 * @param role as which the copy was read: its own rights are its means of looking
 */
export function compareObjects(baseline: Baseline, actual: readonly SchemaObject[], role: string): CheckResult[] {
  if (baseline.objects.length === 0) return [nothingToCompare(baseline)]
  const expected = new Map(baseline.objects.map((object) => [keyOf(object), object]))
  const found = new Map(actual.map((object) => [keyOf(object), object]))
  const buckets = new Set(
    baseline.relations.flatMap((relation) => relation.buckets.map((bucket) => bucket.bucket_name)),
  )
  const knownRelations = relationsOf(baseline.objects)
  const relations = relationsOf(actual)
  // Of a table that a platform manages only triggers, policies and grants are listed: it is in neither.
  const isGone = (name: string | null) => name !== null && knownRelations.has(name) && !relations.has(name)
  const isNew = (name: string | null) => name !== null && relations.has(name) && !knownRelations.has(name)
  const results: CheckResult[] = []
  const equal = new Map<string, number>()

  for (const [key, object] of expected) {
    const copy = found.get(key)
    if (copy === undefined)
      results.push(...judgeMissing(object, isGone(object.relation_name), buckets, baseline.objects))
    else if (copy.definition === object.definition)
      equal.set(object.object_kind, (equal.get(object.object_kind) ?? 0) + 1)
    else results.push(judgeChanged(object, copy))
  }
  const unexpected = [...found].filter(([key]) => !expected.has(key)).map(([, object]) => object)
  for (const object of unexpected) {
    // A partition that production made since is the partition job's normal work; of any other new table its parts and
    // grants are told with it, and so are the grants of whatever else is new.
    if (isNew(object.relation_name) && (object.is_of_partition || object.object_name !== object.relation_name)) continue
    if (
      object.object_kind === 'grant' &&
      [role, `"${role.replaceAll('"', '""')}"`].some((name) => object.object_name.endsWith(` to ${name}`))
    )
      continue
    if (object.object_kind === 'grant' && unexpected.some((other) => isGrantOn(object, other))) continue
    results.push(judgeUnexpected(object))
  }
  for (const [kind, count] of [...equal].sort()) {
    results.push(
      row('pass', kind, `${count} ${count === 1 ? kind : plural(kind)} as in production`, null, count, count),
    )
  }
  return results
}

function judgeMissing(
  object: SchemaObject,
  isRelationGone: boolean,
  buckets: ReadonlySet<string>,
  all: readonly SchemaObject[],
): CheckResult[] {
  const { object_kind: kind, object_name: name, relation_name: relation } = object
  // Said once, by the relation itself; of the partitions of critical relations the buckets say it.
  if (isRelationGone && (name !== relation || (object.is_of_partition && buckets.has(name)))) return []
  if (isRelationGone && kind === 'table') {
    const parts = all.filter((other) => other.relation_name === relation).length - 1
    const detail = `the table ${name} is missing, and with it ${parts} objects that are part of it`
    return [
      row(
        'fail',
        name,
        detail,
        `Restore ${name} with its indexes, constraints, triggers and grants.`,
        object.definition,
        'missing',
      ),
    ]
  }
  // pg_dump leaves out indexes that are not valid, without a word.
  if (kind === 'index' && /^not valid$/m.test(object.definition)) {
    return [
      row(
        'warn',
        name,
        `the index ${name} is missing; it was not valid in production`,
        'Create it anew where it is needed.',
        object.definition,
        'missing',
      ),
    ]
  }
  return [
    row(
      'fail',
      name,
      `the ${kind} ${name} is missing`,
      `Create it again: ${firstStatement(object)}`,
      object.definition,
      'missing',
    ),
  ]
}

function judgeChanged(expected: SchemaObject, actual: SchemaObject): CheckResult {
  const { object_kind: kind, object_name: name } = expected
  const difference = describeDifference(expected.definition, actual.definition)
  const status: CheckStatus = kind === 'extension' && isNewer(expected.definition, actual.definition) ? 'warn' : 'fail'
  const hint =
    'Put it right by your migrations; if production changed it on purpose since, capture a new baseline there.'
  return row(
    status,
    name,
    `the ${kind} ${name} differs from production: ${difference}`,
    hint,
    expected.definition,
    actual.definition,
  )
}

function judgeUnexpected(object: SchemaObject): CheckResult {
  const { object_kind: kind, object_name: name } = object
  const status: CheckStatus = opening.has(kind) ? 'fail' : 'warn'
  const detail = `the ${kind} ${name} is in the copy, but not in production's baseline`
  const hint = 'Find out where it came from; if production made it since the baseline, capture a new one there.'
  return row(status, name, detail, hint, 'missing', object.definition)
}

function isGrantOn(grant: SchemaObject, { object_kind: kind, object_name: name }: SchemaObject): boolean {
  // Procedures and aggregates are functions to a grant.
  const granted = kind === 'procedure' || kind === 'aggregate' ? 'function' : kind
  return grant.object_name.startsWith(`${granted} ${name} to `)
}

function nothingToCompare(baseline: Baseline): CheckResult {
  return row(
    'error',
    null,
    `the baseline of ${baseline.captured_at} holds no objects`,
    'Capture a new one in production.',
    'objects',
    'none',
  )
}

/** Only the lines that changed, with - for production and + for the copy. */
function describeDifference(expected: string, actual: string): string {
  return diffArrays(expected.split('\n'), actual.split('\n'))
    .filter((part) => part.added || part.removed)
    .flatMap((part) =>
      part.value.filter((line) => line.trim() !== '').map((line) => `${part.added ? '+' : '-'} ${line.trim()}`),
    )
    .join('; ')
}

/** A newer version of the same extension: minor releases come with the server's packages. */
function isNewer(expected: string, actual: string): boolean {
  const version = (text: string) => /^version: (.+)$/m.exec(text)?.[1] ?? ''
  const rest = (text: string) => text.replace(/^version: .+$/m, '')
  const order = version(expected).localeCompare(version(actual), 'en', { numeric: true })
  return order < 0 && rest(expected) === rest(actual)
}

function firstStatement({ definition }: SchemaObject): string {
  const line = definition.split('\n').find((text) => /^CREATE /.test(text)) ?? definition.split('\n')[0] ?? ''
  return `${line}.`
}

/** Tables, views and sequences: they are their own relation. */
function relationsOf(objects: readonly SchemaObject[]): Set<string> {
  return new Set(
    objects.filter((object) => object.relation_name === object.object_name).map((object) => object.object_name),
  )
}

function keyOf(object: SchemaObject): string {
  return `${object.object_kind} ${object.object_name}`
}

function plural(kind: string): string {
  if (kind === 'index') return 'indexes'
  return kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : kind === 'statistics' ? kind : `${kind}s`
}

function row(
  status: CheckStatus,
  object_name: string | null,
  detail: string,
  hint: string | null,
  expected: unknown,
  actual: unknown,
): CheckResult {
  return { check_name: 'objects', object_name, status, detail, hint, expected, actual }
}
