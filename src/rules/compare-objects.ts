// Whether the copy has every object of production, unchanged: pure. What a good
// restore rightly changes is known here and in drill.list_objects(), not waived.
// Linear in the number of objects: a copy that lost everything is told in a moment.

import type { Baseline } from '../baselines/document.ts'
import type { CheckResult, CheckStatus, ObjectsToCompare, SchemaObject } from '../database/contract.ts'
import { differsByMajorOnly, type Majors, majorOfServer } from './across-majors.ts'
import { boundedValue, describeDifference } from './describe-difference.ts'
import { howToChange, howToCreate, isDisabledOnly, ownerLine, removal } from './object-remedies.ts'
import { ancestors, partitionParents } from './partition-parents.ts'
import { isOfOurRoles, isOfReader, opensNothing } from './reader-roles.ts'

/** What may not be there unless production has it: it lets somebody in, or runs something. */
const opening = new Set([
  'grant',
  'policy',
  'default privilege',
  'trigger',
  'event trigger',
  'rule',
  'user mapping',
  'membership',
])

/** What may be missing in a copy: no restore brings slots back, and dropping the others is one way to cut it off. */
const mayBeMissing = new Map([
  [
    'replication slot',
    'No restore brings a slot back: make it anew when this copy becomes production, and start its readers from a fresh copy of the data.',
  ],
  ['subscription', 'It may have been dropped to cut the copy off; create it when this copy becomes production.'],
  ['user mapping', 'It may have been dropped to cut the copy off; create it when this copy becomes production.'],
])

const noObjects: ReadonlySet<string> = new Set()

/**
 * One row per object that is missing, changed or unexpected, and one pass per kind with the number of equal objects.
 * What is part of a missing table is told with the table. Partitions of critical relations are judged as buckets.
 * @param role as which the copy was read: its own rights are its means of looking
 * @param disarmed `kind name` of objects that would reach the outside: it is right when the copy has them disabled
 * @param copyVersion the server_version of the copy; undefined: as production's
 */
export function compareObjects(
  baseline: Baseline,
  objects: ObjectsToCompare,
  role: string,
  disarmed: ReadonlySet<string> = noObjects,
  copyVersion?: string,
): CheckResult[] {
  const production = objects.production.filter(isRead)
  const equal = new Map(Object.entries(objects.equal))
  if (production.length === 0 && equal.size === 0) return [nothingToCompare(baseline)]
  const copy = objects.copy.filter(isRead)
  const counts = countBy(production, (object) => object.object_kind)
  const results = [
    ...objects.copy
      .filter(isUnread)
      .map((object) =>
        couldNotLook(object, (counts.get(object.object_kind) ?? 0) + (equal.get(object.object_kind) ?? 0)),
      ),
    ...objects.production.filter(isUnread).map(captureCouldNotLook),
  ]
  const unread = new Set([...objects.copy, ...objects.production].filter(isUnread).map((object) => object.object_kind))

  const expected = new Map(production.map((object) => [keyOf(object), object]))
  const found = new Map(copy.map((object) => [keyOf(object), object]))
  addInheritedColumns(expected, found, partitionParents(copy))
  addInheritedColumns(found, expected, partitionParents(production))
  const buckets = new Set(
    baseline.relations.flatMap((relation) => relation.buckets.map((bucket) => bucket.partition_name)),
  )
  const knownRelations = relationsOf(production)
  const relations = relationsOf(copy)
  // Of a table that a platform manages only triggers, policies and grants are listed: it is in neither.
  const isGone = (name: string | null) => name !== null && knownRelations.has(name) && !relations.has(name)
  const isNew = (name: string | null) => name !== null && relations.has(name) && !knownRelations.has(name)
  const partCounts = countBy(production, (object) => object.relation_name)

  const missing = [...expected].filter(([key]) => !found.has(key)).map(([, object]) => object)
  const unexpected = [...found].filter(([key]) => !expected.has(key)).map(([, object]) => object)
  const majors = majorsOf(baseline, copyVersion)
  let reworded = 0
  const missingGranted = grantedNames(missing)
  const unexpectedGranted = grantedNames(unexpected)

  for (const object of missing) {
    if (unread.has(object.object_kind) || isOfOurRoles(object)) continue
    if (isGone(object.relation_name)) {
      // Said once, by the relation itself; of the partitions of critical relations the buckets say it.
      const isBucket = object.is_of_partition && buckets.has(object.object_name)
      if (object.object_name === object.relation_name && !isBucket)
        results.push(judgeMissingRelation(object, (partCounts.get(object.relation_name) ?? 1) - 1))
    } else if (!isGrantOnOneOf(object, missingGranted)) results.push(judgeMissing(object))
  }
  for (const [key, object] of expected) {
    const other = found.get(key)
    if (other === undefined || unread.has(object.object_kind)) continue
    // An administrator lets them log in where they are needed.
    if (object.object_kind === 'role' && isOfOurRoles(other) && opensNothing(other)) continue
    const isReworded = other.definition !== object.definition && differsByMajorOnly(object, other, majors)
    if (isReworded) reworded += 1
    if (isReworded || other.definition === object.definition)
      equal.set(object.object_kind, (equal.get(object.object_kind) ?? 0) + 1)
    else if (disarmed.has(key) && isDisabledOnly(object, other)) results.push(disarmedRightly(object))
    else results.push(judgeChanged(object, other))
  }
  for (const object of unexpected) {
    if (unread.has(object.object_kind)) continue
    // A partition that production made since is the partition job's normal work; of any other new table its parts and
    // grants are told with it, and so are the grants of whatever else is new.
    if (isNew(object.relation_name) && (object.is_of_partition || object.object_name !== object.relation_name)) continue
    if (isOfReader(object, role) || (isOfOurRoles(object) && opensNothing(object))) continue
    if (isGrantOnOneOf(object, unexpectedGranted)) continue
    results.push(judgeUnexpected(object))
  }
  if (reworded > 0) results.push(rewordedRightly(reworded, majors))
  for (const [kind, count] of [...equal].sort()) {
    if (unread.has(kind)) continue
    results.push(row('pass', kind, `${counted(count, kind)} as in production`, null, count, count))
  }
  return results
}

function majorsOf({ source }: Baseline, copyVersion: string | undefined): Majors {
  const production = majorOfServer(source?.server_version ?? '')
  return { production, copy: copyVersion === undefined ? production : majorOfServer(copyVersion) }
}

function rewordedRightly(count: number, { production, copy }: Majors): CheckResult {
  const detail = `${count === 1 ? '1 object differs' : `${count} objects differ`} only as PostgreSQL ${copy} differs from ${production} (docs/cross-major.md)`
  return row('pass', null, detail, null, `PostgreSQL ${production}`, `PostgreSQL ${copy}`)
}

/**
 * Columns of partitions are listed where they are not as their parent's. One that only one side lists is on the other as
 * that side's parent has it; a table that is a partition on one side only is told by its own row.
 */
function addInheritedColumns(
  listed: ReadonlyMap<string, SchemaObject>,
  other: Map<string, SchemaObject>,
  parents: ReadonlyMap<string, string>,
): void {
  for (const [key, column] of listed) {
    const { object_kind: kind, object_name: name, relation_name: relation } = column
    if (kind !== 'column' || relation === null || other.has(key)) continue
    for (const parent of ancestors(relation, parents)) {
      const inherited = other.get(`column ${parent}${name.slice(relation.length)}`)
      if (inherited === undefined) continue
      other.set(key, { ...column, definition: inherited.definition, is_of_partition: true })
      break
    }
  }
}

function judgeMissingRelation({ object_kind: kind, object_name: name, definition }: SchemaObject, parts: number) {
  const detail =
    parts === 0
      ? `the ${kind} ${name} is missing`
      : `the ${kind} ${name} is missing, and with it ${parts} objects that are part of it`
  return row(
    'fail',
    name,
    detail,
    `Restore ${name} with what belongs to it: its grants, and of a table its indexes, constraints, triggers and policies.`,
    definition,
    'missing',
  )
}

function judgeMissing(object: SchemaObject): CheckResult {
  const { object_kind: kind, object_name: name, definition } = object
  // pg_dump leaves out indexes that are not valid, without a word.
  if (kind === 'index' && isInvalidIndex(definition)) {
    return row(
      'warn',
      name,
      `the index ${name} is missing; it was not valid in production`,
      'Create it anew where it is needed.',
      definition,
      'missing',
    )
  }
  const reason = mayBeMissing.get(kind)
  return row(
    reason === undefined ? 'fail' : 'warn',
    name,
    kind === 'large objects' ? `there are no large objects ${name} any more` : `the ${kind} ${name} is missing`,
    reason ?? howToCreate(object),
    definition,
    'missing',
  )
}

function judgeChanged(expected: SchemaObject, actual: SchemaObject): CheckResult {
  const { object_kind: kind, object_name: name } = expected
  const difference = describeDifference(expected.definition, actual.definition)
  const what = kind === 'database' ? 'this database' : `the ${kind} ${name}`
  const isTolerable =
    (kind === 'extension' && isNewer(expected.definition, actual.definition)) ||
    // The encoding or the locale: the physical check says whether the order of indexes suffers from it.
    (kind === 'database' && ownerLine(expected) === ownerLine(actual))
  return row(
    isTolerable ? 'warn' : 'fail',
    name,
    `${what} differs from production: ${difference}`,
    howToChange(expected, actual),
    expected.definition,
    actual.definition,
  )
}

function judgeUnexpected(object: SchemaObject): CheckResult {
  const { object_kind: kind, object_name: name } = object
  // A role as such opens nothing that a grant does not show, unless it stands above grants and policies.
  const isAbove = kind === 'role' && /^(superuser|bypasses row level security|creates roles)$/m.test(object.definition)
  const statement = removal(object)
  return row(
    opening.has(kind) || isAbove ? 'fail' : 'warn',
    name,
    `the ${kind} ${name} ${kind === 'large objects' ? 'are' : 'is'} in the copy, but not in production's baseline`,
    statement === undefined
      ? 'Find out where it came from; if production made it since the baseline, capture a new one there.'
      : `If production made it since the baseline, capture a new one there; else run: ${statement}.`,
    'missing',
    object.definition,
  )
}

function disarmedRightly({ object_kind: kind, object_name: name }: SchemaObject): CheckResult {
  const detail = `the ${kind} ${name} is disabled in the copy, as it should be: it would reach the outside`
  return row('pass', name, detail, null, 'disabled', 'disabled')
}

function couldNotLook({ object_kind: kind, object_name: name, problem }: Unread, count: number): CheckResult {
  const what =
    count === 0
      ? `nobody could look whether the copy has ${plural(kind)} that production does not have`
      : `production's ${counted(count, kind)} could not be compared`
  const { reason, remedy } = splitProblem(problem)
  const hint = `Run as a superuser of the copy, then verify again: ${remedy}.`
  return row('error', name, `${what}: ${reason}`, hint, counted(count, kind), 'not read')
}

function captureCouldNotLook({ object_kind: kind, object_name: name, problem }: Unread): CheckResult {
  const { reason, remedy } = splitProblem(problem)
  const detail = `the baseline does not say which ${plural(kind)} production has, as its capture could not look: ${reason}`
  const hint = `Run as a superuser of production, then capture a new baseline there: ${remedy}.`
  return row('error', name, detail, hint, 'not read', 'not compared')
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

type Unread = SchemaObject & { problem: string }

function isUnread(object: SchemaObject): object is Unread {
  return object.problem !== null
}

function isRead(object: SchemaObject): boolean {
  return object.problem === null
}

/** drill.list_objects() says: what stood in the way, a colon, what to run. */
function splitProblem(problem: string): { reason: string; remedy: string } {
  const at = problem.lastIndexOf(': ')
  return at === -1
    ? { reason: problem, remedy: problem }
    : { reason: problem.slice(0, at), remedy: problem.slice(at + 2) }
}

/** What it states of an object stands before the text of the server: no name with a line break in it can state it. */
function isInvalidIndex(definition: string): boolean {
  return definition.startsWith('not valid\n')
}

/** What grants can be on, as a grant calls it. */
function grantedNames(objects: readonly SchemaObject[]): Set<string> {
  return new Set(
    objects.map(({ object_kind: kind, object_name: name }) => {
      // Procedures and aggregates are functions to a grant.
      return `${kind === 'procedure' || kind === 'aggregate' ? 'function' : kind} ${name}`
    }),
  )
}

/** Names may hold the word themselves, so each place is tried. */
function isGrantOnOneOf({ object_kind: kind, object_name: name }: SchemaObject, granted: ReadonlySet<string>): boolean {
  if (kind !== 'grant') return false
  for (let at = name.indexOf(' to '); at !== -1; at = name.indexOf(' to ', at + 1))
    if (granted.has(name.slice(0, at))) return true
  return false
}

/** A newer version of the same extension: minor releases come with the server's packages. */
function isNewer(expected: string, actual: string): boolean {
  const version = (text: string) => /^version: (.+)/.exec(text)?.[1] ?? ''
  const rest = (text: string) => text.replace(/^version: .+/, '')
  const order = version(expected).localeCompare(version(actual), 'en', { numeric: true })
  return order < 0 && rest(expected) === rest(actual)
}

/** Tables, views and sequences: they are their own relation. */
function relationsOf(objects: readonly SchemaObject[]): Set<string> {
  return new Set(
    objects.filter((object) => object.relation_name === object.object_name).map((object) => object.object_name),
  )
}

function countBy(
  objects: readonly SchemaObject[],
  key: (object: SchemaObject) => string | null,
): Map<string | null, number> {
  const counts = new Map<string | null, number>()
  for (const object of objects) counts.set(key(object), (counts.get(key(object)) ?? 0) + 1)
  return counts
}

function keyOf(object: SchemaObject): string {
  return `${object.object_kind} ${object.object_name}`
}

function counted(count: number, kind: string): string {
  if (kind === 'large objects') return `large objects of ${count} ${count === 1 ? 'role' : 'roles'}`
  return `${count} ${count === 1 ? kind : plural(kind)}`
}

function plural(kind: string): string {
  if (kind === 'index') return 'indexes'
  if (kind === 'statistics' || kind === 'large objects') return kind
  if (kind.endsWith('class')) return `${kind}es`
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`
}

function row(
  status: CheckStatus,
  object_name: string | null,
  detail: string,
  hint: string | null,
  expected: unknown,
  actual: unknown,
): CheckResult {
  const bounded = (value: unknown) => (typeof value === 'string' ? boundedValue(value) : value)
  return {
    check_name: 'objects',
    object_name,
    status,
    detail,
    hint,
    expected: bounded(expected),
    actual: bounded(actual),
  }
}
