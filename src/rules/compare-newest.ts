// Whether a relation ends where it should: not after the recovery point, and not
// long before it.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { lagAllowed } from './lag.ts'
import { isSameMoment, spanOf, timeOf } from './moments.ts'
import { hintAgainst, hours } from './wording.ts'

const checkName = 'newest_timestamps'

/** One row about the newest timestamp of a relation that has a timestamp column. */
export function compareNewest(
  comparison: Comparison,
  relation: BaselineRelation,
  actual: readonly Bucket[],
): CheckResult {
  const name = relation.relation_name
  const answer = rowsOf(checkName, name)
  const unread = actual.find((bucket) => bucket.problem !== null)
  if (comparison.isExact) {
    const exact = compareExact(name, spanOf(relation.buckets).newest_at, spanOf(actual).newest_at)
    return exact.status === 'pass' || unread === undefined ? exact : unreadRows(name, unread)
  }
  const before = newestUpTo(relation.buckets, Number.POSITIVE_INFINITY)
  // An infinite timestamp dates nothing, but one that production does not have is none of its rows.
  const hadInfinite = relation.buckets.some((bucket) => isInfinite(bucket.newest_at))
  const endless = hadInfinite ? undefined : actual.find((bucket) => isInfinite(bucket.newest_at))
  const newest = endless?.newest_at ?? newestUpTo(actual, Number.POSITIVE_INFINITY)
  if (newest === null && unread !== undefined) return unreadRows(name, unread)
  if (before === null && newest === null) return answer('pass', `${name} has no dated row, as in the baseline`, null)
  if (newest === null) {
    if (comparison.to === undefined) return unknownPoint(name, 'has no dated row')
    const detail = `${name} has no dated row, the baseline's newest is of ${before}`
    return answer('fail', detail, `Restore the rows of ${name}.`, before)
  }
  const future = judgeFuture(comparison, name, before, newest)
  if (future?.status === 'fail') return future
  if (comparison.to === undefined) return unknownPoint(name, `newest row of ${newest}`)
  const rest = judgeRest(comparison, comparison.to, relation, actual)
  if (rest.status === 'pass') return future ?? rest
  return unread === undefined ? rest : unreadRows(name, unread)
}

/** What could not be read may hold the rows that are missing. */
function unreadRows(name: string, { bucket_name, problem }: Bucket): CheckResult {
  const detail = `${name}: the rows of ${bucket_name} could not be read, and may be its newest`
  return rowsOf(checkName, name)('error', detail, hintAgainst(problem), null, problem)
}

function unknownPoint(name: string, reading: string): CheckResult {
  const detail = `${name}: ${reading}, but the recovery point is unknown`
  return rowsOf(checkName, name)('error', detail, 'See the check recovery_point.')
}

/** What a row from the future must not hide: the end of the believable rows. */
function judgeRest(
  comparison: Comparison,
  to: number,
  relation: BaselineRelation,
  actual: readonly Bucket[],
): CheckResult {
  const name = relation.relation_name
  const before = newestUpTo(relation.buckets, comparison.from + comparison.skew)
  const newest = newestUpTo(actual, endOf(comparison) + comparison.skew)
  if (newest === null) {
    const detail = `${name} has no row up to the recovery point ${comparison.point}, only later ones`
    return rowsOf(checkName, name)('fail', detail, `Restore the rows of ${name}.`, before)
  }
  return judgeEnd(to, relation, before, newest) ?? judgeLag(comparison, to, relation, newest)
}

function isInfinite(at: string | null): boolean {
  return at !== null && timeOf(at) === Number.POSITIVE_INFINITY
}

/** The newest finite timestamp among buckets that end by a moment; infinite ones date nothing. */
function newestUpTo(buckets: readonly { newest_at: string | null }[], limit: number): string | null {
  return spanOf(
    buckets
      .filter(({ newest_at }) => {
        const time = newest_at === null ? Number.NaN : timeOf(newest_at)
        return Number.isFinite(time) && time <= limit
      })
      .map(({ newest_at }) => ({ oldest_at: newest_at, newest_at })),
  ).newest_at
}

/** Up to when rows may rightly be dated, but for skew. */
function endOf({ copy, to, heartbeatInterval }: Comparison): number {
  const { is_exact, evidence } = copy.recovery
  if (!is_exact || to === undefined) return Date.parse(copy.now)
  // The next heartbeat would have come within one interval; where heartbeats stopped, commits went on.
  const commit = evidence?.newest_commit_at ?? null
  return Math.max(to + heartbeatInterval, commit === null ? Number.NEGATIVE_INFINITY : timeOf(commit))
}

function compareExact(name: string, before: string | null, newest: string | null): CheckResult {
  const answer = rowsOf(checkName, name)
  const reading = newest === null ? `${name} has no dated row` : `${name}: newest row of ${newest}`
  if (isSameMoment(before, newest)) return answer('pass', `${reading}, as in the exact baseline`, null, before, newest)
  const detail = `${reading}, the exact baseline has ${before === null ? 'none' : `one of ${before}`}`
  return answer('fail', detail, `Restore ${name} again, and see that nobody writes into the copy.`, before, newest)
}

/**
 * Production itself may hold rows from the future (clients' clocks): then they are no fault of the restore, as long as
 * they lead by no more than they did.
 */
function judgeFuture(
  comparison: Comparison,
  name: string,
  before: string | null,
  newest: string,
): CheckResult | undefined {
  const { skew, copy, from, point } = comparison
  const { is_exact } = copy.recovery
  const end = endOf(comparison)
  if (timeOf(newest) <= end + skew) return undefined
  const limit = is_exact ? `the recovery point ${point}` : `now, ${copy.now}`
  const detail = `${name}: newest row of ${newest}, after ${limit} (skew of ${skew / 1000} s allowed)`
  const answer = rowsOf(checkName, name)
  const lead = before === null ? 0 : timeOf(before) - from
  if (lead <= skew || timeOf(newest) > Math.max(from, end) + lead + skew) {
    const hint = 'Check that the recovery stopped where it should and that nobody writes into the copy.'
    return answer('fail', detail, hint, point, newest)
  }
  const hint = 'Let the application date rows by the server.'
  return answer('warn', `${detail}; production had such rows already`, hint, point, newest)
}

/** Rows of an append-only relation do not go away: what the baseline saw must be there when the copy reaches that far. */
function judgeEnd(
  to: number,
  { relation_name: name, is_append_only }: BaselineRelation,
  before: string | null,
  newest: string,
): CheckResult | undefined {
  if (!is_append_only || before === null) return undefined
  if (to < timeOf(before) || timeOf(newest) >= timeOf(before)) return undefined
  const detail = `${name}: newest row of ${newest}, although the baseline had one of ${before}: its end is missing`
  return rowsOf(checkName, name)('fail', detail, `Restore the newest rows of ${name}.`, before, newest)
}

function judgeLag({ point, from }: Comparison, to: number, relation: BaselineRelation, newest: string): CheckResult {
  const { relation_name: name } = relation
  const allowed = lagAllowed(relation, from)
  const lag = to - timeOf(newest)
  const expected = { recovery_point: point, allowed_lag_seconds: Number.isFinite(allowed) ? allowed / 1000 : null }
  const answer = rowsOf(checkName, name)
  if (lag <= allowed) {
    return answer('pass', `${name}: newest row of ${newest}, recovery point ${point}`, null, expected, newest)
  }
  const detail = `${name}: newest row of ${newest}, ${hours(lag)} before the recovery point ${point}; at most ${hours(allowed)} are plausible`
  const hint = `Find out why ${name} ends earlier than the rest, and restore its newest rows.`
  return answer('fail', detail, hint, expected, newest)
}
