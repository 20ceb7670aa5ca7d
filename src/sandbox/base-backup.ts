import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Sql } from 'postgres'
import { waitForWalFile } from './archive.ts'
import type { Cluster } from './cluster.ts'
import { copyTree } from './copy-tree.ts'
import { giveToServer } from './ownership.ts'

export interface BaseBackup {
  /** From where on WAL is needed to restore it. */
  startLsn: string
  /** The earliest point that it can be restored to. */
  stopLsn: string
  /** How long it took, the wait for the archive included. */
  seconds: number
  /** The size of its files. */
  bytes: number
}

// What a server makes anew, and what would harm a copy (PostgreSQL documentation, "Backing Up the Data Directory").
const EMPTIED = [
  'pg_wal',
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]
const LEFT_OUT = ['postmaster.pid', 'postmaster.opts', 'backup_label', 'tablespace_map', 'postgresql.auto.conf.tmp']
const CONTROL_FILE = 'global/pg_control'

/**
 * Takes a base backup of a running cluster while it is being written to, into `destination`, which is made: a data
 * directory with backup_label. Waits until the WAL that it needs is archived. Rejects when the destination is not empty,
 * when the cluster does not run or has tablespaces (a restore would share them with the original), or on any other
 * failure; then nothing of the backup stays.
 */
export async function takeBaseBackup(cluster: Cluster, destination: string): Promise<BaseBackup> {
  const started = performance.now()
  if (!(await cluster.isRunning())) throw new Error(`cluster "${cluster.name}" is not running`)
  if ((await readdir(join(cluster.data, 'pg_tblspc'))).length > 0) {
    throw new Error(`cluster "${cluster.name}" has tablespaces, which a sandbox backup cannot hold`)
  }
  await mkdir(destination, { recursive: true })
  if ((await readdir(destination)).length > 0) throw new Error(`${destination} is not empty`)
  const sql = cluster.connect()
  try {
    // One connection throughout: PostgreSQL gives the backup up when the connection that began it ends.
    const startLsn = await start(sql, cluster.binaries.major)
    const copied = await copyTree(cluster.data, destination, { include: belongsInBackup, mayVanish: true })
    // Last, as pg_basebackup does: it must not be older than what was copied before.
    await copyFile(join(cluster.data, CONTROL_FILE), join(destination, CONTROL_FILE), constants.COPYFILE_FICLONE)
    await giveToServer(join(destination, CONTROL_FILE))
    const { stopLsn, walFile, label } = await stop(sql, cluster.binaries.major)
    await writeFile(join(destination, 'backup_label'), label, { mode: 0o600 })
    await giveToServer(join(destination, 'backup_label'))
    await waitForWalFile(cluster, sql, walFile, 60)
    const bytes = copied + (await stat(join(destination, CONTROL_FILE))).size + Buffer.byteLength(label)
    return { startLsn, stopLsn, seconds: (performance.now() - started) / 1000, bytes }
  } catch (error) {
    await rm(destination, { recursive: true, force: true })
    throw error
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function start(sql: Sql, major: number): Promise<string> {
  const label = 'pgdrill'
  const [row] =
    major >= 15
      ? await sql<{ lsn: string }[]>`select pg_catalog.pg_backup_start(${label}, true)::text as lsn`
      : await sql<{ lsn: string }[]>`select pg_catalog.pg_start_backup(${label}, true, false)::text as lsn`
  if (!row) throw new Error('the backup could not be begun')
  return row.lsn
}

interface Stopped {
  stopLsn: string
  walFile: string
  label: string
}

// PostgreSQL's own wait for the archive looks only once a second, so it is told not to wait.
async function stop(sql: Sql, major: number): Promise<Stopped> {
  const [row] =
    major >= 15
      ? await sql<Stopped[]>`
          select lsn::text as "stopLsn", pg_catalog.pg_walfile_name(lsn) as "walFile", labelfile as label
          from pg_catalog.pg_backup_stop(false)`
      : await sql<Stopped[]>`
          select lsn::text as "stopLsn", pg_catalog.pg_walfile_name(lsn) as "walFile", labelfile as label
          from pg_catalog.pg_stop_backup(false, false)`
  if (!row) throw new Error('the backup could not be ended')
  return row
}

function belongsInBackup(path: string): boolean {
  if (LEFT_OUT.includes(path) || path === CONTROL_FILE || EMPTIED.includes(dirname(path))) return false
  return !/^(pgsql_tmp|pg_internal\.init)/.test(basename(path))
}
