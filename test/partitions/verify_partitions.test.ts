import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_partitions')
let db: Scratch
const at = (time: string) => [`set drill.now = '${time}'`]
const november = at('2026-11-23T04:30:00Z')
const lines = (settings = november) => checkLines(db, 'drill.verify_partitions()', settings)
const bad = async (settings = november) => (await lines(settings)).filter((line) => !/^(pass|skip) /.test(line))

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
})
test.before.each(async () => {
  await db.run('drop schema if exists s cascade', 'create schema s', 'delete from drill.partitioned_relations')
})
test.after(() => db.drop())

/** A table partitioned by month over `type`, with the partitions of the months given. */
async function monthly(months: string[], type = 'date'): Promise<void> {
  await db.run(
    `create table s.t (at ${type} not null) partition by range (at)`,
    ...months.map((month) => {
      const next = new Date(`${month}-01T00:00:00Z`)
      next.setUTCMonth(next.getUTCMonth() + 1)
      return `create table s.t_${month.replace('-', '_')} partition of s.t for values from ('${month}-01') to ('${next.toISOString().slice(0, 10)}')`
    }),
    `select drill.register_partitioned_relation('s.t', 'month', 'UTC', '^t_\\d{4}_\\d{2}$')`,
  )
}

for (const type of ['date', 'timestamp', 'timestamptz']) {
  test(`good: months over ${type}`, async () => {
    await db.run("set timezone = 'UTC'")
    await monthly(['2026-10', '2026-11', '2026-12'], type)
    assert.equal(await bad(), [])
    assert.is((await lines()).length, 4)
  })
}

test('nothing registered: not applicable without partitioned tables, could not look with one', async () => {
  assert.match((await lines()).join(), /^skip -: no partitioned table is registered, and there is none$/)
  await db.run('create table s.t (at date) partition by range (at)')
  assert.match((await lines()).join(), /^error -: /)
})

test('fails: the current month missing, the next one missing', async () => {
  await monthly(['2026-10', '2026-11'])
  assert.equal(await bad(), ['fail s.t: s.t has no partition for the next month of 2026-12-01'])
  assert.equal(await bad(at('2026-12-01T00:00:00Z')), [
    'fail s.t: s.t has no partition for the current month of 2026-12-01',
    'fail s.t: s.t has no partition for the next month of 2027-01-01',
  ])
  assert.equal(await bad(at('2026-10-31T23:59:59Z')), [])
})

test('fails: a far partition does not hide the missing next one', async () => {
  await monthly(['2026-11', '2030-01'])
  assert.match((await bad()).join('\n'), /no partition for the next month of 2026-12-01/)
  assert.match((await bad()).join('\n'), /leave a gap from 2026-12-01 00:00:00\+00 to 2030-01-01/)
})

test('fails: a gap in the past, two gaps', async () => {
  await monthly(['2026-05', '2026-07', '2026-09', '2026-10', '2026-11', '2026-12'])
  assert.is((await bad()).filter((line) => /leave a gap/.test(line)).length, 2)
})

test('fails: no partition at all', async () => {
  await monthly([])
  assert.match((await bad()).join('\n'), /has 0 attached partitions/)
})

test('good: MINVALUE and MAXVALUE', async () => {
  await db.run(
    'create table s.t (at date not null) partition by range (at)',
    `create table s.old partition of s.t for values from (minvalue) to ('2026-11-01')`,
    `create table s.new partition of s.t for values from ('2026-11-01') to (maxvalue)`,
    `select drill.register_partitioned_relation('s.t', 'month')`,
  )
  assert.equal(await bad(), [])
})

test('good: several key columns, the first is time', async () => {
  await db.run(
    'create table s.t (at date not null, site integer) partition by range (at, site)',
    `create table s.a partition of s.t for values from ('2026-11-01', minvalue) to ('2026-12-01', minvalue)`,
    `create table s.b partition of s.t for values from ('2026-12-01', minvalue) to ('2027-01-01', minvalue)`,
    `select drill.register_partitioned_relation('s.t', 'month')`,
  )
  assert.equal(await bad(), [])
})

test('good: partitions that are partitioned again', async () => {
  await monthly(['2026-11'])
  await db.run(
    `create table s.t_2026_12 partition of s.t for values from ('2026-12-01') to ('2027-01-01') partition by hash (at)`,
    'create table s.t_2026_12_0 partition of s.t_2026_12 for values with (modulus 1, remainder 0)',
  )
  assert.equal(await bad(), [])
})

test('other periods: day, week, quarter, year', async () => {
  const cases: [string, string, string][] = [
    ['day', '2026-11-23', '2026-11-25'],
    ['week', '2026-11-23', '2026-12-07'],
    ['quarter', '2026-10-01', '2027-04-01'],
    ['year', '2026-01-01', '2028-01-01'],
  ]
  for (const [period, from, to] of cases) {
    await db.run(
      'drop table if exists s.t',
      'create table s.t (at date not null) partition by range (at)',
      `create table s.p partition of s.t for values from ('${from}') to ('${to}')`,
      `select drill.register_partitioned_relation('s.t', '${period}')`,
    )
    assert.equal(await bad(), [], period)
    await db.run(
      `alter table s.t detach partition s.p`,
      `alter table s.t attach partition s.p for values from ('${from}') to (('${to}'::date - 1))`,
    )
    assert.match((await bad()).join('\n'), new RegExp(`no partition for the next ${period} of`))
  }
})

test('periods begin at midnight of the registered zone', async () => {
  await db.run(
    'create table s.t (at timestamptz not null) partition by range (at)',
    `create table s.p partition of s.t for values from ('2026-10-31 21:00+00') to ('2026-12-31 21:00+00')`,
    `select drill.register_partitioned_relation('s.t', 'month', 'Europe/Istanbul')`,
  )
  assert.equal(await bad(), [])
  await db.run(`select drill.register_partitioned_relation('s.t', 'month', 'UTC')`)
  assert.match((await bad()).join('\n'), /no partition for the next month/)
})

test('could not look: partitions that are not cut by time', async () => {
  await db.run(
    'create table s.t (kind text) partition by list (kind)',
    `create table s.p partition of s.t for values in ('a')`,
    `select drill.register_partitioned_relation('s.t', 'month')`,
  )
  assert.match((await bad()).join('\n'), /^error s\.t: the partitions of s\.t are not cut by time/)
})

test('fails: a detached partition, half detached too; a look-alike passes', async () => {
  await monthly(['2026-10', '2026-11', '2026-12'])
  await db.run('create table s.t_2026_report (id integer)', 'create table s.other_2026_01 (id integer)')
  assert.equal(await bad(), [])
  await db.run('alter table s.t detach partition s.t_2026_10')
  assert.equal(await bad(), [
    'warn s.t_2026_10: the table s.t_2026_10 looks like a partition of s.t but is not attached',
  ])
  // Attached in a baseline: then it was not production that keeps it apart.
  await db.run(
    `select drill.register_critical_relation('s.t', 'at', true)`,
    "alter table s.t attach partition s.t_2026_10 for values from ('2026-10-01') to ('2026-11-01')",
    'select drill.capture_baseline()',
    'alter table s.t detach partition s.t_2026_10',
  )
  assert.equal(await bad(), [
    'fail s.t_2026_10: the table s.t_2026_10 looks like a partition of s.t but is not attached',
  ])
  await db.run('delete from drill.critical_relations')
})

test('fails: rows in the default partition; an empty one passes', async () => {
  await monthly(['2026-11', '2026-12'])
  await db.run('create table s.rest partition of s.t default')
  assert.equal(await bad(), [])
  await db.run(`insert into s.t values ('2020-01-01'), ('2020-01-02')`)
  assert.equal(await bad(), ['fail s.rest: the default partition s.rest holds 2 rows'])
})

test('fails: the table is gone, or became an ordinary one', async () => {
  await monthly(['2026-11', '2026-12'])
  await db.run('drop table s.t')
  assert.equal(await bad(), ['fail s.t: the partitioned table s.t does not exist'])
  await db.run('create table s.t (at date)')
  assert.equal(await bad(), ['fail s.t: s.t is an ordinary table, not a partitioned one'])
})

test('names with quotes, dots, blanks and other letters', async () => {
  await db.run(
    'create table s."Über ""t"".x" (at date not null) partition by range (at)',
    `create table s."Über 2026-11" partition of s."Über ""t"".x" for values from ('2026-11-01') to ('2027-01-01')`,
    `select drill.register_partitioned_relation('s."Über ""t"".x"', 'month')`,
    'create table s."Rest; drop table x" partition of s."Über ""t"".x" default',
  )
  assert.equal(await bad(), [])
  await db.run(`insert into s."Über ""t"".x" values ('2020-01-01')`)
  assert.match(
    (await bad()).join(),
    /fail s\."Rest; drop table x": the default partition s\."Rest; drop table x" holds 1 rows/,
  )
})

test('other settings of the session change nothing', async () => {
  await monthly(['2026-10', '2026-11', '2026-12'], 'timestamptz')
  assert.equal(
    await lines([...november, "set timezone = 'Asia/Tokyo'", "set datestyle = 'German'", "set search_path = 's'"]),
    await lines(),
  )
})

test('registering refuses what cannot be right', async () => {
  await monthly(['2026-11'])
  for (const call of [
    `drill.register_partitioned_relation('s.nothing', 'month')`,
    `drill.register_partitioned_relation('s.t_2026_11', 'month')`,
    `drill.register_partitioned_relation('s.t', 'fortnight')`,
    `drill.register_partitioned_relation('s.t', null)`,
    `drill.register_partitioned_relation(null, 'month')`,
    `drill.register_partitioned_relation('s.t', 'month', 'Middle/Earth')`,
  ]) {
    const code = await db.run(`select ${call}`).then(
      () => 'none',
      (error) => error.code,
    )
    assert.is(code, 'RD007', call)
  }
})

test('twelve hundred partitions, none of which is locked', async () => {
  await db.run(
    'create table s.t (at date not null) partition by range (at)',
    `do $$ begin
       for i in 0..1199 loop
         execute format('create table s.p%s partition of s.t for values from (%L) to (%L)', i,
           date '2023-10-01' + i, date '2023-10-01' + i + 1);
       end loop;
     end $$`,
    `select drill.register_partitioned_relation('s.t', 'day')`,
  )
  assert.equal(await bad(), [])
  // Nor the checks of their triggers: a lock on each would be more than the server has room for.
  await db.run(
    `create function s.f() returns trigger language plpgsql as 'begin return new; end'`,
    'create trigger g before insert on s.t for each row execute function s.f()',
    `select drill.register_guard('s.t', 'g')`,
  )
  const sql = db.cluster.connect(db.target.connection.database)
  const found = await sql.begin(async (transaction) => [
    (await transaction`select from drill.verify_partitions()`).length,
    (await transaction`select from drill.verify_partition_triggers()`).length,
    (await transaction`select from pg_locks where relation in (select inhrelid from pg_inherits)`).length,
  ])
  await sql.end()
  assert.equal(found, [4, 1202, 0])
  await db.run('drop table s.p600')
  assert.is((await bad()).length, 1)
})

test.run()
