// What changed between two baselines of one database: pure. Nothing is judged here.

import type { Baseline, BaselineRelation } from '../baselines/document.ts'
import { diffContent, diffDays, diffPartitions } from './diff-relation.ts'
import { registrationsOf } from './registrations-of.ts'

/** One thing that differs. */
export interface BaselineChange {
  kind:
    | 'relation'
    | 'partition'
    | 'day'
    | 'content'
    | 'policy'
    | 'guard'
    | 'partitioned relation'
    | 'critical relation'
    | 'isolation policy'
    | 'waiver'
    | 'object'
  change: 'added' | 'removed' | 'changed'
  /** The table, guard, policy ... */
  object_name: string
  /** The partition, the day, the kind of the object; null where the name says all. */
  part: string | null
  /** What differs: null on the side that does not have it. */
  before: unknown
  after: unknown
}

/**
 * Every difference from one baseline to another: relations, their partitions, rows per day and content, registrations,
 * objects.
 */
export function diffBaselines(before: Baseline, after: Baseline): BaselineChange[] {
  return [
    ...diffRelations(before, after),
    ...diffRegistrations(before, after),
    ...diffNamed(
      'object',
      objectsOf(before),
      objectsOf(after),
      ({ object }) => object.definition,
      ({ object }) => object.object_kind,
    ),
  ]
}

function diffRelations(before: Baseline, after: Baseline): BaselineChange[] {
  const names = new Set([...before.relations, ...after.relations].map((relation) => relation.relation_name))
  return [...names].flatMap((object_name) => {
    const [a, b] = [find(before, object_name), find(after, object_name)]
    if (a === undefined || b === undefined) {
      const change = a === undefined ? 'added' : 'removed'
      return [{ kind: 'relation', change, object_name, part: null, before: totalOf(a), after: totalOf(b) } as const]
    }
    return [...diffPartitions(a, b), ...diffDays(a, b, before, after), ...diffContent(a, b, before, after)]
  })
}

function find({ relations }: Baseline, name: string): BaselineRelation | undefined {
  return relations.find((relation) => relation.relation_name === name)
}

function totalOf(relation: BaselineRelation | undefined): object | null {
  if (relation === undefined) return null
  const rows = relation.buckets.reduce((sum, bucket) => sum + BigInt(bucket.row_count), 0n)
  return { row_count: rows.toString() }
}

function diffRegistrations(before: Baseline, after: Baseline): BaselineChange[] {
  const [a, b] = [registrationsOf(before), registrationsOf(after)]
  const settings = (values: Record<string, unknown>) => Object.entries(values).map(([name, value]) => ({ name, value }))
  const shown = ({ value }: { value: unknown }) => value
  const relations = (list: { relation_name: string }[]) => list.map((one) => ({ ...one, name: one.relation_name }))
  const guards = (list: typeof a.guards) =>
    list.map((one) => ({ ...one, name: `${one.relation_name}.${one.trigger_name}` }))
  const waivers = (list: typeof a.waivers) =>
    list.map((one) => ({ ...one, name: one.object_name ?? one.check_name, part: one.check_name }))
  return [
    ...diffNamed('policy', settings(a.policies), settings(b.policies), shown),
    ...diffNamed('guard', guards(a.guards), guards(b.guards)),
    ...diffNamed('partitioned relation', relations(a.partitioned_relations), relations(b.partitioned_relations)),
    // Relations that are only in one of them are told as such.
    ...diffNamed('critical relation', relations(a.critical_relations), relations(b.critical_relations)).filter(
      ({ change }) => change === 'changed',
    ),
    ...diffNamed('isolation policy', settings(a.isolation_policy), settings(b.isolation_policy), shown),
    ...diffNamed('waiver', waivers(a.waivers), waivers(b.waivers), undefined, ({ part }) => part),
  ]
}

function objectsOf({ objects }: Baseline) {
  return objects.map((object) => ({ name: object.object_name, object }))
}

/** Differences of two lists of named things. @param shown what of it is compared and shown; by default all but the name */
function diffNamed<T extends { name: string }>(
  kind: BaselineChange['kind'],
  before: readonly T[],
  after: readonly T[],
  shown: (item: T) => unknown = ({ name: _name, ...rest }) => rest,
  partOf: (item: T) => string | null = () => null,
): BaselineChange[] {
  const keyOf = (item: T) => JSON.stringify([item.name, partOf(item)])
  const [a, b] = [before, after].map((items) => new Map(items.map((item) => [keyOf(item), item])))
  const items = [...new Map([...before, ...after].map((item) => [keyOf(item), item]))]
  return items.flatMap(([key, item]): BaselineChange[] => {
    const [old, now] = [a?.get(key), b?.get(key)]
    const [was, is] = [old === undefined ? null : shown(old), now === undefined ? null : shown(now)]
    if (old !== undefined && now !== undefined && isSame(was, is)) return []
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    return [{ kind, change, object_name: item.name, part: partOf(item), before: was, after: is }]
  })
}

/** Whatever the order of the fields. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return a === b
  const fields = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...fields].every((field) => (a as Record<string, unknown>)[field] === (b as Record<string, unknown>)[field])
}
