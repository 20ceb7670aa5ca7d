// Lays the buckets of one partition side by side. Both sides are cut relative to the
// same moment, so they have the same cuts; where they do not, the finer is summed up.

import type { Bucket } from '../database/contract.ts'
import { spanOf } from './moments.ts'

/** A bucket of either side. */
export type AnyBucket = Pick<
  Bucket,
  | 'partition_name'
  | 'bucket_name'
  | 'grain'
  | 'starts_at'
  | 'ends_at'
  | 'partition_starts_at'
  | 'partition_ends_at'
  | 'is_default'
  | 'row_count'
  | 'oldest_at'
  | 'newest_at'
  | 'fingerprint'
>

export interface Side {
  rows: bigint
  oldest_at: string | null
  newest_at: string | null
  fingerprint: string | null
}

/** One bucket on both sides. A slice that one side does not have held no rows there. */
export interface Pair {
  bucket: AnyBucket
  /** 2026-11-23, 2026-11, undated, or the name of the whole partition. */
  label: string
  before: Side
  now: Side
}

const nothing: Side = { rows: 0n, oldest_at: null, newest_at: null, fingerprint: null }

/** The pairs of one partition, oldest first, undated rows last. */
export function pairBuckets(expected: readonly AnyBucket[], actual: readonly AnyBucket[]): Pair[] {
  const [before, now] = align(expected, actual)
  const left = new Map(before.map((bucket) => [bucket.bucket_name, bucket]))
  const right = new Map(now.map((bucket) => [bucket.bucket_name, bucket]))
  return [...new Map([...right, ...left]).values()]
    .map((bucket) => ({
      bucket,
      label: labelOf(bucket),
      before: sideOf(left.get(bucket.bucket_name)),
      now: sideOf(right.get(bucket.bucket_name)),
    }))
    .sort((a, b) => order(a) - order(b) || (a.label < b.label ? -1 : 1))
}

export function isWhole({ grain }: Pick<AnyBucket, 'grain'>): boolean {
  return grain === 'partition' || grain === 'table'
}

export function rowsIn(buckets: readonly Pick<AnyBucket, 'row_count'>[]): bigint {
  return buckets.reduce((sum, bucket) => sum + BigInt(bucket.row_count ?? '0'), 0n)
}

/** The buckets by their partition, in their order. */
export function byPartition<B extends AnyBucket>(buckets: readonly B[]): Map<string, B[]> {
  const partitions = new Map<string, B[]>()
  for (const bucket of buckets) {
    const found = partitions.get(bucket.partition_name)
    if (found === undefined) partitions.set(bucket.partition_name, [bucket])
    else found.push(bucket)
  }
  return partitions
}

/**
 * The partitions of a relation on both sides, those of the first one first. A partitioned table that has no partition has
 * an empty bucket of its own name: it stands for none, and is left out where the other side has partitions.
 */
export function pairPartitions<A extends AnyBucket, B extends AnyBucket>(
  relationName: string,
  first: readonly A[],
  second: readonly B[],
): { name: string; a: A[]; b: B[] }[] {
  const [a, b] = [byPartition(first), byPartition(second)]
  const isEmpty = (buckets: readonly AnyBucket[] | undefined) => buckets?.every(isEmptyWhole) === true
  const hasPartitions = (side: ReadonlyMap<string, unknown>) => side.size > 0 && !side.has(relationName)
  if (hasPartitions(b) && isEmpty(a.get(relationName))) a.delete(relationName)
  if (hasPartitions(a) && isEmpty(b.get(relationName))) b.delete(relationName)
  return [...new Set([...a.keys(), ...b.keys()])].map((name) => ({ name, a: a.get(name) ?? [], b: b.get(name) ?? [] }))
}

function align(expected: readonly AnyBucket[], actual: readonly AnyBucket[]): [AnyBucket[], AnyBucket[]] {
  // A partition without rows is one whole bucket, however its rows would be cut.
  const isCut = (side: readonly AnyBucket[]) => side.some((bucket) => !isWhole(bucket))
  const sides = [expected, actual].map((side, index) =>
    isCut([expected, actual][1 - index] as AnyBucket[]) ? side.filter((bucket) => !isEmptyWhole(bucket)) : [...side],
  ) as [AnyBucket[], AnyBucket[]]
  if (sides.some((side) => side.some(isWhole))) return sides.map(whole) as [AnyBucket[], AnyBucket[]]
  const months = new Set(sides.flat().filter(isMonth).map(labelOf))
  return sides.map((side) => foldDays(side, months)) as [AnyBucket[], AnyBucket[]]
}

function isEmptyWhole(bucket: AnyBucket): boolean {
  return isWhole(bucket) && BigInt(bucket.row_count ?? '0') === 0n
}

function isMonth({ grain }: AnyBucket): boolean {
  return grain === 'month'
}

function whole(side: readonly AnyBucket[]): AnyBucket[] {
  const first = side[0]
  if (first === undefined || (side.length === 1 && isWhole(first))) return [...side]
  const { partition_name, partition_starts_at, partition_ends_at } = first
  return [
    merge(side, {
      ...first,
      grain: 'partition',
      bucket_name: partition_name,
      starts_at: partition_starts_at,
      ends_at: partition_ends_at,
    }),
  ]
}

function foldDays(side: readonly AnyBucket[], months: ReadonlySet<string>): AnyBucket[] {
  const folded = new Map<string, AnyBucket[]>()
  for (const bucket of side) {
    const month = labelOf(bucket).slice(0, -3)
    const name = bucket.grain === 'day' && months.has(month) ? `${bucket.partition_name} ${month}` : bucket.bucket_name
    folded.set(name, [...(folded.get(name) ?? []), bucket])
  }
  return [...folded].map(([bucket_name, parts]) => {
    const first = parts[0] as AnyBucket
    return first.bucket_name === bucket_name ? first : merge(parts, asMonth(first, bucket_name))
  })
}

/** The month that a day lies in. */
function asMonth(first: AnyBucket, bucket_name: string): AnyBucket {
  const start = new Date(`${labelOf(first).slice(0, -3)}-01T00:00:00Z`)
  const end = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1))
  return { ...first, bucket_name, grain: 'month', starts_at: start.toISOString(), ends_at: end.toISOString() }
}

function merge(parts: readonly AnyBucket[], as: AnyBucket): AnyBucket {
  return { ...as, row_count: rowsIn(parts).toString(), ...spanOf(parts), fingerprint: fold(parts) }
}

/** Fingerprints are sums modulo 2^64, so those of days add up to that of their month. */
function fold(parts: readonly AnyBucket[]): string | null {
  let sum = 0n
  for (const { fingerprint } of parts) {
    if (fingerprint === null) return null
    sum += BigInt(fingerprint)
  }
  return BigInt.asIntN(64, sum).toString()
}

function labelOf({ bucket_name, partition_name }: AnyBucket): string {
  return bucket_name.startsWith(`${partition_name} `) ? bucket_name.slice(partition_name.length + 1) : bucket_name
}

function sideOf(bucket: AnyBucket | undefined): Side {
  if (bucket === undefined) return nothing
  const { oldest_at, newest_at, fingerprint } = bucket
  return { rows: BigInt(bucket.row_count ?? '0'), oldest_at, newest_at, fingerprint }
}

function order({ bucket: { grain } }: Pair): number {
  return grain === 'undated' ? 1 : 0
}
