// A real standby of a running server: a base backup, standby.signal, and streaming.

import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { takeBaseBackup } from '../../src/sandbox/base-backup.ts'
import { type Cluster, prepareCluster } from '../../src/sandbox/cluster.ts'
import { copyTree } from '../../src/sandbox/copy-tree.ts'
import { giveToServer, makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { launch } from '../../src/sandbox/process.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'
import { until } from '../sandbox/servers.ts'

export interface Standby {
  cluster: Cluster
  /** Waits until it has replayed all that the primary has written so far. */
  catchUp(): Promise<void>
  drop(): Promise<void>
}

/** Starts one; a watchdog removes it if the test file dies. */
export async function startStandby(primary: Cluster): Promise<Standby> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const backup = join(root, 'backup')
  await takeBaseBackup(primary, backup)
  const { binaries } = primary
  const cluster = await prepareCluster({ binaries, directory: join(root, 'standby'), name: 'standby' })
  await copyTree(backup, cluster.data)
  await writeFile(join(cluster.data, 'standby.signal'), '')
  await giveToServer(join(cluster.data, 'standby.signal'))
  const settings = {
    hot_standby: 'on',
    primary_conninfo: `host=${primary.socketDirectory} port=${primary.port} user=postgres`,
    restore_command: '',
    archive_mode: 'off',
    max_connections: '60',
    max_prepared_transactions: '10',
    shared_buffers: '32MB',
    fsync: 'off',
    lc_messages: 'C',
    listen_addresses: '',
    unix_socket_directories: cluster.socketDirectory,
    port: String(cluster.port),
    'drill.sandbox': 'on',
  }
  const log = await open(cluster.logFile, 'a', 0o600)
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  await launch(binaries, 'postgres', ['-D', cluster.data, ...args], { cwd: cluster.directory, log: log.fd })
  await log.close()
  const logged = async () => await readFile(cluster.logFile, 'utf8')
  await until('it takes sessions', async () => /ready to accept read-only connections/.test(await logged()), 60)
  return {
    cluster,
    async catchUp() {
      const [there, here] = [primary.connect(), cluster.connect()]
      try {
        // Its commit takes to the disk, and to the standby, what others have not committed yet, such as their locks.
        await there`select pg_logical_emit_message(true, 'pgdrill', '')`
        const [row] = await there`select pg_current_wal_flush_lsn()::text as lsn`
        const lsn = String(row?.['lsn'])
        const has = async () =>
          (await here`select pg_last_wal_replay_lsn() >= ${lsn}::text::pg_lsn as has`)[0]?.['has'] === true
        await until('it has replayed all', has, 30)
      } finally {
        await Promise.all([there.end(), here.end()])
      }
    },
    async drop() {
      await cluster.dropEverything()
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}
