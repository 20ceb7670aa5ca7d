// What a relation's own days show: from them comes what is plausible.

import type { BaselineRelation } from '../baselines/document.ts'
import { day, firstCountedDay, startOfDay, timeOf } from './moments.ts'

export interface HistoryDay {
  /** Start of the UTC day, in milliseconds. */
  start: number
  rows: bigint
  /** From its oldest to its newest row, in milliseconds. */
  span: number
}

export interface DayHistory {
  /** Up to 60 complete UTC days before the baseline (59 on the first of March), oldest first, none left out; from the first day with rows on. */
  days: HistoryDay[]
  /** The day of the baseline, as far as it had come. */
  today: HistoryDay
  /** Whether the relation has rows from before these days: then they are all there, quiet ones at their start included. */
  isOlder: boolean
}

const length = 60

/**
 * The history of a relation in its baseline. Rows of one day in two partitions are of one day.
 * @param from the moment of the baseline
 */
export function dayHistory(relation: BaselineRelation, from: number): DayHistory {
  const today = startOfDay(from)
  // On the first of March two months are 59 days: what was not counted by day is no day without rows.
  const first = Math.max(today - length * day, firstCountedDay(from))
  const byStart = new Map<number, BaselineRelation['buckets']>()
  for (const bucket of relation.buckets) {
    if (bucket.grain !== 'day' || bucket.starts_at === null) continue
    const start = timeOf(bucket.starts_at)
    byStart.set(start, [...(byStart.get(start) ?? []), bucket])
  }
  const days = Array.from({ length: Math.round((today - first) / day) }, (_, index) =>
    factsOf(first + index * day, byStart),
  )
  const isOlder = relation.buckets.some(
    ({ oldest_at }) => oldest_at !== null && Number.isFinite(timeOf(oldest_at)) && timeOf(oldest_at) < first,
  )
  const begin = isOlder ? 0 : days.findIndex(({ rows }) => rows > 0n)
  return { days: begin === -1 ? [] : days.slice(begin), today: factsOf(today, byStart), isOlder }
}

/** How many days in a row had no rows, at most. */
export function longestQuiet(days: readonly HistoryDay[]): number {
  let longest = 0
  let run = 0
  for (const { rows } of days) {
    run = rows > 0n ? 0 : run + 1
    longest = Math.max(longest, run)
  }
  return longest
}

/** Without the days before the first one with rows. */
export function sinceFirstRow(days: readonly HistoryDay[]): HistoryDay[] {
  const begin = days.findIndex(({ rows }) => rows > 0n)
  return begin === -1 ? [] : days.slice(begin)
}

function factsOf(start: number, byStart: ReadonlyMap<number, BaselineRelation['buckets']>): HistoryDay {
  const buckets = byStart.get(start) ?? []
  const times = buckets.flatMap(({ oldest_at, newest_at }) => [oldest_at, newest_at].filter((at) => at !== null))
  const span = times.length === 0 ? 0 : Math.max(...times.map(timeOf)) - Math.min(...times.map(timeOf))
  return { start, rows: buckets.reduce((sum, bucket) => sum + BigInt(bucket.row_count), 0n), span }
}
