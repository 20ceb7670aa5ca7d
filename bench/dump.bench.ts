// Restoring a backup, and then verifying the copy exactly: looking must take less time than the restore. The server is the
// machine's own PostgreSQL, as pg_dump refuses a newer one.

import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateUp } from '../src/database/migrations.ts'
import type { Target } from '../src/database/targets.ts'
import { makeBackup } from '../src/dump/make-backup.ts'
import { restoreBackup } from '../src/dump/restore-backup.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import { Stages } from '../src/terminal/stages.ts'
import { baselineOfFile } from '../src/verification/baseline-source.ts'
import { verifyTarget } from '../src/verification/verify-target.ts'
import { findSystemPostgres } from '../test/support/system-postgres.ts'
import type { Bench } from './harness.ts'

const name = 'exact verification of a restored backup against its restore'
const limit = 1
const months = 12
const jobs = 2

const bench: Bench = async ({ size, seed }) => {
  const system = findSystemPostgres()
  if (system === undefined) {
    return { measurements: [{ name, limit, missing: 'pg_dump with a server of the same version' }] }
  }
  const before = { server: process.env['PGDRILL_PG_BIN'], client: process.env['PG_BIN'] }
  process.env['PGDRILL_PG_BIN'] = system.bin
  process.env['PG_BIN'] = system.bin
  const root = await makeSandboxRoot()
  const files = mkdtempSync(join(tmpdir(), 'pgdrill-bench-dump-'))
  const watchdog = await startWatchdog(root)
  const cluster = await createCluster({
    binaries: await findBinaries(),
    directory: join(root, 'dump'),
    name: 'dump',
    settings: { shared_buffers: '1500MB', autovacuum: 'off', max_wal_size: '4GB' },
  })
  await cluster.start()
  const production = sandboxTarget('production', cluster)
  const database = production.connection.database
  const admin = cluster.connect()
  await admin.unsafe(`create database ${database}`)
  await migrateUp(production)
  const sql = cluster.connect(database)
  // Rows as wide as OpsMantik's events, a year of them, with the keys and indexes that a restore has to build.
  await sql.unsafe(`
    create table events (
      id uuid not null, session_id uuid not null, session_month date not null, url text, category text, action text,
      label text, value numeric, metadata jsonb, created_at timestamptz not null, site_id uuid,
      primary key (id, session_month)
    ) partition by range (session_month)`)
  for (let month = 0; month < months; month += 1) {
    await sql.unsafe(`
      create table events_${month} partition of events
      for values from ('2026-${String(month + 1).padStart(2, '0')}-01')
      to (${month + 1 < months ? `'2026-${String(month + 2).padStart(2, '0')}-01'` : "'2027-01-01'"})`)
  }
  await sql.unsafe(`
    insert into events
    select
      md5('${seed} event ' || i)::uuid, md5('${seed} session ' || i / 3)::uuid,
      date_trunc('month', r.at at time zone 'UTC')::date,
      'https://www.example/' || i % 1000, 'interaction', 'click', 'label ' || i % 50, (i % 1000) / 10.0,
      jsonb_build_object('n', i % 100, 'source', 'bench'), r.at, md5('site ' || i % 20)::uuid
    from generate_series(1, ${size}) as i
    cross join lateral (select '2026-01-01 00:00Z'::timestamptz + i * (interval '364 days' / ${size}) as at) as r`)
  await sql.unsafe('create index on events (created_at); create index on events (session_id)')
  await sql.unsafe(
    'delete from drill.guards; delete from drill.partitioned_relations; delete from drill.critical_relations',
  )
  await sql.unsafe(`select drill.register_critical_relation('public.events', 'created_at', true)`)
  await sql.unsafe('vacuum analyze')
  const quiet = () => new Stages({ quiet: true })
  const backup = join(files, 'backup')
  await makeBackup(
    { target: production, out: backup, jobs, statementTimeout: undefined, encryption: undefined },
    quiet(),
  )
  const copy: Target = {
    ...production,
    name: 'restore',
    connection: { ...production.connection, database: 'copy' },
  }

  const server: Target = { ...copy, connection: { ...copy.connection, database: 'postgres' } }

  const restore = async () => {
    await admin.unsafe('drop database if exists copy')
    const report = await restoreBackup(
      {
        backup,
        target: server,
        production,
        intoNew: 'copy',
        jobs,
        identityFile: undefined,
        announce: () => {},
      },
      quiet(),
    ).catch((error) => error)
    if (report.exit_code !== 0) throw new Error(`the restore failed: ${JSON.stringify(report)}`)
  }
  const verify = async () => {
    const verification = await verifyTarget(
      {
        target: copy,
        production,
        depth: 'full',
        baseline: baselineOfFile(join(backup, 'baseline.json')),
        failurePoint: undefined,
        restorePoint: undefined,
        now: undefined,
        statementTimeout: undefined,
        jobs,
      },
      quiet(),
    )
    // A fast answer that is no answer must not win.
    const row = verification.results.find(({ check_name }) => check_name === 'fingerprints')
    if (row?.status !== 'pass') throw new Error(`the copy is not equal: ${row?.detail}`)
  }
  return {
    measurements: [
      {
        name,
        limit,
        detail: `${size} rows in ${months} partitions, ${jobs} connections each; depth full, amcheck and probes included`,
        floor: restore,
        subject: verify,
      },
    ],
    teardown: async () => {
      await sql.end()
      await admin.end()
      await cluster.stop('immediate')
      await rm(root, { recursive: true, force: true })
      rmSync(files, { recursive: true })
      await watchdog.release()
      for (const [variable, value] of [
        ['PGDRILL_PG_BIN', before.server],
        ['PG_BIN', before.client],
      ] as const) {
        if (value === undefined) delete process.env[variable]
        else process.env[variable] = value
      }
    },
  }
}

export default bench
