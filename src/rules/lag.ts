import type { BaselineRelation } from '../baselines/document.ts'
import { dayHistory, longestQuiet, sinceFirstRow } from './day-history.ts'
import { day, spanOf, timeOf } from './moments.ts'

const week = 7

/**
 * How far the newest row may lie before the recovery point, in ms: one day more than the longest run of days without
 * rows in the relation's own last 60 days, or twice the lag at the baseline. With less than a week of such history:
 * three days (a long weekend), three times the lag at the baseline, or thirty times the mean pause between rows.
 * @param from the moment of the baseline
 */
export function lagAllowed(relation: BaselineRelation, from: number): number {
  const { oldest_at, newest_at } = spanOf(relation.buckets)
  const lagThen = newest_at === null ? Number.POSITIVE_INFINITY : Math.max(0, from - timeOf(newest_at))
  const history = dayHistory(relation, from)
  const days = sinceFirstRow([...history.days, history.today].slice(-60))
  if (days.length >= week) return Math.max((longestQuiet(days) + 1) * day, 2 * lagThen)
  const rows = relation.buckets.reduce((sum, bucket) => sum + Number(bucket.row_count), 0)
  const span = newest_at === null || oldest_at === null ? 0 : timeOf(newest_at) - timeOf(oldest_at)
  const pause = rows > 1 && Number.isFinite(span) ? span / (rows - 1) : Number.POSITIVE_INFINITY
  return Math.max(3 * day, 3 * lagThen, 30 * pause)
}
