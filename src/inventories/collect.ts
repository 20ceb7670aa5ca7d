import { CouldNotVerify } from '../could-not-verify.ts'
import type { BackupSource, HeldBackup } from '../rules/backups-held.ts'
import { type Inventory, mostBackups } from './inventory.ts'

/** All inventories as one: what the rules judge, and what is recorded. */
export interface HeldBackups {
  sources: BackupSource[]
  backups: HeldBackup[]
  remarks: string[]
}

/**
 * Joins inventories. Two of one name stay two: the second is called "pgbackrest main (2)". A backup that one source lists twice
 * becomes one that was listed twice, with the worse of the two states.
 * @param readAt when they were read, ISO text
 */
export function collect(inventories: readonly Inventory[], readAt: string): HeldBackups {
  const taken = new Set<string>()
  const sources: BackupSource[] = []
  const backups: HeldBackup[] = []
  for (const inventory of inventories) {
    let source = inventory.source
    for (let number = 2; taken.has(source); number += 1) source = `${inventory.source} (${number})`
    taken.add(source)
    const { format, keeps_days, window } = inventory
    sources.push({ source, format, read_at: readAt, keeps_days, window })
    for (const backup of withoutDuplicates(inventory.backups)) {
      backups.push(backup.source === source ? backup : { ...backup, source })
    }
  }
  if (backups.length > mostBackups) {
    throw new CouldNotVerify(`there are more than ${mostBackups} backups`, 'Give fewer inventories at a time.')
  }
  return { sources, backups, remarks: [...new Set(inventories.flatMap(({ remarks }) => remarks))] }
}

const badness = { yes: 0, unknown: 1, no: 2 }

function withoutDuplicates(backups: readonly HeldBackup[]): HeldBackup[] {
  const byId = new Map<string, HeldBackup>()
  for (const backup of backups) {
    const other = byId.get(backup.id)
    if (other === undefined) {
      byId.set(backup.id, backup)
      continue
    }
    const worse = badness[backup.usable] > badness[other.usable] ? backup : other
    const isSame = other.finished_at === backup.finished_at
    byId.set(backup.id, {
      ...worse,
      // Two moments for one backup: neither is believed.
      ...(isSame ? {} : { finished_at: null, reason: 'it is listed twice, with two times' }),
      times_listed: other.times_listed + 1,
    })
  }
  return [...byId.values()]
}
