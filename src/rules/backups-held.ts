// What inventories say is held, and which of it can be restored from: a backup counts only with its whole chain.

import { timeOf } from './moments.ts'

/** One backup as a tool or a listing tells of it. Times are ISO text in UTC. */
export interface HeldBackup {
  /** The inventory that lists it, such as "pgbackrest main". */
  source: string
  /** Its name in that source. */
  id: string
  kind: 'full' | 'diff' | 'incr' | 'logical' | 'unknown'
  /** When it was begun; of a logical backup, the moment of its snapshot: its data reaches no further. Null: not known. */
  started_at: string | null
  /** Null when it is not known, or never finished. */
  finished_at: string | null
  usable: 'yes' | 'no' | 'unknown'
  /** Why it is not usable, or what was assumed; null when there is nothing to say. */
  reason: string | null
  /** The ids in the same source without which it cannot be restored. */
  depends_on: readonly string[]
  /** Decimal, as it may be larger than a number is exact; null when not known. */
  bytes: string | null
  /** Kept for good by the tool. */
  is_pinned: boolean
  /** Its place in the order in which the source says that they were made; null when it says none. */
  position: number | null
  /** How often the source lists it: more than once is worth a warning. */
  times_listed: number
}

/** A backup about which nothing special is known: what nobody tells stays as it is here. */
export const plainBackup: Omit<HeldBackup, 'source' | 'id' | 'finished_at'> = {
  kind: 'unknown',
  started_at: null,
  usable: 'yes',
  reason: null,
  depends_on: [],
  bytes: null,
  is_pinned: false,
  position: null,
  times_listed: 1,
}

/** One inventory: where backups are listed, with the window of point-in-time recovery that it offers. */
export interface BackupSource {
  source: string
  format: string
  /** When it was read or recorded, ISO text. */
  read_at: string
  /** The source deletes what is older, whatever the policy says; null: no such limit is known. */
  keeps_days: number | null
  /** Any moment in it can be restored; null: none is offered or known. */
  window: { from: string; until: string } | null
}

/** A backup with the last word on whether it can be restored, times in milliseconds. */
export interface ResolvedBackup {
  backup: HeldBackup
  usable: 'yes' | 'no' | 'unknown'
  reason: string | null
  /** Null when it is not known. */
  finished: number | null
  /** Up to when its data reaches: its snapshot for a logical backup, else its end. */
  reaches: number | null
}

/**
 * Says of each backup whether it can be restored: it must be usable itself, have a time, not end before it began, and every
 * backup that it depends on must be there, usable, and have ended before it. So a chain that goes in a circle is never
 * usable: somewhere in it time goes backwards. Answers in the order of the input.
 * @param backups each (source, id) once
 */
export function resolveBackups(backups: readonly HeldBackup[]): ResolvedBackup[] {
  const resolved = backups.map(withoutChain)
  if (backups.every(({ depends_on }) => depends_on.length === 0)) return resolved
  const indexOf = new Map<string, Map<string, number>>()
  backups.forEach(({ source, id }, index) => {
    const ids = indexOf.get(source)
    if (ids === undefined) indexOf.set(source, new Map([[id, index]]))
    else ids.set(id, index)
  })
  const dependants = new Map<number, number[]>()
  for (const [index, one] of resolved.entries()) {
    for (const id of one.backup.depends_on) {
      const parent = indexOf.get(one.backup.source)?.get(id)
      if (parent === undefined) {
        worsen(one, 'no', `its chain is broken: ${id} is missing`)
        continue
      }
      const before = resolved[parent]?.finished
      if (before != null && one.finished !== null && before >= one.finished) {
        worsen(one, 'unknown', `it depends on ${id}, which did not end before it`)
      }
      const children = dependants.get(parent)
      if (children === undefined) dependants.set(parent, [index])
      else children.push(index)
    }
  }
  // What is not usable first: it outranks what is not known.
  for (const state of ['no', 'unknown'] as const) {
    const reached = [...resolved.keys()].filter((index) => resolved[index]?.usable === state)
    for (let parent = reached.pop(); parent !== undefined; parent = reached.pop()) {
      const id = resolved[parent]?.backup.id
      const why =
        state === 'no'
          ? `its chain is broken: ${id} is not usable`
          : `it is not known whether ${id}, on which it depends, is usable`
      for (const child of dependants.get(parent) ?? []) {
        if (worsen(resolved[child] as ResolvedBackup, state, why)) reached.push(child)
      }
    }
  }
  return resolved
}

/** @returns whether it was better before */
function worsen(one: ResolvedBackup, usable: 'no' | 'unknown', reason: string): boolean {
  if (one.usable === 'no' || one.usable === usable) return false
  one.usable = usable
  one.reason = reason
  return true
}

function withoutChain(backup: HeldBackup): ResolvedBackup {
  const finished = backup.finished_at === null ? null : timeOf(backup.finished_at)
  const started = backup.started_at === null ? null : timeOf(backup.started_at)
  const reaches = backup.kind === 'logical' && started !== null ? started : finished
  const one: ResolvedBackup = { backup, usable: backup.usable, reason: backup.reason, finished, reaches }
  if (finished === null) worsen(one, 'unknown', backup.reason ?? 'it is not known when it was finished')
  else if (started !== null && started > finished) worsen(one, 'unknown', 'it ended before it began')
  return one
}
