// The data of the benches that count: rows as wide as OpsMantik's events, a year of them and the first days of the next, in
// the order of time.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import { migrateUp } from '../src/database/migrations.ts'
import type { Target } from '../src/database/targets.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { type Cluster, createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'

const months = 12

/** Partitions that hold rows: twelve whole months, and January. */
export const partitionCount = months + 1
/** Moments in and after the last rows; January is open. */
export const moment = '2026-01-03 12:00:00+00'

export interface EventsServer {
  root: string
  cluster: Cluster
  /** Makes a database with the checks and the events. */
  build: (database: string, rows: number, seed: number, isIndexed: boolean) => Promise<{ target: Target; sql: Sql }>
  stop: () => Promise<void>
}

/** Starts a server that has the data in memory. @param name of its directory */
export async function startEventsServer(name: string): Promise<EventsServer> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const cluster = await createCluster({
    binaries: await findBinaries(),
    directory: join(root, name),
    name,
    // Archiving and autovacuum would be work beside what is measured.
    settings: { shared_buffers: '2500MB', autovacuum: 'off', archive_mode: 'off', max_wal_size: '8GB' },
  })
  await cluster.start()
  const open: Sql[] = []
  return {
    root,
    cluster,
    build: async (database, rows, seed, isIndexed) => {
      const admin = cluster.connect()
      await admin.unsafe(`create database ${database}`)
      const production = sandboxTarget('production', cluster)
      const target = { ...production, connection: { ...production.connection, database } }
      await migrateUp(target)
      const sql = cluster.connect(database)
      open.push(sql)
      await fill(sql, rows, seed)
      if (isIndexed) await sql.unsafe('create index on events (created_at)')
      await sql.unsafe('vacuum analyze events')
      await admin.unsafe('checkpoint')
      await admin.end()
      return { target, sql }
    },
    stop: async () => {
      await Promise.all(open.map((sql) => sql.end()))
      await cluster.stop('immediate')
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

async function fill(sql: Sql, rows: number, seed: number): Promise<void> {
  await sql.unsafe(`
    create table events (
      id uuid not null, session_id uuid not null, session_month date not null, url text, category text, action text,
      label text, value numeric, metadata jsonb, created_at timestamptz not null, site_id uuid
    ) partition by range (session_month)`)
  const first = (month: number) => new Date(Date.UTC(2025, month)).toISOString().slice(0, 10)
  for (let month = 0; month < partitionCount; month += 1) {
    await sql.unsafe(`
      create table events_${month} partition of events for values from ('${first(month)}') to ('${first(month + 1)}')`)
  }
  await sql.unsafe(`
    insert into events
    select
      md5('${seed} event ' || i)::uuid, md5('${seed} session ' || i / 3)::uuid,
      date_trunc('month', r.at at time zone 'UTC')::date,
      'https://www.example/' || i % 1000, 'interaction', 'click', 'label ' || i % 50, (i % 1000) / 10.0,
      jsonb_build_object('n', i % 100, 'source', 'bench'), r.at, md5('site ' || i % 20)::uuid
    from generate_series(1, ${rows}) as i
    cross join lateral (
      select '2025-01-01 00:00Z'::timestamptz + i * (interval '367 days 12 hours' / ${rows}) - interval '1 second' as at
    ) as r`)
  await sql.unsafe('delete from drill.critical_relations')
  await sql.unsafe(
    `select drill.register_critical_relation('public.events', 'created_at', true, p_tenant_column => 'site_id')`,
  )
}
