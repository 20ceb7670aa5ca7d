import { readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { type Cluster, type ClusterOptions, prepareCluster, type Settings } from './cluster.ts'
import { copyTree } from './copy-tree.ts'
import { exists } from './files.ts'
import { closedToServer, giveToServer } from './ownership.ts'

export { type ArchivedUpTo, waitForArchive } from './archive.ts'

/**
 * Where a restore stops: at a restore point's name (the first of that name after the backup); at a time (a timestamptz as
 * text, UTC if it has no zone), transactions that committed at exactly that time included; or at a position in the WAL as
 * pg_current_wal_lsn() gave it, everything written before it included and nothing after it.
 */
export type RecoveryTarget = { name: string } | { time: string } | { lsn: string }

export interface RestoreOptions extends ClusterOptions {
  /** A base backup as takeBaseBackup makes it; it is copied, not used up. */
  backup: string
  /** The directory with the archived WAL files. */
  archive: string
  target: RecoveryTarget
  /** How long the server may take to reach the target, in seconds; 300 unless told. */
  timeoutSeconds?: number
}

// A restored copy carries the original's configuration: nothing of it may archive into the original's archive, run its
// background jobs, follow its primary, or need its certificates. Options on the command line beat all its files.
const ISOLATED: Settings = {
  archive_mode: 'off',
  archive_command: '',
  shared_preload_libraries: '',
  max_logical_replication_workers: '0',
  primary_conninfo: '',
  primary_slot_name: '',
  ssl: 'off',
}

/**
 * Restores a base backup to a point in time in a new cluster. Gives the cluster, started, promoted and writable, once
 * its log says that the target was reached. Rejects before anything is made when the backup is not one (no backup_label,
 * another major version) or the archive cannot be read; rejects with the server's FATAL message when the target is not
 * reached. Then no server runs, and the directory stays, for its log.
 */
export async function restoreToPointInTime(options: RestoreOptions): Promise<Cluster> {
  const { backup, archive, target, settings = {}, timeoutSeconds = 300, ...cluster } = options
  await checkBackup(backup, options.binaries)
  await checkArchive(archive)
  const restored = await prepareCluster({ ...cluster, settings: { ...ISOLATED, ...settings } })
  await copyTree(backup, restored.data)
  await writeFile(join(restored.data, 'recovery.signal'), '')
  await giveToServer(join(restored.data, 'recovery.signal'))
  await symlink(await realpath(archive), join(restored.directory, 'wal'))

  const wanted = `restore of "${restored.name}" to ${describe(target)}`
  try {
    await restored.start({ settings: recoverySettings(target), timeoutSeconds })
  } catch (error) {
    const { message } = error as Error
    const gap = /recovery ended|could not locate/.test(message)
      ? await describeGap(archive, await restored.messages())
      : ''
    throw new Error(`${wanted} failed: ${message}${gap}`, { cause: error })
  }
  // That the server is up says little: it also promotes when it was never told of a target.
  if (!(await restored.messages()).includes(' recovery stopping ')) {
    await restored.stop('immediate')
    throw new Error(`${wanted} failed: the server came up without saying that it had reached the target`)
  }
  return restored
}

// hot_standby off: no connection before the target is reached, and no demand that max_connections and the like be at
// least those of the original.
function recoverySettings(target: RecoveryTarget): Settings {
  return {
    hot_standby: 'off',
    restore_command: 'test -f ../wal/%f && cp ../wal/%f %p',
    recovery_target_action: 'promote',
    recovery_target_timeline: 'latest',
    ...targetSetting(target),
  }
}

function targetSetting(target: RecoveryTarget): Settings {
  if ('name' in target) return { recovery_target_name: target.name }
  if ('time' in target) return { recovery_target_time: target.time, recovery_target_inclusive: 'on' }
  // Inclusive would mean: with the record that begins at this position, the first one that was not there yet.
  return { recovery_target_lsn: target.lsn, recovery_target_inclusive: 'off' }
}

function describe(target: RecoveryTarget): string {
  if ('name' in target) return `restore point "${target.name}"`
  if ('time' in target) return `time ${target.time}`
  return `WAL position ${target.lsn}`
}

async function checkBackup(backup: string, binaries: Binaries): Promise<void> {
  const version = await readFile(join(backup, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) throw new Error(`${backup} is not a base backup: it has no PG_VERSION`)
  if (!(await exists(join(backup, 'backup_label')))) {
    throw new Error(
      `${backup} is not a base backup: it has no backup_label, so a restore of it may be silently corrupt`,
    )
  }
  if (Number(version) !== binaries.major) {
    throw new Error(`${backup} is of PostgreSQL ${version.trim()}, which ${binaries.version} cannot restore`)
  }
}

async function checkArchive(archive: string): Promise<void> {
  if (!(await exists(archive))) throw new Error(`there is no WAL archive in ${archive}`)
  const closed = await closedToServer(await realpath(archive))
  if (closed !== undefined)
    throw new Error(`${closed} is closed to the unprivileged user that runs PostgreSQL for root`)
}

// The server's message does not say which file it missed; what it read last and what lies behind that does.
async function describeGap(archive: string, log: string): Promise<string> {
  const walFiles = (await readdir(archive)).filter((file) => /^[0-9A-F]{24}$/.test(file))
  const last = [...log.matchAll(/restored log file "([0-9A-F]{24})" from archive/g)].at(-1)?.[1]
  if (last === undefined) return ` (of the ${walFiles.length} WAL files in the archive, none could be used)`
  const later = walFiles.filter((file) => file > last).length
  if (later === 0) return ` (the last WAL file read was ${last}, the newest in the archive)`
  return ` (the last WAL file read was ${last}; of the ${later} later ones in the archive, the next is missing or unreadable)`
}
