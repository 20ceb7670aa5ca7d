import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CouldNotVerify } from '../could-not-verify.ts'
import { withDatabase } from '../database/connect.ts'
import { parseConnectionUrl } from '../database/connection-url.ts'
import { captureBaseline } from '../database/facts.ts'
import { migrateUp } from '../database/migrations.ts'
import { type Target, targetVariable } from '../database/targets.ts'
import { projectFile } from '../project-files.ts'
import type { Stages } from '../terminal/stages.ts'
import { takeBaseBackup } from './base-backup.ts'
import { findBinaries } from './binaries.ts'
import { type Cluster, createCluster } from './cluster.ts'
import { restoreToPointInTime, waitForArchive } from './point-in-time.ts'
import { startTraffic } from './traffic.ts'

/** The database of both clusters. */
export const sandboxDatabase = 'opsmantik'
const restorePoint = 'before_the_failure'

export interface Sandbox {
  production: Cluster
  restore: Cluster
}

/** The target that a sandbox cluster is, for the commands that take one. */
export function sandboxTarget(name: 'production' | 'restore', cluster: Cluster): Target {
  const variable = targetVariable(name)
  return {
    name,
    variable,
    configuredBy: 'the sandbox',
    connection: parseConnectionUrl(cluster.url(sandboxDatabase), variable),
  }
}

/** Starts a production cluster with the OpsMantik-shaped application and its data, as it is before the checks come. */
export async function buildProduction(root: string, stages: Stages): Promise<Cluster> {
  const production = await stages.run('start production', async () => {
    const cluster = await createCluster({
      binaries: await findBinaries(),
      directory: join(root, 'production'),
      name: 'production',
    })
    await cluster.start()
    return cluster
  })
  await stages.run('application schema and data', async () => {
    const admin = production.connect()
    await admin.unsafe(`create database ${sandboxDatabase}`)
    await admin.end()
    await runSql(production, 'opsmantik/schema.sql')
    await runSql(production, 'opsmantik/seed.sql')
  })
  return production
}

/** A production that has failed, and what it can be restored from. */
export interface FailedProduction {
  production: Cluster
  /** Directory of the base backup. */
  backup: string
  /** When the last writer ended. */
  failedAt: string
}

/**
 * The whole way of a real restore: a production with traffic, checks installed, a baseline, an online base backup, WAL
 * archiving, and a second cluster restored to a point in time.
 * @param root an empty directory, guarded by a watchdog
 */
export async function buildSandbox(root: string, stages: Stages): Promise<Sandbox> {
  const failed = await buildFailedProduction(root, stages)
  return { production: failed.production, restore: await restoreProduction(root, failed, stages) }
}

/** Everything up to the failure: it still runs, but nobody writes any more. */
export async function buildFailedProduction(root: string, stages: Stages): Promise<FailedProduction> {
  const production = await buildProduction(root, stages)
  const target = sandboxTarget('production', production)
  await stages.run('install the checks', () => migrateUp(target))
  const traffic = startTraffic(production, sandboxDatabase)
  const backup = join(root, 'backup')
  try {
    await stages.run('heartbeat and baseline', () =>
      withDatabase(target, {}, (database) => captureBaseline(database, { label: 'sandbox', depth: 'full' })),
    )
    await stages.run('base backup while writers run', async () => {
      await takeBaseBackup(production, backup)
    })
    const failedAt = await stages.run('more traffic, then the failure', async () => {
      await sleep(1000)
      const sql = production.connect(sandboxDatabase)
      await sql`select pg_catalog.pg_create_restore_point(${restorePoint})`
      await sql.end()
      await sleep(500)
      await traffic.stop()
      const stoppedAt = new Date().toISOString()
      await waitForArchive(production)
      return stoppedAt
    })
    return { production, backup, failedAt }
  } catch (error) {
    // Writers that go on would keep the process from ending.
    await traffic.stop().catch(() => {})
    throw error
  }
}

/** Restores it in a second cluster, to half a second before it failed. */
export async function restoreProduction(
  root: string,
  { production, backup }: FailedProduction,
  stages: Stages,
): Promise<Cluster> {
  return await stages.run('point-in-time restore', async () =>
    restoreToPointInTime({
      binaries: await findBinaries(),
      directory: join(root, 'restore'),
      name: 'restore',
      backup,
      archive: production.archive,
      target: { name: restorePoint },
    }),
  )
}

/** For `.catch` of buildSandbox: whatever stopped it, nothing was verified. */
export function sandboxFailed(error: unknown): never {
  if (error instanceof CouldNotVerify) throw error
  throw new CouldNotVerify(`the sandbox could not be built: ${(error as Error).message}`, undefined, { cause: error })
}

async function runSql(cluster: Cluster, file: string): Promise<void> {
  const sql = cluster.connect(sandboxDatabase)
  try {
    await sql.unsafe(readFileSync(projectFile('src', 'sandbox', file), 'utf8'))
  } finally {
    await sql.end()
  }
}
