import { basename } from 'node:path'
import { databaseKey } from '../dump/manifest.ts'
import { type Backup, listBackups } from '../dump/read-manifest.ts'
import { type HeldBackup, plainBackup } from '../rules/backups-held.ts'
import { type BackedUpDatabase, homeOf, type Inventory } from './inventory.ts'

/**
 * The folders that `pgdrill backup` left in a directory: one inventory for each database that they are of, and each with
 * those folders that are no whole backup, as nobody knows of what.
 * @param isDeep also hashes every file; else each must be there with its size
 * @throws CouldNotVerify when the directory cannot be read
 */
export async function readOwnBackups(directory: string, label: string, isDeep: boolean): Promise<Inventory[]> {
  const source = `own ${label}`
  const { backups, others } = await listBackups(directory, isDeep ? 'hashes' : 'sizes')
  const sandbox = backups.filter(({ manifest }) => manifest.source.is_sandbox).length
  const broken = others.map(
    ({ directory: folder, why }): HeldBackup => ({
      ...plainBackup,
      source,
      id: basename(folder),
      finished_at: null,
      usable: 'no',
      reason: why,
    }),
  )
  const remarks = [
    ...(sandbox > 0 ? [`${source}: ${sandbox} of the backups are of a sandbox, not of your production`] : []),
    ...(isDeep ? [] : [`${source}: only sizes of files were looked at; --deep reads their contents, too`]),
  ]
  const inventory = { source, format: 'own' as const, keeps_days: null, window: null, remarks }
  const databases = new Map<string, Backup[]>()
  for (const backup of backups) {
    const key = databaseKey(backup.manifest.source)
    const group = databases.get(key)
    if (group === undefined) databases.set(key, [backup])
    else group.push(backup)
  }
  if (databases.size === 0) return [{ ...inventory, backups: broken }]
  return [...databases.values()].map((group) => ({
    ...inventory,
    database: databaseOf(group),
    backups: [...group.map((backup) => heldBackup(backup, source)), ...broken],
  }))
}

function heldBackup({ directory, manifest }: Backup, source: string): HeldBackup {
  return {
    ...plainBackup,
    source,
    id: basename(directory),
    kind: 'logical',
    started_at: manifest.snapshot.taken_at,
    finished_at: manifest.finished_at,
    bytes: String(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)),
  }
}

/** @param backups of one database, oldest first; at least one */
function databaseOf(backups: readonly Backup[]): BackedUpDatabase {
  const { installation_id, target, is_sandbox } = (backups.at(-1) as Backup).manifest.source
  const homes = backups.map(({ manifest: { source } }) => homeOf(source.system_identifier, source.database_name))
  return { installation_id, name: target, is_sandbox, homes: [...new Set(homes)] }
}
