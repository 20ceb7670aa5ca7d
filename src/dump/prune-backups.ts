import { rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type PruneDecision, planPruning } from '../rules/prune-plan.ts'
import type { SlotCounts } from '../rules/retention-slots.ts'
import type { Stages } from '../terminal/stages.ts'
import { manifestFile } from './manifest.ts'
import { type Backup, listBackups, type NoBackup, readBackup } from './read-manifest.ts'

/** A backup among those to prune. */
export interface OwnBackup {
  directory: string
  backup_id: string
  installation_id: string
  taken_at: string
  finished_at: string
  bytes: number
}

/** What is, or would be, deleted. */
export interface Pruning {
  decisions: PruneDecision<OwnBackup>[]
  /** Folders that hold no whole backup: they fill nothing, and are left to people. */
  others: NoBackup[]
}

/** How far the clocks of two machines may differ, in milliseconds. */
const clockSkew = 300_000

/**
 * Says which backups of a directory the policy needs. Deletes nothing.
 * @param isDeep every backup is read and hashed; else only the newest of each database, which is never deleted
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
  const good: Backup[] = []
  const isFound = new Set<string>()
  await stages.run('check backups', async (tell) => {
    // From the newest back to the first that is good: that one stays, whatever the policy says.
    for (const backup of backups.toReversed()) {
      const { installation_id } = backup.manifest.source
      try {
        if (isDeep || !isFound.has(installation_id)) await readBackup(backup.directory, 'hashes', tell)
        isFound.add(installation_id)
        good.push(backup)
      } catch (error) {
        if (!(error instanceof CouldNotVerify)) throw error
        others.push({ directory: backup.directory, why: error.message })
      }
    }
  })
  if (good.length === 0) {
    throw new CouldNotVerify(`there is no good backup in ${directory}`, 'Nothing is deleted. Take a backup.')
  }
  return { decisions: planPruning(good.map(describe), policy, now, clockSkew), others }
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

function describe({ directory, manifest }: Backup): OwnBackup {
  return {
    directory,
    backup_id: manifest.backup_id,
    installation_id: manifest.source.installation_id,
    taken_at: manifest.snapshot.taken_at,
    finished_at: manifest.finished_at,
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
