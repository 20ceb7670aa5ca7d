import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('recovery point')
let db: Scratch
const now = ["set drill.now = '2026-11-23T12:00:00Z'"]

interface Point {
  recovery_point: Date | null
  source: string | null
  is_exact: boolean
  newest_data_relation: string | null
}

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(
    'create schema s',
    'create table s.log (at timestamptz)',
    'create table s.state (at timestamptz)',
    `select drill.register_critical_relation('s.log', 'at', true)`,
    `select drill.register_critical_relation('s.state', 'at', false)`,
  )
})
test.before.each(() => db.run('truncate s.log, s.state, drill.heartbeats'))
test.after(() => db.drop())

/** Heartbeats of another server (production) at these times. */
async function beats(...times: string[]): Promise<void> {
  await db.run(
    ...times.map(
      (time) =>
        `insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id, started_at, database_name) values ('2026-11-23T${time}Z', '0/1', 42, 1, '2026-01-01Z', 'production')`,
    ),
  )
}

async function point(argument = ''): Promise<string> {
  const rows = await db.query<Point>(
    `select set_config('drill.now', '2026-11-23T12:00:00Z', false); select * from drill.recovery_point(${argument})`,
  )
  const row = (rows as unknown as Point[][]).at(-1)?.[0] as Point
  return `${row.recovery_point?.toISOString().slice(11, 16) ?? 'none'} ${row.source} ${row.is_exact ? 'exact' : 'bound'}`
}

test('regular heartbeats tell it exactly, whatever the rows say', async () => {
  await beats('11:00', '11:01', '11:02', '11:03')
  await db.run(`insert into s.log values ('2026-11-23T11:40Z')`)
  assert.is(await point(), '11:03 heartbeat exact')
})

test('rare heartbeats are a lower bound; a later row of an append-only relation proves more', async () => {
  await beats('01:00', '02:00', '03:00')
  assert.is(await point(), '03:00 heartbeat bound')
  await db.run(`insert into s.log values ('2026-11-23T11:40Z')`)
  assert.is(await point(), '11:40 data bound')
  assert.is(await point('false'), '03:00 heartbeat bound')
})

test('rows of mutable relations and rows from the future prove nothing', async () => {
  await beats('03:00')
  await db.run(`insert into s.state values ('2026-11-23T11:40Z')`, `insert into s.log values ('2026-11-24T00:00Z')`)
  assert.is(await point(), '03:00 heartbeat bound')
})

test('without any evidence it is unknown', async () => {
  assert.is(await point(), 'none null bound')
  await db.run(`insert into s.log values ('2026-11-23T11:40Z')`)
  assert.is(await point(), '11:40 data bound')
})

test('heartbeats that the copy wrote itself do not count', async () => {
  await beats('11:00', '11:01', '11:02', '11:03')
  await db.run(
    ...['11:30', '11:31', '11:32'].map(
      (time) => `set drill.now = '2026-11-23T${time}Z'; select drill.record_heartbeat()`,
    ),
  )
  assert.is(await point(), '11:03 heartbeat exact')
})

test('in production itself its own heartbeats count', async () => {
  await db.run(
    ...['11:30', '11:31', '11:32'].map(
      (time) => `set drill.now = '2026-11-23T${time}Z'; select drill.record_heartbeat()`,
    ),
  )
  assert.is(await point(), '11:32 heartbeat exact')
})

test('recording forgets what is older than the policy, and two at once are one', async () => {
  await beats('11:00')
  await db.run(
    `set drill.now = '2026-11-30T11:00:00Z'; select drill.record_heartbeat(); select drill.record_heartbeat()`,
  )
  assert.equal(await db.query('select count(*)::integer as n from drill.heartbeats'), [{ n: 2 }])
  await db.run(`set drill.now = '2026-11-30T11:00:01Z'; select drill.record_heartbeat()`)
  assert.equal(
    (await db.query<{ at: string }>('select beat_at::text as at from drill.heartbeats order by 1')).map((row) =>
      row.at.slice(0, 19),
    ),
    ['2026-11-30 11:00:00', '2026-11-30 11:00:01'],
  )
})

test('RPO: within, beyond, unknown, after the failure, rare heartbeats', async () => {
  const verdict = async (call: string) => (await checkLines(db, call, now)).join().slice(0, 60)
  assert.match(await verdict('drill.verify_recovery_point()'), /^error -: the recovery point is unknown/)
  await beats('11:00', '11:01', '11:02', '11:03')
  assert.match(await verdict('drill.verify_recovery_point()'), /^pass/)
  assert.match(await verdict(`drill.verify_recovery_point('2026-11-24T11:03:00Z')`), /^pass/)
  assert.match(
    await verdict(`drill.verify_recovery_point('2026-11-24T11:03:01Z')`),
    /^fail -: the data reaches only to/,
  )
  assert.match(await verdict(`drill.verify_recovery_point('2026-11-23T10:00:00Z')`), /^fail -: the data reaches to/)
  await db.run('truncate drill.heartbeats')
  await beats('01:00')
  assert.match(
    await verdict(`drill.verify_recovery_point('2026-11-25T00:00:00Z', false)`),
    /^error -: the newest heartbeat/,
  )
  assert.match(await verdict(`drill.verify_recovery_point('2026-11-25T00:00:00Z', true)`), /^fail/)
})

test('a missing policy is an error, not a default', async () => {
  await beats('11:00', '11:01', '11:02', '11:03')
  const code = await db
    .run(`begin; delete from drill.policy where policy_name = 'rpo'; select drill.verify_recovery_point()`)
    .then(
      () => 'none',
      (error) => error.code,
    )
  assert.is(code, 'RD008')
})

test.run()
