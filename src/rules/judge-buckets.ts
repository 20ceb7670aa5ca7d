// The rules for the buckets of one partition: what is equal, what is plausible, and
// which buckets are at fault. Nothing here is a sentence yet: compare-partition.ts.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Comparison } from './comparison.ts'
import type { Growth, Loss } from './growth.ts'
import { day, isSameMoment, timeOf } from './moments.ts'
import { isWhole, type Pair } from './pair-buckets.ts'

/** What the rules need to know of a relation besides the buckets that they judge. */
export interface RelationFacts {
  relation: BaselineRelation
  growth: Growth
  loss: Loss
  /** The oldest dated row of the relation in the copy. */
  oldestNow: string | null
}

/** equal: must be; total: their sum must be in the range; kept: none may have lost rows, or all of them. */
export type Rule = 'equal' | 'total' | 'kept'

/** The buckets at fault, by one rule. */
export interface Fault {
  rule: Rule
  pairs: Pair[]
  /** Only too many rows, and the range is a guess. */
  isGuess: boolean
}

/** The settled or the open buckets of a partition, judged. */
export interface Part {
  kind: 'exact' | 'settled' | 'open'
  pairs: Pair[]
  before: bigint
  now: bigint
  /** Undefined where all must be equal. */
  range: { lowest: bigint; highest: bigint } | undefined
  faults: Fault[]
}

/** Judges the buckets of a partition: at most one part of each kind. */
export function judgeBuckets(comparison: Comparison, facts: RelationFacts, pairs: readonly Pair[]): Part[] {
  if (comparison.isExact) return [judgeEqual('exact', [...pairs])]
  const settled = pairs.filter((pair) => isSettled(comparison, pair))
  const open = pairs.filter((pair) => !isSettled(comparison, pair))
  const parts: Part[] = []
  if (settled.length > 0) {
    parts.push(facts.relation.is_append_only ? judgeEqual('settled', settled) : judgeSettledMutable(facts, settled))
  }
  if (open.length > 0) parts.push(judgeOpen(comparison, facts, open))
  return parts
}

/** Ended so early that no row comes late any more, before the baseline and before the recovery point. */
export function isSettled({ from, to, settleAfter }: Comparison, { bucket }: Pair): boolean {
  const ends = bucket.ends_at ?? (isWhole(bucket) ? bucket.partition_ends_at : null)
  return ends !== null && to !== undefined && timeOf(ends) + settleAfter <= Math.min(from, to)
}

/** How many rows of a bucket the copy may lack because it reaches less far than the baseline. */
export function lossOf(comparison: Comparison, { loss }: RelationFacts, pair: Pair): bigint {
  const { from, to } = comparison
  if (to === undefined || to >= from || isSettled(comparison, pair)) return 0n
  const { bucket, before } = pair
  const starts = bucket.starts_at ?? (isWhole(bucket) ? bucket.partition_starts_at : null)
  const ends = bucket.ends_at ?? (isWhole(bucket) ? bucket.partition_ends_at : null)
  if (starts !== null && timeOf(starts) >= to) return before.rows
  if (isBefore(comparison, pair)) return least(before.rows, loss.late)
  // Of a whole partition nobody knows the days.
  if (isWhole(bucket) && starts !== null && timeOf(starts) > to - day) return before.rows
  return least(before.rows, !isWhole(bucket) && ends !== null && timeOf(ends) > to ? loss.young : loss.late)
}

/** Whether all rows that the baseline had in a bucket are dated before the recovery point: only what came late may lack. */
export function isBefore({ to, skew }: Comparison, { before: { newest_at } }: Pick<Pair, 'before'>): boolean {
  return newest_at !== null && to !== undefined && timeOf(newest_at) <= to - skew
}

/** Of a bucket that is empty less is put down to rows that came late: that all of them did is likely only of a few. */
function lossOfEmpty(comparison: Comparison, facts: RelationFacts, pair: Pair): bigint {
  const loss = lossOf(comparison, facts, pair)
  return isBefore(comparison, pair) ? least(loss, 10n) : loss
}

/** How many rows may come or go in a mutable relation; at least one: somebody deletes the single row of a quiet day. */
export function toleratedIn({ is_append_only, tolerance }: BaselineRelation, rows: bigint): bigint {
  if (is_append_only) return 0n
  const share = (rows * BigInt(Math.round(Number(tolerance) * 1_000_000))) / 1_000_000n
  return share > 1n ? share : 1n
}

/** Whether the same rows seem to be there: as many, and of the same time. */
export function isEqual({ before, now }: Pair): boolean {
  return before.rows === now.rows && !isMoved({ before, now })
}

/** As many rows as before, of another time. */
export function isMoved({ before, now }: Pick<Pair, 'before' | 'now'>): boolean {
  return (
    before.rows === now.rows &&
    !(isSameMoment(before.oldest_at, now.oldest_at) && isSameMoment(before.newest_at, now.newest_at))
  )
}

function judgeEqual(kind: 'exact' | 'settled', pairs: Pair[]): Part {
  const wrong = pairs.filter((pair) => !isEqual(pair))
  const faults: Fault[] = wrong.length === 0 ? [] : [{ rule: 'equal', pairs: wrong, isGuess: false }]
  return { kind, pairs, ...sums(pairs), range: undefined, faults }
}

function judgeSettledMutable(facts: RelationFacts, pairs: Pair[]): Part {
  const { before, now } = sums(pairs)
  const tolerated = toleratedIn(facts.relation, before)
  const range = { lowest: before > tolerated ? before - tolerated : 0n, highest: before + tolerated }
  const total = faultOfTotal(pairs, now, range, false)
  const emptied = pairs.filter((pair) => isLostWhole(facts, pair, tolerated, 0n))
  return { kind: 'settled', pairs, before, now, range, faults: total ?? faultOf(emptied) }
}

function judgeOpen(comparison: Comparison, facts: RelationFacts, pairs: Pair[]): Part {
  const { relation, growth } = facts
  const { from, to } = comparison
  const { before, now } = sums(pairs)
  const tolerated = toleratedIn(relation, before)
  const loss = pairs.reduce((sum, pair) => sum + lossOf(comparison, facts, pair), 0n)
  const isLater = to !== undefined && to >= from
  const range = {
    lowest: before > tolerated + loss ? before - tolerated - loss : 0n,
    highest: before + tolerated + (isLater ? growth.rows : 0n),
  }
  const kept = pairs.filter((pair) => {
    const missing = pair.now.rows === 0n ? lossOfEmpty(comparison, facts, pair) : lossOf(comparison, facts, pair)
    return relation.is_append_only
      ? pair.now.rows < pair.before.rows - missing
      : isLostWhole(facts, pair, tolerated, missing)
  })
  const total = faultOfTotal(pairs, now, range, isLater && !growth.isKnown)
  const isShort = now < range.lowest
  return {
    kind: 'open',
    pairs,
    before,
    now,
    range,
    faults: isShort || kept.length === 0 ? (total ?? []) : faultOf(kept),
  }
}

/**
 * Whether a bucket of a mutable relation lost all of its rows in a way that the tolerance of the whole must not hide:
 * two percent of a year are a week. At the old end a retention job may be at work.
 */
function isLostWhole({ oldestNow }: RelationFacts, pair: Pair, tolerated: bigint, loss: bigint): boolean {
  const { before, now, bucket } = pair
  if (now.rows > 0n || before.rows <= loss) return false
  const isOldEnd = bucket.ends_at !== null && oldestNow !== null && timeOf(bucket.ends_at) <= timeOf(oldestNow)
  return before.rows > (isOldEnd ? tolerated : least(tolerated, 10n))
}

function faultOfTotal(
  pairs: readonly Pair[],
  now: bigint,
  { lowest, highest }: { lowest: bigint; highest: bigint },
  isGuess: boolean,
): Fault[] | undefined {
  if (now < lowest) {
    return [{ rule: 'total', pairs: pairs.filter((pair) => pair.now.rows < pair.before.rows), isGuess: false }]
  }
  if (now > highest) {
    return [{ rule: 'total', pairs: pairs.filter((pair) => pair.now.rows > pair.before.rows), isGuess }]
  }
  return undefined
}

function faultOf(pairs: Pair[]): Fault[] {
  return pairs.length === 0 ? [] : [{ rule: 'kept', pairs, isGuess: false }]
}

function sums(pairs: readonly Pair[]): { before: bigint; now: bigint } {
  return {
    before: pairs.reduce((sum, pair) => sum + pair.before.rows, 0n),
    now: pairs.reduce((sum, pair) => sum + pair.now.rows, 0n),
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
