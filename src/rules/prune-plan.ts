// Which of our own backups the retention policy still needs: pure. The slots are those of retention.ts.

import { type HeldBackup, plainBackup, type ResolvedBackup } from './backups-held.ts'
import { fillSlots } from './retention.ts'
import type { SlotCounts } from './retention-slots.ts'

/** A whole backup, as its manifest tells. Times are ISO text. */
export interface PrunedBackup {
  directory: string
  /** What it is a backup of, as databaseKey() puts it: each is kept for itself. */
  database: string
  /** The moment of its data. */
  taken_at: string
  finished_at: string
}

/** What becomes of a backup, and why: the slots that it fills, or another reason. */
export interface PruneDecision<Backup extends PrunedBackup> {
  backup: Backup
  isKept: boolean
  /** Whether another backup of a slot that it fills is not kept: were this one bad, that one would be needed. */
  isInPlaceOfAnother: boolean
  reasons: string[]
}

/**
 * Decides for each backup whether it is kept.
 * @param backups those that are good
 * @param now ISO text
 * @param clockSkew how far clocks may differ, in milliseconds: what is dated further ahead is kept, as nobody knows its slot
 * @returns oldest first
 */
export function planPruning<Backup extends PrunedBackup>(
  backups: readonly Backup[],
  policy: SlotCounts,
  now: string,
  clockSkew: number,
): PruneDecision<Backup>[] {
  const groups = new Map<string, Backup[]>()
  for (const backup of backups) {
    const group = groups.get(backup.database)
    if (group === undefined) groups.set(backup.database, [backup])
    else group.push(backup)
  }
  const decisions = [...groups].flatMap(([source, group]) => planGroup(source, group, policy, now, clockSkew))
  const moment = ({ backup }: PruneDecision<Backup>) => Date.parse(backup.finished_at)
  return decisions.sort((a, b) => moment(a) - moment(b) || (a.backup.directory < b.backup.directory ? -1 : 1))
}

function planGroup<Backup extends PrunedBackup>(
  source: string,
  group: readonly Backup[],
  policy: SlotCounts,
  now: string,
  clockSkew: number,
): PruneDecision<Backup>[] {
  const filled = fillSlots({
    sources: [{ source, format: 'own', read_at: now, keeps_days: null, window: null }],
    backups: group.map((backup) => asHeld(source, backup)),
    policy,
    now,
    since: null,
    clockSkew,
  })
  const reasons = new Map<string, string[]>(group.map(({ directory }) => [directory, []]))
  const newest = filled.good.at(-1)
  if (newest !== undefined) reasons.get(newest.backup.id)?.push('the newest')
  // A slow one may have been begun before a quick one and end after it: then the other has the newest data, and it is the
  // one whose bytes were read.
  const latest = filled.good.reduce(
    (last, one) => (reachOf(one) >= reachOf(last) ? one : last),
    filled.good[0] as ResolvedBackup,
  )
  if (newest !== undefined && latest !== newest) reasons.get(latest.backup.id)?.push('the newest data')
  for (const { tier, label, fillers } of filled.slots) {
    const id = fillers[0]?.id
    if (id !== undefined && id !== null) reasons.get(id)?.push(`${tier} ${label}`)
  }
  for (const { backup } of filled.future) reasons.get(backup.id)?.push('it is dated in the future')
  // What the slots do not know of is not theirs to give away.
  const known = new Set([...filled.good, ...filled.future].map(({ backup }) => backup.id))
  for (const { directory } of group) if (!known.has(directory)) reasons.get(directory)?.push('its times make no sense')
  const isKept = ({ directory }: Backup) => reasons.get(directory)?.length !== 0
  const doomed = group.filter((backup) => !isKept(backup)).map(({ finished_at }) => Date.parse(finished_at))
  const inPlace = new Set(
    filled.slots
      .filter(({ starts_at, ends_at }) =>
        doomed.some((moment) => Date.parse(starts_at) <= moment && moment < Date.parse(ends_at)),
      )
      .flatMap(({ fillers }) => fillers.map(({ id }) => id)),
  )
  return group.map((backup) => ({
    backup,
    isKept: isKept(backup),
    isInPlaceOfAnother: inPlace.has(backup.directory),
    reasons: isKept(backup) ? (reasons.get(backup.directory) ?? []) : ['no slot needs it'],
  }))
}

function reachOf({ reaches }: ResolvedBackup): number {
  return reaches ?? Number.NEGATIVE_INFINITY
}

function asHeld(source: string, { directory, taken_at, finished_at }: PrunedBackup): HeldBackup {
  return { ...plainBackup, source, id: directory, kind: 'logical', started_at: taken_at, finished_at }
}
