import * as assert from 'uvu/assert'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.list_buckets')
/** Days begin on 2026-09-01 relative to it; what ended until then is closed. */
const asOf = '2026-11-23T10:00Z'
let db: Scratch

interface Bucket {
  relation_name: string
  partition_name: string
  bucket_name: string
  grain: string
  starts_at: string | null
  ends_at: string | null
  partition_starts_at: string | null
  partition_ends_at: string | null
  is_default: boolean
  row_count: string | null
  oldest_at: string | null
  newest_at: string | null
  fingerprint: string | null
  problem: string | null
}

const columns = `relation_name, partition_name, bucket_name, grain, starts_at::text, ends_at::text,
  partition_starts_at::text, partition_ends_at::text, is_default, row_count::text, oldest_at::text, newest_at::text,
  fingerprint::text, problem`

const list = (depth = 'standard', ...settings: string[]) => listAs(`'${depth}', '${asOf}'`, ...settings)

async function listAs(argument: string, ...settings: string[]): Promise<Bucket[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    return [...(await sql.unsafe(`select ${columns} from drill.list_buckets(${argument})`))] as unknown as Bucket[]
  } finally {
    await sql.end()
  }
}

/** What is counted: bucket, grain, rows, oldest, newest. */
const counts = (found: Bucket[]) =>
  found.map(
    (row) =>
      `${row.bucket_name} ${row.grain} ${row.row_count} ${row.oldest_at} ${row.newest_at}${row.problem === null ? '' : ` ! ${row.problem}`}`,
  )

/** Where each bucket and its partition begin and end. */
const bounds = (found: Bucket[]) =>
  found.map(
    (row) =>
      `${row.bucket_name}: ${row.starts_at} to ${row.ends_at} in ${row.partition_name} ${row.partition_starts_at} to ${row.partition_ends_at}${row.is_default ? ' default' : ''}`,
  )

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(`alter database ${db.target.connection.database} set timezone = 'UTC'`)
})
test.before.each(() =>
  db.run('drop schema if exists s cascade', 'create schema s', 'delete from drill.critical_relations'),
)
test.after(() => db.drop())

const times = [
  "'2026-10-31 23:59:59.123456+00'",
  "'2026-11-01 00:00:00+00'",
  "'2026-11-02 00:00:00.000001+00'",
  "'2026-11-02 23:59:59.999999+00'",
  "'2026-09-01 00:00:00+00'",
  "'2026-08-31 23:59:59.999999+00'",
  "'2026-08-01 00:00:00+00'",
  "'2027-01-01 00:00:00+00'",
  "'2024-02-29 12:00:00+00'",
  'null',
]
const rows = times.map((time) => `(${time})`).join(', ')

const sliced = (relation: string, is: { date: boolean } = { date: false }) => {
  const at = (time: string) => (is.date ? `${time.slice(0, 10)} 00:00:00+00` : time)
  return [
    `${relation} 2024-02 month 1 ${at('2024-02-29 12:00:00+00')} ${at('2024-02-29 12:00:00+00')}`,
    `${relation} 2026-08 month 2 ${at('2026-08-01 00:00:00+00')} ${at('2026-08-31 23:59:59.999999+00')}`,
    `${relation} 2026-09-01 day 1 ${at('2026-09-01 00:00:00+00')} ${at('2026-09-01 00:00:00+00')}`,
    `${relation} 2026-10-31 day 1 ${at('2026-10-31 23:59:59.123456+00')} ${at('2026-10-31 23:59:59.123456+00')}`,
    `${relation} 2026-11-01 day 1 ${at('2026-11-01 00:00:00+00')} ${at('2026-11-01 00:00:00+00')}`,
    `${relation} 2026-11-02 day 2 ${at('2026-11-02 00:00:00.000001+00')} ${at('2026-11-02 23:59:59.999999+00')}`,
    `${relation} 2027-01 month 1 ${at('2027-01-01 00:00:00+00')} ${at('2027-01-01 00:00:00+00')}`,
    `${relation} undated null undated 1 null null`,
  ]
}

test('a table is cut by day near the moment and by month elsewhere; an index gives the same answer as a scan', async () => {
  await db.run(
    'create table s.t (at timestamptz)',
    `insert into s.t values ${rows}`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const scanned = await list()
  assert.equal(counts(scanned), sliced('s.t'))
  await db.run('create index on s.t (at)')
  assert.equal(await list(), scanned)
  await db.run('drop index s.t_at_idx', 'create index on s.t (at desc nulls last)')
  assert.equal(await list(), scanned)
  await db.run('drop index s.t_at_idx', `create index on s.t (at) where at > '2026-11-01'`)
  assert.equal(await list(), scanned)
  assert.equal(
    bounds(scanned).filter((line) => /^\S+ (2026-08|2026-11-01|undated)/.test(line)),
    [
      's.t 2026-08: 2026-08-01 00:00:00+00 to 2026-09-01 00:00:00+00 in s.t null to null',
      's.t 2026-11-01: 2026-11-01 00:00:00+00 to 2026-11-02 00:00:00+00 in s.t null to null',
      's.t undated null: null to null in s.t null to null',
    ],
  )
})

test('date, timestamp and timestamptz give the same slices, with and without an index, in any zone of the session', async () => {
  for (const type of ['date', 'timestamp', 'timestamptz']) {
    await db.run(
      'drop table if exists s.t',
      'delete from drill.critical_relations',
      `set timezone = 'UTC'; create table s.t as select v.at::timestamptz::${type} as at from (values ${rows}) as v (at)`,
      `select drill.register_critical_relation('s.t', 'at', true)`,
    )
    assert.equal(counts(await list()), sliced('s.t', { date: type === 'date' }), type)
    await db.run('create index on s.t (at)')
    assert.equal(counts(await list()), sliced('s.t', { date: type === 'date' }), `${type} with an index`)
    const utc = await list('full')
    for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
      const there = await list('full', `set timezone = '${zone}'`, `set datestyle = 'German'`)
      const slices = (found: Bucket[]) => found.map((row) => [row.bucket_name, row.row_count, row.fingerprint])
      assert.equal(slices(there), slices(utc), `${type} in ${zone}`)
    }
  }
})

test('the night in which the clocks change is a UTC day like any other', async () => {
  await db.run(
    'create table s.t (at timestamptz)',
    `insert into s.t select '2026-10-24T00:00Z'::timestamptz + i * interval '1 hour' from generate_series(0, 71) as i`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const expected = ['2026-10-24', '2026-10-25', '2026-10-26'].map(
    (day) => `s.t ${day} day 24 ${day} 00:00:00+00 ${day} 23:00:00+00`,
  )
  assert.equal(counts(await list()), expected)
  await db.run(`alter database ${db.target.connection.database} set timezone = 'Europe/Berlin'`)
  const slices = (await list()).map((row) => `${row.bucket_name} ${row.row_count}`)
  await db.run(`alter database ${db.target.connection.database} set timezone = 'UTC'`)
  assert.equal(
    slices,
    ['2026-10-24', '2026-10-25', '2026-10-26'].map((day) => `s.t ${day} 24`),
  )
})

test('the moment decides where days begin; without one it is now', async () => {
  await db.run(
    'create table s.t (at timestamptz)',
    `insert into s.t values ('2026-08-31T10:00Z'), ('2026-09-01T10:00Z')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const names = async (argument: string, ...settings: string[]) =>
    (await listAs(argument, ...settings)).map((row) => row.bucket_name)
  assert.equal(await names(`'standard', '2026-11-01T00:00Z'`), ['s.t 2026-08', 's.t 2026-09-01'])
  assert.equal(await names(`'standard', '2026-10-31T23:59Z'`), ['s.t 2026-08-31', 's.t 2026-09-01'])
  assert.equal(await names(`'standard', '2026-12-01T00:00Z'`), ['s.t 2026-08', 's.t 2026-09'])
  assert.equal(await names('', `set drill.now = '2026-11-01T00:00Z'`), ['s.t 2026-08', 's.t 2026-09-01'])
  const moment = `'standard', '2026-11-01 00:30+13'`
  assert.equal(await names(moment, `set timezone = 'Pacific/Kiritimati'`), ['s.t 2026-08-31', 's.t 2026-09-01'])
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

test('a closed partition is one bucket; newer ones, the default one and late rows are cut', async () => {
  await db.run(
    'create table s.t (at timestamptz, month date) partition by range (month)',
    `create table s.t_first partition of s.t for values from (minvalue) to ('2026-08-01')`,
    `create table s.t_closed partition of s.t for values from ('2026-08-01') to ('2026-09-01')`,
    `create table s.t_recent partition of s.t for values from ('2026-09-01') to ('2026-10-01')`,
    `create table s.t_none partition of s.t for values from ('2026-10-01') to ('2026-11-01')`,
    `create table s.t_new partition of s.t for values from ('2026-11-01') to (maxvalue)`,
    'create table s.t_rest partition of s.t default',
    `insert into s.t values
       ('2026-08-03T10:00Z', '2026-08-01'), ('2026-09-01T00:30Z', '2026-08-01'), (null, '2026-08-01'),
       ('2026-09-30T10:00Z', '2026-09-01'), ('2026-10-01T00:30Z', '2026-09-01'), ('2026-08-31T23:30Z', '2026-09-01'),
       ('2026-11-03T10:00Z', '2026-11-01'), (null, '2026-11-01'), ('2026-11-03T10:00Z', null)`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const found = await list()
  const expected = [
    's.t_first partition 0 null null',
    's.t_closed partition 3 2026-08-03 10:00:00+00 2026-09-01 00:30:00+00',
    's.t_recent 2026-08 month 1 2026-08-31 23:30:00+00 2026-08-31 23:30:00+00',
    's.t_recent 2026-09-30 day 1 2026-09-30 10:00:00+00 2026-09-30 10:00:00+00',
    's.t_recent 2026-10-01 day 1 2026-10-01 00:30:00+00 2026-10-01 00:30:00+00',
    's.t_none partition 0 null null',
    's.t_new 2026-11-03 day 1 2026-11-03 10:00:00+00 2026-11-03 10:00:00+00',
    's.t_new undated null undated 1 null null',
    's.t_rest 2026-11-03 day 1 2026-11-03 10:00:00+00 2026-11-03 10:00:00+00',
  ]
  assert.equal(counts(found), expected)
  const [september, october] = ['2026-09-01 00:00:00+00', '2026-10-01 00:00:00+00']
  assert.equal(
    bounds(found).filter((line) => /^s\.t_(first|closed|recent 2026-0[89]|none|new 2026|rest)/.test(line)),
    [
      's.t_first: -infinity to 2026-08-01 00:00:00+00 in s.t_first -infinity to 2026-08-01 00:00:00+00',
      `s.t_closed: 2026-08-01 00:00:00+00 to ${september} in s.t_closed 2026-08-01 00:00:00+00 to ${september}`,
      `s.t_recent 2026-08: 2026-08-01 00:00:00+00 to ${september} in s.t_recent ${september} to ${october}`,
      `s.t_recent 2026-09-30: 2026-09-30 00:00:00+00 to ${october} in s.t_recent ${september} to ${october}`,
      `s.t_none: ${october} to 2026-11-01 00:00:00+00 in s.t_none ${october} to 2026-11-01 00:00:00+00`,
      's.t_new 2026-11-03: 2026-11-03 00:00:00+00 to 2026-11-04 00:00:00+00 in s.t_new 2026-11-01 00:00:00+00 to infinity',
      's.t_rest 2026-11-03: 2026-11-03 00:00:00+00 to 2026-11-04 00:00:00+00 in s.t_rest null to null default',
    ],
  )
  await db.run('create index on s.t (at)')
  assert.equal(await list(), found)
  // Fingerprints are added, nothing else changes.
  const full = await list('full')
  assert.equal(
    full.map((row) => ({ ...row, fingerprint: null })),
    found,
  )
  assert.equal(
    full.map((row) => row.fingerprint === '0'),
    expected.map((line) => / 0 null null$/.test(line)),
  )
  assert.ok(full.every((row) => /^-?\d+$/.test(row.fingerprint ?? '')))
})

test('a partitioned table without a partition, and one that is not partitioned by time', async () => {
  await db.run(
    'create table s.empty (at timestamptz) partition by range (at)',
    'create table s.h (id integer, at timestamptz) partition by hash (id)',
    'create table s.h0 partition of s.h for values with (modulus 2, remainder 0)',
    'create table s.h1 partition of s.h for values with (modulus 2, remainder 1)',
    `insert into s.h select i, '2026-11-01T10:00Z' from generate_series(1, 40) as i`,
    `select drill.register_critical_relation('s.empty', 'at', true), drill.register_critical_relation('s.h', 'at', true)`,
  )
  const found = await list()
  assert.equal(
    found.map((row) => `${row.bucket_name} ${row.grain}`),
    ['s.empty partition', 's.h0 2026-11-01 day', 's.h1 2026-11-01 day'],
  )
  assert.is(
    found.reduce((sum, row) => sum + Number(row.row_count), 0),
    40,
  )
})

test('infinite and ancient times, none at all', async () => {
  await db.run(
    'create table s.a (at date)',
    `insert into s.a values ('2026-11-01'), ('infinity'), ('-infinity'), ('9999-12-31'), ('10000-01-01'), ('0001-01-01'), ('0001-12-31 BC')`,
    'create table s.b (at timestamp)',
    `insert into s.b values ('2026-11-01 10:00'), ('0044-03-15 12:00 BC'), ('4713-01-01 BC'), ('294276-12-31 23:59:59.999999')`,
    'create table s.c (id integer)',
    'insert into s.c values (1)',
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true), drill.register_critical_relation('s.c', null, true)`,
  )
  const found = await list()
  assert.equal(counts(found), [
    's.a 0001-01 month 1 0001-01-01 00:00:00+00 0001-01-01 00:00:00+00',
    's.a 2026-11-01 day 1 2026-11-01 00:00:00+00 2026-11-01 00:00:00+00',
    's.a 9999-12 month 1 9999-12-31 00:00:00+00 9999-12-31 00:00:00+00',
    's.a undated -infinity undated 1 -infinity -infinity',
    's.a undated before 0001 undated 1 0001-12-31 00:00:00+00 BC 0001-12-31 00:00:00+00 BC',
    's.a undated from 10000 undated 1 10000-01-01 00:00:00+00 10000-01-01 00:00:00+00',
    's.a undated infinity undated 1 infinity infinity',
    's.b 2026-11-01 day 1 2026-11-01 10:00:00+00 2026-11-01 10:00:00+00',
    's.b undated before 0001 undated 2 4713-01-01 00:00:00+00 BC 0044-03-15 12:00:00+00 BC',
    's.b undated from 10000 undated 1 294276-12-31 23:59:59.999999+00 294276-12-31 23:59:59.999999+00',
    's.c table 1 null null',
  ])
  await db.run('create index on s.a (at)', 'create index on s.b (at)')
  assert.equal(await list(), found)
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
  for (const depth of ['quick', 'standard', 'full']) {
    const found = await list(depth, 'set role nobody_of_the_test')
    assert.equal(
      found.map((row) => `${row.bucket_name} ${row.row_count} ${row.problem}`),
      [
        's.gone null is not a table',
        `s.good ${depth === 'quick' ? null : 0} null`,
        's.lost null has no column at',
        's.secret null cannot be read: grant select on s.secret to nobody_of_the_test',
        's.texts null has a column at of type text, which is not a timestamp',
      ],
    )
  }
  await db.run('drop owned by nobody_of_the_test', 'drop role nobody_of_the_test')
})

test('one partition that cannot be read is the problem of that partition only', async () => {
  await db.run(
    'create table s.t (at timestamptz) partition by range (at)',
    `create table s.t_a partition of s.t for values from ('2026-05-01') to ('2026-06-01')`,
    `create table s.t_b partition of s.t for values from ('2026-06-01') to ('2026-07-01')`,
    `create table s.t_c partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    `insert into s.t values ('2026-05-03T10:00Z'), ('2026-06-03T10:00Z'), ('2026-11-03T10:00Z')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
    'create role partly_of_the_test nologin',
    'grant usage on schema s, drill to partly_of_the_test',
    'grant execute on all functions in schema drill to partly_of_the_test',
    'grant select on all tables in schema drill to partly_of_the_test',
    'grant select on s.t, s.t_a, s.t_c to partly_of_the_test',
  )
  const asRole = async () => counts(await list('standard', 'set role partly_of_the_test'))
  const [a, c] = [
    's.t_a partition 1 2026-05-03 10:00:00+00 2026-05-03 10:00:00+00',
    's.t_c 2026-11-03 day 1 2026-11-03 10:00:00+00 2026-11-03 10:00:00+00',
  ]
  assert.equal(await asRole(), [
    a,
    's.t_b partition null null null ! permission denied for table t_b (SQLSTATE 42501)',
    c,
  ])
  // Policies of a partition alone hide its rows when it is read as itself.
  await db.run('grant select on s.t_b to partly_of_the_test', 'alter table s.t_b enable row level security')
  const [first, second, third] = await asRole()
  assert.equal([first, third], [a, c])
  assert.match(second ?? '', /^s\.t_b partition null null null ! .*row-level security.* \(SQLSTATE 42501\)$/)
  await db.run('drop owned by partly_of_the_test', 'drop role partly_of_the_test')
})

test('a foreign partition is another server’s: it is neither read nor listed', async () => {
  await db.run(
    'create extension if not exists postgres_fdw',
    'create server far_of_the_test foreign data wrapper postgres_fdw',
    'create table s.t (at timestamptz) partition by range (at)',
    `create table s.t_here partition of s.t for values from ('2026-05-01') to ('2026-06-01')`,
    `create foreign table s.t_far partition of s.t for values from ('2025-05-01') to ('2025-06-01') server far_of_the_test`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  assert.equal(counts(await list()), ['s.t_here partition 0 null null'])
  await db.run('drop table s.t', 'drop extension postgres_fdw cascade')
})

test('a table that is dropped while another is counted is a problem of its own', async () => {
  await db.run(
    'create table s.a (at timestamptz) partition by range (at)',
    `create table s.a1 partition of s.a for values from ('2026-05-01') to ('2026-06-01')`,
    `create table s.a2 partition of s.a for values from ('2026-06-01') to ('2026-07-01')`,
    'create table s.b (at timestamptz)',
    `insert into s.a values ('2026-05-03T10:00Z')`,
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true)`,
  )
  const [other, blocker] = [0, 1].map(() => db.cluster.connect(db.target.connection.database))
  if (other === undefined || blocker === undefined) throw new Error('no connections')
  // Whoever holds these locks decides when the counting goes on, with one partition less.
  let counting: Promise<Bucket[]> | undefined
  await blocker.begin(async (transaction) => {
    await transaction`lock table s.a1, s.b in access exclusive mode`
    counting = list()
    for (;;) {
      const waiting =
        await other`select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'list_buckets'`
      if (waiting.length > 0) break
    }
    await transaction`alter table s.a detach partition s.a1`
    await transaction`drop table s.a1`
    await transaction`drop table s.b`
  })
  const found = counts((await counting) as Bucket[]).sort()
  await other.end()
  await blocker.end()
  assert.is(found.length, 3, found.join('\n'))
  assert.match(found[0] ?? '', /^s\.a1 partition null null null ! .*s\.a1.*\(SQLSTATE \w{5}\)$/)
  assert.is(found[1], 's.a2 partition 0 null null')
  assert.match(found[2] ?? '', /^s\.b table null null null ! |^s\.b partition null null null ! /)
})

test('somebody locks a partition: the relation says so, and the others are measured', async () => {
  await db.run(
    'create table s.a (at timestamptz) partition by range (at)',
    `create table s.a1 partition of s.a for values from ('2026-05-01') to ('2026-06-01')`,
    'create table s.b (at timestamptz)',
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true)`,
  )
  const locking = db.cluster.connect(db.target.connection.database)
  for (const depth of ['quick', 'standard']) {
    const found = await locking.begin(async (transaction) => {
      await transaction`lock table s.a1 in access exclusive mode`
      return await list(depth, `set lock_timeout = '100ms'`)
    })
    assert.equal(
      found.map((row) => `${row.bucket_name} ${row.problem}`),
      [
        's.a has partitions that cannot be looked at: canceling statement due to lock timeout (SQLSTATE 55P03)',
        's.b null',
      ],
    )
  }
  await locking.end()
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
  const [seen, ...rest] = await list('standard', 'set role hidden_of_the_test')
  assert.match(seen?.problem ?? '', /row level security hides rows/)
  assert.equal([seen?.row_count, rest.length], [null, 0])
  assert.equal(counts(await list()), ['s.t 2026-11-01 day 1 2026-11-01 00:00:00+00 2026-11-01 00:00:00+00'])
  await db.run('drop owned by hidden_of_the_test', 'drop role hidden_of_the_test')
})

test('quick reads no table: names and bounds of partitions only', async () => {
  await db.run(
    'create table s.t (at date)',
    `insert into s.t values ('2026-11-01')`,
    'create table s.p (at date) partition by range (at)',
    `create table s.p1 partition of s.p for values from ('2026-11-01') to ('2026-12-01')`,
    `insert into s.p values ('2026-11-01')`,
    'create table s.n (id integer)',
    `select drill.register_critical_relation('s.t', 'at', true), drill.register_critical_relation('s.p', 'at', true),
       drill.register_critical_relation('s.n', null, true)`,
  )
  const locking = db.cluster.connect(db.target.connection.database)
  // A query that wanted any lock on these tables would wait, and fail.
  const found = await locking.begin(async (transaction) => {
    await transaction`lock table only s.t, only s.p, only s.n in access exclusive mode`
    return await list('quick', `set lock_timeout = '1s'`)
  })
  await locking.end()
  assert.equal(counts(found), [
    's.n table null null null',
    's.p1 partition null null null',
    's.t partition null null null',
  ])
  assert.equal(
    bounds(found)[1],
    's.p1: 2026-11-01 00:00:00+00 to 2026-12-01 00:00:00+00 in s.p1 2026-11-01 00:00:00+00 to 2026-12-01 00:00:00+00',
  )
  assert.ok(found.every((row) => row.fingerprint === null))
})

test('another depth is refused', async () => {
  for (const depth of [`'deep'`, 'null', `''`, `'Full'`]) {
    const code = await listAs(depth).then(
      () => 'none',
      (error) => error.code,
    )
    assert.is(code, 'RD006', depth)
  }
})

test('no fingerprint of what is secret or registered with depth standard, at any depth', async () => {
  await db.run(
    'create table s.open (at date)',
    'create table s.shut (at date)',
    'create table s.flat (at date)',
    ...['open', 'shut', 'flat'].map((name) => `insert into s.${name} values ('2026-11-01')`),
    `select drill.register_critical_relation('s.open', 'at', true),
       drill.register_critical_relation('s.shut', 'at', true, p_is_secret => true),
       drill.register_critical_relation('s.flat', 'at', true, p_depth => 'standard')`,
  )
  const which = async (depth: string) =>
    (await list(depth)).filter((row) => row.fingerprint !== null).map((row) => row.relation_name)
  assert.equal(await which('full'), ['s.open'])
  assert.equal(await which('standard'), [])
  assert.equal(
    (await list('full')).map((row) => row.row_count),
    ['1', '1', '1'],
  )
  const recipes = await db.query<{ relation_name: string; recipe: string | null }>(
    'select * from drill.list_fingerprint_recipes()',
  )
  assert.equal(
    recipes.map((row) => [row.relation_name, row.recipe !== null]),
    [
      ['s.flat', false],
      ['s.open', true],
      ['s.shut', false],
    ],
  )
})

test('columns of any type: json, xml, geometry, extensions, generated, identity, dropped', async () => {
  await db.run(
    'create extension if not exists hstore schema public',
    `create type s.mood as enum ('sad', 'happy')`,
    'create type s.pair as (a integer, b text)',
    `create table s.t (
       id bigint generated always as identity, at timestamptz, j json, b jsonb, x xml, p point, l polygon, h public.hstore, m s.mood,
       c s.pair, a integer[], r int4range, v tsvector, i interval, n numeric, money money, bits bit(8), gone integer,
       twice bigint generated always as (17 * 2) stored, "Odd ""name"", here" text
     )`,
    'alter table s.t drop column gone',
    `insert into s.t (at, j, b, x, p, l, h, m, c, a, r, v, i, n, money, bits)
     values ('2026-11-01', '{"a": 1}', '{"a": 1}', '<a/>', '(1,2)', '((0,0),(1,1),(1,0))', 'a=>1', 'sad', '(1,x)', '{1,null}', '[1,5)',
       'cat', '1 day', 1.50, 2, b'00000001')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const print = async () => (await list('full')).map((row) => row.fingerprint ?? row.problem)
  const seen = [...(await print())]
  const changes = [
    `j = '{"a":  1}'`,
    `b = '{"a": 2}'`,
    `x = '<b/>'`,
    `p = '(2,1)'`,
    `l = '((0,0),(1,1),(1,2))'`,
    `h = 'a=>2'`,
    `m = 'happy'`,
    `c = '(1,)'`,
    `a = '{null,1}'`,
    `r = '[1,6)'`,
    `v = 'dog'`,
    `i = '24 hours'`,
    'n = 1.5',
    'money = 3',
    `bits = b'00000010'`,
    `"Odd ""name"", here" = ''`,
  ]
  for (const change of changes) {
    await db.run(`update s.t set ${change}`)
    const [now] = await print()
    assert.match(now ?? '', /^-?\d+$/, change)
    assert.not.ok(seen.includes(now ?? ''), `not seen: ${change}`)
    seen.push(now ?? '')
  }
  await db.run('drop table s.t', 'drop extension hstore')
})

test('a partitioned table with 1,600 columns', async () => {
  await db.run(
    `do $$ begin
       execute 'create table s.t (at timestamptz, '
         || (select string_agg(format('c%s %s', i, (array['integer', 'text', 'boolean', 'bigint'])[1 + i % 4]), ', ') from generate_series(1, 1599) as i)
         || ') partition by range (at)';
       for i in 0..11 loop
         execute format('create table s.t%s partition of s.t for values from (%L) to (%L)', i,
           date '2026-01-01' + make_interval(months => i), date '2026-01-01' + make_interval(months => i + 1));
       end loop;
     end $$`,
    `insert into s.t (at) values ('2026-01-03T10:00Z'), ('2026-11-03T10:00Z')`,
    `select drill.register_critical_relation('s.t', 'at', true)`,
  )
  const full = await list('full')
  assert.equal(
    full.map((row) => row.problem),
    full.map(() => null),
  )
  const [before] = full
  await db.run('update s.t0 set c1598 = true')
  const [after] = await list('full')
  assert.not.equal(after?.fingerprint, before?.fingerprint)
})

test('a partition that is registered itself, and below another one', async () => {
  await db.run(
    'create table s.t (at date) partition by range (at)',
    `create table s.t_y partition of s.t for values from ('2026-01-01') to ('2027-01-01') partition by range (at)`,
    `create table s.t_y_m partition of s.t_y for values from ('2026-03-01') to ('2026-04-01')`,
    `insert into s.t values ('2026-03-03')`,
    `select drill.register_critical_relation('s.t', 'at', true), drill.register_critical_relation('s.t_y', 'at', true),
       drill.register_critical_relation('s.t_y_m', 'at', true)`,
  )
  assert.equal(
    (await list()).map((row) => `${row.relation_name}: ${row.bucket_name} ${row.grain} ${row.row_count}`),
    ['s.t: s.t_y 2026-03 month 1', 's.t_y: s.t_y_m partition 1', 's.t_y_m: s.t_y_m 2026-03 month 1'],
  )
})

test('one snapshot for all counts, whatever commits meanwhile', async () => {
  await db.run(
    'create table s.a (at date)',
    'create table s.b (at date)',
    `select drill.register_critical_relation('s.a', 'at', true), drill.register_critical_relation('s.b', 'at', true)`,
    `insert into s.a select '2026-11-01' from generate_series(1, 300000)`,
    'insert into s.b select at from s.a',
  )
  const done = { value: false }
  const writer = (async () => {
    while (!done.value) await db.run(`insert into s.a values ('2026-11-01')`, `insert into s.b values ('2026-11-01')`)
  })()
  for (let i = 0; i < 10; i += 1) {
    const [a, b, ...rest] = await list()
    assert.is(rest.length, 0)
    // The writer commits to s.a first, so a snapshot between the two sees one row more there, never fewer.
    const difference = BigInt(a?.row_count ?? 0) - BigInt(b?.row_count ?? 0)
    assert.ok(difference === 0n || difference === 1n, `s.a has ${a?.row_count}, s.b ${b?.row_count}`)
  }
  done.value = true
  await writer
})

test('registering refuses what cannot be right', async () => {
  await db.run(
    'create table s.t (at date, name text)',
    'create view s.view as select 1 as at',
    'create materialized view s.stored as select current_date as at',
    'create sequence s.numbers',
    'create index t_at on s.t (at)',
  )
  for (const call of [
    `('s.none', 'at', true)`,
    `('s.t', 'name', true)`,
    `('s.t', 'none', true)`,
    `('s.t', 'at', null)`,
    `(null, 'at', true)`,
    `('s.view', null, true)`,
    `('s.stored', 'at', true)`,
    `('s.numbers', null, true)`,
    `('s.t_at', null, true)`,
    `('s.t', 'at', true, p_tenant_column => 'none')`,
    `('s.t', 'at', true, p_tenant_column => 'ctid')`,
    `('s.t', 'at', true, p_depth => 'quick')`,
    `('s.t', 'at', true, p_depth => null)`,
    `('s.t', 'at', true, p_is_secret => null)`,
    `('s.t', 'at', true, p_is_tenant_shown => null)`,
    `('s.t', 'at', true, null)`,
  ]) {
    const code = await db.run(`select drill.register_critical_relation${call}`).then(
      () => 'none',
      (error) => error.code,
    )
    assert.is(code, 'RD007', call)
  }
})

test.run()
