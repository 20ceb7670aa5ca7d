// Installing is repeatable, all or nothing; removing leaves a database as it was.

import * as assert from 'uvu/assert'
import { migrateDown, migrateUp, migrationStates, shippedMigrations } from '../../src/database/migrations.ts'
import { until } from '../sandbox/servers.ts'
import { compareCatalogs } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { application, ask, catalogOf, refusal, rpc } from './application.ts'

const test = suite('migrations/up-and-down')
const shipped = shippedMigrations()

let own: OwnCluster
let number = 0

/** A database of its own for a test. */
async function database(template?: string): Promise<string> {
  number++
  await own.createDatabase(`d${number}`, template)
  return `d${number}`
}

test.before(async () => {
  own = await startOwnCluster('migrations')
  await own.createDatabase('application')
  await own.use('application', (sql) => sql.unsafe(application))
})

test.after(() => own?.drop())

test('up installs everything; a second time there is nothing to do', async () => {
  const name = await database('application')
  assert.equal(await migrateUp(own.target(name)), shipped)
  const [catalog, installation] = [
    await catalogOf(own, name),
    await ask(own, name, 'select installation_id from drill.installation'),
  ]
  assert.equal(await migrateUp(own.target(name)), [])
  assert.equal(
    await migrationStates(own.target(name)),
    shipped.map((migration) => ({ name: migration, is_applied: true })),
  )
  assert.equal(compareCatalogs(catalog, await catalogOf(own, name)), [])
  assert.is(await ask(own, name, 'select installation_id from drill.installation'), installation)
})

test('runs at the same time wait for each other and all succeed', async () => {
  const name = await database('application')
  const runs = await Promise.all([1, 2, 3, 4].map(() => migrateUp(own.target(name))))
  assert.equal(
    runs.filter((names) => names.length > 0),
    [shipped],
  )
  assert.is(await ask(own, name, 'select count(*)::int from drill_migrations.applied'), shipped.length)
  assert.is(await ask(own, name, `select ${rpc}`), true)
})

test('a run waits for one that is in the middle of its work', async () => {
  const name = await database('application')
  await own.use(name, async (sql) => {
    await sql.unsafe('drop trigger sessions_set_created_month on public.sessions')
    // The first run creates that trigger and has to wait for this.
    await sql.unsafe('begin; lock table public.sessions in row exclusive mode')
    const order: string[] = []
    const start = (who: string) =>
      migrateUp(own.target(name)).then((names) => {
        order.push(who)
        return names
      })
    const waiting = (type: string) =>
      until(
        `somebody waits for a lock of type ${type}`,
        async () => (await sql`select from pg_catalog.pg_locks where locktype = ${type} and not granted`).length > 0,
        10,
      )
    const first = start('first')
    await waiting('relation')
    const second = start('second')
    await waiting('advisory')
    order.push('let go')
    await sql.unsafe('rollback')
    assert.equal(await Promise.all([first, second]), [shipped, []])
    assert.equal(order, ['let go', 'first', 'second'])
  })
})

for (const [what, template] of [
  ['an empty database', undefined],
  ['the application', 'application'],
] as const) {
  test(`down leaves ${what} as it was`, async () => {
    const name = await database(template)
    const before = await catalogOf(own, name)
    await migrateUp(own.target(name))
    assert.ok(compareCatalogs(before, await catalogOf(own, name)).length > 100)
    assert.equal(await migrateDown(own.target(name), false), shipped.toReversed())
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
    assert.equal(await migrateDown(own.target(name), false), [], 'a second time there is nothing to do')
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
    assert.equal(await migrateUp(own.target(name)), shipped, 'and it can be installed again')
  })
}

test('the comparison before and after would see what stays behind', async () => {
  const name = await database()
  const before = await catalogOf(own, name)
  await own.use(name, (sql) =>
    sql.unsafe('create schema drill_migrations; grant usage on schema public to postgres with grant option'),
  )
  assert.ok(compareCatalogs(before, await catalogOf(own, name)).length > 0)
})

test('down works from every migration', async () => {
  for (const count of shipped.keys()) {
    const name = await database('application')
    const before = await catalogOf(own, name)
    assert.equal(await migrateUp(own.target(name), count + 1), shipped.slice(0, count + 1))
    assert.equal(await migrateDown(own.target(name), false), shipped.slice(0, count + 1).toReversed())
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [], `after ${count + 1}`)
  }
})

test('in steps gives the same as at once', async () => {
  const [steps, once] = [await database('application'), await database('application')]
  for (const _ of shipped) await migrateUp(own.target(steps), 1)
  await migrateUp(own.target(once))
  assert.equal(compareCatalogs(await catalogOf(own, once), await catalogOf(own, steps)), [])
  assert.is(await ask(own, steps, `select ${rpc}`), true)
})

test('down is refused while baselines are stored, unless told', async () => {
  const name = await database('application')
  const before = await catalogOf(own, name)
  await migrateUp(own.target(name))
  const baseline = await ask(own, name, 'select drill.capture_baseline()')
  const installed = await catalogOf(own, name)
  const { name: kind, message, hint } = await refusal(migrateDown(own.target(name), false))
  assert.is(kind, 'CouldNotVerify')
  assert.match(message, 'holds 1 baselines, which would be deleted')
  assert.match(hint ?? '', '--delete-baselines')
  assert.equal(compareCatalogs(installed, await catalogOf(own, name)), [])
  assert.is(await ask(own, name, 'select baseline_id from drill.baselines'), baseline)
  assert.equal(await migrateDown(own.target(name), true), shipped.toReversed())
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('what somebody built on the checks stops the removal with its name, and nothing is removed', async () => {
  const name = await database('application')
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe('create view public.our_report as select * from drill.verify_all()'))
  const installed = await catalogOf(own, name)
  const error = await refusal(migrateDown(own.target(name), false))
  assert.is(error.code, '2BP01')
  assert.match((error as { detail?: string }).detail ?? '', 'our_report')
  assert.equal(compareCatalogs(installed, await catalogOf(own, name)), [])
})

test('a schema drill that is not ours: refused, and nothing is changed', async () => {
  const name = await database('application')
  await own.use(name, (sql) => sql.unsafe('create schema drill create table presses (press_id integer)'))
  const before = await catalogOf(own, name)
  const { name: kind, message } = await refusal(migrateUp(own.target(name)))
  assert.is(kind, 'CouldNotVerify')
  assert.match(message, "the schema drill of the target test is not pgdrill's")
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
  assert.equal(await migrateDown(own.target(name), true), [])
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('our checks without their record, as a dump of one schema restores them: refused, and nothing is changed', async () => {
  const name = await database()
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe('drop schema drill_migrations cascade'))
  const before = await catalogOf(own, name)
  for (const work of [() => migrateUp(own.target(name)), () => migrateDown(own.target(name), true)]) {
    const { name: kind, message } = await refusal(work())
    assert.is(kind, 'CouldNotVerify')
    assert.match(message, 'drill_migrations')
  }
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('a record without the checks is no "nothing to do"', async () => {
  const name = await database()
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe('drop schema drill cascade'))
  for (const work of [() => migrateUp(own.target(name)), () => migrateDown(own.target(name), true)]) {
    const { name: kind, message, hint } = await refusal(work())
    assert.is(kind, 'CouldNotVerify')
    assert.match(message, 'schema drill')
    assert.match(hint ?? '', 'drop schema drill_migrations cascade')
  }
  await own.use(name, (sql) => sql.unsafe('drop schema drill_migrations cascade'))
  assert.equal(await migrateUp(own.target(name)), shipped, 'the way out works')
})

test('checks of a newer pgdrill are not removed by an older one', async () => {
  const name = await database()
  await migrateUp(own.target(name))
  await own.use(name, (sql) =>
    sql.unsafe("insert into drill_migrations.applied (name, run_on) values ('9999_later', now())"),
  )
  const before = await catalogOf(own, name)
  const { name: kind, message } = await refusal(migrateDown(own.target(name), true))
  assert.is(kind, 'CouldNotVerify')
  assert.match(message, '9999_later')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('a run that fails leaves nothing, not even its own record', async () => {
  const name = await database('application')
  await own.use(name, (sql) =>
    sql.unsafe(`drop function ${rpc}; create function ${rpc} returns text language sql as 'select 1'`),
  )
  const before = await catalogOf(own, name)
  assert.is((await refusal(migrateUp(own.target(name)))).code, 'RD009')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('an update that fails leaves what was installed', async () => {
  const name = await database()
  await migrateUp(own.target(name), 1)
  await own.use(name, (sql) => sql.unsafe('create table drill.guards ()'))
  const before = await catalogOf(own, name)
  assert.is((await refusal(migrateUp(own.target(name)))).code, '42P07')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
  assert.equal(
    (await migrationStates(own.target(name))).filter((state) => state.is_applied).map((state) => state.name),
    [shipped[0]],
  )
})

test.run()
