import { spanOf, timeOf, utcDay } from '../rules/moments.ts'
import { type AnyBucket, byPartition, rowsIn } from '../rules/pair-buckets.ts'
import type { Verification } from '../verification/verify-target.ts'

/** Rows before and after of a relation or a partition; null: not there, or not counted. */
export interface Counts {
  name: string
  before: bigint | null
  after: bigint | null
  newest_before: string | null
  newest_after: string | null
}

export interface RelationCounts extends Counts {
  partitions: Counts[]
  /** The days around the recovery point, oldest first; empty when the relation is not cut by day there. */
  days: { day: string; before: number | null; after: number | null }[]
}

/** So many days before the recovery point are shown. */
const shownDays = 14

/** The counts of the baseline and of the copy, by relation. */
export function relationCounts(verification: Verification): RelationCounts[] {
  const relations = verification.baseline?.document.relations ?? []
  const before = new Map<string, AnyBucket[]>(relations.map((one) => [one.relation_name, one.buckets]))
  const after = new Map<string, AnyBucket[]>()
  for (const bucket of verification.buckets) {
    const list = after.get(bucket.relation_name)
    if (list === undefined) after.set(bucket.relation_name, [bucket])
    else list.push(bucket)
  }
  const point = verification.recovery?.recovery_point ?? verification.failure_point
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((name) => {
    const [was, is] = [before.get(name), after.get(name)]
    const [left, right] = [byPartition(was ?? []), byPartition(is ?? [])]
    const partitions = [...new Set([...left.keys(), ...right.keys()])].sort()
    return {
      ...countsOf(name, was, is),
      partitions: partitions.length < 2 ? [] : partitions.map((one) => countsOf(one, left.get(one), right.get(one))),
      days: daysAround(was, is, timeOf(point)),
    }
  })
}

function countsOf(name: string, was: AnyBucket[] | undefined, is: AnyBucket[] | undefined): Counts {
  const isCounted = is?.every(({ row_count }) => row_count !== null) === true
  return {
    name,
    before: was === undefined ? null : rowsIn(was),
    after: is !== undefined && isCounted ? rowsIn(is) : null,
    newest_before: spanOf(was ?? []).newest_at,
    newest_after: spanOf(is ?? []).newest_at,
  }
}

function daysAround(was: AnyBucket[] | undefined, is: AnyBucket[] | undefined, point: number): RelationCounts['days'] {
  if (!Number.isFinite(point)) return []
  const [before, after] = [rowsByDay(was ?? []), rowsByDay(is ?? [])]
  const days = Array.from({ length: shownDays + 1 }, (_, at) => utcDay(point + (at - shownDays + 1) * 86_400_000))
  if (!days.some((one) => before.has(one) || after.has(one))) return []
  return days.map((one) => ({
    day: one,
    before: was === undefined ? null : (before.get(one) ?? 0),
    after: is === undefined ? null : (after.get(one) ?? 0),
  }))
}

function rowsByDay(buckets: readonly AnyBucket[]): Map<string, number> {
  const days = new Map<string, number>()
  for (const { grain, starts_at, row_count } of buckets) {
    if (grain !== 'day' || starts_at === null || row_count === null) continue
    const name = utcDay(timeOf(starts_at))
    days.set(name, (days.get(name) ?? 0) + Number(row_count))
  }
  return days
}
