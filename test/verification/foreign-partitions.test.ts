// Partitions that are foreign tables, of a real second server: another server's rows are in no backup of this one, so they
// are neither counted nor passed in silence.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  baselineOf,
  makeBareDatabase,
  makeDatabase,
  type Scratch,
  sandboxClusters,
  verify,
} from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('foreign partitions')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-foreign-'))
const baselineFile = join(directory, 'baseline.json')
let far: Scratch
let source: Scratch
let copy: Scratch

const dataChecks = ['critical_relations', 'row_counts', 'fingerprints', 'days_present', 'tenants', 'partition_keys']

/** What is said of tables, by the checks that look at them: passes left out. */
async function judged(...checks: string[]): Promise<string[]> {
  const { results } = await verify(copy.target, { baselineFile, now: '2026-11-20T12:10:00Z', depth: 'full' })
  return (
    results
      .filter((row) => row.status !== 'pass' && [...dataChecks, ...checks].includes(row.check_name))
      // It has no key that a guard sets.
      .filter((row) => !(row.check_name === 'partition_keys' && row.object_name === 's.t'))
      .map((row) => `${row.status} ${row.check_name} ${row.object_name}: ${row.detail}`)
  )
}

const skipped = (table: string, partition: string) =>
  `skip critical_relations ${table}: ${table} has 1 partition that is a foreign table, whose rows are not looked at, as no backup of this server holds them: ${partition} on the server far_away`
const told = [skipped('s.d', 's.d_far'), skipped('s.t', 's.t_2025')]

test.before(async () => {
  const { production, restore } = await sandboxClusters()
  far = await makeDatabase(restore, null)
  await far.run(
    'create table public.t_2025 (at timestamptz not null, v text)',
    "insert into public.t_2025 values ('2025-03-01Z', 'far')",
  )
  source = await makeBareDatabase(production)
  const { host, port, database } = far.target.connection
  await source.run(
    'create schema s',
    'create extension postgres_fdw',
    `create server far_away foreign data wrapper postgres_fdw options (host '${host}', port '${port}', dbname '${database}')`,
    `create user mapping for postgres server far_away options (user 'postgres', password_required 'false')`,
    'create table s.t (at timestamptz not null, v text) partition by range (at)',
    `create foreign table s.t_2025 partition of s.t for values from ('2025-01-01Z') to ('2026-01-01Z') server far_away options (schema_name 'public')`,
    `create table s.t_2026 partition of s.t for values from ('2026-01-01Z') to ('2026-11-01Z')`,
    `create table s.t_now partition of s.t for values from ('2026-11-01Z') to ('2027-01-01Z')`,
    `insert into s.t select '2026-01-01Z'::timestamptz + i * interval '5 hours', 'v' || i from generate_series(1, 1500) as i`,
    `create table s.d (day date not null, at timestamptz not null) partition by range (day)`,
    `create foreign table s.d_far partition of s.d for values from ('2025-01-01') to ('2026-01-01') server far_away`,
    `create table s.d_now partition of s.d for values from ('2026-01-01') to ('2027-01-01')`,
    `create function s.set_day() returns trigger language plpgsql as 'begin new.day := date_trunc(''month'', new.at)::date; return new; end'`,
    'create trigger set_day before insert on s.d for each row execute function s.set_day()',
    `insert into s.d (day, at) select '2026-03-01', '2026-03-02Z' from generate_series(1, 10)`,
    `select drill.register_critical_relation('s.t', 'at', true), drill.register_critical_relation('s.d', 'at', true)`,
    `select drill.register_partitioned_relation('s.d', 'month'), drill.register_guard('s.d', 'set_day')`,
    `select drill.register_partitioned_relation('s.t', 'month')`,
    'select drill.record_heartbeat()',
  )
  assert.equal(await source.query('select count(*)::integer as n from s.t'), [{ n: 1501 }])
  await source.run(`set drill.now = '2026-11-20T12:00:00Z'`, `select drill.capture_baseline('test', 'full')`)
  writeFileSync(baselineFile, await baselineOf(source.target))
})
test.after(async () => {
  rmSync(directory, { recursive: true })
  await source.drop()
  await far.drop()
})
test.before.each(async () => {
  copy = await makeDatabase(source.cluster, source.target.connection.database)
})
test.after.each(() => copy.drop())

test('passes, and says that the foreign ones were not looked at, and where they are', async () => {
  assert.equal(await judged(), told)
})

test('look-alike: whatever that server has, or when it cannot be reached', async () => {
  await far.run(`insert into public.t_2025 values ('2099-01-01Z', 'later than all'), ('2025-04-01Z', 'more')`)
  assert.equal(await judged(), told)
  const newest = await copy.query(
    `select newest_at::text, problem from drill.list_newest_timestamps() where relation_name = 's.t'`,
  )
  assert.match(JSON.stringify(newest), /"newest_at":"2026-11-09.*"problem":null/)
  await copy.run(`alter server far_away options (set host '/nowhere')`)
  assert.equal(await judged(), told)
})

test('isolation names the foreign server', async () => {
  const said = (await judged('isolation')).filter((line) => line.includes('isolation far_away'))
  assert.match(said.join(), /^warn isolation far_away: the foreign server far_away points at /)
  await copy.run(`alter server far_away options (set host 'db.example.com')`)
  const [first] = (await judged('isolation')).filter((line) => line.includes('isolation far_away'))
  assert.match(first ?? '', /^fail isolation far_away: the foreign server far_away points at db\.example\.com/)
})

test('must fail: rows of a partition that is here are gone; a row under the wrong key', async () => {
  await copy.run(
    `delete from s.t where at > '2026-03-01Z' and at < '2026-04-01Z'`,
    'alter table s.d disable trigger user',
  )
  await copy.run(`insert into s.d (day, at) values ('2026-05-02', '2026-05-02Z')`)
  const found = (await judged()).filter((line) => !line.startsWith('skip'))
  assert.match(found.join('\n'), /^fail row_counts s\.t/m)
  assert.match(found.join('\n'), /^fail partition_keys s\.d_now: /m)
})

test('must fail: a foreign table in the place of a partition that was here', async () => {
  await copy.run(
    'drop table s.t_2026',
    `create foreign table s.t_2026 partition of s.t for values from ('2026-01-01Z') to ('2026-11-01Z') server far_away`,
  )
  const found = await judged('objects')
  assert.match(found.join('\n'), /^fail row_counts s\.t: .*s\.t_2026.*missing|^fail row_counts s\.t_2026/m)
  assert.match(found.join('\n'), /^fail objects s\.t_2026: .*- kind: table.*\+ kind: foreign table/m)
})

test('could not verify: a foreign table below a partition, or below a plain table', async () => {
  await copy.run(
    `create table s.t_2027 partition of s.t for values from ('2027-01-01Z') to ('2028-01-01Z') partition by list (v)`,
    `create foreign table s.t_2027_far partition of s.t_2027 for values in ('x') server far_away`,
  )
  const said = (await judged()).filter((line) => line.includes('critical_relations s.t:'))
  assert.match(
    said.join('\n'),
    /^error critical_relations s\.t: s\.t cannot be counted without reading another server: s\.t_2027_far, a foreign table, is below s\.t_2027/m,
  )
})

test('a default partition that is a foreign table is not looked into', async () => {
  await copy.run('create foreign table s.d_rest partition of s.d default server far_away')
  const said = (await judged('partitions')).filter((line) => line.includes('s.d_rest: '))
  assert.equal(said, [
    "skip partitions s.d_rest: the default partition s.d_rest is a foreign table, so it was not looked into: its rows are another server's",
  ])
})

test.run()
