import { basename } from 'node:path'
import { listBackups } from '../dump/read-manifest.ts'
import type { HeldBackup } from '../rules/backups-held.ts'
import { type Inventory, plainBackup } from './inventory.ts'

/**
 * The folders that `pgdrill backup` left in a directory.
 * @param isDeep also hashes every file; else each must be there with its size
 * @throws CouldNotVerify when the directory cannot be read
 */
export async function readOwnBackups(directory: string, label: string, isDeep: boolean): Promise<Inventory[]> {
  const source = `own ${label}`
  const { backups, others } = await listBackups(directory, isDeep ? 'hashes' : 'sizes')
  const sandbox = backups.filter(({ manifest }) => manifest.source.is_sandbox).length
  const whole = backups.map(
    ({ directory: folder, manifest }): HeldBackup => ({
      ...plainBackup,
      source,
      id: basename(folder),
      kind: 'logical',
      started_at: manifest.snapshot.taken_at,
      finished_at: manifest.finished_at,
      bytes: String(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)),
    }),
  )
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
  return [{ source, format: 'own', backups: [...whole, ...broken], keeps_days: null, window: null, remarks }]
}
