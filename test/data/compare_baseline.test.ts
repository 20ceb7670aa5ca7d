// For people with psql alone: drill.compare_baseline() shows, drill.verify_row_counts() judges.

import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.compare_baseline')
const now = `set drill.now = '2026-11-23T10:00Z'`
let source: Scratch
let db: Scratch

interface Line {
  bucket_name: string
  row_count_then: string | null
  row_count_now: string | null
  difference: string | null
  is_same_content: boolean | null
  problem: string | null
}

async function compare(argument = '', ...settings: string[]): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    const found = (await sql.unsafe(
      `select bucket_name, row_count_then::text, row_count_now::text, difference::text, is_same_content, problem
       from drill.compare_baseline(${argument})`,
    )) as unknown as Line[]
    return [...found].map(
      (row) =>
        `${row.bucket_name}: ${row.row_count_then} ${row.row_count_now} ${row.difference} ${row.is_same_content}${row.problem === null ? '' : ` ! ${row.problem}`}`,
    )
  } finally {
    await sql.end()
  }
}

const judge = () => checkLines(db, 'drill.verify_row_counts()', [`set timezone = 'Asia/Tokyo'`])

test.before(async () => {
  source = await makeBareDatabase((await sandboxClusters()).production)
  await source.run(
    'create schema s',
    'create table s.t (at timestamptz not null, name text) partition by range (at)',
    `create table s.t_05 partition of s.t for values from ('2026-05-01') to ('2026-06-01')`,
    `create table s.t_10 partition of s.t for values from ('2026-10-01') to ('2026-11-01')`,
    `create table s.t_11 partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    `insert into s.t select d + i * interval '1 minute', 'x' from generate_series(1, 10) as i,
       unnest(array['2026-05-03T10:00Z', '2026-10-03T10:00Z', '2026-10-04T10:00Z', '2026-11-23T09:00Z']::timestamptz[]) as d`,
    'create table s.m (at timestamptz)',
    `insert into s.m select '2026-11-20T10:00Z' from generate_series(1, 200)`,
    `select drill.register_critical_relation('s.t', 'at', true), drill.register_critical_relation('s.m', 'at', false, 0.02)`,
    `${now}; select drill.capture_baseline(p_depth => 'full')`,
  )
})
test.before.each(async () => {
  db = await makeDatabase(source.cluster, source.target.connection.database)
})
test.after.each(() => db.drop())
test.after(() => source.drop())

const m = 's.m 2026-11-20: 200 200 0 '

test('nothing changed: bucket by bucket equal, the content too', async () => {
  const names = ['s.t_05', 's.t_10 2026-10-03', 's.t_10 2026-10-04', 's.t_11 2026-11-23']
  assert.equal(await compare(), [`${m}null`, ...names.map((name) => `${name}: 10 10 0 null`)])
  assert.equal(await compare(`'full'`), [`${m}true`, ...names.map((name) => `${name}: 10 10 0 true`)])
  assert.equal(
    (await compare(`'quick'`)).sort(),
    [
      's.m: null null null null',
      's.m 2026-11-20: 200 null null null',
      's.t_05: 10 null null null',
      ...[
        's.t_10: null',
        's.t_10 2026-10-03: 10',
        's.t_10 2026-10-04: 10',
        's.t_11: null',
        's.t_11 2026-11-23: 10',
      ].map((line) => `${line} null null null`),
    ].sort(),
  )
  assert.equal(await judge(), [
    'pass s.m: s.m has 200 rows, the baseline of 2026-11-23 10:00:00+00 has 200',
    'pass s.t_05: s.t_05 has 10 rows, the baseline of 2026-11-23 10:00:00+00 has 10',
    'pass s.t_10: s.t_10 has 20 rows, the baseline of 2026-11-23 10:00:00+00 has 20',
    'pass s.t_11: s.t_11 has 10 rows, the baseline of 2026-11-23 10:00:00+00 has 10',
  ])
})

test('other content, rows gone, rows more, on either side only', async () => {
  await db.run(
    `update s.t set name = 'y' where at = '2026-05-03T10:01Z'`,
    `delete from s.t where at >= '2026-10-03' and at < '2026-10-04'`,
    `insert into s.t select '2026-10-05T10:00Z' from generate_series(1, 10)`,
    `delete from s.t where at = '2026-11-23T09:01Z'`,
    'delete from s.m where ctid in (select ctid from s.m limit 5)',
  )
  assert.equal(await compare(`'full'`), [
    's.m 2026-11-20: 200 195 -5 false',
    's.t_05: 10 10 0 false',
    's.t_10 2026-10-03: 10 null -10 null',
    's.t_10 2026-10-04: 10 10 0 true',
    's.t_10 2026-10-05: null 10 10 null',
    's.t_11 2026-11-23: 10 9 -1 false',
  ])
  // Counts per partition only: it is for a quick look.
  assert.equal(
    (await judge()).map((line) => line.replace(/ rows, .*: /, ' … ')),
    [
      's.m: s.m has 195 … fewer than the tolerated 4',
      's.t_05: s.t_05 has 10 rows, the baseline of 2026-11-23 10:00:00+00 has 10',
      's.t_10: s.t_10 has 20 rows, the baseline of 2026-11-23 10:00:00+00 has 20',
      's.t_11: s.t_11 has 9 … an append-only relation cannot shrink',
    ].map((line, index) => `${index === 0 || index === 3 ? 'fail' : 'pass'} ${line}`),
  )
})

test('settled and append-only must be equal; emptied; a partition gone', async () => {
  await db.run(
    `insert into s.t values ('2026-10-03T10:00Z', 'late')`,
    'truncate s.t_11',
    'drop table s.t_05',
    'insert into s.m select now() from generate_series(1, 500)',
  )
  assert.equal(await judge(), [
    'pass s.m: s.m has 700 rows, the baseline of 2026-11-23 10:00:00+00 has 200',
    'fail s.t_05: s.t_05 is missing: the baseline of 2026-11-23 10:00:00+00 has 10 rows in it',
    'fail s.t_10: s.t_10 has 21 rows, the baseline of 2026-11-23 10:00:00+00 has 20: it is closed and append-only, so they must be equal',
    'fail s.t_11: s.t_11 is empty, the baseline of 2026-11-23 10:00:00+00 has 10 rows',
  ])
  const lost = (await compare()).filter((line) => / null -\d+ /.test(line))
  assert.equal(lost, ['s.t_05: 10 null -10 null', 's.t_11 2026-11-23: 10 null -10 null'])
})

test('what could not be looked at is a problem, not a loss', async () => {
  await db.run(
    'create role blind_of_the_test nologin',
    'grant usage on schema s, drill to blind_of_the_test',
    'grant execute on all functions in schema drill to blind_of_the_test',
    'grant select on all tables in schema drill to blind_of_the_test',
    'grant select on s.m, s.t, s.t_05, s.t_11 to blind_of_the_test',
  )
  const as = ['set role blind_of_the_test']
  const denied = 'permission denied for table t_10 (SQLSTATE 42501)'
  assert.equal(
    await compare('', ...as),
    [
      `${m}null`,
      's.t_05: 10 10 0 null',
      `s.t_10: null null null null ! ${denied}`,
      `s.t_10 2026-10-03: 10 null null null ! ${denied}`,
      `s.t_10 2026-10-04: 10 null null null ! ${denied}`,
      's.t_11 2026-11-23: 10 10 0 null',
    ].sort((a, b) => (a.split(':')[0] ?? '').localeCompare(b.split(':')[0] ?? '')),
  )
  const judged = async () => (await checkLines(db, 'drill.verify_row_counts()', as)).map((line) => line.split(':')[0])
  assert.equal(await judged(), ['pass s.m', 'pass s.t_05', 'error s.t_10', 'pass s.t_11'])
  await db.run('revoke select on s.t from blind_of_the_test')
  assert.equal(await judged(), ['pass s.m', 'error s.t'])
  assert.ok(
    (await compare('', ...as)).every((line) => line === `${m}null` || / null null null ! cannot be read/.test(line)),
  )
  await db.run('drop owned by blind_of_the_test', 'drop role blind_of_the_test')
  await db.run('drop table s.t')
  assert.equal(
    (await judge()).map((line) => line.split(':')[0]),
    ['pass s.m', 'error s.t', 'fail s.t_05', 'fail s.t_10', 'fail s.t_11'],
  )
})

test('a partitioned table that had no partition at the baseline may have some now', async () => {
  await db.run(
    'create table s.n (at timestamptz not null) partition by range (at)',
    `select drill.register_critical_relation('s.n', 'at', true)`,
    `set drill.now = '2026-11-23T11:00Z'; select drill.capture_baseline()`,
    `create table s.n_12 partition of s.n for values from ('2026-12-01') to ('2027-01-01')`,
  )
  assert.equal(
    (await judge()).filter((line) => line.includes('s.n')).map((line) => line.split(':')[0]),
    ['pass s.n_12'],
  )
})

test('fingerprints that are not made alike say nothing', async () => {
  await db.run('alter table s.t add column more text')
  assert.ok((await compare(`'full'`)).every((line) => /^s\.m .* true$|^s\.t.* 10 10 0 null$/.test(line)))
})

test('without a baseline there is nothing to compare with', async () => {
  await db.run('delete from drill.baselines')
  const code = await compare().then(
    () => 'none',
    (error) => error.code,
  )
  assert.is(code, 'RD003')
  assert.match((await judge()).join(), /^error -: no baseline travelled with this database/)
})

test.run()
