// The comparison of a baseline with the facts of a restored copy: pure, no I/O, no
// clock. B is the moment of the baseline, R the recovery point. The rules are those
// of the design: docs/checks/data.md tells them to users.

import type { Baseline, BaselineRelation } from '../baselines/document.ts'
import { registrationsOf } from '../baselines/document.ts'
import type { Bucket, CheckResult, CheckStatus, Identity, RecoveryPoint, Registrations } from '../database/contract.ts'
import { compareRegistrations } from './compare-registrations.ts'
import { plausibleGrowth, plausibleLoss } from './growth.ts'
import { timeOf } from './moments.ts'

/** What is known of the copy besides its buckets. */
export interface Copy {
  buckets: readonly Bucket[]
  recovery: RecoveryPoint
  /** The moment taken as now, ISO. */
  now: string
  registrations: Registrations
  identity: Pick<Identity, 'installation_id' | 'installed_at'>
  /** False at depth quick: only the presence of buckets is compared. */
  is_measured: boolean
}

type BaselineBucket = BaselineRelation['buckets'][number]
const day = 86_400_000

/** One row per relation, bucket and rule, passes included. */
export function compareBaseline(baseline: Baseline, copy: Copy): CheckResult[] {
  const known = new Set(baseline.relations.map((relation) => relation.relation_name))
  const results = [
    ...compareRegistrations(registrationsOf(baseline), copy.registrations, isInstalledLater(baseline, copy)),
    ...baseline.relations.flatMap((relation) => compareRelation(baseline, relation, copy)),
  ]
  const unknown = new Set(copy.buckets.map((bucket) => bucket.relation_name).filter((name) => !known.has(name)))
  for (const relation_name of unknown) {
    results.push({
      check_name: 'row_counts',
      object_name: relation_name,
      status: 'error',
      detail: `${relation_name} is critical, but the baseline of ${baseline.captured_at} does not know it`,
      hint: 'Capture a new baseline in production: pgdrill baseline capture --target production.',
      expected: null,
      actual: 'registered',
    })
  }
  return results
}

function isInstalledLater(baseline: Baseline, { identity }: Copy): boolean {
  return identity.installation_id !== null && identity.installation_id !== baseline.source.installation_id
}

function compareRelation(baseline: Baseline, relation: BaselineRelation, copy: Copy): CheckResult[] {
  const actual = copy.buckets.filter((bucket) => bucket.relation_name === relation.relation_name)
  const problem = actual.find((bucket) => bucket.bucket_name === relation.relation_name && bucket.problem !== null)
  if (actual.length === 0 || problem !== undefined) {
    const isMissing = problem === undefined || problem.problem === 'does not exist'
    const rows = relation.buckets.reduce((sum, bucket) => sum + BigInt(bucket.row_count), 0n)
    return [
      {
        check_name: checkName(copy),
        object_name: relation.relation_name,
        status: isMissing && problem !== undefined ? 'fail' : 'error',
        detail:
          problem === undefined
            ? `${relation.relation_name} is in the baseline with ${group(rows)} rows, but is not registered as critical in the copy, so it was not counted`
            : `${relation.relation_name} ${problem.problem}; the baseline has ${group(rows)} rows in it`,
        hint:
          problem === undefined
            ? 'Register it again in the copy: select drill.register_critical_relation(...).'
            : isMissing
              ? `Restore ${relation.relation_name}.`
              : `Make ${relation.relation_name} readable for this role, then verify again.`,
        expected: rows.toString(),
        actual: problem?.problem ?? 'not registered',
      },
    ]
  }
  const byName = new Map(actual.map((bucket) => [bucket.bucket_name, bucket]))
  const expectedNames = new Set(relation.buckets.map((bucket) => bucket.bucket_name))
  const results = relation.buckets.map((bucket) =>
    compareBucket(baseline, relation, bucket, byName.get(bucket.bucket_name), copy),
  )
  for (const bucket of actual) {
    if (!expectedNames.has(bucket.bucket_name)) results.push(judgeNewBucket(baseline, relation, bucket, copy))
  }
  if (copy.is_measured && relation.timestamp_column !== null)
    results.push(...compareNewest(baseline, relation, actual, copy))
  return results
}

function compareBucket(
  baseline: Baseline,
  relation: BaselineRelation,
  expected: BaselineBucket,
  actual: Bucket | undefined,
  copy: Copy,
): CheckResult {
  const { bucket_name } = expected
  const before = BigInt(expected.row_count)
  const answer = (status: CheckStatus, detail: string, hint: string | null, extra: object = {}): CheckResult => ({
    check_name: checkName(copy),
    object_name: bucket_name,
    status,
    detail,
    hint,
    expected: { row_count: expected.row_count, newest_at: expected.newest_at, ...extra },
    actual: actual === undefined ? 'missing' : { row_count: actual.row_count, newest_at: actual.newest_at },
  })
  const recoveredTo = copy.recovery.recovery_point
  const from = Date.parse(baseline.captured_at)
  const to = recoveredTo === null ? undefined : Date.parse(recoveredTo)
  // A restore point before the baseline: what began only after it need not be there.
  const isAfter = to !== undefined && to < from && expected.starts_at !== null && timeOf(expected.starts_at) >= to

  if (actual === undefined) {
    if (isAfter)
      return answer('pass', `${bucket_name} begins after the recovery point ${recoveredTo}: it need not exist`, null)
    return answer(
      'fail',
      `${bucket_name} is not a partition of ${relation.relation_name} any more; the baseline has ${group(before)} rows in it`,
      `Restore ${bucket_name}, or attach it if it is only detached; if production's retention dropped it since, capture a new baseline there.`,
    )
  }
  if (
    actual.starts_at !== expected.starts_at ||
    actual.ends_at !== expected.ends_at ||
    actual.is_default !== expected.is_default
  ) {
    return answer(
      'fail',
      `${bucket_name} has other bounds than in the baseline: ${boundsOf(actual)} instead of ${boundsOf(expected)}`,
      `Attach ${bucket_name} with its own bounds.`,
    )
  }
  if (actual.problem !== null) {
    return answer('error', `${bucket_name}: ${actual.problem}`, 'Remove the obstacle, then verify again.')
  }
  if (!copy.is_measured) return answer('pass', `${bucket_name} is there`, null)
  if (actual.row_count === null) {
    return answer('error', `${bucket_name} was not counted`, 'Verify again; report this as a fault of pgdrill.')
  }

  const now = BigInt(actual.row_count)
  const difference = now - before
  const reading = `${bucket_name}: ${group(now)} rows, baseline has ${group(before)}`
  // Between R and B, when the copy reaches less far than the baseline.
  const loss = to !== undefined && to < from ? plausibleLoss(relation, from - to) : 0n
  const isYoung = loss > 0n && to !== undefined && expected.starts_at !== null && to - timeOf(expected.starts_at) < day
  if (now === 0n && before > 0n && !isAfter && !isYoung && loss < before) {
    return answer(
      'fail',
      `${bucket_name} is empty, baseline has ${group(before)} rows`,
      `Restore the rows of ${bucket_name}.`,
    )
  }
  if (to === undefined) {
    return answer(
      'error',
      `${reading}; without a recovery point nobody can say how many there should be`,
      'See the check recovery_point.',
    )
  }

  const settleAfter = (baseline.policies['settle_after'] ?? 86_400) * 1000
  const isSettled = expected.ends_at !== null && timeOf(expected.ends_at) + settleAfter <= Math.min(from, to)

  if (isSettled && relation.is_append_only) {
    if (difference !== 0n) {
      return answer(
        'fail',
        `${reading} (settled, append-only: must be equal): ${group(abs(difference))} ${difference < 0n ? 'missing' : 'too many'}`,
        difference < 0n
          ? `Find and restore the lost rows of ${bucket_name}.`
          : `Find out how rows came twice or late into ${bucket_name}.`,
      )
    }
    if (actual.newest_at !== expected.newest_at || actual.oldest_at !== expected.oldest_at) {
      return answer(
        'fail',
        `${reading}, but they reach from ${actual.oldest_at} to ${actual.newest_at} instead of ${expected.oldest_at} to ${expected.newest_at} (settled, append-only: must be equal)`,
        `The rows of ${bucket_name} are not the same: look at the time zone of the restore, then restore it again.`,
      )
    }
    return answer('pass', `${reading} (settled, append-only: equal)`, null)
  }

  // What may have come or gone between B and R, whichever is later.
  const growth = plausibleGrowth(relation, Math.abs(to - from))
  const tolerated = relation.is_append_only ? 0n : toleranceOf(relation.tolerance, before)
  const isLater = to >= from
  const lowest = isAfter || isYoung ? 0n : max(0n, before - tolerated - (isSettled ? 0n : loss))
  const highest = before + tolerated + (isLater && !isSettled ? growth.rows : 0n)
  const kind = `${isSettled ? 'settled' : 'open'}, ${relation.is_append_only ? 'append-only' : 'mutable'}`
  const range = `${kind}: ${group(lowest)} to ${group(highest)} are plausible`
  const allowed = {
    allowed: [lowest.toString(), highest.toString()],
    ...(isSettled ? {} : { growth_per_day: growth.rowsPerDay, growth_days: growth.days, growth_factor: growth.factor }),
  }
  if (now < lowest) {
    return answer(
      'fail',
      `${reading} (${range}): ${group(before - now)} missing`,
      `Find and restore the lost rows of ${bucket_name}.`,
      allowed,
    )
  }
  if (now > highest) {
    return answer(
      isSettled || !isLater || growth.isKnown ? 'fail' : 'warn',
      `${reading} (${range}): ${group(now - highest)} more than the busiest day explains${growth.isKnown ? '' : ', but there is less than a week of history'}`,
      'Check that this is the right database, that the recovery stopped where it should, and that nobody writes into it.',
      allowed,
    )
  }
  return answer('pass', `${reading} (${range})`, null, allowed)
}

function judgeNewBucket(baseline: Baseline, relation: BaselineRelation, actual: Bucket, copy: Copy): CheckResult {
  const answer = (status: CheckStatus, detail: string, hint: string | null, expected: unknown = null): CheckResult => ({
    check_name: checkName(copy),
    object_name: actual.bucket_name,
    status,
    detail,
    hint,
    expected,
    actual: { row_count: actual.row_count, newest_at: actual.newest_at },
  })
  if (actual.problem !== null) {
    return answer('error', `${actual.bucket_name}: ${actual.problem}`, 'Remove the obstacle, then verify again.')
  }
  const from = Date.parse(baseline.captured_at)
  const rows = BigInt(actual.row_count ?? '0')
  const reading = `${actual.bucket_name} is a partition since the baseline${copy.is_measured ? `, with ${group(rows)} rows` : ''}`
  const reached = copy.recovery.recovery_point
  if (rows > 0n && reached === null) {
    return answer(
      'error',
      `${reading}; without a recovery point nobody can say whether that is right`,
      'See the check recovery_point.',
    )
  }
  // A copy that reaches less far than the baseline may hold what production's retention has dropped in between.
  const isEarlier = reached !== null && Date.parse(reached) < from
  const growth = reached === null ? 0n : plausibleGrowth(relation, Math.abs(Date.parse(reached) - from)).rows
  if (rows > growth && !isEarlier) {
    return answer(
      'fail',
      `${reading}: more than the ${group(growth)} that may have come since`,
      'Check that this is the right database, and that nobody writes into it.',
      { allowed: ['0', growth.toString()] },
    )
  }
  // A new partition is the partition job's normal work, unless it lies in the past.
  const isPast = actual.ends_at !== null && timeOf(actual.ends_at) <= from
  return isPast
    ? answer(
        'warn',
        `${reading}, for a time before it`,
        'Find out who added a partition for the past, or whether production dropped it after the recovery point.',
      )
    : answer('pass', reading, null)
}

/** At depth quick nothing was counted, and no row may read as if it had been. */
function checkName(copy: Copy): string {
  return copy.is_measured ? 'row_counts' : 'buckets_present'
}

function compareNewest(
  baseline: Baseline,
  relation: BaselineRelation,
  actual: readonly Bucket[],
  copy: Copy,
): CheckResult[] {
  const before = newestOf(relation.buckets)
  const newest = newestOf(actual)
  const { recovery_point: recoveredTo, is_exact } = copy.recovery
  const answer = (status: CheckStatus, detail: string, hint: string | null, expected: unknown): CheckResult[] => [
    {
      check_name: 'newest_timestamps',
      object_name: relation.relation_name,
      status,
      detail,
      hint,
      expected,
      actual: newest,
    },
  ]
  if (before === null && newest === null) {
    return answer('pass', `${relation.relation_name} has no dated row, as in the baseline`, null, null)
  }
  if (recoveredTo === null) {
    return answer(
      'error',
      `${relation.relation_name}: newest row of ${newest}, but the recovery point is unknown`,
      'See the check recovery_point.',
      null,
    )
  }
  if (newest === null) {
    return answer(
      'fail',
      `${relation.relation_name} has no dated row, the baseline's newest is of ${before}`,
      `Restore the rows of ${relation.relation_name}.`,
      before,
    )
  }

  const skew = (baseline.policies['clock_skew'] ?? 300) * 1000
  const from = Date.parse(baseline.captured_at)
  const to = Date.parse(recoveredTo)
  const newestTime = timeOf(newest)
  // Production itself may hold rows from the future (clients' clocks): then they are no fault of the restore.
  const hadFuture = before !== null && timeOf(before) > from + skew
  // The next heartbeat would have come within one interval.
  const end = is_exact ? to + (baseline.policies['heartbeat_interval'] ?? 0) * 1000 : Date.parse(copy.now)
  if (newestTime > end + skew) {
    const detail = `${relation.relation_name}: newest row of ${newest}, after ${is_exact ? `the recovery point ${recoveredTo}` : `now, ${copy.now}`} (skew of ${skew / 1000} s allowed)`
    return hadFuture
      ? answer(
          'warn',
          `${detail}; production had such rows already`,
          'Let the application date rows by the server.',
          recoveredTo,
        )
      : answer(
          'fail',
          detail,
          'Check that the recovery stopped where it should and that nobody writes into the copy.',
          recoveredTo,
        )
  }
  // Rows of an append-only relation do not go away: what the baseline saw must be there when the copy reaches that far.
  if (relation.is_append_only && before !== null && !hadFuture && to >= timeOf(before) && newestTime < timeOf(before)) {
    return answer(
      'fail',
      `${relation.relation_name}: newest row of ${newest}, although the baseline had one of ${before}: its end is missing`,
      `Restore the newest rows of ${relation.relation_name}.`,
      before,
    )
  }
  const allowedLag = lagAllowed(relation, before, from)
  const lag = to - newestTime
  if (lag > allowedLag) {
    return answer(
      'fail',
      `${relation.relation_name}: newest row of ${newest}, ${hours(lag)} before the recovery point ${recoveredTo}; at most ${hours(allowedLag)} are plausible`,
      `Find out why ${relation.relation_name} ends earlier than the rest, and restore its newest rows.`,
      { recovery_point: recoveredTo, allowed_lag_seconds: allowedLag / 1000 },
    )
  }
  return answer('pass', `${relation.relation_name}: newest row of ${newest}, recovery point ${recoveredTo}`, null, {
    recovery_point: recoveredTo,
    allowed_lag_seconds: allowedLag / 1000,
  })
}

/**
 * How far the newest row may lie before the recovery point, in ms: one day more than the longest run of days without
 * rows in the relation's own last 60 days, or twice the lag at the baseline. With less than a week of such history:
 * three days (a long weekend), three times the lag at the baseline, or thirty times the mean pause between rows.
 */
function lagAllowed(relation: BaselineRelation, before: string | null, from: number): number {
  const lagThen = before === null ? Number.POSITIVE_INFINITY : Math.max(0, from - timeOf(before))
  const days = relation.recent_days?.replace(/^0+/, '') ?? ''
  if (days.length >= 7) {
    const longestQuiet = Math.max(...days.split('1').map((quiet) => quiet.length))
    return Math.max((longestQuiet + 1) * day, 2 * lagThen)
  }
  const oldest = relation.buckets.map((bucket) => bucket.oldest_at).filter((at) => at !== null)
  const rows = relation.buckets.reduce((sum, bucket) => sum + Number(bucket.row_count), 0)
  const span = before === null || oldest.length === 0 ? 0 : timeOf(before) - Math.min(...oldest.map(timeOf))
  const pause = rows > 1 && Number.isFinite(span) ? span / (rows - 1) : Number.POSITIVE_INFINITY
  return Math.max(3 * day, 3 * lagThen, 30 * pause)
}

function boundsOf({
  starts_at,
  ends_at,
  is_default,
}: {
  starts_at: string | null
  ends_at: string | null
  is_default: boolean
}): string {
  return is_default ? 'default' : `from ${starts_at ?? 'nowhere'} to ${ends_at ?? 'nowhere'}`
}

function newestOf(buckets: readonly { newest_at: string | null }[]): string | null {
  let newest: string | null = null
  for (const { newest_at } of buckets) {
    if (newest_at !== null && (newest === null || timeOf(newest_at) > timeOf(newest))) newest = newest_at
  }
  return newest
}

function toleranceOf(share: string, rows: bigint): bigint {
  // At least one row: the deletion of a single old row of a small mutable table is normal.
  return max(1n, (rows * BigInt(Math.round(Number(share) * 1_000_000))) / 1_000_000n)
}

function hours(milliseconds: number): string {
  return `${(milliseconds / 3_600_000).toFixed(1)} h`
}

function group(value: bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
