import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import type { Cluster } from './cluster.ts'
import { exists } from './files.ts'

/** The point up to which a cluster's WAL is in its archive. */
export interface ArchivedUpTo {
  /** The end of the last transaction that is surely in the archive. */
  lsn: string
  /** The name of the WAL file that holds it. */
  walFile: string
}

/**
 * Closes the current WAL file of a running cluster and waits until it is archived, so that everything up to now can be
 * restored. It commits an empty transaction first: PostgreSQL reaches a target *time* only if the archive holds a commit
 * after it. Rejects when the cluster does not run, or with the archiver's last failure after `timeoutSeconds` (30).
 */
export async function waitForArchive(
  cluster: Cluster,
  { timeoutSeconds = 30 }: { timeoutSeconds?: number } = {},
): Promise<ArchivedUpTo> {
  if (!(await cluster.isRunning())) throw new Error(`cluster "${cluster.name}" is not running`)
  const sql = cluster.connect()
  try {
    await sql`select pg_catalog.pg_current_xact_id()::text`
    const [row] = await sql<ArchivedUpTo[]>`
      select lsn::text, pg_catalog.pg_walfile_name(lsn) as "walFile" from pg_catalog.pg_switch_wal() as lsn`
    if (!row) throw new Error('pg_switch_wal gave nothing')
    await waitForWalFile(cluster, sql, row.walFile, timeoutSeconds)
    return row
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * Waits until one WAL file of a running cluster is in its archive. It looks for the file itself, because the statistics
 * lag behind. Rejects with the archiver's last failure after `timeoutSeconds`.
 */
export async function waitForWalFile(
  cluster: Cluster,
  sql: Sql,
  walFile: string,
  timeoutSeconds: number,
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000
  while (!(await exists(join(cluster.archive, walFile)))) {
    if (Date.now() > deadline) {
      const [archiver] = await sql<{ failed: string | null }[]>`
        select last_failed_wal as failed from pg_catalog.pg_stat_archiver`
      const failed = archiver?.failed ? `; the archiver failed with ${archiver.failed}` : ''
      throw new Error(`WAL file ${walFile} of "${cluster.name}" was not archived in ${timeoutSeconds} s${failed}`)
    }
    await sleep(10)
  }
}
