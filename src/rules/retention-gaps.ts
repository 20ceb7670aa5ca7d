// Which moments can be restored, and the pauses between them.

import type { BackupSource, ResolvedBackup } from './backups-held.ts'
import { timeOf } from './moments.ts'

/** From the first to the last restorable moment, in milliseconds: both are the same for a backup. */
export interface RestorableSpan {
  from: number
  until: number
}

/** A pause in which nothing can be restored, in milliseconds. */
export interface Gap {
  from: number
  until: number
  /** How much of it lies before the doubt begins. */
  sure: number
}

/** The moments that can be restored, oldest first; of windows what lies before now. */
export function spansOf(
  good: readonly ResolvedBackup[],
  sources: readonly BackupSource[],
  now: number,
): RestorableSpan[] {
  const spans = good.map(({ reaches }): RestorableSpan => {
    const time = reaches as number
    return { from: time, until: time }
  })
  for (const { window } of sources) {
    if (window === null) continue
    const [from, until] = [timeOf(window.from), Math.min(timeOf(window.until), now)]
    if (from <= until) spans.push({ from, until })
  }
  return spans.sort((a, b) => a.from - b.from || a.until - b.until)
}

/**
 * From when on it is not known that nothing can be restored: an inventory that was read too long ago says nothing of what came
 * later, and a window of point-in-time recovery ends early in a database without writes.
 * @param oldestRead an inventory read before this was read too long ago
 * @returns infinity when there is no doubt
 */
export function doubtFrom(sources: readonly BackupSource[], now: number, oldestRead: number): number {
  const moments = sources.flatMap(({ read_at, window }) => [
    ...(timeOf(read_at) < oldestRead ? [timeOf(read_at)] : []),
    ...(window === null ? [] : [Math.min(timeOf(window.until), now)]),
  ])
  return moments.reduce((least, moment) => Math.min(least, moment), Number.POSITIVE_INFINITY)
}

/**
 * The pauses from a moment until the newest restorable one, longest first. The pause up to now is the age of the newest, and
 * not among them.
 * @param start null: none is looked for
 * @param doubt as doubtFrom() tells
 */
export function gapsOf(spans: readonly RestorableSpan[], start: number | null, now: number, doubt: number): Gap[] {
  if (start === null) return []
  const gaps: Gap[] = []
  let reached = start
  for (const { from, until } of spans) {
    const end = Math.min(from, now)
    if (end > reached) gaps.push({ from: reached, until: end, sure: Math.min(end, doubt) - reached })
    reached = Math.max(reached, until)
  }
  return gaps.sort((a, b) => b.until - b.from - (a.until - a.from) || a.from - b.from)
}
