import * as assert from 'uvu/assert'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.list_buckets')
let db: Scratch

const buckets = async (call = 'drill.list_buckets()') =>
  (
    await db.query<Record<string, string | null>>(
      `select bucket_name, row_count::text, oldest_at::text, newest_at::text, problem from ${call}`,
    )
  ).map(
    (row) =>
      `${row['bucket_name']} ${row['row_count']} ${row['oldest_at']} ${row['newest_at']}${row['problem'] ? ` ! ${row['problem']}` : ''}`,
  )

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run('alter database ' + db.target.connection.database + " set timezone = 'UTC'")
})
test.before.each(() =>
  db.run('drop schema if exists s cascade', 'create schema s', 'delete from drill.critical_relations'),
)
test.after(() => db.drop())

const rows = `('2026-10-31 23:59:59.123456+00'), ('2026-11-01 00:00:00+00'), ('2026-11-02 00:00:00.000001+00'), (null)`

test('an index at the timestamp gives the same answer as a scan', async () => {
  await db.run(
    'create table s.t (at timestamptz)',
    `insert into s.t values ${rows}`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const scanned = await buckets()
  assert.equal(scanned, ['s.t 4 2026-10-31 23:59:59.123456+00 2026-11-02 00:00:00.000001+00'])
  await db.run('create index on s.t (at)')
  assert.equal(await buckets(), scanned)
  await db.run('drop index s.t_at_idx', 'create index on s.t (at desc nulls last)')
  assert.equal(await buckets(), scanned)
  await db.run('drop index s.t_at_idx', `create index on s.t (at) where at > '2026-11-01'`)
  assert.equal(await buckets(), scanned)
})

test('the locks of what was measured are given back: thousands would not fit', async () => {
  await db.run(
    'create table s.t (at timestamptz not null) partition by range (at)',
    `do $$ begin
       for i in 0..119 loop
         execute format('create table s.p%s partition of s.t for values from (%L) to (%L)', i,
           date '2026-01-01' + i, date '2026-01-01' + i + 1);
       end loop;
     end $$`,
    'create index on s.t (at)',
    `insert into s.t values ('2026-01-01T10:00Z'), ('2026-04-30T10:00Z')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const sql = db.cluster.connect(db.target.connection.database)
  const [found] = await sql.begin(async (transaction) => {
    const [measured] =
      await transaction`select sum(row_count)::text as rows, count(row_count)::text as buckets from drill.list_buckets()`
    const locks = await transaction`select from pg_locks where relation in (select inhrelid from pg_inherits)`
    return [{ ...measured, locks: locks.length }]
  })
  await sql.end()
  assert.equal(found, { rows: '2', buckets: '120', locks: 0 })
})

test('one bucket per partition, the default one too, with bounds', async () => {
  await db.run(
    'create table s.t (at timestamptz, month date) partition by range (month)',
    `create table s.t_old partition of s.t for values from (minvalue) to ('2026-11-01')`,
    `create table s.t_new partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    'create table s.t_rest partition of s.t default',
    `insert into s.t values ('2026-10-31T10:00Z', '2026-10-01'), ('2026-11-01T00:30Z', '2026-10-01'), ('2026-11-03T10:00Z', '2026-11-01')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  assert.equal(await buckets(), [
    's.t_old 2 2026-10-31 10:00:00+00 2026-11-01 00:30:00+00',
    's.t_new 1 2026-11-03 10:00:00+00 2026-11-03 10:00:00+00',
    's.t_rest 0 null null',
  ])
  assert.equal(await db.query(`select starts_at::text, ends_at::text, is_default from drill.list_buckets()`), [
    { starts_at: '-infinity', ends_at: '2026-11-01 00:00:00+00', is_default: false },
    { starts_at: '2026-11-01 00:00:00+00', ends_at: '2026-12-01 00:00:00+00', is_default: false },
    { starts_at: null, ends_at: null, is_default: true },
  ])
})

test('types of the timestamp column, infinite and ancient times, none at all', async () => {
  await db.run(
    'create table s.a (at date)',
    `insert into s.a values ('2026-11-01'), ('infinity')`,
    'create table s.b (at timestamp)',
    `insert into s.b values ('2026-11-01 10:00'), ('0044-03-15 12:00 BC')`,
    'create table s.c (id integer)',
    'insert into s.c values (1)',
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true), drill.register_critical_relation('s.c', null, true)`,
  )
  assert.equal(await buckets(), [
    's.a 2 2026-11-01 00:00:00+00 infinity',
    's.b 2 0044-03-15 12:00:00+00 BC 2026-11-01 10:00:00+00',
    's.c 1 null null',
  ])
})

test('a relation that cannot be measured says why, and the others are measured', async () => {
  await db.run(
    'create table s.gone (at date)',
    'create table s.good (at date)',
    'create table s.texts (at text)',
    'create table s.lost (at date)',
    'create table s.secret (at date)',
    'create role nobody_of_the_test nologin',
    ...['gone', 'good', 'lost', 'secret'].map(
      (name) => `select drill.register_critical_relation('s.${name}', 'at', true)`,
    ),
    `insert into drill.critical_relations (relation_name, timestamp_column, is_append_only) values ('s.texts', 'at', true)`,
    'drop table s.gone',
    'alter table s.lost drop column at',
    'create view s.gone as select 1 as at',
    'grant usage on schema s, drill to nobody_of_the_test',
    'grant execute on all functions in schema drill to nobody_of_the_test',
    'grant select on all tables in schema drill to nobody_of_the_test',
    'grant select on s.good, s.lost, s.gone, s.texts to nobody_of_the_test',
  )
  await db
    .run('set role nobody_of_the_test', 'create temporary table seen as select * from drill.list_buckets()')
    .catch(() => {})
  const seen = await db.query<Record<string, string>>(
    'set role nobody_of_the_test; select bucket_name, row_count, problem from drill.list_buckets()',
  )
  const found = (seen as unknown as Record<string, string>[][])
    .at(-1)
    ?.map((row) => `${row['bucket_name']} ${row['row_count']} ${row['problem']}`)
  assert.equal(found, [
    's.gone null is not a table',
    's.good 0 null',
    's.lost null has no column at',
    's.secret null cannot be read: grant select on s.secret to nobody_of_the_test',
    's.texts null has a column at of type text, which is not a timestamp',
  ])
  await db.run('reset role', 'drop owned by nobody_of_the_test', 'drop role nobody_of_the_test')
})

test('row level security that hides rows is a problem, not a count', async () => {
  await db.run(
    'create table s.t (at date)',
    `insert into s.t values ('2026-11-01')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
    'alter table s.t enable row level security',
    'create role hidden_of_the_test nologin',
    'grant usage on schema s, drill to hidden_of_the_test',
    'grant execute on all functions in schema drill to hidden_of_the_test',
    'grant select on all tables in schema drill, s to hidden_of_the_test',
  )
  const seen = await db.query<Record<string, string>>(
    'set role hidden_of_the_test; select problem from drill.list_buckets()',
  )
  assert.match(
    (seen as unknown as Record<string, string>[][]).at(-1)?.[0]?.['problem'] ?? '',
    /row level security hides rows/,
  )
  assert.equal(await buckets(), ['s.t 1 2026-11-01 00:00:00+00 2026-11-01 00:00:00+00'])
  await db.run('drop owned by hidden_of_the_test', 'drop role hidden_of_the_test')
})

test('without measuring no table is read', async () => {
  await db.run(
    'create table s.t (at date)',
    `insert into s.t values ('2026-11-01')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  assert.equal(await buckets('drill.list_buckets(false)'), ['s.t null null null'])
})

test('one snapshot for all counts, whatever commits meanwhile', async () => {
  await db.run(
    'create table s.a (at date)',
    'create table s.b (at date)',
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true)`,
    'insert into s.a select now() from generate_series(1, 300000)',
    'insert into s.b select at from s.a',
  )
  const done = { value: false }
  const writer = (async () => {
    while (!done.value) await db.run('insert into s.a values (now())', 'insert into s.b values (now())')
  })()
  for (let i = 0; i < 10; i += 1) {
    const [a, b] = await db.query<{ row_count: string }>('select row_count from drill.list_buckets()')
    // The writer commits to s.a first, so a snapshot between the two sees one row more there, never fewer.
    const difference = BigInt(a?.row_count ?? 0) - BigInt(b?.row_count ?? 0)
    assert.ok(difference === 0n || difference === 1n, `s.a has ${a?.row_count}, s.b ${b?.row_count}`)
  }
  done.value = true
  await writer
})

test('registering refuses what cannot be right', async () => {
  await db.run('create table s.t (at date, name text)')
  for (const call of [
    `('s.none', 'at', true)`,
    `('s.t', 'name', true)`,
    `('s.t', 'none', true)`,
    `('s.t', 'at', null)`,
    `(null, 'at', true)`,
  ]) {
    const code = await db.run(`select drill.register_critical_relation${call}`).then(
      () => 'none',
      (error) => error.code,
    )
    assert.is(code, 'RD007', call)
  }
})

test.run()
