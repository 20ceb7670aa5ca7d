import type { BaselineRelation } from '../baselines/document.ts'
import { type DayHistory, dayHistory } from './day-history.ts'
import { day, hour, timeOf } from './moments.ts'

/** How much a relation may plausibly have grown, with the numbers it was made of. */
export interface Growth {
  rows: bigint
  rowsPerDay: bigint
  days: number
  factor: number
  /** False when there is less than a week of history: then the range is a guess. */
  isKnown: boolean
}

const factor = 3
/** Room for small and new tables. */
const fewestRows = 100n
const week = 7

/**
 * The plausible growth of a relation from its baseline to a later moment: three times its busiest day among the last 60
 * complete ones, times the days begun; at least 100 rows, so that a small or new table has room. Deterministic on
 * purpose: drills are too rare for statistics.
 * @param relation as its baseline has it
 * @param from the moment of the baseline
 * @param milliseconds from there to the recovery point
 */
export function plausibleGrowth(relation: BaselineRelation, from: number, milliseconds: number): Growth {
  const history = dayHistory(relation, from)
  const days = Math.max(1, Math.ceil(milliseconds / day))
  const rowsPerDay = busiestDay(relation, history)
  const rows = BigInt(factor) * rowsPerDay * BigInt(days)
  return { rows: greatest(rows, fewestRows), rowsPerDay, days, factor, isKnown: isKnown(history) }
}

/** How many rows a copy may lack that reaches less far than the baseline. */
export interface Loss {
  /** Among rows dated before the recovery point: they came late. */
  late: bigint
  /** Among rows of the day that holds the recovery point: at least 100. */
  young: bigint
}

/**
 * What may plausibly have come between the recovery point and a later baseline: three times the highest rate per hour
 * that one of the relation's days shows between its oldest and newest row, times the hours begun, and never more than
 * three times the busiest day, today included, for each day begun.
 * @param milliseconds from the recovery point to the baseline; not positive: nothing
 */
export function plausibleLoss(relation: BaselineRelation, from: number, milliseconds: number): Loss {
  if (milliseconds <= 0) return { late: 0n, young: 0n }
  const history = dayHistory(relation, from)
  const byHours = factor * busiestHour(relation, history) * Math.ceil(milliseconds / hour)
  const busiest = greatest(busiestDay(relation, history), history.today.rows)
  const byDays = BigInt(factor) * busiest * BigInt(Math.ceil(milliseconds / day))
  const loss = BigInt(Math.ceil(byHours))
  const late = loss < byDays ? loss : byDays
  return { late, young: greatest(late, fewestRows) }
}

function isKnown({ days }: DayHistory): boolean {
  return days.length >= week
}

function busiestDay(relation: BaselineRelation, history: DayHistory): bigint {
  if (!isKnown(history)) return BigInt(Math.ceil(busiestRate(relation, day)))
  return history.days.reduce((most, { rows }) => greatest(most, rows), 0n)
}

function busiestHour(relation: BaselineRelation, history: DayHistory): number {
  if (!isKnown(history)) return busiestRate(relation, hour)
  // Today too: what came in its first hours may be just what came after the recovery point.
  return Math.max(...[...history.days, history.today].map(({ rows, span }) => rateOf(Number(rows), span, hour)))
}

/** The highest rate of all buckets, whatever they span. */
function busiestRate(relation: BaselineRelation, unit: number): number {
  return Math.max(
    0,
    ...relation.buckets.map(({ row_count, oldest_at, newest_at }) => {
      const span = oldest_at === null || newest_at === null ? Number.NaN : timeOf(newest_at) - timeOf(oldest_at)
      return Number.isFinite(span) ? rateOf(Number(row_count), span, unit) : 0
    }),
  )
}

// Less than one unit of history counts as one: minutes say nothing about days.
function rateOf(rows: number, span: number, unit: number): number {
  return rows / Math.max(1, span / unit)
}

function greatest(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
