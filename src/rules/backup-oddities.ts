// What is odd about the backups of a source, as sentences by source. Warnings: a person has to look.

import type { ResolvedBackup } from './backups-held.ts'
import type { FilledSlots } from './retention.ts'
import { group } from './wording.ts'

/** How many neighbours on each side a backup is compared with, and how many there must be in all. */
const neighbours = 3
const enough = 3

function add(odd: Map<string, string[]>, source: string, sentence: string): void {
  const list = odd.get(source)
  if (list === undefined) odd.set(source, [sentence])
  else list.push(sentence)
}

/**
 * Backups with less than half the median size of up to three before and three after, of the same source and kind.
 * Incremental ones are left out: their sizes say how much was written.
 * @param good those that count, oldest first
 */
export function oddSizes(good: readonly ResolvedBackup[]): Map<string, string[]> {
  const series = new Map<string, { source: string; id: string; bytes: bigint }[]>()
  for (const { backup } of good) {
    if (backup.bytes === null || backup.kind === 'incr' || backup.kind === 'diff') continue
    const key = `${backup.source}\u0000${backup.kind}`
    const one = { source: backup.source, id: backup.id, bytes: BigInt(backup.bytes) }
    const list = series.get(key)
    if (list === undefined) series.set(key, [one])
    else list.push(one)
  }
  const odd = new Map<string, string[]>()
  for (const list of series.values()) {
    list.forEach(({ source, id, bytes }, index) => {
      const others = [
        ...list.slice(Math.max(0, index - neighbours), index),
        ...list.slice(index + 1, index + 1 + neighbours),
      ]
        .map((other) => other.bytes)
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      // Of an even number the lower one, as percentile_disc takes it.
      const median = others[Math.ceil(others.length / 2) - 1]
      if (others.length < enough || median === undefined || bytes * 2n >= median) return
      add(odd, source, `${id} has ${group(bytes)} bytes, its neighbours ${group(median)}`)
    })
  }
  return odd
}

/**
 * Backups of the future, and those that ended before one that was made earlier, by the order that their source gives.
 */
export function oddTimes({ resolved, future }: FilledSlots): Map<string, string[]> {
  const odd = new Map<string, string[]>()
  for (const { backup } of future) add(odd, backup.source, `${backup.id} is of the future: ${backup.finished_at}`)
  const bySource = new Map<string, ResolvedBackup[]>()
  for (const one of resolved) {
    if (one.finished === null || one.backup.position === null) continue
    const list = bySource.get(one.backup.source)
    if (list === undefined) bySource.set(one.backup.source, [one])
    else list.push(one)
  }
  for (const [source, list] of bySource) {
    list.sort((a, b) => (a.backup.position as number) - (b.backup.position as number))
    list.forEach((one, index) => {
      const before = list[index - 1]
      if (before !== undefined && (one.finished as number) < (before.finished as number)) {
        add(odd, source, `${one.backup.id} was made after ${before.backup.id} and ended before it`)
      }
    })
  }
  return odd
}
