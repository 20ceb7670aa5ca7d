import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('recovery evidence')
let db: Scratch
const now = "set drill.now = '2026-11-23T12:00:00Z'"
const asked = (time: string) => `set drill.restore_point = '2026-11-23T${time}Z'`

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(
    'create schema s',
    'create table s.log (at timestamptz)',
    `select drill.register_critical_relation('s.log', 'at', true)`,
  )
})
test.before.each(() => db.run('truncate s.log, drill.heartbeats'))
test.after(() => db.drop())

/** Heartbeats of another server (production) at these times. */
async function beats(...times: string[]): Promise<void> {
  await db.run(
    `insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id, started_at, database_name)
    select t.beat_at::timestamptz, '0/1', 42, 1, '2026-01-01Z', 'production'
    from unnest('{${times.map((time) => `2026-11-23T${time}Z`)}}'::text[]) as t (beat_at)`,
  )
}

const regular = () => beats('11:00', '11:01', '11:02', '11:03')
const regularAnd = async (time: string) => {
  await regular()
  await row(time)
}
const row = (time: string) => db.run(`insert into s.log values ('2026-11-23T${time}Z')`)

/** What the check says beyond its first row, and that row when it is no pass. */
async function findings(call: string, ...settings: string[]): Promise<string[]> {
  const [first = '', ...others] = await checkLines(db, call, [now, ...settings])
  return first.startsWith('pass ') ? others : [first, ...others]
}
const verify = (...settings: string[]) => findings('drill.verify_recovery_point()', ...settings)

async function evidence(argument = '', ...settings: string[]): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const setting of [now, ...settings]) await sql.unsafe(setting)
    const rows = await sql.unsafe(
      `select source, relation_name, to_char(reached_at at time zone 'UTC', 'HH24:MI') as reached_at, remark
      from drill.list_recovery_evidence(${argument})`,
    )
    return rows.map((e) => `${e['source']} ${e['relation_name']} ${e['reached_at']}: ${e['remark']}`)
  } finally {
    await sql.end()
  }
}

test('each source says something, or why it does not', async () => {
  assert.equal(await evidence(), [
    'heartbeat drill.heartbeats null: production recorded none',
    'data s.log null: null',
    'commit null null: this server does not know: track_commit_timestamp is off',
    'replay null null: no recovery since this server started',
    'operator null null: null',
  ])
  await regular()
  await row('11:02')
  const said = await evidence('', asked('11:03'))
  assert.is(said[0], 'heartbeat drill.heartbeats 11:03: regular: at most 00:01:00 apart')
  assert.is(said[1], 'data s.log 11:02: null')
  assert.is(said[4], 'operator null 11:03: null')
  const quick = await evidence('false')
  assert.is(quick.filter((line) => line.startsWith('data')).length, 0)
})

test('the first row has the numbers of all sources', async () => {
  await regular()
  await row('11:02')
  const [first] = await checkLines(db, 'drill.verify_recovery_point()', [now, asked('11:03')])
  assert.is(
    first,
    'pass -: the data reaches to 2026-11-23 11:03:00+00 (heartbeat): 00:57:00 before the failure point, within the RPO of 24:00:00; ' +
      'newest row of 2026-11-23 11:02:00+00 in s.log (00:58:00 before the failure point), asked for 2026-11-23 11:03:00+00',
  )
})

const good: [string, () => Promise<void>, string[]][] = [
  ['the very moment', () => regularAnd('11:02'), [asked('11:03')]],
  ['rows a minute later, by the clocks of clients', () => regularAnd('11:04'), [asked('11:03')]],
  ['heartbeats a minute later', regular, [asked('11:02')]],
  ['quiet hours with heartbeats', () => regularAnd('03:00'), [asked('11:04')]],
  ['a heartbeat each five minutes', () => beats('11:00', '11:05', '11:10'), [asked('11:19')]],
  ['asked for a moment after the failure', regular, [asked('11:50'), "set drill.failure_point = '2026-11-23T11:04Z'"]],
  ['no heartbeats, rows up to it', () => row('11:02'), [asked('11:03')]],
  ['nothing asked for', () => regularAnd('11:02'), []],
  ['nothing asked for, heartbeats long before the failure', regular, ["set drill.failure_point = '2026-11-24T01:00Z'"]],
  ['nothing asked for, no heartbeats, a quiet night', () => row('01:00'), []],
  ['rows from the future prove nothing', () => regularAnd('23:00'), [asked('11:03')]],
]
for (const [name, prepare, settings] of good) {
  test(`passes: ${name}`, async () => {
    await prepare()
    assert.equal(await verify(...settings), [])
  })
}

const bad: [string, () => Promise<void>, string[], RegExp][] = [
  [
    'heartbeats beyond what was asked for',
    regular,
    [asked('10:57')],
    /^fail -: the database reaches beyond 2026-11-23 10:57:00\+00, to which it was to be restored: newest heartbeat 00:06:00 later \(skew of 00:05:00 allowed\)$/,
  ],
  [
    'rows beyond it',
    () => row('11:10'),
    [asked('11:00')],
    /^fail -: the database reaches beyond .*: newest row of s\.log 00:10:00 later/,
  ],
  [
    'less than asked for',
    regular,
    [asked('11:14')],
    /^fail -: the heartbeats end at 2026-11-23 11:03:00\+00, 00:11:00 before 2026-11-23 11:14:00\+00, .*\(at most 00:10:00 are plausible\): less was recovered/,
  ],
  [
    'less than asked for, without regular heartbeats: perhaps a quiet hour',
    () => row('09:00'),
    [asked('11:00')],
    /^warn -: nothing shows that the database reaches to 2026-11-23 11:00:00\+00, .*: newest row of 2026-11-23 09:00/,
  ],
  [
    'rows go on after the heartbeats',
    () => regularAnd('11:40'),
    [],
    /^warn drill\.heartbeats: the heartbeats end at 2026-11-23 11:03:00\+00, but the database goes on: newest row of s\.log 00:37:00 later$/,
  ],
  [
    'a restore point in the future',
    regular,
    [asked('12:06')],
    /^error -: the restore point that was asked for cannot be compared: 2026-11-23 12:06:00\+00 is in the future$/,
  ],
]
for (const [name, prepare, settings, expected] of bad) {
  test(`finds: ${name}`, async () => {
    await prepare()
    const said = await verify(...settings)
    assert.is(said.length, 1, said.join('\n'))
    assert.match(said[0] ?? '', expected)
  })
}

for (const text of [
  'soon',
  'infinity',
  '-infinity',
  '2026-02-31',
  '2026-11-23T11:00 Nowhere/Land',
  '2026-11-23T99:00Z',
]) {
  test(`finds: ${text} is not a moment`, async () => {
    await regular()
    const said = await verify(`set drill.restore_point = '${text}'`)
    assert.is(said.length, 1)
    assert.match(
      said[0] ?? '',
      /^error -: the restore point that was asked for cannot be compared: '.*' is not a moment$/,
    )
  })
}

test('a moment without a zone is of UTC, whatever the session says', async () => {
  await regular()
  assert.equal(await verify("set timezone = 'Asia/Tokyo'", "set drill.restore_point = '2026-11-23 11:03'"), [])
})

test('at quick no row is read: nothing is said about a lag of rows', async () => {
  await row('09:00')
  await beats('09:00')
  assert.equal(await findings('drill.verify_recovery_point(null, false)', asked('11:00')), [])
})

test('infinite rows are no evidence, and hide none', async () => {
  await db.run(`insert into s.log values ('infinity'), ('-infinity'), (null)`)
  const dated = async () => (await evidence())[1]
  assert.is(await dated(), 'data s.log null: null')
  assert.match((await verify())[0] ?? '', /^error -: the recovery point is unknown/)
  await db.run(`delete from s.log where at = 'infinity'`)
  assert.match((await verify())[0] ?? '', /^error -: the recovery point is unknown/)
  await row('11:02')
  assert.is(await dated(), 'data s.log 11:02: null')
  await db.run(`insert into s.log values ('infinity')`, 'create index on s.log (at)')
  assert.is(await dated(), 'data s.log 11:02: null')
  await db.run('drop index s.log_at_idx')
})

test('the end of a large table is read, not the table; an index makes it exact', async () => {
  await row('11:02')
  await db.run(`insert into s.log select '2026-11-23T10:00Z' from generate_series(1, 20000)`)
  assert.is((await evidence())[1], 'data s.log 10:00: of the last pages only: no index begins with the timestamps')
  await db.run('create index on s.log (at)')
  assert.is((await evidence())[1], 'data s.log 11:02: null')
  await db.run('drop index s.log_at_idx')
})

test('partitions, dates, timestamps without zone, strange names', async () => {
  await db.run(
    `create table s."Dé ""t%I" (day date) partition by range (day)`,
    `create table s.part_1 partition of s."Dé ""t%I" for values from ('2026-11-01') to ('2026-12-01')`,
    `create table s.part_2 partition of s."Dé ""t%I" for values from ('2027-01-01') to ('2027-02-01')`,
    `create table s."part 3" partition of s."Dé ""t%I" default`,
    `insert into s."Dé ""t%I" values ('2026-11-22'), ('2027-01-05'), ('2025-01-01')`,
    `create table s.by_tenant (tenant integer, "at time" timestamp) partition by hash (tenant)`,
    `create table s.tenants partition of s.by_tenant for values with (modulus 1, remainder 0) partition by list (tenant)`,
    `create table s.tenant_1 partition of s.tenants for values in (1)`,
    `create index on s.by_tenant ("at time")`,
    `insert into s.by_tenant values (1, '2026-11-23T10:30')`,
    `select drill.register_critical_relation('s."Dé ""t%I"', 'day', true)`,
    `select drill.register_critical_relation('s.by_tenant', 'at time', true)`,
  )
  const data = async () => (await evidence('', "set timezone = 'Asia/Tokyo'")).filter((line) => line.startsWith('data'))
  assert.equal(await data(), ['data s."Dé ""t%I" 00:00: null', 'data s.by_tenant 10:30: null', 'data s.log null: null'])
  await db.run('drop table s.by_tenant')
  assert.is((await data())[1], 'data s.by_tenant null: does not exist')
  await db.run(`delete from drill.critical_relations where relation_name <> 's.log'`, `drop table s."Dé ""t%I"`)
})

test('who may read the parent only learns nothing of its partitions, and gets no error', async () => {
  const role = `r_${db.target.connection.database}`
  await db.run(
    'create table s.parent (at timestamptz) partition by range (at)',
    `create table s.child partition of s.parent for values from ('2026-11-01') to ('2026-12-01')`,
    `insert into s.parent values ('2026-11-23T11:00Z')`,
    `select drill.register_critical_relation('s.parent', 'at', true)`,
    `create role ${role}`,
    `grant usage on schema s, drill to ${role}`,
    `grant select on s.parent, drill.critical_relations, drill.heartbeats, drill.policy, drill.installation to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
  )
  const said = await evidence('', `set role ${role}`)
  assert.ok(said.includes('data s.parent null: null'), said.join('\n'))
  assert.ok(said.some((line) => line.startsWith('data s.log null: cannot be read: grant select')))
  await db.run(
    `delete from drill.critical_relations where relation_name = 's.parent'`,
    'drop table s.parent',
    `drop owned by ${role}`,
    `drop role ${role}`,
  )
})

test.run()
