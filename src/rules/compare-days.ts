// Whether a whole day is missing after the baseline: what no bucket of the baseline
// can say. Days before it are judged as buckets.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { dayHistory, longestQuiet } from './day-history.ts'
import { day, timeOf, utcDay } from './moments.ts'
import { count, hintAgainst } from './wording.ts'

const checkName = 'days_present'
const leastHistory = 14

/** The starts of the UTC days that began after the baseline and ended before the recovery point: they should have rows. */
export function daysToCompare({ isExact, from, to }: Comparison): number[] {
  const days: number[] = []
  if (isExact || to === undefined) return days
  for (let start = Math.ceil(from / day) * day; start + day <= to; start += day) days.push(start)
  return days
}

/** Why no relation is asked for its days. */
export function reasonAgainstDays({ isExact, to }: Comparison): CheckResult {
  const answer = rowsOf(checkName, null)
  if (isExact)
    return answer('skip', 'the baseline is exact: each of its days must be equal, and there is none after it', null)
  if (to !== undefined) return answer('skip', 'no whole UTC day lies between the baseline and the recovery point', null)
  const detail = 'without a recovery point nobody can say which days after the baseline should have rows'
  return answer('error', detail, 'See the check recovery_point.')
}

/** One row about the whole days between the baseline and the recovery point. @param days their starts, one at least */
export function compareDays(
  { from }: Comparison,
  days: readonly number[],
  relation: BaselineRelation,
  actual: readonly Bucket[],
): CheckResult {
  const { relation_name: name } = relation
  const answer = rowsOf(checkName, name)
  const { days: history } = dayHistory(relation, from)
  if (history.length < leastHistory) {
    const detail = `${name}: ${count(history.length, 'day')} of history before the baseline; a day without rows says something from ${leastHistory} on`
    return answer('skip', detail, null)
  }
  const problem = actual.find((bucket) => bucket.problem !== null)
  if (problem !== undefined) {
    const detail = `${name}: the rows of ${problem.bucket_name} could not be read, and may be of the missing days`
    return answer('error', detail, hintAgainst(problem.problem), null, problem.problem)
  }
  const present = new Set(actual.filter(hasRows).map(({ starts_at }) => timeOf(starts_at ?? 'infinity')))
  const usual = longestQuiet(history)
  const empty = runsOf(days.filter((start) => !present.has(start))).filter((run) => run.length > usual)
  const quiet = usual === 0 ? 'each has rows' : `at most ${count(usual, 'day')} in a row had none`
  const reason = `in the ${count(history.length, 'day')} before the baseline ${quiet}`
  const expected = { longest_run_without_rows: usual, history_days: history.length }
  const found = empty.map((run) => run.map(utcDay))
  if (empty.length === 0) {
    const detail = `${name}: ${count(days.length, 'whole day')} between the baseline and the recovery point, with no longer pause than before; ${reason}`
    return answer('pass', detail, null, expected, [])
  }
  const detail = `${name}: no row on ${empty.map(nameOf).join(', ')}, between the baseline and the recovery point; ${reason}`
  return answer('fail', detail, `Find and restore the rows of ${name} of these days.`, expected, found)
}

function hasRows({ grain, row_count }: Bucket): boolean {
  return grain === 'day' && BigInt(row_count ?? '0') > 0n
}

/** Days in a row. */
function runsOf(days: readonly number[]): number[][] {
  const runs: number[][] = []
  for (const start of days) {
    const last = runs.at(-1)
    if (last !== undefined && last.at(-1) === start - day) last.push(start)
    else runs.push([start])
  }
  return runs
}

function nameOf(run: readonly number[]): string {
  const [first = 0] = run
  return run.length === 1 ? utcDay(first) : `${utcDay(first)} to ${utcDay(run.at(-1) ?? first)} (${run.length} days)`
}
