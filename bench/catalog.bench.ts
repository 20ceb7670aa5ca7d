// What depth quick costs where the catalog is large: the real program and drill.list_objects() against a plain
// pg_dump --schema-only of the same database, how the time grows with the partitions, and the program's memory.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { withDatabase } from '../src/database/connect.ts'
import { captureBaseline } from '../src/database/facts.ts'
import { migrateUp } from '../src/database/migrations.ts'
import { type Binaries, findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { type Cluster, createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import { findSystemPostgres } from '../test/support/system-postgres.ts'
import { buildObjects, buildPartitions, countObjects, registerRelations } from './catalog-databases.ts'
import type { Bench, Measurement } from './harness.ts'
import { peakMegabytes, runProgram } from './program.ts'

const memoryLimit = 150
/** The exponent that is still called linear. */
const linear = 1.15

interface Subject {
  database: string
  title: string
  /** Rows of drill.list_objects(). */
  rows: number
  objects: number
}

const bench: Bench = async ({ seed, objects, relations }) => {
  // pg_dump refuses a newer server, so the server comes from where pg_dump does.
  const dump = findSystemPostgres()?.bin
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const work = join(root, 'work')
  mkdirSync(work)
  const cluster = await createCluster({
    binaries: await binariesBeside(dump),
    directory: join(root, 'bench'),
    name: 'bench',
    settings: { shared_buffers: '256MB', max_connections: '100', autovacuum: 'off', archive_mode: 'off' },
  })
  await cluster.start()
  const partitions = (count: number) =>
    prepare(cluster, `partitions_${count}`, `${count} partitions`, (sql) => buildPartitions(sql, count))
  const few = await partitions(100)
  const some = await partitions(300)
  const many = await partitions(1200)
  const large = await prepare(
    cluster,
    `objects_${objects}`,
    `${objects} objects and ${relations} critical relations`,
    (sql) => buildObjects(sql, objects, seed),
    (sql) => registerRelations(sql, relations),
  )
  if (large.objects < objects) throw new Error(`there are only ${large.objects} objects`)

  const quick = ({ database }: Subject) => verifyQuick(cluster, database, work)
  const list = async ({ database, rows }: Subject) => {
    // A connection of its own, as a dump and a verification have: what one has read makes it faster the next time.
    const sql = cluster.connect(`${database}_copy`)
    try {
      const [row] = await sql.unsafe(
        'select pg_catalog.count(o.definition)::integer as rows from drill.list_objects() as o',
      )
      // A fast answer that is no answer must not win.
      if (row?.['rows'] !== rows) throw new Error(`wrong: ${row?.['rows']} objects, not ${rows}`)
    } finally {
      await sql.end()
    }
  }
  const against = (subject: Subject, name: string, action: (subject: Subject) => unknown): Measurement => {
    const title = `${name}, ${subject.title}`
    if (dump === undefined)
      return { name: title, limit: 1, missing: 'there is no pg_dump with a server of its version' }
    return {
      name: title,
      limit: 1,
      detail: `${subject.rows} rows of list_objects, against pg_dump --schema-only, PostgreSQL ${cluster.binaries.version}`,
      floor: () => dumpSchema(join(dump, 'pg_dump'), cluster.url(`${subject.database}_copy`)),
      subject: () => action(subject),
    }
  }
  const growth = (name: string, from: Subject, to: Subject, times: number, action: (subject: Subject) => unknown) => ({
    name: `${name}, ${from.title} to ${to.title}`,
    limit: times ** linear,
    detail: (ratio: number) => `${times} times as many: exponent ${(Math.log(ratio) / Math.log(times)).toFixed(2)}`,
    floor: () => action(from),
    subject: () => action(to),
  })
  const memory = (subject: Subject): Measurement => ({
    name: `memory of verify quick, ${subject.title}`,
    limit: memoryLimit,
    detail: `MB at most in the program's memory, ${subject.rows} rows of list_objects on each side`,
    read: () => peakMegabytes(work, (nodeOptions) => verifyQuick(cluster, subject.database, work, ...nodeOptions)),
  })

  return {
    measurements: [
      ...[large, many].flatMap((subject) => [
        against(subject, 'verify quick', quick),
        against(subject, 'list_objects', list),
        memory(subject),
      ]),
      growth('verify quick', few, many, 12, quick),
      // The start of the program, the same everywhere, is a smaller part of these.
      growth('verify quick', some, many, 4, quick),
      growth('list_objects', few, many, 12, list),
    ],
    teardown: async () => {
      await cluster.stop('immediate')
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

async function binariesBeside(bin: string | undefined): Promise<Binaries> {
  const before = process.env['PGDRILL_PG_BIN']
  try {
    if (bin !== undefined) process.env['PGDRILL_PG_BIN'] = bin
    return await findBinaries()
  } finally {
    // The other bench files have a server of their own.
    if (before === undefined) delete process.env['PGDRILL_PG_BIN']
    else process.env['PGDRILL_PG_BIN'] = before
  }
}

/** A production with the checks and a baseline, and its copy. */
async function prepare(
  cluster: Cluster,
  database: string,
  title: string,
  build: (sql: Sql) => Promise<void>,
  register: (sql: Sql) => Promise<void> = async () => {},
): Promise<Subject> {
  const admin = cluster.connect()
  await admin.unsafe(`create database ${database}`)
  const sql = cluster.connect(database)
  await build(sql)
  const production = sandboxTarget('production', cluster)
  const target = { ...production, connection: { ...production.connection, database } }
  await migrateUp(target)
  await register(sql)
  await sql.unsafe('analyze')
  const [row] = await sql.unsafe<{ rows: number }[]>(
    'select pg_catalog.count(*)::integer as rows from drill.list_objects()',
  )
  const objects = await countObjects(sql)
  await sql.end()
  await withDatabase(target, {}, (one) => captureBaseline(one, { label: 'bench' }))
  await admin.unsafe(`create database ${database}_copy template ${database}`)
  await admin.unsafe('checkpoint')
  await admin.end()
  return { database, title, rows: row?.rows ?? 0, objects }
}

function dumpSchema(pgDump: string, url: string): void {
  const { status, stderr, error } = spawnSync(pgDump, ['--schema-only', '--file', '/dev/null', url], {
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`pg_dump: exit code ${status}: ${stderr.trim()}`)
}

function verifyQuick(cluster: Cluster, database: string, directory: string, ...nodeOptions: string[]): void {
  const urls = {
    PRODUCTION_DATABASE_URL: cluster.url(database),
    RESTORE_DATABASE_URL: cluster.url(`${database}_copy`),
  }
  const args = ['verify', '--target', 'restore', '--depth', 'quick', '--no-proof']
  const stdout = runProgram(args, { directory, urls, nodeOptions })
  // One that compares no objects would be fast.
  if (!/pass {2}objects {2}\d+ objects/.test(stdout)) throw new Error('verify compared no objects')
}

export default bench
