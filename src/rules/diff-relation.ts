// What changed in one relation between two baselines.

import type { Baseline, BaselineBucket, BaselineRelation } from '../baselines/document.ts'
import type { BaselineChange } from './diff-baselines.ts'
import { firstCountedDay, isSameMoment, spanOf, timeOf } from './moments.ts'
import { isWhole, pairBuckets, pairPartitions, rowsIn } from './pair-buckets.ts'

/** Partitions that came or went, and those with other rows or another newest timestamp. */
export function diffPartitions(before: BaselineRelation, after: BaselineRelation): BaselineChange[] {
  return partitionsOf(before, after).flatMap(({ name, a, b }): BaselineChange[] => {
    const [was, is] = [numbersOf(a), numbersOf(b)]
    const isEqual = was?.row_count === is?.row_count && isSameMoment(was?.newest_at ?? null, is?.newest_at ?? null)
    if (was !== null && is !== null && isEqual) return []
    const change = was === null ? 'added' : is === null ? 'removed' : 'changed'
    return [{ kind: 'partition', change, object_name: before.relation_name, part: name, before: was, after: is }]
  })
}

/** Rows per UTC day where they differ, of the days that both baselines count by day. */
export function diffDays(
  before: BaselineRelation,
  after: BaselineRelation,
  ...baselines: readonly [Baseline, Baseline]
): BaselineChange[] {
  const first = Math.max(...baselines.map(({ captured_at }) => firstCountedDay(timeOf(captured_at))))
  const cut = partitionsOf(before, after).filter(({ a, b }) => !hasRowsWhole(a) && !hasRowsWhole(b))
  const [was, is] = [
    rowsByDay(
      cut.flatMap(({ a }) => a),
      first,
    ),
    rowsByDay(
      cut.flatMap(({ b }) => b),
      first,
    ),
  ]
  const days = [...new Set([...was.keys(), ...is.keys()])].sort((a, b) => a - b)
  return days.flatMap((start): BaselineChange[] => {
    const [a = 0n, b = 0n] = [was.get(start), is.get(start)]
    if (a === b) return []
    const part = new Date(start).toISOString().slice(0, 10)
    const object_name = before.relation_name
    const change = a === 0n ? 'added' : b === 0n ? 'removed' : 'changed'
    return [{ kind: 'day', change, object_name, part, before: countOf(a), after: countOf(b) }]
  })
}

/** Partitions with as many rows in a settled bucket, but other content, where both baselines have fingerprints. */
export function diffContent(
  before: BaselineRelation,
  after: BaselineRelation,
  ...baselines: readonly [Baseline, Baseline]
): BaselineChange[] {
  if (before.recipe === null || before.recipe !== after.recipe) return []
  const object_name = before.relation_name
  return partitionsOf(before, after).flatMap(({ name, a, b }): BaselineChange[] => {
    const other = pairBuckets(a, b).filter(
      (pair) =>
        isSettled(pair.bucket, baselines) &&
        pair.before.rows === pair.now.rows &&
        pair.before.fingerprint !== null &&
        pair.now.fingerprint !== null &&
        pair.before.fingerprint !== pair.now.fingerprint,
    )
    if (other.length === 0) return []
    const tell = (side: 'before' | 'now') =>
      other.map((pair) => ({ bucket_name: pair.bucket.bucket_name, fingerprint: pair[side].fingerprint }))
    return [{ kind: 'content', change: 'changed', object_name, part: name, before: tell('before'), after: tell('now') }]
  })
}

interface Sides {
  name: string
  a: readonly BaselineBucket[]
  b: readonly BaselineBucket[]
}

function partitionsOf(before: BaselineRelation, after: BaselineRelation): Sides[] {
  return pairPartitions(before.relation_name, before.buckets, after.buckets)
}

function numbersOf(buckets: readonly BaselineBucket[]): { row_count: string; newest_at: string | null } | null {
  if (buckets.length === 0) return null
  return { row_count: rowsIn(buckets).toString(), newest_at: spanOf(buckets).newest_at }
}

function hasRowsWhole(buckets: readonly BaselineBucket[]): boolean {
  return buckets.some((bucket) => isWhole(bucket) && bucket.row_count !== '0')
}

function rowsByDay(buckets: readonly BaselineBucket[], first: number): Map<number, bigint> {
  const days = new Map<number, bigint>()
  for (const { grain, starts_at, row_count } of buckets) {
    if (grain !== 'day' || starts_at === null || timeOf(starts_at) < first) continue
    days.set(timeOf(starts_at), (days.get(timeOf(starts_at)) ?? 0n) + BigInt(row_count))
  }
  return days
}

function countOf(rows: bigint): { row_count: string } | null {
  return rows === 0n ? null : { row_count: rows.toString() }
}

function isSettled({ ends_at }: { ends_at: string | null }, baselines: readonly Baseline[]): boolean {
  const settled = baselines.map(
    ({ captured_at, policies }) => timeOf(captured_at) - (policies['settle_after'] ?? 86_400) * 1000,
  )
  return ends_at !== null && settled.every((until) => timeOf(ends_at) <= until)
}
