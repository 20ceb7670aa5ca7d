// One row for each partition, or for a table without partitions.

import type { BaselineBucket } from '../baselines/document.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { countOf, describeFault, describeGoodRows, describePart, worstFirst } from './describe-parts.ts'
import { type Fault, isBefore, judgeBuckets, lossOf, type Part, type RelationFacts } from './judge-buckets.ts'
import { isSameMoment, spanOf, timeOf } from './moments.ts'
import { type AnyBucket, isWhole, type Pair, pairBuckets, rowsIn } from './pair-buckets.ts'
import { count, group, hintAgainst } from './wording.ts'

/** The buckets of one partition on both sides. */
export interface Partition {
  name: string
  expected: readonly BaselineBucket[]
  actual: readonly Bucket[]
}

/** A partition that was measured on both sides, judged but not yet told. */
export interface Judged {
  partition: Partition
  pairs: Pair[]
  parts: Part[]
}

/** At depth quick nothing was counted, and no row may read as if it had been. */
export function checkName({ copy }: Comparison): string {
  return copy.depth === 'quick' ? 'buckets_present' : 'row_counts'
}

/** What can be said of a partition of the baseline before its rows are compared; undefined when they are to be. */
export function compareBounds(
  comparison: Comparison,
  { relation }: RelationFacts,
  { name, expected, actual }: Partition,
): CheckResult | undefined {
  const { from, to, point, copy, isExact } = comparison
  const before = rowsIn(expected)
  const answer = rowsOf(checkName(comparison), name)
  const was = numbersOf(expected)
  const [known] = expected
  const [found] = actual
  if (known === undefined) return undefined
  if (found === undefined) {
    const starts = known.partition_starts_at
    // A restore point before the baseline: what began only after it need not be there.
    if (to !== undefined && to < from && !isExact && starts !== null && timeOf(starts) >= to) {
      const detail = `${name} begins after the recovery point ${point}: it need not exist`
      if (comparison.isPointKnown || before === 0n) return answer('pass', detail, null, was, 'missing')
      return answer('warn', `${detail}; but ${atLeast(comparison, before)}`, regularHeartbeats, was, 'missing')
    }
    const detail = `${name} is not a partition of ${relation.relation_name} any more; the baseline has ${group(before)} rows in it`
    const hint = `Restore ${name}, or attach it if it is only detached; if production's retention dropped it since, capture a new baseline there.`
    return answer('fail', detail, hint, was, 'missing')
  }
  if (!hasSameBounds(known, found)) {
    const detail = `${name} has other bounds than in the baseline: ${boundsOf(found)} instead of ${boundsOf(known)}`
    return answer('fail', detail, `Attach ${name} with its own bounds.`, boundsOf(known), boundsOf(found))
  }
  const problem = actual.find((bucket) => bucket.problem !== null)?.problem
  if (problem !== undefined) {
    return answer('error', `${name}: ${problem}`, hintAgainst(problem), was, problem)
  }
  return copy.depth === 'quick' ? answer('pass', `${name} is there`, null, was, 'there') : undefined
}

/** Judges the buckets of a partition that is on both sides. */
export function judgePartition(comparison: Comparison, facts: RelationFacts, partition: Partition): Judged {
  const pairs = pairBuckets(partition.expected, partition.actual)
  const isJudgeable = comparison.isExact || comparison.to !== undefined
  return { partition, pairs, parts: isJudgeable ? judgeBuckets(comparison, facts, pairs) : [] }
}

/** @param good the buckets of the whole relation that no rule complains about */
export function tellPartition(
  comparison: Comparison,
  facts: RelationFacts,
  { partition, pairs, parts }: Judged,
  good: readonly Pair[],
): CheckResult {
  const { name, expected, actual } = partition
  const { is_append_only } = facts.relation
  const [before, now] = [rowsIn(expected), rowsIn(actual)]
  const answer = rowsOf(checkName(comparison), name)
  const reading = `${name}: ${group(now)} rows, baseline has ${group(before)}`
  const faults = parts.flatMap((part) => part.faults)
  const faulty = faults.flatMap((fault) => fault.pairs)
  const was = { ...numbersOf(expected), ...rangesOf(facts, parts), ...faultyOf(faulty, 'before') }
  const is = { ...numbersOf(actual), ...faultyOf(faulty, 'now') }
  if (now === 0n && before > 0n && pairs.some((pair) => isLost(comparison, facts, pair))) {
    const detail = `${name} is empty, baseline has ${group(before)} rows`
    return answer('fail', detail, `Restore the rows of ${name}.`, was, is)
  }
  if (parts.length === 0) {
    const detail = `${reading}; without a recovery point nobody can say how many there should be`
    return answer('error', detail, 'See the check recovery_point.', was, is)
  }
  if (faults.length === 0) {
    const clauses = parts.map((part) => describePart(part, is_append_only))
    const detail = `${reading} (${clauses.join('; ')})`
    const unsure = pairs.filter((pair) => isUnsure(comparison, pair))
    if (unsure.length === 0) return answer('pass', detail, null, was, is)
    const rows = unsure.reduce((sum, pair) => sum + pair.before.rows, 0n)
    const where = isWhole((unsure[0] as Pair).bucket) ? '' : ` of ${countOf(unsure)}`
    return answer(
      'warn',
      `${detail}; all rows${where} are gone, and ${atLeast(comparison, rows)}`,
      regularHeartbeats,
      was,
      is,
    )
  }
  const told = parts.flatMap((part) => part.faults.map((fault) => describeFault(fault, part, is_append_only)))
  const detail = `${reading} ${told.join('; ')}${describeGoodRows(faulty, good)}`
  return answer(faults.every((fault) => fault.isGuess) ? 'warn' : 'fail', detail, hintOf(name, parts, faults), was, is)
}

/** Whether an empty bucket should hold rows: more than may be lost, or one that is older than the recovery point. */
function isLost(comparison: Comparison, facts: RelationFacts, pair: Pair): boolean {
  const { to, skew } = comparison
  const { rows, oldest_at } = pair.before
  if (rows === 0n) return false
  return (
    lossOf(comparison, facts, pair) < rows || (to !== undefined && oldest_at !== null && timeOf(oldest_at) <= to - skew)
  )
}

/**
 * Whether a bucket without rows passes only because its rows may have come after the recovery point, of which nobody knows
 * that it is no later.
 */
function isUnsure(comparison: Comparison, pair: Pair): boolean {
  const { from, to, isExact, isPointKnown } = comparison
  if (isExact || isPointKnown || to === undefined || to >= from) return false
  return pair.now.rows === 0n && pair.before.rows > 0n && !isBefore(comparison, pair)
}

function atLeast({ point }: Comparison, rows: bigint): string {
  return `the data reaches to ${point} at least: nobody knows whether the ${count(Number(rows), 'row')} came later or ${rows === 1n ? 'was' : 'were'} lost`
}

const regularHeartbeats =
  'Look whether these rows should be there. With regular heartbeats in production the recovery point is known: call drill.record_heartbeat() once a minute.'

/** Judges a partition that the baseline does not know. */
export function compareNewPartition(
  comparison: Comparison,
  { growth }: RelationFacts,
  { name, actual }: Partition,
): CheckResult {
  const { from, to, copy, isExact } = comparison
  const answer = rowsOf(checkName(comparison), name)
  const problem = actual.find((bucket) => bucket.problem !== null)?.problem
  if (problem !== undefined) {
    return answer('error', `${name}: ${problem}`, hintAgainst(problem), null, problem)
  }
  const rows = rowsIn(actual)
  const is = numbersOf(actual)
  const reading = `${name} is a partition since the baseline${copy.depth === 'quick' ? '' : `, with ${group(rows)} rows`}`
  const hint = 'Check that this is the right database, and that nobody writes into it.'
  if (isExact && rows > 0n)
    return answer('fail', `${reading} (exact baseline: must have none)`, hint, { row_count: '0' }, is)
  if (rows > 0n && to === undefined && !isExact) {
    const detail = `${reading}; without a recovery point nobody can say whether that is right`
    return answer('error', detail, 'See the check recovery_point.', null, is)
  }
  // A copy that reaches less far than the baseline may hold what production's retention has dropped in between.
  if (rows > growth.rows && to !== undefined && to >= from) {
    const guess = growth.isKnown ? '' : ', but there is less than a week of history'
    const detail = `${reading}: more than the ${group(growth.rows)} that may have come since${guess}`
    return answer(growth.isKnown ? 'fail' : 'warn', detail, hint, { allowed: ['0', growth.rows.toString()] }, is)
  }
  // A new partition is the partition job's normal work, unless it lies in the past.
  const ends = actual[0]?.partition_ends_at ?? null
  if (ends === null || timeOf(ends) > from) return answer('pass', reading, null, null, is)
  const cause =
    'Find out who added a partition for the past, or whether production dropped it after the recovery point.'
  return answer('warn', `${reading}, for a time before it`, cause, null, is)
}

function hasSameBounds(a: AnyBucket, b: AnyBucket): boolean {
  return (
    a.is_default === b.is_default &&
    isSameMoment(a.partition_starts_at, b.partition_starts_at) &&
    isSameMoment(a.partition_ends_at, b.partition_ends_at)
  )
}

function boundsOf({ partition_starts_at, partition_ends_at, is_default }: AnyBucket): string {
  return is_default ? 'default' : `from ${partition_starts_at ?? 'nowhere'} to ${partition_ends_at ?? 'nowhere'}`
}

function numbersOf(buckets: readonly AnyBucket[]): { row_count: string | null; newest_at: string | null } {
  const isCounted = buckets.every(({ row_count }) => row_count !== null)
  return { row_count: isCounted ? rowsIn(buckets).toString() : null, newest_at: spanOf(buckets).newest_at }
}

function rangesOf({ growth }: RelationFacts, parts: readonly Part[]): object {
  const ranges = parts.flatMap(({ kind, range }) =>
    range === undefined ? [] : [[kind, [range.lowest.toString(), range.highest.toString()]] as const],
  )
  if (ranges.length === 0) return {}
  const isOpen = ranges.some(([kind]) => kind === 'open')
  const { rowsPerDay, days, factor } = growth
  const made = { growth_per_day: rowsPerDay.toString(), growth_days: days, growth_factor: factor }
  return { allowed: Object.fromEntries(ranges), ...(isOpen ? made : {}) }
}

/** The worst twenty, in the order of time. */
function faultyOf(faulty: readonly Pair[], side: 'before' | 'now'): object {
  if (faulty.length === 0) return {}
  const worst = new Set(worstFirst(faulty).slice(0, 20))
  const buckets = faulty
    .filter((pair) => worst.has(pair))
    .map((pair) => ({
      bucket_name: pair.bucket.bucket_name,
      row_count: pair[side].rows.toString(),
      oldest_at: pair[side].oldest_at,
      newest_at: pair[side].newest_at,
    }))
  return { bucket_count: faulty.length, buckets }
}

function hintOf(name: string, parts: readonly Part[], faults: readonly Fault[]): string {
  const pairs = faults.flatMap((fault) => fault.pairs)
  const isShort = pairs.some(({ before, now }) => now.rows < before.rows)
  const isLong = pairs.some(({ before, now }) => now.rows > before.rows)
  if (isShort === isLong) {
    return `The rows of ${name} are not of the same time: look at the time zone of the restore, then restore it again.`
  }
  if (isShort) return `Find and restore the lost rows of ${name}.`
  return parts.some(({ kind, faults: own }) => kind === 'open' && own.length > 0)
    ? 'Check that this is the right database, that the recovery stopped where it should, and that nobody writes into it.'
    : `Find out how rows came twice or late into ${name}.`
}
