// Whether a relation ends where it should: not after the recovery point, and not
// long before it.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { lagAllowed } from './lag.ts'
import { isSameMoment, spanOf, timeOf } from './moments.ts'
import { hours } from './wording.ts'

const checkName = 'newest_timestamps'

/** One row about the newest timestamp of a relation that has a timestamp column. */
export function compareNewest(
  comparison: Comparison,
  relation: BaselineRelation,
  actual: readonly Bucket[],
): CheckResult {
  const name = relation.relation_name
  const before = spanOf(relation.buckets).newest_at
  const newest = spanOf(actual).newest_at
  const answer = rowsOf(checkName, name)
  if (comparison.isExact) return compareExact(name, before, newest)
  if (before === null && newest === null) return answer('pass', `${name} has no dated row, as in the baseline`, null)
  if (comparison.to === undefined) {
    const detail = `${name}: newest row of ${newest}, but the recovery point is unknown`
    return answer('error', detail, 'See the check recovery_point.', null, newest)
  }
  if (newest === null) {
    const detail = `${name} has no dated row, the baseline's newest is of ${before}`
    return answer('fail', detail, `Restore the rows of ${name}.`, before)
  }
  return (
    judgeFuture(comparison, comparison.to, name, before, newest) ??
    judgeEnd(comparison, comparison.to, relation, before, newest) ??
    judgeLag(comparison, comparison.to, relation, newest)
  )
}

function compareExact(name: string, before: string | null, newest: string | null): CheckResult {
  const answer = rowsOf(checkName, name)
  const reading = newest === null ? `${name} has no dated row` : `${name}: newest row of ${newest}`
  if (isSameMoment(before, newest)) return answer('pass', `${reading}, as in the exact baseline`, null, before, newest)
  const detail = `${reading}, the exact baseline has ${before === null ? 'none' : `one of ${before}`}`
  return answer('fail', detail, `Restore ${name} again, and see that nobody writes into the copy.`, before, newest)
}

/** Production itself may hold rows from the future (clients' clocks): then they are no fault of the restore. */
function hadFuture({ from, skew }: Comparison, before: string | null): boolean {
  return before !== null && timeOf(before) > from + skew
}

function judgeFuture(
  comparison: Comparison,
  to: number,
  name: string,
  before: string | null,
  newest: string,
): CheckResult | undefined {
  const { skew, copy, heartbeatInterval } = comparison
  const { recovery_point, is_exact } = copy.recovery
  // The next heartbeat would have come within one interval.
  const end = is_exact ? to + heartbeatInterval : Date.parse(copy.now)
  if (timeOf(newest) <= end + skew) return undefined
  const limit = is_exact ? `the recovery point ${recovery_point}` : `now, ${copy.now}`
  const detail = `${name}: newest row of ${newest}, after ${limit} (skew of ${skew / 1000} s allowed)`
  const answer = rowsOf(checkName, name)
  if (!hadFuture(comparison, before)) {
    const hint = 'Check that the recovery stopped where it should and that nobody writes into the copy.'
    return answer('fail', detail, hint, recovery_point, newest)
  }
  const hint = 'Let the application date rows by the server.'
  return answer('warn', `${detail}; production had such rows already`, hint, recovery_point, newest)
}

/** Rows of an append-only relation do not go away: what the baseline saw must be there when the copy reaches that far. */
function judgeEnd(
  comparison: Comparison,
  to: number,
  { relation_name: name, is_append_only }: BaselineRelation,
  before: string | null,
  newest: string,
): CheckResult | undefined {
  if (!is_append_only || before === null || hadFuture(comparison, before)) return undefined
  if (to < timeOf(before) || timeOf(newest) >= timeOf(before)) return undefined
  const detail = `${name}: newest row of ${newest}, although the baseline had one of ${before}: its end is missing`
  return rowsOf(checkName, name)('fail', detail, `Restore the newest rows of ${name}.`, before, newest)
}

function judgeLag({ copy, from }: Comparison, to: number, relation: BaselineRelation, newest: string): CheckResult {
  const { relation_name: name } = relation
  const { recovery_point } = copy.recovery
  const allowed = lagAllowed(relation, from)
  const lag = to - timeOf(newest)
  const expected = { recovery_point, allowed_lag_seconds: Number.isFinite(allowed) ? allowed / 1000 : null }
  const answer = rowsOf(checkName, name)
  if (lag <= allowed) {
    return answer('pass', `${name}: newest row of ${newest}, recovery point ${recovery_point}`, null, expected, newest)
  }
  const detail = `${name}: newest row of ${newest}, ${hours(lag)} before the recovery point ${recovery_point}; at most ${hours(allowed)} are plausible`
  const hint = `Find out why ${name} ends earlier than the rest, and restore its newest rows.`
  return answer('fail', detail, hint, expected, newest)
}
