import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_partition_keys')
const source = readFileSync(projectFile('sql/guards/verify_partition_keys.sql'), 'utf8')
const install = ['drop function if exists drill.verify_partition_keys()', source]
let db: Scratch
const lines = (settings: string[] = []) => checkLines(db, 'drill.verify_partition_keys()', settings)

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(...install)
})
test.before.each(async () => {
  await db.run(
    'drop schema if exists s cascade',
    'create schema s',
    'delete from drill.guards',
    'delete from drill.partitioned_relations',
    'delete from drill.critical_relations',
    `create function s.guard() returns trigger language plpgsql as $b$begin
       new.month := date_trunc('month', new.at at time zone 'UTC')::date; return new; end$b$`,
  )
})
test.after(() => db.drop())

/** A table with partitions of October, November and December 2026, all registered; no trigger holds its rows. */
async function monthly(type = 'timestamptz', period = 'month', zone = 'UTC'): Promise<void> {
  await db.run(
    `create table s.t (at ${type}, month date) partition by range (month)`,
    `create table s.t10 partition of s.t for values from ('2026-10-01') to ('2026-11-01')`,
    `create table s.t11 partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    `create table s.t12 partition of s.t for values from ('2026-12-01') to ('2027-01-01')`,
    'create trigger guard before insert on s.t for each row execute function s.guard()',
    'alter table s.t disable trigger guard',
    ...['s.t10', 's.t11', 's.t12'].map((name) => `alter table ${name} disable trigger guard`),
    `select drill.register_guard('s.t', 'guard')`,
    `select drill.register_partitioned_relation('s.t', '${period}', '${zone}')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
}
const insert = (...rows: [at: string, month: string][]) =>
  db.run(`insert into s.t values ${rows.map(([at, month]) => `('${at}', '${month}')`).join(', ')}`)

test('good: the copy of the sandbox; rows moved in it fail, naming their partition', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  await copy.run(...install)
  const started = performance.now()
  const good = await checkLines(copy, 'drill.verify_partition_keys()')
  console.log(`the sandbox copy took ${Math.round(performance.now() - started)} ms`)
  assert.equal(
    good.map((line) => line.replace(/\d+/g, 'N')),
    [
      'pass public.events: all N rows of public.events, in N partitions with rows, have the first day of a month as session_month and a created_at that fits',
      'pass public.sessions: all N rows of public.sessions, in N partitions with rows, have the first day of a month as created_month and a created_at that fits',
    ],
  )
  await copy.run(
    `set session_replication_role = replica;
     update public.sessions as s set created_month = s.created_month + 5
     where s.id = (select o.id from public.sessions as o order by o.created_month, o.id limit 1);
     update public.events as e set created_at = e.created_at - interval '50 days'
     where e.session_month = (select min(o.session_month) from public.events as o)`,
  )
  const found = (await checkLines(copy, 'drill.verify_partition_keys()')).join('\n')
  assert.match(
    found,
    /^fail public\.events_\d{4}_\d\d: of \d+ rows in public\.events_\d{4}_\d\d, \d+ have a created_at before the month of their session_month\nfail public\.sessions_\d{4}_\d\d: of \d+ rows in public\.sessions_\d{4}_\d\d, 1 have a created_month that is not the first day of a month$/,
  )
  await copy.drop()
})

test('good: exact edges, and events after the month of their session', async () => {
  await monthly()
  await insert(
    ['2026-11-01 00:00+00', '2026-11-01'],
    ['2026-11-30 23:59:59.999999+00', '2026-11-01'],
    ['2026-12-31 23:59:59+00', '2026-11-01'],
    ['2026-12-01 00:00+00', '2026-12-01'],
  )
  assert.equal(await lines(), [
    'pass s.t: all 4 rows of s.t, in 2 partitions with rows, have the first day of a month as month and a at that fits',
  ])
})

test('fails: a day that is not the first, a time before, a time long after; counted per partition', async () => {
  await monthly()
  await insert(
    ['2026-11-23 04:30+00', '2026-11-15'],
    ['2026-10-31 23:59:59+00', '2026-11-01'],
    ['2027-01-01 00:00+00', '2026-11-01'],
    ['2026-11-23 04:30+00', '2026-11-01'],
    ['2026-12-02 04:30+00', '2026-10-01'],
    ['2026-12-02 04:30+00', '2026-12-01'],
  )
  assert.equal(await lines(), [
    'fail s.t10: of 1 rows in s.t10, 1 have a at more than one month after that of their month',
    'fail s.t11: of 4 rows in s.t11, 1 have a month that is not the first day of a month, 1 have a at before the month of their month, 1 have a at more than one month after that of their month',
  ])
})

test('fails: in the default partition, without a key', async () => {
  await monthly()
  await db.run('create table s.rest partition of s.t default', `insert into s.t values (now(), null)`)
  assert.equal(await lines(), ['fail s.rest: of 1 rows in s.rest, 1 have a month that is not the first day of a month'])
})

test('the registered zone and period decide', async () => {
  await monthly('timestamptz', 'month', 'Europe/Istanbul')
  await insert(['2026-10-31 21:00+00', '2026-11-01'])
  assert.match((await lines()).join(), /^pass /)
  await db.run(`select drill.register_partitioned_relation('s.t', 'month', 'UTC')`)
  assert.match((await lines()).join(), /^fail s\.t11: .* before the month/)
  await db.run('truncate s.t', `select drill.register_partitioned_relation('s.t', 'week', 'UTC')`)
  await insert(['2026-11-24', '2026-11-23'])
  assert.match((await lines()).join(), /^pass .* first day of a week/)
  await insert(['2026-11-24', '2026-11-24'])
  assert.match((await lines()).join(), /^fail /)
  await db.run('truncate s.t', `select drill.register_partitioned_relation('s.t', 'quarter', 'UTC')`)
  await insert(['2027-03-31', '2026-10-01'])
  assert.match((await lines()).join(), /^pass /)
  await insert(['2027-04-01', '2026-10-01'])
  assert.match((await lines()).join(), /^fail .* more than one quarter after/)
})

for (const type of ['timestamp', 'date']) {
  test(`a ${type} is taken as it stands`, async () => {
    await monthly(type, 'month', 'Europe/Istanbul')
    await insert(['2026-11-01', '2026-11-01'])
    assert.match((await lines(["set timezone = 'Asia/Tokyo'"])).join(), /^pass /)
    await insert(['2026-10-31', '2026-11-01'])
    assert.match((await lines(["set timezone = 'Asia/Tokyo'"])).join(), /^fail /)
  })
}

test('look-alikes: an ordinary date, the timestamp itself, other keys, not critical, nothing registered', async () => {
  await monthly()
  await insert(['2026-11-23 04:30+00', '2026-11-15'])
  await db.run('delete from drill.guards')
  assert.match((await lines()).join(), /^skip s\.t: .* no registered guard sets month, so any day may be right$/)
  await db.run('delete from drill.critical_relations')
  assert.match((await lines()).join(), /^skip s\.t: .* not registered as a critical relation with a timestamp column$/)
  await db.run(`select drill.register_critical_relation('s.t', 'month', true)`)
  assert.match((await lines()).join(), /^skip s\.t: .* its partition key is the timestamp itself/)
  await db.run(
    'drop table s.t',
    'create table s.t (at timestamptz) partition by range (at)',
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  assert.match((await lines()).join(), /^skip s\.t: .* its first partition key is not a date column$/)
  await db.run('drop table s.t', 'create table s.t (at timestamptz)')
  assert.match((await lines()).join(), /^skip s\.t: .* it is not partitioned$/)
  await db.run('delete from drill.partitioned_relations')
  assert.match((await lines()).join(), /^skip -: no partitioned table is registered/)
})

test('fails: the table is gone; could not look: no privilege, row security', async () => {
  await monthly()
  await db.run(
    'grant usage on schema drill, s to service_role, anon',
    'grant select on all tables in schema drill to service_role, anon',
    'grant execute on all functions in schema drill to service_role, anon',
  )
  assert.match((await lines(['set role service_role'])).join(), /^error s\.t: .* grant select on s\.t to service_role$/)
  // A privilege on the parent is enough.
  await db.run('grant select on s.t to service_role, anon', 'alter table s.t enable row level security')
  await insert(['2026-11-23 04:30+00', '2026-11-01'])
  assert.match((await lines(['set role service_role'])).join(), /^pass s\.t: all 1 rows/)
  assert.match((await lines(['set role anon'])).join(), /^error s\.t: .* row level security hides rows/)
  await db.run('drop table s.t')
  assert.match((await lines()).join(), /^fail s\.t: .* it does not exist$/)
})

test('names with quotes and other letters', async () => {
  await db.run(
    `create table s."Über ""t"".x" ("zeit '%I" timestamptz, "Mo""nat %L" date) partition by range ("Mo""nat %L")`,
    `create table s."Tei""l" partition of s."Über ""t"".x" for values from ('2026-11-01') to ('2026-12-01')`,
    `create function s.other() returns trigger language plpgsql as $b$begin new."Mo""nat %L" := '2026-11-01'; return new; end$b$`,
    'create trigger guard before insert on s."Über ""t"".x" for each row execute function s.other()',
    `select drill.register_guard('s."Über ""t"".x"', 'guard')`,
    `select drill.register_partitioned_relation('s."Über ""t"".x"', 'month')`,
    `select drill.register_critical_relation('s."Über ""t"".x"', 'zeit ''%I', true)`,
    `insert into s."Über ""t"".x" values ('2026-11-23', '2026-11-05')`,
  )
  assert.match((await lines()).join(), /^pass s\."Über ""t""\.x": all 1 rows/)
  await db.run(
    'alter table s."Tei""l" disable trigger all',
    `insert into s."Tei""l" values ('2026-11-23', '2026-11-05')`,
  )
  assert.match((await lines()).join(), /^fail s\."Tei""l": of 2 rows in s\."Tei""l", 1 have a "Mo""nat %L" that is not/)
})

test('other settings of the session change nothing', async () => {
  await monthly()
  await insert(['2026-10-31 23:59+00', '2026-11-01'])
  assert.equal(
    await lines([
      "set timezone = 'Asia/Tokyo'",
      "set datestyle = 'German'",
      "set search_path = 's'",
      "set intervalstyle = 'iso_8601'",
    ]),
    await lines(),
  )
})

test.run()
