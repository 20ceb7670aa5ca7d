// Content fingerprints of every bucket, the newest two by day, against the sums of md5 that tools for comparing data
// send, and the same buckets without fingerprints against a bare count(*).

import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { migrateUp } from '../src/database/migrations.ts'
import { projectFile } from '../src/project-files.ts'
import { findBinaries } from '../src/sandbox/binaries.ts'
import { sandboxTarget } from '../src/sandbox/build.ts'
import { createCluster } from '../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../src/sandbox/ownership.ts'
import { startWatchdog } from '../src/sandbox/watchdog.ts'
import type { Bench } from './harness.ts'

const months = 12
const slicedMonths = 2

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
  for (const file of [
    '_fingerprint_columns',
    '_fingerprint_expression',
    '_fold_fingerprint',
    '_slice_query',
    '_measure_slices',
  ]) {
    await sql.unsafe(readFileSync(projectFile('sql', 'data', `${file}.sql`), 'utf8'))
  }

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
  await sql.unsafe('vacuum analyze events')
  await sql.unsafe('checkpoint')

  const names = Array.from({ length: months }, (_, month) => `'public.events_${month}'`)
  const complain = (found: unknown) => {
    // A fast answer that is no answer must not win.
    throw new Error(`wrong: ${JSON.stringify(found)}`)
  }
  const full = async () => {
    const sliced = names.map((_, month) => month >= months - slicedMonths)
    const [row] = await sql.unsafe(`
      select sum(m.row_count)::text as rows, count(*)::integer as slices, count(nullif(m.fingerprint, 0))::integer as fingerprints
      from drill._measure_slices(array[${names}], array[${sliced}], 'created_at', true, '2026-12-30 12:00Z') as m`)
    if (row?.['rows'] !== String(size) || row['slices'] <= 50 || row['fingerprints'] !== row['slices']) complain(row)
  }
  // Closed months as drill.list_buckets counts them, the newest by day.
  const standard = async () => {
    const closed = names.slice(0, -slicedMonths)
    const open = names.slice(-slicedMonths)
    const [query] = await sql.unsafe(`select drill._measure_query(array[${closed}], 'created_at', true, true) as text`)
    const [whole] = await sql.unsafe(
      `select (select sum(v) from unnest(q.array_agg) as v)::integer as rows from (${query?.['text']}) as q (array_agg, b, c)`,
    )
    const [row] = await sql.unsafe(`
      select sum(m.row_count)::integer as rows, count(*)::integer as slices
      from drill._measure_slices(array[${open}], array[${open.map(() => true)}], 'created_at', false, '2026-12-30 12:00Z') as m`)
    if (whole?.['rows'] + row?.['rows'] !== size || row?.['slices'] <= 50) complain([whole, row])
  }
  const detail = `${size} rows in ${months} partitions, ${slicedMonths} of them by day`
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
      {
        name: 'buckets and days without fingerprints',
        limit: 1.5,
        detail: `${detail}, with an index at the timestamp, against a bare count(*)`,
        floor: () => sql.unsafe('select count(*) from events'),
        subject: standard,
      },
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
