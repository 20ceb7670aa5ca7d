import type { BaselineRelation } from '../baselines/document.ts'
import { timeOf } from './moments.ts'

/** How much a relation may plausibly have grown, with the numbers it was made of. */
export interface Growth {
  rows: bigint
  rowsPerDay: number
  days: number
  factor: number
  /** False when there is less than a week of history: then the range is a guess. */
  isKnown: boolean
}

const day = 86_400_000
const factor = 3

/**
 * The plausible growth of a relation over a time: the busiest bucket's rows per day, times the days begun, times
 * three; at least 100 rows, so that a small or new table has room. Deterministic on purpose: drills are too rare
 * for statistics.
 * @param relation with the buckets of its baseline
 * @param milliseconds between the baseline and the recovery point
 */
export function plausibleGrowth(relation: BaselineRelation, milliseconds: number): Growth {
  const days = Math.max(1, Math.ceil(milliseconds / day))
  const rowsPerDay = busiestDay(relation)
  return {
    rows: BigInt(Math.max(100, Math.ceil(factor * rowsPerDay * days))),
    rowsPerDay: Math.round(rowsPerDay),
    days,
    factor,
    isKnown: historyOf(relation) >= 7 * day,
  }
}

/**
 * How many rows of the baseline a copy may plausibly lack that was restored to a point before it: the busiest rate
 * for just that time, times three. No room for small tables: what the baseline saw, it saw.
 * @param milliseconds between the recovery point and the baseline
 */
export function plausibleLoss(relation: BaselineRelation, milliseconds: number): bigint {
  return BigInt(Math.ceil((factor * busiestDay(relation) * milliseconds) / day))
}

function busiestDay(relation: BaselineRelation): number {
  return Math.max(0, ...relation.buckets.map(rowsPerDayOf))
}

function rowsPerDayOf(bucket: BaselineRelation['buckets'][number]): number {
  const span = spanOf(bucket)
  // Less than a day of history counts as a day: minutes say nothing about days.
  return Number.isFinite(span) ? Number(bucket.row_count) / Math.max(1, span / day) : 0
}

function spanOf({ oldest_at, newest_at }: { oldest_at: string | null; newest_at: string | null }): number {
  return oldest_at === null || newest_at === null ? Number.NaN : timeOf(newest_at) - timeOf(oldest_at)
}

function historyOf(relation: BaselineRelation): number {
  const times = relation.buckets
    .flatMap(({ oldest_at, newest_at }) => [oldest_at, newest_at])
    .filter((at) => at !== null)
  const finite = times.map(timeOf).filter(Number.isFinite)
  return finite.length === 0 ? 0 : Math.max(...finite) - Math.min(...finite)
}
