import * as assert from 'uvu/assert'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { insertDrill } from './drills.ts'

const test = suite('drill.verify_cadence')
const now = '2026-11-23T12:00:00Z'
let db: Scratch

test.before(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
})
test.before.each(() =>
  db.run(
    'delete from drill.drills',
    'delete from drill.incidents',
    'delete from drill.baselines',
    'delete from drill.heartbeats',
    `update drill.installation set installed_at = '2026-01-10T09:00:00Z'`,
    `update drill.drill_policy set is_app_required = true, drill_every = null`,
  ),
)
test.after(() => db?.drop())

/** The rows as `name standing`, at a moment, after some statements of the same session. */
async function standings(at = now, ...statements: string[]): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const statement of [`set drill.now = '${at}'`, ...statements]) await sql.unsafe(statement)
    const rows = await sql.unsafe(`select r.object_name, r.status, r.actual #>> '{}' as standing
      from drill.verify_cadence() as r`)
    return rows.map((row) => `${row['object_name']} ${row['standing']}`)
  } finally {
    await sql.end()
  }
}

/** A baseline and a heartbeat of the moment, and a good drill against that baseline. */
async function allDone(): Promise<void> {
  await db.run(
    `set drill.now = '2026-11-23T11:59:00Z'; select drill.capture_baseline()`,
    insertDrill({ baseline_id: '(select b.baseline_id from drill.baselines as b)' }),
  )
}

test('one row per obligation, always', async () => {
  assert.equal(await standings(), [
    'quarterly_drill broken',
    'drill_after_schema_change unknown',
    'drill_after_incident met',
    'rpo unknown',
    'rto unknown',
    'retention unknown',
    'baseline broken',
    'heartbeat broken',
  ])
})

test('a good drill, a baseline and a heartbeat meet all but the retention, of which nothing is recorded', async () => {
  await allDone()
  assert.equal(await standings(), [
    'quarterly_drill met',
    'drill_after_schema_change met',
    'drill_after_incident met',
    'rpo met',
    'rto met',
    'retention unknown',
    'baseline met',
    'heartbeat met',
  ])
})

test('a schema change and an incident make one due; a drill after them does not', async () => {
  await allDone()
  await db.run('create table public.notes (id integer); alter table public.notes enable row level security')
  const found = await standings(now, `select drill.record_incident('2026-11-20T04:30:00Z', 'rows gone')`)
  assert.equal(found.slice(0, 3), ['quarterly_drill met', 'drill_after_schema_change due', 'drill_after_incident due'])
  await db.run(
    `set drill.now = '2026-11-23T11:00:00Z'; select drill.capture_baseline()`,
    insertDrill({
      drill_id: `'later'`,
      started_at: `'2026-11-22T08:00:00Z'`,
      finished_at: `'2026-11-22T12:00:00Z'`,
      baseline_id: `(select b.baseline_id from drill.baselines as b where b.captured_at = '2026-11-23T11:00:00Z')`,
    }),
  )
  assert.equal((await standings()).slice(0, 3), [
    'quarterly_drill met',
    'drill_after_schema_change met',
    'drill_after_incident met',
  ])
  await db.run('drop table public.notes')
})

test('recorded backups are judged by the check of retention', async () => {
  await allDone()
  const record = (backups: object[]) => {
    const held = {
      sources: [{ source: 'dumps', format: 'json', read_at: '2026-11-23T11:00:00Z', keeps_days: null, window: null }],
      backups,
    }
    return db.run(`select drill.record_backups('${JSON.stringify(held)}'::jsonb)`)
  }
  await record([])
  assert.ok(['retention broken', 'retention unknown'].includes((await standings())[5] as string))
  const day = 86_400_000
  const daily = Array.from({ length: 400 }, (_, age) => {
    const at = new Date(Date.parse('2026-11-23T03:00:00Z') - age * day).toISOString()
    return {
      source: 'dumps',
      id: at,
      kind: 'full',
      started_at: at,
      finished_at: at,
      usable: 'yes',
      reason: null,
      depends_on: [],
      bytes: '1000',
      is_pinned: false,
      position: age,
      times_listed: 1,
    }
  })
  await record(daily)
  assert.is((await standings())[5], 'retention met')
  await record(daily.filter((_, age) => age !== 12))
  assert.is((await standings())[5], 'retention broken')
  await db.run('delete from drill.backup_inventories')
  assert.is((await standings())[5], 'retention unknown')
})

test('an interval of the policy, in months, days and hours', async () => {
  await allDone()
  await db.run(`update drill.drill_policy set drill_every = '1 year 2 months 3 days 04:05:06'`)
  const [row] = await db.query<{ every: unknown }>(
    `select drill.get_cadence_facts() #> '{drill_policy,drill_every}' as every`,
  )
  assert.equal(row?.every, { months: 14, days: 3, seconds: 14_706 })
  assert.is((await standings('2027-12-08T16:05:05Z'))[0], 'quarterly_drill due')
  assert.is((await standings('2027-12-08T16:05:06Z'))[0], 'quarterly_drill broken')
})

test('times of drills are durations in seconds', async () => {
  await db.run(insertDrill({ recovery_time: `'1 day 02:00'`, data_loss: `'00:00:30.5'` }))
  const [row] = await db.query<{ drill: Record<string, unknown> }>(
    `select drill.get_cadence_facts() #> '{drills,0}' as drill`,
  )
  assert.is(row?.drill['recovery_time'], 93_600)
  assert.is(row?.drill['data_loss'], 30.5)
})

test('what has not come yet is no evidence', async () => {
  await allDone()
  const found = await standings('2026-10-01T00:00:00Z')
  assert.is(found[0], 'quarterly_drill broken')
  assert.equal(found.slice(-2), ['baseline broken', 'heartbeat broken'])
})

test('the zone of the session changes nothing', async () => {
  await allDone()
  for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
    assert.is((await standings('2027-03-31T23:59:59Z', `set timezone = '${zone}'`))[0], 'quarterly_drill due')
    assert.is((await standings('2027-04-01T00:00:00Z', `set timezone = '${zone}'`))[0], 'quarterly_drill broken')
  }
})

test('a lost policy is an error, not a default', async () => {
  await db.run(`delete from drill.policy where policy_name = 'clock_skew'`)
  const error = await db.query('select * from drill.verify_cadence()').catch((thrown) => thrown)
  await db.run(`insert into drill.policy values ('clock_skew', '5 minutes', 'x')`)
  assert.is(error.code, 'RD008')
})

test('assert: RD001 when something is due or broken, RD002 when something is unknown', async () => {
  const code = async () => {
    const answer = db.query(`select set_config('drill.now', '${now}', false); select drill.assert_cadence()`)
    return (
      await answer.then(
        () => undefined,
        (error) => error,
      )
    )?.code
  }
  assert.is(await code(), 'RD001')
  await allDone()
  assert.is(await code(), 'RD002')
})

test('incidents: recorded once, newest first, with the drill that answered them', async () => {
  await allDone()
  const record = (time: string, what: string) =>
    db.query<{ id: string }>(
      `select set_config('drill.now', '${now}', false); select drill.record_incident(${time}, ${what})::text as id`,
    ) as unknown as Promise<{ id: string }[][]>
  const first = await record(`'2026-10-01T00:00:00Z'`, `' rows gone '`)
  const again = await record(`'2026-10-01T02:00:00+02'`, `'rows gone'`)
  assert.is(first.at(-1)?.[0]?.id, again.at(-1)?.[0]?.id)
  await record(`'2026-11-01T00:00:00Z'`, `'more gone'`)
  const rows = (await db.query(
    `select set_config('drill.now', '${now}', false); select i.what, i.drill_id from drill.list_incidents() as i`,
  )) as unknown as { what: string; drill_id: string | null }[][]
  assert.equal(
    rows.at(-1)?.map(({ what, drill_id }) => [what, drill_id]),
    [
      ['more gone', null],
      ['rows gone', 'd1'],
    ],
  )
})

for (const [name, time, what] of [
  ['no time', 'null', `'x'`],
  ['no words', `'2026-11-01T00:00:00Z'`, 'null'],
  ['empty words', `'2026-11-01T00:00:00Z'`, `E' \\n'`],
  ['the future', `'2026-11-23T12:05:01Z'`, `'x'`],
  ['no moment', `'-infinity'`, `'x'`],
] as const) {
  test(`an incident is refused: ${name}`, async () => {
    const error = await db
      .query(`select set_config('drill.now', '${now}', false); select drill.record_incident(${time}, ${what})`)
      .catch((thrown) => thrown)
    assert.is(error.code, 'RD007')
  })
}

test.run()
