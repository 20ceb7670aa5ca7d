// What legitimately differs after a good restore must pass, on real copies.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readBaselineFile } from '../../src/baselines/file.ts'
import { withDatabase } from '../../src/database/connect.ts'
import { captureBaseline } from '../../src/database/facts.ts'
import { migrateDown, migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { registrationsOf } from '../../src/rules/registrations-of.ts'
import {
  baselineOf,
  findings,
  makeBareDatabase,
  makeDatabase,
  type Scratch,
  sandboxClusters,
  verify,
} from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('look-alikes')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-look-alikes-'))
const traffic = readFileSync(projectFile('src', 'sandbox', 'opsmantik', 'traffic.sql'), 'utf8')

test.after(() => rmSync(directory, { recursive: true }))

async function fileOf(scratch: Scratch): Promise<string> {
  const file = join(directory, `${scratch.target.connection.database}.json`)
  writeFileSync(file, await baselineOf(scratch.target))
  return file
}

/** Normal traffic and a heartbeat a minute, from now on, dated as if time had passed. */
async function grow(scratch: Scratch, minutes: number, minutesPerVisit: number): Promise<string> {
  const start = Date.now()
  const at = (minute: number) => new Date(start + minute * 60_000).toISOString()
  const statements = []
  for (let minute = 1; minute <= minutes; minute += 1) {
    statements.push(`set drill.now = '${at(minute)}'`, 'select drill.record_heartbeat()')
    if (minute % minutesPerVisit === 0) statements.push(traffic)
  }
  await scratch.run(...statements)
  return at(minutes)
}

async function passes(scratch: Scratch, question: Parameters<typeof verify>[1] = {}): Promise<void> {
  const verification = await verify(scratch.target, question)
  assert.equal(findings(verification), [])
  assert.is(verification.verdict.exit_code, 0)
  assert.ok(verification.results.length > 80, `only ${verification.results.length} results`)
  if (question.depth !== 'full') return
  for (const check of ['fingerprints', 'tenants']) {
    const row = verification.results.find((one) => one.check_name === check && one.object_name === 'public.events')
    assert.is(row?.status, 'pass', `${check}: ${row?.detail}`)
  }
}

test('three hours of normal growth after the baseline', async () => {
  const { production } = await sandboxClusters()
  const source = await makeDatabase(production)
  await withDatabase(source.target, {}, (database) => captureBaseline(database, { depth: 'full' }))
  const file = await fileOf(source)
  const now = await grow(source, 180, 20)
  const copy = await makeDatabase(production, source.target.connection.database)
  await passes(copy, { now, baselineFile: file, depth: 'full' })
  await copy.drop()
  await source.drop()
})

test('must fail: a hundred times that growth is not normal', async () => {
  const { production } = await sandboxClusters()
  const copy = await makeDatabase(production)
  const file = await fileOf(copy)
  await copy.run(...Array.from({ length: 700 }, () => traffic), 'select drill.record_heartbeat()')
  const verification = await verify(copy.target, { baselineFile: file })
  assert.is(verification.verdict.exit_code, 1)
  assert.match(
    findings(verification).join('\n'),
    /fail row_counts public\.sessions_\d+_\d+: .* more than the busiest day explains/,
  )
  await copy.drop()
})

test('another physical layout: VACUUM FULL and REINDEX', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  await copy.run('vacuum full', `reindex database ${copy.target.connection.database}`)
  await passes(copy, { depth: 'full' })
  await copy.drop()
})

test('the partition job has already made the month after next', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  const before = (await copy.query(`select from pg_inherits where inhparent = 'public.events'::regclass`)).length
  await copy.run('select public.create_monthly_partitions(2)')
  const after = (await copy.query(`select from pg_inherits where inhparent = 'public.events'::regclass`)).length
  assert.is(after, before + 1)
  await passes(copy)
  await copy.drop()
})

test('a production without default partitions', async () => {
  const { production } = await sandboxClusters()
  const source = await makeDatabase(production)
  await source.run(
    'alter table public.events detach partition public.events_default',
    'alter table public.sessions detach partition public.sessions_default',
    'drop table public.events_default, public.sessions_default',
    'select drill.record_heartbeat(), drill.capture_baseline()',
  )
  const copy = await makeDatabase(production, source.target.connection.database)
  await passes(copy, { baselineFile: await fileOf(source) })
  await copy.drop()
  await source.drop()
})

test('other settings of the database: time zone, date and interval style, search path', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  const name = copy.target.connection.database
  await copy.run(
    `alter database ${name} set timezone = 'Asia/Tokyo'`,
    `alter database ${name} set datestyle = 'German'`,
    `alter database ${name} set intervalstyle = 'iso_8601'`,
    `alter database ${name} set search_path = 'public, drill'`,
  )
  const verification = await verify(copy.target, { depth: 'full' })
  assert.is(verification.verdict.exit_code, 0)
  assert.equal(
    findings(verification).map((line) => line.split(':')[0]),
    ['DateStyle', 'IntervalStyle', 'TimeZone', 'search_path'].map((name) => `warn objects this database ${name}`),
  )
  await copy.drop()
})

test('a restore point before the baseline', async () => {
  const { production } = await sandboxClusters()
  const source = await makeDatabase(production)
  const copy = await makeDatabase(production, source.target.connection.database)
  const now = await grow(source, 180, 20)
  await source.run(`set drill.now = '${now}'`, `select drill.capture_baseline(p_depth => 'full')`)
  const file = await fileOf(source)
  // The copy reaches three hours less far than the baseline; production failed when the baseline was taken.
  await passes(copy, { baselineFile: file, now, failurePoint: now, depth: 'full' })
  await source.drop()
  await copy.drop()
})

test('users edit, add and delete rows of mutable tables', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  await copy.run(
    `update public.calls set phone_number = '+10000000000', updated_at = now() where id in (select id from public.calls order by created_at limit 40)`,
    'delete from public.site_members where id = (select id from public.site_members order by created_at limit 1)',
    `delete from public.calls where id in (select id from public.calls order by created_at limit 20)`,
  )
  await passes(copy, { depth: 'full' })
  await copy.drop()
})

test('tables that merely resemble partitions', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  await copy.run(
    'create table public.sessions_archive (like public.sessions)',
    'create table public.events_2026_report (month date)',
    'create view public.sessions_1999_01 as select 1 as one',
    'create schema other; create table other.sessions_1999_01 (id integer)',
  )
  const verification = await verify(copy.target)
  assert.is(verification.verdict.exit_code, 0)
  assert.ok(findings(verification).every((line) => line.startsWith('warn objects ')))
  assert.is(findings(verification).length, 5)
  await copy.drop()
})

test('a copy without the checks: installed with the baseline, its own registrations included', async () => {
  const { restore } = await sandboxClusters()
  const source = await makeDatabase(restore)
  await source.run(
    'create table public.orders (id integer, at timestamptz default now())',
    'create function public.nothing() returns trigger language plpgsql as $$ begin return new; end $$',
    'create trigger orders_guard before insert on public.orders for each row execute function public.nothing()',
    `select drill.register_critical_relation('public.orders', 'at', true), drill.register_guard('public.orders', 'orders_guard')`,
    'insert into public.orders select 1 from generate_series(1, 1000)',
    'analyze public.orders',
    `select drill.record_heartbeat(), drill.capture_baseline(p_depth => 'full')`,
  )
  const file = await fileOf(source)
  const copy = await makeDatabase(restore, source.target.connection.database)
  await migrateDown(copy.target, true)
  await migrateUp(copy.target, undefined, registrationsOf(readBaselineFile(file)))
  const registered = `select jsonb_agg(to_jsonb(c) - 'profile' order by c.relation_name) as rows from drill.critical_relations as c`
  assert.equal(await copy.query(registered), await source.query(registered))
  const verification = await verify(copy.target, { baselineFile: file, depth: 'full' })
  assert.equal(
    findings(verification).map((line) => line.split(':')[0]),
    ['warn identity drill.installation'],
  )
  assert.is(verification.verdict.exit_code, 0)
  assert.ok(
    verification.results.some((row) => row.object_name === 'public.orders.orders_guard' && row.status === 'pass'),
  )
  await copy.drop()
  await source.drop()
})

test('must fail: a copy without the checks, damaged before they were installed', async () => {
  const { production } = await sandboxClusters()
  const source = await makeDatabase(production)
  const file = await fileOf(source)
  for (const registrations of [undefined, registrationsOf(readBaselineFile(file))]) {
    const copy = await makeDatabase(production, source.target.connection.database)
    await migrateDown(copy.target, true)
    await copy.run(
      'drop trigger sessions_set_created_month on public.sessions',
      `create or replace function public.trg_events_set_session_month_from_session() returns trigger language plpgsql as 'begin return new; end'`,
    )
    await migrateUp(copy.target, undefined, registrations)
    const verification = await verify(copy.target, { baselineFile: file })
    assert.is(verification.verdict.exit_code, 1)
    const found = findings(verification).join('\n')
    assert.match(found, /fail .*sessions_set_created_month.*missing/)
    assert.match(
      found,
      /fail .*(another function definition than in production|trg_events_set_session_month_from_session\(\) is not the registered one)/,
    )
    await copy.drop()
  }
  await source.drop()
})

test('a weekend with little traffic, a change of the clocks, events after midnight at a month’s end', async () => {
  const { production } = await sandboxClusters()
  const source = await makeBareDatabase(production)
  const name = source.target.connection.database
  const baseline = '2026-10-23T20:00:00Z'
  const end = '2026-10-26T09:00:00Z'
  const rows = (from: string, to: string) => `
    insert into public.visits (at, month, n)
    select h, date_trunc('month', (h - interval '40 minutes') at time zone 'UTC')::date, n
    from generate_series('${from}'::timestamptz, '${to}', interval '1 hour') as h, generate_series(1, 20) as n
    where extract(isodow from h at time zone 'UTC') < 6 or extract(hour from h at time zone 'UTC') = 12 and n = 1`
  await source.run(
    `alter database ${name} set timezone = 'Europe/Berlin'`,
    'create table public.visits (at timestamptz not null, month date not null, n integer) partition by range (month)',
    ...Array.from({ length: 7 }, (_, index) => {
      const first = (offset: number) => `2026-${String(5 + index + offset).padStart(2, '0')}-01`
      return `create table public.visits_${index} partition of public.visits for values from ('${first(0)}') to ('${first(1)}')`
    }),
    rows('2026-05-01T01:10Z', baseline),
    `select drill.register_critical_relation('public.visits', 'at', true)`,
    'delete from drill.heartbeats',
    `set drill.now = '${baseline}'; select drill.capture_baseline(p_depth => 'full')`,
  )
  const file = await fileOf(source)
  await source.run(
    rows('2026-10-23T20:10Z', end),
    ...Array.from({ length: 12 }, (_, index) => {
      const at = new Date(Date.parse(end) - index * 60_000).toISOString()
      return `set drill.now = '${at}'; select drill.record_heartbeat()`
    }),
  )
  const copy = await makeDatabase(production, name)
  const judged = async () => {
    const verification = await verify(copy.target, { baselineFile: file, now: end, depth: 'full' })
    return verification.results.filter((row) =>
      ['row_counts', 'newest_timestamps', 'days_present', 'fingerprints'].includes(row.check_name),
    )
  }
  const passed = await judged()
  assert.equal(
    passed.filter((row) => row.status !== 'pass').map((row) => row.detail),
    [],
  )
  assert.equal([...new Set(passed.map((row) => row.check_name))].sort(), [
    'days_present',
    'fingerprints',
    'newest_timestamps',
    'row_counts',
  ])
  // The weekend whole: one more quiet day than any weekend before.
  await copy.run(`delete from public.visits where at >= '2026-10-24T00:00Z' and at < '2026-10-26T00:00Z'`)
  assert.equal(
    (await judged()).filter((row) => row.status === 'fail').map((row) => row.check_name),
    ['days_present'],
  )
  await copy.drop()
  await source.drop()
})

test('quick passes too, and reads no critical table', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  const verification = await verify(copy.target, { depth: 'quick' })
  assert.equal(findings(verification), [])
  assert.is(verification.verdict.exit_code, 0)
  assert.ok(verification.buckets.length > 30)
  assert.ok(verification.buckets.every((bucket) => bucket.row_count === null))
  await copy.drop()
})

test.run()
