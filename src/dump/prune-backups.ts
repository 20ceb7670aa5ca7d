import { rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type PruneDecision, type PrunedBackup, planPruning } from '../rules/prune-plan.ts'
import type { SlotCounts } from '../rules/retention-slots.ts'
import type { Stages } from '../terminal/stages.ts'
import { databaseKey, manifestFile } from './manifest.ts'
import { type Backup, listBackups, type NoBackup, readBackup } from './read-manifest.ts'

/** A backup among those to prune. */
export interface OwnBackup {
  directory: string
  backup_id: string
  installation_id: string
  /** The name of the target that it was taken of. */
  target: string
  taken_at: string
  finished_at: string
  bytes: number
  /** Whether its files were read and hashed; else each is there and has its size. */
  is_read: boolean
}

/** What is, or would be, deleted. */
export interface Pruning {
  decisions: PruneDecision<OwnBackup & PrunedBackup>[]
  /** Folders that hold no whole backup: they fill nothing, and are left to people. */
  others: NoBackup[]
}

/** How far the clocks of two machines may differ, in milliseconds. */
const clockSkew = 300_000

/**
 * Says which backups of a directory the policy needs. Deletes nothing. Read and hashed are the newest of each database and
 * whatever is kept in place of one that is not: a backup that turns out to be bad fills no slot.
 * @param isDeep every backup is read and hashed
 * @param now ISO text
 * @throws CouldNotVerify when the directory cannot be read, or holds no good backup
 */
export async function planDirectory(
  directory: string,
  policy: SlotCounts,
  now: string,
  isDeep: boolean,
  stages: Stages,
): Promise<Pruning> {
  const { backups, others } = await listBackups(directory, 'sizes')
  const decisions = await stages.run('check backups', async (tell) => {
    const read = new Set<string>()
    const bad = new Set<string>()
    const requireRead = async ({ directory: folder }: Backup): Promise<boolean> => {
      if (read.has(folder)) return true
      try {
        await readBackup(folder, 'hashes', tell)
        read.add(folder)
        return true
      } catch (error) {
        if (!(error instanceof CouldNotVerify)) throw error
        bad.add(folder)
        others.push({ directory: folder, why: error.message })
        return false
      }
    }
    // From the newest back to the first that is good: that one stays, whatever the policy says.
    const isFound = new Set<string>()
    for (const backup of backups.toReversed()) {
      const database = databaseKey(backup.manifest.source)
      if ((isDeep || !isFound.has(database)) && (await requireRead(backup))) isFound.add(database)
    }
    // Each that is bad changes the plan, and then others are kept in place of what is not.
    for (;;) {
      const good = backups.filter((backup) => !bad.has(backup.directory))
      const plan = planPruning(
        good.map((backup) => describe(backup, read.has(backup.directory))),
        policy,
        now,
        clockSkew,
      )
      const unread = new Set(
        plan.filter((one) => one.isInPlaceOfAnother && !one.backup.is_read).map(({ backup }) => backup.directory),
      )
      if (unread.size === 0) return plan
      for (const backup of good) if (unread.has(backup.directory)) await requireRead(backup)
    }
  })
  if (decisions.length === 0) {
    throw new CouldNotVerify(`there is no good backup in ${directory}`, 'Nothing is deleted. Take a backup.')
  }
  return { decisions, others }
}

/**
 * Deletes a backup. Its manifest goes first: what a kill leaves is no backup.
 * @throws CouldNotVerify
 */
export function deleteBackup(directory: string): void {
  try {
    unlinkSync(join(directory, manifestFile))
    rmSync(directory, { recursive: true })
  } catch (error) {
    throw new CouldNotVerify(`${directory} could not be deleted: ${(error as Error).message}`)
  }
}

function describe({ directory, manifest }: Backup, is_read: boolean): OwnBackup & PrunedBackup {
  return {
    directory,
    backup_id: manifest.backup_id,
    installation_id: manifest.source.installation_id,
    target: manifest.source.target,
    database: databaseKey(manifest.source),
    taken_at: manifest.snapshot.taken_at,
    finished_at: manifest.finished_at,
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    is_read,
  }
}
