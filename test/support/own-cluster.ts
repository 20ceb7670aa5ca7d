// A PostgreSQL server that belongs to one test file, for tests that make roles or need a server without them.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import type { Target } from '../../src/database/targets.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { type Cluster, createCluster } from '../../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'

export interface OwnCluster {
  cluster: Cluster
  /** A database as the program's commands take it; everybody may log in without a password. */
  target(database: string, user?: string): Target
  /** Makes a database, from a template that nobody is connected to unless it is PostgreSQL's own. */
  createDatabase(name: string, template?: string): Promise<void>
  /** Opens one connection as superuser, hands it over, and closes it. */
  use<T>(database: string, work: (sql: Sql) => Promise<T>): Promise<T>
  /** Stops the server and removes it. */
  drop(): Promise<void>
}

/** Starts a server of one's own, with these settings of PostgreSQL; a watchdog removes it if the test file dies. */
export async function startOwnCluster(name: string, settings: Record<string, string> = {}): Promise<OwnCluster> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const cluster = await createCluster({ binaries: await findBinaries(), directory: join(root, name), name, settings })
  await cluster.start()

  async function use<T>(database: string, work: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = cluster.connect(database)
    try {
      return await work(sql)
    } finally {
      await sql.end()
    }
  }

  return {
    cluster,
    use,
    target(database, user = 'postgres') {
      const connection = { ...parseConnectionUrl(cluster.url(database), 'TEST_DATABASE_URL'), user }
      return { name: 'test', variable: 'TEST_DATABASE_URL', configuredBy: 'the test', connection }
    },
    async createDatabase(database, template = 'template0') {
      await use('postgres', (sql) => sql`create database ${sql(database)} template ${sql(template)}`)
    },
    async drop() {
      await cluster.dropEverything()
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}
