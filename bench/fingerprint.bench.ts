// Content fingerprints of every bucket, the newest by day, against the sums of md5 that tools for comparing data send.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { migrateUp } from '../src/database/migrations.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import type { Bench } from './harness.ts'

const months = 12

// Without the words for null, concat_ws would take ('a', null) for (null, 'a').
const columns = [
  'id',
  'session_id',
  'session_month',
  'url',
  'category',
  'action',
  'label',
  'value',
  'metadata',
  'created_at',
  'site_id',
]
const texts = columns.map((column) => `coalesce(${column}::text, '<null>')`).join(', ')
const asNumber = (text: string) => `('x' || substr(md5(${text}), 1, 16))::bit(64)::bigint`

const bench: Bench = async ({ size, seed }) => {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const cluster = await createCluster({
    binaries: await findBinaries(),
    directory: join(root, 'fingerprint'),
    name: 'fingerprint',
    settings: { shared_buffers: '1500MB', autovacuum: 'off', max_wal_size: '4GB' },
  })
  await cluster.start()
  const target = sandboxTarget('production', cluster)
  const database = target.connection.database
  const admin = cluster.connect()
  await admin.unsafe(`create database ${database}`)
  await admin.end()
  await migrateUp(target)
  const sql = cluster.connect(database)

  // Rows as wide as OpsMantik's events, a year of them, in the order of time.
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
  await sql.unsafe('create index on events (created_at)')
  await sql.unsafe('delete from drill.critical_relations')
  await sql.unsafe(`select drill.register_critical_relation('public.events', 'created_at', true)`)
  await sql.unsafe('vacuum analyze events')
  await sql.unsafe('checkpoint')

  const complain = (found: unknown) => {
    // A fast answer that is no answer must not win.
    throw new Error(`wrong: ${JSON.stringify(found)}`)
  }
  const full = async () => {
    const [row] = await sql.unsafe(`
      select sum(b.row_count)::text as rows, count(*)::integer as slices, count(nullif(b.fingerprint, 0))::integer as fingerprints
      from drill.list_buckets('full', '2026-12-30 12:00Z') as b`)
    if (row?.['rows'] !== String(size) || row['slices'] <= 50 || row['fingerprints'] !== row['slices']) complain(row)
  }
  const detail = `${size} rows in ${months} partitions, the newest by day`
  const fingerprint = (name: string, limit: number, text: string) => ({
    name: `fingerprints and buckets against ${name}`,
    limit,
    detail,
    floor: () => sql.unsafe(`select sum(${asNumber(text)}) from events as t`),
    subject: full,
  })

  return {
    measurements: [
      fingerprint('md5(concat_ws(...))', 1 / 3, `concat_ws('|', ${texts})`),
      fingerprint('md5(row::text)', 1 / 5, 't::text'),
    ],
    teardown: async () => {
      await sql.end()
      await cluster.stop('immediate')
      await rm(root, { recursive: true, force: true })
      await watchdog.release()
    },
  }
}

export default bench
