import type { BaselineRelation } from '../baselines/document.ts'

/** How much a relation may plausibly have grown, with the numbers it was made of. */
export interface Growth {
  rows: bigint
  rowsPerDay: number
  days: number
  factor: number
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
  const rowsPerDay = Math.max(0, ...relation.buckets.map(rowsPerDayOf))
  return {
    rows: BigInt(Math.max(100, Math.ceil(factor * rowsPerDay * days))),
    rowsPerDay: Math.round(rowsPerDay),
    days,
    factor,
  }
}

function rowsPerDayOf(bucket: BaselineRelation['buckets'][number]): number {
  if (bucket.oldest_at === null || bucket.newest_at === null) return 0
  const span = Date.parse(bucket.newest_at) - Date.parse(bucket.oldest_at)
  // Less than a day of history counts as a day: minutes say nothing about days.
  return Number.isFinite(span) ? Number(bucket.row_count) / Math.max(1, span / day) : 0
}
