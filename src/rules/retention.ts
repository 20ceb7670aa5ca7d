// Which backup fills which slot of the policy, exactly:
// - daily: each of the last 30 UTC days. Today is one of them as soon as it has its backup; until then it is open, and the
//   30 days end yesterday. So a backup that is still to come today is no failure, a day that has passed is never excused,
//   and whoever keeps exactly 30 has 30 at any hour. How old the newest may be is the RPO's question, not the slots'.
// - weekly: each of the last 12 complete ISO weeks. monthly: each of the last 12 complete months.
// - A backup counts in the slot in which it was finished, one may fill several tiers; of several the newest is the filler,
//   since that is the one that pruning keeps. A window of point-in-time recovery fills each slot that it shares a moment with.

import { type BackupSource, type HeldBackup, type ResolvedBackup, resolveBackups } from './backups-held.ts'
import { timeOf } from './moments.ts'
import { dayAt, type SlotCounts, type SlotSpan, slotsBefore, type Tier, tiers } from './retention-slots.ts'

/** The shipped policy of the plan. */
export const shippedSlotCounts: SlotCounts = { daily: 30, weekly: 12, monthly: 12 }

export interface RetentionInput {
  sources: readonly BackupSource[]
  /** Each (source, id) once: see `times_listed`. */
  backups: readonly HeldBackup[]
  policy: SlotCounts
  /** ISO text. */
  now: string
  /** Since when backups are made, as somebody states it; null: nobody does. Slots before it are not yet possible. */
  since: string | null
  /** How far clocks may differ, in milliseconds; a backup further ahead than this is of the future and fills nothing. */
  clockSkew: number
}

/** What fills a slot: a backup, or the part of a window that lies in the slot. */
export interface Filler {
  source: string
  /** Null for a window. */
  id: string | null
  /** When the backup was finished, or the last restorable moment in the slot; ISO text. */
  at: string
}

/**
 * filled: has a backup. empty: has none, and should. not_yet_possible: lies before the first backup, neither pass nor fail.
 * open: today without its backup yet.
 */
export type SlotState = 'filled' | 'empty' | 'not_yet_possible' | 'open'

export interface Slot {
  tier: Tier
  label: string
  starts_at: string
  ends_at: string
  state: SlotState
  /** The newest of each source, the newest of all first. */
  fillers: Filler[]
  /** Backups of the slot that do not count, with the reason; at most five. */
  not_counted: { source: string; id: string; reason: string }[]
}

export interface FilledSlots {
  /** Newest first within each tier; tiers in the order daily, weekly, monthly. */
  slots: Slot[]
  /** Since when backups are made: as stated, else of the oldest one listed; null when there is none. */
  since: string | null
  is_since_stated: boolean
  /** All backups with the last word on each, in the order of the input. */
  resolved: ResolvedBackup[]
  /** Those that count, oldest first. */
  good: ResolvedBackup[]
  /** Those that would count if they were not of the future. */
  future: ResolvedBackup[]
}

/** Fills the slots of the policy. Pure: the clock is `now`. */
export function fillSlots(input: RetentionInput): FilledSlots {
  const now = timeOf(input.now)
  const resolved = resolveBackups(input.backups)
  const usable = resolved.filter(({ usable }) => usable === 'yes')
  const isFuture = ({ finished }: ResolvedBackup) => (finished as number) > now + input.clockSkew
  const good = usable.filter((one) => !isFuture(one)).sort(byTime)
  const rest = resolved.filter((one) => one.usable !== 'yes' && one.finished !== null).sort(byTime)
  const windows = input.sources.flatMap(({ source, window }) => {
    if (window === null) return []
    const [from, until] = [timeOf(window.from), Math.min(timeOf(window.until), now)]
    return from > until ? [] : [{ source, from, until }]
  })

  const firsts = [...good, ...rest].map(({ finished }) => finished as number)
  const stated = input.since === null ? null : timeOf(input.since)
  const oldest = [...firsts, ...windows.map(({ from }) => from)].reduce(
    (least, time) => Math.min(least, time),
    Number.POSITIVE_INFINITY,
  )
  const since = stated ?? (Number.isFinite(oldest) ? oldest : null)

  const fill = (span: SlotSpan): Slot => {
    const fillers = fillersOf(span, good, windows)
    const isBefore = since !== null && span.start < since
    return {
      tier: span.tier,
      label: span.label,
      starts_at: iso(span.start),
      ends_at: iso(span.end),
      state: fillers.length > 0 ? 'filled' : isBefore ? 'not_yet_possible' : 'empty',
      fillers,
      not_counted: between(rest, span)
        .slice(0, 5)
        .map(({ backup: { source, id }, usable, reason }) => ({
          source,
          id,
          reason: reason ?? (usable === 'no' ? 'it is not usable' : 'it is not known whether it is usable'),
        })),
    }
  }

  const today = fill(dayAt(now))
  const isTodayFilled = today.state === 'filled'
  const slots = tiers.flatMap((tier) => {
    const count = input.policy[tier]
    if (tier !== 'daily') return slotsBefore(tier, now, count).map(fill)
    if (count === 0) return []
    const passed = slotsBefore(tier, now, isTodayFilled ? count - 1 : count).map(fill)
    return [isTodayFilled ? today : { ...today, state: 'open' as const }, ...passed]
  })
  return {
    slots,
    since: since === null ? null : iso(since),
    is_since_stated: stated !== null,
    resolved,
    good,
    future: usable.filter(isFuture),
  }
}

function fillersOf(
  span: SlotSpan,
  good: readonly ResolvedBackup[],
  windows: readonly { source: string; from: number; until: number }[],
): Filler[] {
  const newest = new Map<string, { filler: Filler; time: number }>()
  for (const { backup, finished } of between(good, span)) {
    const time = finished as number
    newest.set(backup.source, { filler: { source: backup.source, id: backup.id, at: iso(time) }, time })
  }
  for (const { source, from, until } of windows) {
    if (from >= span.end || until < span.start) continue
    const time = Math.min(until, span.end - 1)
    if ((newest.get(source)?.time ?? Number.NEGATIVE_INFINITY) < time) {
      newest.set(source, { filler: { source, id: null, at: iso(time) }, time })
    }
  }
  return [...newest.values()]
    .sort((a, b) => b.time - a.time || compareBytes(b.filler.source, a.filler.source))
    .map(({ filler }) => filler)
}

/** Those finished in a slot, of a list that is sorted by time. */
function between(sorted: readonly ResolvedBackup[], { start, end }: SlotSpan): readonly ResolvedBackup[] {
  return sorted.slice(firstAtOrAfter(sorted, start), firstAtOrAfter(sorted, end))
}

function firstAtOrAfter(sorted: readonly ResolvedBackup[], time: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle]?.finished as number) < time) low = middle + 1
    else high = middle
  }
  return low
}

function byTime(a: ResolvedBackup, b: ResolvedBackup): number {
  return (
    (a.finished as number) - (b.finished as number) ||
    compareBytes(a.backup.source, b.backup.source) ||
    compareBytes(a.backup.id, b.backup.id)
  )
}

/** Like `collate "C"` in the database, so that both choose the same one. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
