// What a capture stores at each depth, and what it takes over from an earlier one.

import * as assert from 'uvu/assert'
import { parseBaseline } from '../../src/baselines/document.ts'
import { withDatabase } from '../../src/database/connect.ts'
import { captureBaseline, exportBaseline } from '../../src/database/facts.ts'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { reported } from './reported.ts'

const test = suite('drill.capture_baseline')
/** Partitions that ended until 2026-09-01 are closed. */
const now = '2026-11-23T10:00:00Z'
let seconds = 0
/** Each capture has a moment of its own. */
const nextMoment = () => new Date(Date.parse(now) + 1000 * seconds++).toISOString()
let db: Scratch

interface Stored {
  bucket_name: string
  row_count: string
  fingerprint: string | null
  is_carried: boolean
}

/** Statements of one session, the statistics of which are reported before the next one looks at them. */
async function session(...statements: string[]): Promise<void> {
  await db.run(...statements)
  // Sessions report what they did at their end at the latest; the end itself may lag behind the client's.
  await settled()
}

const settled = (left = 0) => reported(db.cluster, db.target.connection.database, left)

/** Captures, and gives what is stored of the partitions of s.t. */
async function capture(call = `p_depth => 'full'`, ...settings: string[]): Promise<Stored[]> {
  await settled()
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    await sql.unsafe(`set drill.now = '${nextMoment()}'`)
    for (const setting of settings) await sql.unsafe(setting)
    const [row] = await sql.unsafe(`select drill.capture_baseline(${call})::text as id`)
    return [
      ...(await sql`
        select bucket_name, row_count::text, fingerprint::text, is_carried from drill.baseline_buckets
        where baseline_id = ${row?.['id']} and relation_name = 's.t' order by partition_starts_at, bucket_name collate "C"`),
    ] as unknown as Stored[]
  } finally {
    await sql.end()
  }
}

const carried = (stored: Stored[]) => stored.filter((bucket) => bucket.is_carried).map((bucket) => bucket.bucket_name)
const rows = (stored: Stored[]) => stored.map((bucket) => `${bucket.bucket_name} ${bucket.row_count}`)

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
})
test.before.each(async () => {
  await db.run(
    'drop schema if exists s cascade',
    'create schema s',
    'delete from drill.critical_relations',
    'delete from drill.baselines',
    `create type s.mood as enum ('sad', 'happy')`,
    'create table s.t (at timestamptz not null, id integer, name text, mood s.mood, gone text) partition by range (at)',
    `create table s.t_05 partition of s.t for values from ('2026-05-01') to ('2026-06-01')`,
    `create table s.t_06 partition of s.t for values from ('2026-06-01') to ('2026-07-01')`,
    `create table s.t_07 partition of s.t for values from ('2026-07-01') to ('2026-08-01')`,
    `create table s.t_11 partition of s.t for values from ('2026-11-01') to ('2026-12-01')`,
    `insert into s.t select m, i, 'x', 'sad' from generate_series(1, 10) as i,
       unnest(array['2026-05-03T10:00Z', '2026-06-03T10:00Z', '2026-07-03T10:00Z', '2026-11-03T10:00Z']::timestamptz[]) as m`,
    `select drill.register_critical_relation('s.t', 'at', true, p_tenant_column => 'id')`,
  )
})
test.after(() => db.drop())

const closed = ['s.t_05', 's.t_06', 's.t_07']

test('standard holds counts and timestamps, full also fingerprints and tenants', async () => {
  await db.run(
    'create table s.secret (at timestamptz, tenant integer)',
    'create table s.flat (at timestamptz, tenant integer)',
    'insert into s.secret values (now(), 1)',
    'insert into s.flat values (now(), 1)',
    `select drill.register_critical_relation('s.secret', 'at', true, p_tenant_column => 'tenant', p_is_secret => true),
       drill.register_critical_relation('s.flat', 'at', true, p_tenant_column => 'tenant', p_depth => 'standard')`,
  )
  for (const depth of ['standard', 'full'] as const) {
    const text = await withDatabase(db.target, { now: nextMoment() }, async (database) =>
      exportBaseline(database, await captureBaseline(database, { depth, label: depth })),
    )
    const document = parseBaseline(text, 'just captured')
    assert.equal([document.depth, document.label, document.is_exact], [depth, depth, false])
    const held = document.relations.map((relation) => [
      relation.relation_name,
      relation.recipe !== null,
      relation.buckets.every((bucket) => bucket.fingerprint !== null),
      relation.tenants.length,
      relation.tenant_column,
      relation.is_secret,
      relation.depth,
    ])
    assert.equal(held, [
      ['s.flat', false, false, 0, 'tenant', false, 'standard'],
      ['s.secret', false, false, 0, 'tenant', true, 'full'],
      ['s.t', depth === 'full', depth === 'full', depth === 'full' ? 10 : 0, 'id', false, 'full'],
    ])
    const own = document.relations.find((relation) => relation.relation_name === 's.t')
    assert.equal(
      own?.buckets.map((bucket) => `${bucket.bucket_name} ${bucket.grain} ${bucket.row_count}`),
      [...closed.map((name) => `${name} partition 10`), 's.t_11 2026-11-03 day 10'],
    )
    if (depth === 'full') assert.ok(own?.tenants.every((tenant) => /^[0-9a-f]{16}$/.test(tenant.tenant_key)))
    assert.not.match(JSON.stringify(document.relations), /"x"|happy/)
  }
})

test('another depth is refused, and so is a relation that cannot be measured: nothing is stored', async () => {
  const refusals = async (...statements: string[]) => {
    const code = await db.run(...statements).then(
      () => 'none',
      (error) => error.code,
    )
    assert.equal(await db.query('select from drill.baselines'), [])
    return code
  }
  for (const call of [`p_depth => 'quick'`, 'p_depth => null', 'p_is_complete => null']) {
    assert.is(await refusals(`select drill.capture_baseline(${call})`), 'RD006', call)
  }
  await db.run('alter table s.t rename to other')
  assert.is(await refusals('select drill.capture_baseline()'), 'RD005')
  await db.run('alter table s.other rename to t', 'alter table s.t rename column id to number')
  assert.is(await refusals(`select drill.capture_baseline(p_depth => 'full')`), 'RD005')
  await db.run(
    'alter table s.t rename column number to id',
    `delete from drill.policy where policy_name = 'baseline_retention'`,
  )
  assert.is(await refusals('select drill.capture_baseline()'), 'RD008')
  await db.run(
    `insert into drill.policy (policy_name, policy_value, description) values ('baseline_retention', '400 days', 'x')`,
  )
})

test('what nobody wrote into is taken over, with all that was measured', async () => {
  const first = await capture()
  assert.equal(carried(first), [])
  assert.ok(first.every((bucket) => bucket.fingerprint !== null))
  const second = await capture()
  assert.equal(carried(second), closed)
  assert.equal(
    second.map((bucket) => ({ ...bucket, is_carried: false })),
    first,
  )
  // Again from what was taken over itself.
  assert.equal(carried(await capture()), closed)
  assert.equal(carried(await capture(`p_depth => 'full', p_is_complete => true`)), [])
  assert.equal(carried(await capture(`p_depth => 'standard'`)), closed)
  assert.ok((await capture(`p_depth => 'standard'`)).every((bucket) => bucket.fingerprint === null))
  // Over standard ones in between, but never from one.
  assert.equal(carried(await capture()), closed)
  await db.run(`delete from drill.baselines where depth = 'full'`)
  const [again] = [await capture()]
  assert.equal(carried(again), [])
  assert.equal(again, first)
})

const touches: [name: string, statements: string[]][] = [
  ['insert', [`insert into s.t values ('2026-06-05T10:00Z', 11, 'new', 'happy')`]],
  ['copy', [`insert into s.t_06 select at, 12, name, mood from s.t_06 limit 1`]],
  ['update', ['update s.t_06 set name = name where id = 3']],
  ['delete', ['delete from s.t where id = 3 and at < $$2026-07-01$$ and at > $$2026-06-01$$']],
  [
    'update that undoes itself',
    [`update s.t_06 set name = 'y' where id = 3`, `update s.t_06 set name = 'x' where id = 3`],
  ],
  ['truncate', ['truncate s.t_06']],
  [
    'truncate and load',
    ['truncate s.t_06', `insert into s.t_06 select '2026-06-03T10:00Z', i, 'x' from generate_series(1, 10) as i`],
  ],
  ['vacuum full', ['vacuum full s.t_06']],
  [
    'another table of that name',
    [
      'alter table s.t detach partition s.t_06',
      'alter table s.t_06 rename to t_06_old',
      `create table s.t_06 partition of s.t for values from ('2026-06-01') to ('2026-07-01')`,
    ],
  ],
  [
    'other bounds',
    [
      'alter table s.t detach partition s.t_06',
      `alter table s.t attach partition s.t_06 for values from ('2026-06-01') to ('2026-06-30')`,
    ],
  ],
]
for (const [name, statements] of touches) {
  test(`what was touched is measured again: ${name}`, async () => {
    await capture()
    await session(...statements)
    const second = await capture()
    assert.equal(carried(second), ['s.t_05', 's.t_07'])
    assert.equal(
      second,
      (await capture(`p_depth => 'full', p_is_complete => true`)).map((bucket) => ({
        ...bucket,
        is_carried: carried(second).includes(bucket.bucket_name),
      })),
    )
  })
}

test('detached and attached as it was: it did not change', async () => {
  await capture()
  await session(
    'alter table s.t detach partition s.t_06',
    `alter table s.t attach partition s.t_06 for values from ('2026-06-01') to ('2026-07-01')`,
  )
  assert.equal(carried(await capture()), closed)
  await session(
    'alter table s.t detach partition s.t_06',
    'update s.t_06 set id = 77 where id = 7',
    `alter table s.t attach partition s.t_06 for values from ('2026-06-01') to ('2026-07-01')`,
  )
  assert.equal(carried(await capture()), ['s.t_05', 's.t_07'])
})

const recipes: [name: string, statement: string][] = [
  ['a column more', `alter table s.t add column more integer default 7`],
  ['a column less', 'alter table s.t drop column gone'],
  ['another type', 'alter table s.t alter column id type bigint'],
  ['another type without a rewrite', 'alter table s.t alter column name type varchar'],
  ['another name', 'alter table s.t rename column name to title'],
  ['another label of an enum', `alter type s.mood rename value 'sad' to 'blue'`],
]
for (const [name, statement] of recipes) {
  test(`never when the content is another without a write: ${name}`, async () => {
    const first = await capture()
    await session(statement)
    const second = await capture()
    assert.equal(carried(second), [])
    assert.equal(rows(second), rows(first))
    assert.equal(carried(await capture()), closed)
  })
}

test('never from another server, timeline, start or database, nor when the timestamp column is another', async () => {
  for (const other of [
    'system_identifier = system_identifier + 1',
    'timeline_id = timeline_id + 1',
    `started_at = started_at - interval '1 second'`,
    `database_name = 'other'`,
  ]) {
    await capture()
    await db.run(`update drill.baselines set ${other}`)
    assert.equal(carried(await capture()), [], other)
  }
  await db.run('alter table s.t add column second timestamptz', 'delete from drill.baselines')
  await capture()
  await db.run(`select drill.register_critical_relation('s.t', 'second', true)`)
  assert.equal(carried(await capture()), [])
})

test('never without counting, nor after the counters began anew', async () => {
  await capture()
  assert.equal(carried(await capture(undefined, 'set track_counts = off')), [])
  // That one had no marks to go by.
  assert.equal(carried(await capture()), [])
  assert.equal(carried(await capture()), closed)
  await session('select pg_stat_reset()')
  assert.equal(carried(await capture()), [])
  assert.equal(carried(await capture()), closed)
  await session(`select pg_stat_reset_single_table_counters('s.t_06'::regclass)`)
  assert.ok(!carried(await capture()).includes('s.t_06'))
})

test('what the capturing transaction itself wrote is measured, and so is it the next time', async () => {
  await capture()
  const sql = db.cluster.connect(db.target.connection.database)
  await sql.unsafe(`set drill.now = '${nextMoment()}'`)
  const id = await sql.begin(async (transaction) => {
    await transaction`select pg_stat_get_tuples_inserted('s.t_06'::regclass)`
    await transaction`delete from s.t_06 where id = 3`
    const [row] = await transaction`select drill.capture_baseline(null, 'full')::text as id`
    return row?.['id']
  })
  const [bucket] = await sql`
    select row_count::text, is_carried from drill.baseline_buckets where baseline_id = ${id} and bucket_name = 's.t_06'`
  assert.equal({ ...bucket }, { row_count: '9', is_carried: false })
  // At once, in the same session: its counters are not reported yet.
  const [again] = await sql`
    select row_count::text, is_carried from drill.baseline_buckets
    where baseline_id = (select drill.capture_baseline(null, 'full')) and bucket_name = 's.t_06'`
  assert.equal(again === undefined ? undefined : { ...again }, undefined, 'a statement does not see what it stores')
  await sql.end()
  const third = await capture()
  assert.is(third.find((one) => one.bucket_name === 's.t_06')?.row_count, '9')
})

test('one snapshot for the whole transaction: what is written after it began is not lost by the next capture', async () => {
  const sql = db.cluster.connect(db.target.connection.database)
  await sql.unsafe(`set drill.now = '${nextMoment()}'`)
  await sql.begin('isolation level repeatable read', async (transaction) => {
    await transaction`select 1`
    await db.run('delete from s.t_06 where id = 3')
    await settled(1)
    await transaction`select drill.capture_baseline(null, 'full')`
  })
  await sql.end()
  const next = await capture()
  assert.is(next.find((bucket) => bucket.bucket_name === 's.t_06')?.row_count, '9')
  assert.equal(carried(next), [])
})

test('a partition of two registered tables is taken over for each by its own', async () => {
  await db.run(
    'create table s.y (at timestamptz) partition by range (at)',
    `create table s.y_26 partition of s.y for values from ('2026-01-01') to ('2026-09-01')`,
    `insert into s.y values ('2026-03-03T10:00Z')`,
    `select drill.register_critical_relation('s.y', 'at', true)`,
  )
  await capture()
  await db.run(`select drill.register_critical_relation('s.y_26', 'at', true)`)
  await capture()
  const stored = await db.query<Record<string, unknown>>(
    `select relation_name || ': ' || bucket_name as name, is_carried from drill.baseline_buckets
     where baseline_id = drill._newest_baseline() and relation_name like 's.y%' order by 1`,
  )
  assert.equal(
    stored.map((row) => ({ ...row })),
    [
      { name: 's.y: s.y_26', is_carried: true },
      { name: 's.y_26: s.y_26 2026-03', is_carried: false },
    ],
  )
})

/** Everything that the newest baseline holds, but for what says how it came by it. */
async function held(): Promise<unknown[]> {
  return await db.query(
    `select 'bucket' as kind, to_jsonb(k) - 'baseline_id' - 'is_carried' - 'change_mark' as fact
     from drill.baseline_buckets as k where k.baseline_id = drill._newest_baseline()
     union all
     select 'tenant', to_jsonb(t) - 'baseline_id'
     from drill.baseline_tenants as t where t.baseline_id = drill._newest_baseline()
     order by kind, fact`,
  )
}

/** What a capture at a moment takes over, partitions as buckets and as tenants; nothing of it stays. */
async function taken(time: string): Promise<{ carried_names: string[]; carried_tenant_names: string[] }> {
  await settled()
  const [row] = (
    await db.query<{ begun: { carried_names: string[]; carried_tenant_names: string[] } }[]>(
      `begin; set local drill.now = '${time}'; select drill._begin_baseline(null, 'full', false) as begun; rollback`,
    )
  ).flat()
  return (row as unknown as { begun: { carried_names: string[]; carried_tenant_names: string[] } }).begun
}

test('days that were taken over become months and whole partitions, as if they had been measured then', async () => {
  // The key is not the timestamp, so a partition may hold rows of any time.
  await db.run(
    'create table s.p (month date not null, at timestamptz, tenant integer, x text) partition by range (month)',
    ...['07', '08', '09', '10', '11'].map(
      (month, i) =>
        `create table s.p_${month} partition of s.p for values from ('2026-${month}-01') to ('2026-${String(8 + i).padStart(2, '0')}-01')`,
    ),
    `insert into s.p select date_trunc('month', m)::date, a, i, 'x' || i
     from unnest(array['2026-07-05', '2026-08-05', '2026-09-05', '2026-10-05']::timestamptz[]) as m,
       generate_series(1, 4) as i,
       unnest(array[m, m + interval '3 days', m + interval '40 days', m + interval '8 months', m - interval '2 years', null, 'infinity', '-infinity', '0044-03-15 BC', '12026-01-01']::timestamptz[]) as a`,
    `select drill.register_critical_relation('s.p', 'at', true, p_tenant_column => 'tenant')`,
  )
  const moments = ['2026-11-20', '2026-11-28', '2026-12-20', '2027-01-20', '2027-02-20', '2027-06-20', '2027-07-20']
  let last = 0
  for (const moment of moments) {
    const at = `set drill.now = '${moment}T10:00Z'`
    const before = (await taken(`${moment}T10:00Z`)).carried_names.filter((name) => name.startsWith('s.p '))
    await capture(`p_depth => 'full'`, at)
    const [row] = await db.query<{ n: number }>(
      `select count(distinct partition_name)::integer as n from drill.baseline_buckets
       where baseline_id = drill._newest_baseline() and relation_name = 's.p' and is_carried`,
    )
    assert.is(row?.n, before.length, moment)
    last = before.length
    const carriedOver = await held()
    await capture(`p_depth => 'full', p_is_complete => true`, `set drill.now = '${moment}T10:00:01Z'`)
    assert.equal(carriedOver, await held(), moment)
    await db.run('delete from drill.baselines where baseline_id = drill._newest_baseline()')
  }
  assert.is(last, 5)
  // Back in time months would have to be cut into days; two partitions were one bucket then already.
  await capture(`p_depth => 'full'`, `set drill.now = '2027-07-20T11:00Z'`)
  assert.equal(
    (await taken('2026-11-20T12:00Z')).carried_names.filter((name) => name.startsWith('s.p ')),
    ['s.p s.p_07', 's.p s.p_08'],
  )
})

test('the newest closed partition is taken over, the one of now and tables without partitions never', async () => {
  await db.run(
    'create table s.plain (at timestamptz)',
    `insert into s.plain values ('2026-05-05T10:00Z')`,
    `create table s.t_10 partition of s.t for values from ('2026-10-01') to ('2026-11-01')`,
    'create table s.t_rest partition of s.t default',
    `insert into s.t select '2026-10-31T23:00Z', i, 'x', 'sad' from generate_series(1, 3) as i`,
    `select drill.register_critical_relation('s.plain', 'at', true)`,
  )
  const at = (time: string) => capture(`p_depth => 'full'`, `set drill.now = '${time}'`)
  const names = async (time: string) => (await taken(time)).carried_names.map((name) => name.replace(/.* /, '')).sort()
  await at('2026-11-01T09:00Z')
  // For a day rows come late.
  assert.equal(await names('2026-11-01T10:00Z'), closed)
  assert.equal(await names('2026-11-02T10:00Z'), [...closed, 's.t_10'])
})

test('tenants are taken over when no closed partition was touched, and are those that would be counted', async () => {
  const tenants = async () =>
    await db.query<{ tenant_key: string; n: string; closed: string }>(
      `select tenant_key, row_count::text as n, closed_row_count::text as closed from drill.baseline_tenants
       where baseline_id = drill._newest_baseline() and relation_name = 's.t' order by tenant_key`,
    )
  const soon = '2026-11-23T12:00Z'
  await capture()
  assert.ok((await tenants()).every(({ n, closed }) => n === '4' && closed === '3'))
  const all = closed.map((name) => `s.t ${name}`)
  assert.equal((await taken(soon)).carried_tenant_names.sort(), all)
  // Into the open partition, of a tenant of old, of a new one, and one that is gone from there.
  await session(
    `insert into s.t values ('2026-11-20T10:00Z', 1, 'x', 'sad'), ('2026-11-20T10:00Z', 99, 'x', 'sad')`,
    `delete from s.t where id = 2 and at >= '2026-11-01'`,
  )
  assert.equal((await taken(soon)).carried_tenant_names.sort(), all)
  const same = async () => {
    const found = await held()
    await capture(`p_depth => 'full', p_is_complete => true`)
    assert.equal(found, await held())
  }
  await capture()
  await same()
  assert.equal((await tenants()).map(({ n, closed }) => `${n} ${closed}`).sort(), [
    '1 0',
    '3 3',
    ...Array(8).fill('4 3'),
    '5 3',
  ])
  // One closed partition touched: all are counted anew, and the next time none.
  await session('delete from s.t_06 where id = 3')
  assert.equal((await taken(soon)).carried_tenant_names, [])
  await capture()
  await same()
  assert.equal((await taken(soon)).carried_tenant_names.sort(), all)
  // One closed partition more is counted by itself.
  const later = '2027-01-23T12:00Z'
  assert.equal((await taken(later)).carried_names.sort(), [...all, 's.t s.t_11'])
  assert.equal((await taken(later)).carried_tenant_names.sort(), all)
  await capture(`p_depth => 'full'`, `set drill.now = '${later}'`)
  assert.equal((await taken('2027-01-23T13:00Z')).carried_tenant_names.sort(), [...all, 's.t s.t_11'])
  // One that retention dropped: the sum of all is of no use.
  await session('drop table s.t_05')
  assert.equal((await taken('2027-01-23T13:00Z')).carried_tenant_names, [])
  for (const change of ['p_is_tenant_shown => true', `p_tenant_column => 'name'`]) {
    await capture(`p_depth => 'full'`, `set drill.now = '${later}'`)
    await db.run(
      `select drill.register_critical_relation('s.t', 'at', true, ${change.includes('column') ? '' : `p_tenant_column => 'id', `}${change})`,
    )
    assert.equal((await taken('2027-01-23T13:00Z')).carried_tenant_names, [], change)
  }
})

test('old baselines are deleted, never the newest of a depth and of a server', async () => {
  const at = async (time: string, depth: string) =>
    await capture(`'${time.slice(0, 10)} ${depth}', '${depth}'`, `set drill.now = '${time}'`)
  await at('2024-01-01T10:00Z', 'full')
  await at('2024-02-01T10:00Z', 'full')
  await at('2025-01-01T10:00Z', 'standard')
  await at('2025-10-20T10:00Z', 'standard')
  await db.run(
    `insert into drill.baselines select (jsonb_populate_record(b, jsonb_build_object('baseline_id', gen_random_uuid(), 'label', 'elsewhere', 'timeline_id', 7))).*
     from drill.baselines as b where b.label = '2024-02-01 full'`,
  )
  await at('2026-11-23T10:00Z', 'standard')
  const labels = await db.query<{ label: string }>('select label from drill.baselines order by label collate "C"')
  assert.equal(
    labels.map((row) => row.label),
    ['2024-02-01 full', '2025-10-20 standard', '2026-11-23 standard', 'elsewhere'],
  )
  await db.run(`update drill.policy set policy_value = '0' where policy_name = 'baseline_retention'`)
  await at('2026-11-24T10:00Z', 'full')
  await db.run(`update drill.policy set policy_value = '400 days' where policy_name = 'baseline_retention'`)
  assert.equal(
    (await db.query<{ label: string }>('select label from drill.baselines order by label collate "C"')).map(
      (row) => row.label,
    ),
    ['2026-11-23 standard', '2026-11-24 full', 'elsewhere'],
  )
  const orphans = await db.query(
    'select from drill.baseline_buckets as b where not exists (select from drill.baselines as n where n.baseline_id = b.baseline_id)',
  )
  assert.is(orphans.length, 0)
})

test.run()
