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

/** A chain with more links than this is not believed: no tool makes such ones, and following it would take for ever. */
export const longestChain = 1000

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

const key = (source: string, id: string) => `${source}\u0000${id}`

/**
 * Says of each backup whether it can be restored: it must be usable itself, have a time, not end before it began, and every
 * backup that it depends on must be there and usable, too. Answers in the order of the input.
 * @param backups each (source, id) once
 */
export function resolveBackups(backups: readonly HeldBackup[]): ResolvedBackup[] {
  const resolved = backups.map(withoutChain)
  const indexOf = new Map(backups.map((backup, index) => [key(backup.source, backup.id), index]))
  const dependants = new Map<number, number[]>()
  const open = new Map<number, number>()
  let ready: number[] = []
  const parents = backups.map((backup) =>
    [...new Set(backup.depends_on)].map((id) => indexOf.get(key(backup.source, id))),
  )
  parents.forEach((list, index) => {
    const known = list.filter((parent) => parent !== undefined)
    for (const parent of known) {
      const children = dependants.get(parent)
      if (children === undefined) dependants.set(parent, [index])
      else children.push(index)
    }
    if (known.length === 0) ready.push(index)
    else open.set(index, known.length)
  })

  const seen = new Array<boolean>(backups.length).fill(false)
  for (let depth = 0; ready.length > 0 && depth <= longestChain; depth += 1) {
    const next: number[] = []
    for (const index of ready) {
      seen[index] = true
      inherit(resolved[index] as ResolvedBackup, parents[index] as (number | undefined)[], resolved)
      for (const child of dependants.get(index) ?? []) {
        const left = (open.get(child) as number) - 1
        open.set(child, left)
        if (left === 0) next.push(child)
      }
    }
    ready = next
  }
  resolved.forEach((one, index) => {
    if (!seen[index] && one.usable !== 'no') {
      one.usable = 'no'
      one.reason = `its chain goes in a circle or has more than ${longestChain} links`
    }
  })
  return resolved
}

function withoutChain(backup: HeldBackup): ResolvedBackup {
  const finished = backup.finished_at === null ? null : timeOf(backup.finished_at)
  const started = backup.started_at === null ? null : timeOf(backup.started_at)
  const reaches = backup.kind === 'logical' && started !== null ? started : finished
  const one: ResolvedBackup = { backup, usable: backup.usable, reason: backup.reason, finished, reaches }
  if (one.usable !== 'yes') return one
  if (finished === null) return { ...one, usable: 'unknown', reason: 'it is not known when it was finished' }
  if (started !== null && started > finished) return { ...one, usable: 'unknown', reason: 'it ended before it began' }
  return one
}

/** A link that is missing or bad breaks the chain; one that is unknown makes it unknown. */
function inherit(one: ResolvedBackup, parents: readonly (number | undefined)[], all: readonly ResolvedBackup[]): void {
  if (one.usable === 'no') return
  for (const [place, parent] of parents.entries()) {
    const other = parent === undefined ? undefined : all[parent]
    if (other?.usable === 'yes') continue
    const id = [...new Set(one.backup.depends_on)][place]
    if (other === undefined || other.usable === 'no') {
      one.usable = 'no'
      one.reason = `its chain is broken: ${id} ${other === undefined ? 'is missing' : 'is not usable'}`
      return
    }
    one.usable = 'unknown'
    one.reason = `it depends on ${id}, of which it is not known whether it is usable`
  }
}
