// Row counts, oldest and newest timestamps of every bucket, the newest by day, against a bare count(*)
// of the same tables in the same run.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { migrateUp } from '../src/database/migrations.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import type { Bench } from './harness.ts'

const months = 12

const bench: Bench = async ({ size, seed }) => {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const cluster = await createCluster({
    binaries: await findBinaries(),
    directory: join(root, 'bench'),
    name: 'bench',
    settings: { shared_buffers: '512MB', autovacuum: 'off' },
  })
  await cluster.start()
  const admin = cluster.connect()
  // With no index at the timestamp its value has to be dug out of every row, which a bare count(*) never does: that
  // alone more than doubles the time, however the query is written.
  const limits = { indexed: 1.5, plain: 3 }
  const variants: { variant: keyof typeof limits; sql: Sql }[] = []
  // The same rows with an index that begins with the timestamp and with none: both shapes of the query are measured.
  for (const variant of ['indexed', 'plain'] as const) {
    await admin.unsafe(`create database ${variant}`)
    const target = sandboxTarget('production', cluster)
    await migrateUp({ ...target, connection: { ...target.connection, database: variant } })
    const sql = cluster.connect(variant)
    await fill(sql, size, seed)
    if (variant === 'indexed') await sql.unsafe('create index on events (created_at)')
    await sql.unsafe('vacuum analyze events')
    variants.push({ variant, sql })
  }
  await admin.unsafe('checkpoint')
  await admin.end()

  return {
    measurements: variants.map(({ variant, sql }) => ({
      name: `counts and timestamps, ${variant}`,
      limit: limits[variant],
      detail: `${size} rows in ${months} partitions against a bare count(*)`,
      floor: () => sql.unsafe('select count(*) from events'),
      subject: async () => {
        const [row] = await sql.unsafe(
          `select sum(row_count)::text as rows,
             count(distinct partition_name) filter (where newest_at is not null)::integer as dated
           from drill.list_buckets('standard', '2026-12-30 12:00Z')`,
        )
        // A fast answer that is no answer must not win.
        if (row?.['rows'] !== String(size) || row?.['dated'] !== months)
          throw new Error(`wrong: ${JSON.stringify(row)}`)
      },
    })),
    teardown: async () => {
      await Promise.all(variants.map(({ sql }) => sql.end()))
      await cluster.stop('immediate')
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

// Rows as wide as OpsMantik's events, a year of them, in the order of time.
async function fill(sql: Sql, size: number, seed: number): Promise<void> {
  await sql.unsafe(`
    create table events (
      id uuid not null, session_id uuid not null, session_month date not null, url text, category text, action text,
      label text, value numeric, metadata jsonb, created_at timestamptz not null, site_id uuid
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
    cross join lateral (
      select '2026-01-01 00:00Z'::timestamptz + i * (interval '364 days' / ${size}) as at
    ) as r`)
  await sql.unsafe('delete from drill.critical_relations')
  await sql.unsafe(`select drill.register_critical_relation('public.events', 'created_at', true)`)
}

export default bench
