import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import { withDatabase } from '../../src/database/connect.ts'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import type { CheckResult } from '../../src/database/contract.ts'
import { exportBaseline } from '../../src/database/facts.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import type { Target } from '../../src/database/targets.ts'
import { sandboxDatabase, sandboxTarget } from '../../src/sandbox/build.ts'
import { attachCluster, type Cluster } from '../../src/sandbox/cluster.ts'
import { Stages } from '../../src/terminal/stages.ts'
import { baselineOfFile } from '../../src/verification/baseline-source.ts'
import { type Question, type Verification, verifyTarget } from '../../src/verification/verify-target.ts'

/** The two clusters of the run's sandbox. Their own databases stay as they are: tests clone what they change. */
export async function sandboxClusters(): Promise<{ production: Cluster; restore: Cluster }> {
  const { PGDRILL_TEST_PRODUCTION: production, PGDRILL_TEST_RESTORE: restore } = process.env
  if (!production || !restore) throw new Error('run this file through test/run.ts: it starts the sandbox')
  return { production: await attachCluster(production), restore: await attachCluster(restore) }
}

/** A database made for one test. */
export interface Scratch {
  target: Target
  cluster: Cluster
  /** Runs statements in it on a connection of their own. */
  run(...statements: string[]): Promise<void>
  query<Row extends object>(statement: string): Promise<Row[]>
  drop(): Promise<void>
}

/** Makes a database: a copy of another one of the cluster (the restored one unless told), or empty. */
export async function makeDatabase(cluster: Cluster, template: string | null = sandboxDatabase): Promise<Scratch> {
  const name = `t_${randomBytes(6).toString('hex')}`
  // Faster here than the default, which came with PostgreSQL 15.
  const strategy = cluster.binaries.major >= 15 ? 'strategy file_copy' : ''
  // A template may be in use for a moment: somebody else verifies it.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin(cluster, (sql) =>
        sql.unsafe(`create database ${name} template ${template ?? 'template0'} ${strategy}`),
      )
      break
    } catch (error) {
      if ((error as { code?: string }).code !== '55006' || attempt === 50) throw error
      await sleep(200)
    }
  }
  const target: Target = {
    name: 'copy',
    variable: 'COPY_DATABASE_URL',
    configuredBy: 'the test',
    connection: parseConnectionUrl(cluster.url(name), 'COPY_DATABASE_URL'),
  }
  return {
    target,
    cluster,
    run: async (...statements) => {
      const sql = cluster.connect(name)
      try {
        for (const statement of statements) await sql.unsafe(statement)
      } finally {
        await sql.end()
      }
    },
    query: async <Row extends object>(statement: string) => {
      const sql = cluster.connect(name)
      try {
        return [...(await sql.unsafe(statement))] as unknown as Row[]
      } finally {
        await sql.end()
      }
    },
    drop: () => admin(cluster, (sql) => sql.unsafe(`drop database ${name} with (force)`)).then(() => {}),
  }
}

/** An otherwise empty database with the checks, and without the rows of the OpsMantik profile. */
export async function makeBareDatabase(cluster: Cluster): Promise<Scratch> {
  const scratch = await makeDatabase(cluster, null)
  await migrateUp(scratch.target)
  await scratch.run(
    'delete from drill.guards',
    'delete from drill.partitioned_relations',
    'delete from drill.critical_relations',
  )
  return scratch
}

/** Rows of a check as short lines: status, object, and what was said. */
export async function checkLines(scratch: Scratch, call: string, settings: string[] = []): Promise<string[]> {
  const sql = scratch.cluster.connect(scratch.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    const rows = await sql.unsafe(`select r.status, r.object_name, r.detail from ${call} as r`)
    return rows.map((row) => `${row['status']} ${row['object_name'] ?? '-'}: ${row['detail']}`)
  } finally {
    await sql.end()
  }
}

async function admin<T>(cluster: Cluster, use: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = cluster.connect('postgres')
  try {
    return await use(sql)
  } finally {
    await sql.end()
  }
}

/** Verifies without talking. What is left out of the question is what the command would ask for. */
export async function verify(
  target: Target,
  { baselineFile, ...question }: Partial<Question> & { baselineFile?: string | undefined } = {},
): Promise<Verification> {
  const { production } = await sandboxClusters()
  return await verifyTarget(
    {
      target,
      production: sandboxTarget('production', production),
      depth: 'standard',
      baseline: baselineFile === undefined ? undefined : baselineOfFile(baselineFile),
      statementTimeout: undefined,
      failurePoint: undefined,
      restorePoint: undefined,
      now: undefined,
      jobs: 1,
      ...question,
    },
    new Stages({ quiet: true }),
  )
}

/** The newest baseline of a database, as text. */
export async function baselineOf(target: Target): Promise<string> {
  return await withDatabase(target, {}, (database) => exportBaseline(database, undefined))
}

/** The rows that are not passes, short: what a failing assertion should show. */
export function findings(verification: Verification): string[] {
  return verification.results
    .filter(isFinding)
    .map((row) => `${row.status} ${row.check_name} ${row.object_name}: ${row.detail}`)
}

export function isFinding(row: CheckResult): boolean {
  return row.status !== 'pass' && row.status !== 'skip'
}
