// From the installation to the verdict without a superuser: as on Supabase one role may make roles and owns the application,
// one captures, one verifies, and none has more than pgdrill says that it needs.

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { migrateDown, migrateUp } from '../../src/database/migrations.ts'
import { assertCode, type Outcome, Workplace } from '../cli/program.ts'
import { application, ask, giveEverythingTo } from '../migrations/application.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('roles/least-privilege')
const place = new Workplace()
let own: OwnCluster
let baseline = ''

test.before(async () => {
  own = await startOwnCluster('least')
  await own.createDatabase('app')
  await own.use('app', (sql) =>
    sql.unsafe(
      `${application}; create role installer login createrole bypassrls; create role modest login; ${giveEverythingTo('installer')}`,
    ),
  )
  await own.use('app', (sql) =>
    sql.unsafe(`
      insert into public.sites (public_id, user_id, domain, name)
        select 's' || n, gen_random_uuid(), 'd' || n, 'n' from generate_series(1, 5) as n;
      insert into public.sessions (id, site_id) select gen_random_uuid(), s.id from public.sites as s`),
  )
})
test.after(async () => {
  place.remove()
  await own?.drop()
})

const urlOf = (database: string, user: string, query = '') =>
  `${own.cluster.url(database).replace('postgres@', `${user}@`)}${query}`

function run(args: string[], environment: Record<string, string>): Promise<Outcome> {
  return place.run(args, { HOME: place.directory, ...environment })
}

const rowsOf = (outcome: Outcome) => JSON.parse(outcome.stdout).results as CheckResult[]
const errorsOf = (outcome: Outcome) => rowsOf(outcome).filter((row) => row.status === 'error')

test('installed by somebody who may make roles and is no superuser: the roles are there', async () => {
  await migrateUp(own.target('app', 'installer'))
  for (const role of ['drill_reader', 'drill_owner']) {
    const attributes = `select concat_ws(',', rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls, rolreplication)
      from pg_roles where rolname = '${role}'`
    assert.is(await ask(own, 'app', attributes), 'f,f,f,f,f,f', role)
  }
})

test('what the owner of baselines lacks is told, and with it drill_owner captures', async () => {
  await own.use('postgres', (sql) => sql.unsafe('create role capturer login in role drill_owner'))
  const refused = await run(['baseline', 'capture', '-t', 'app'], { APP_DATABASE_URL: urlOf('app', 'capturer') })
  assertCode(refused, 2)
  assert.match(refused.stderr, /grant (usage|select) on .* to capturer/)
  const told = await run(['migrate', 'roles', '-t', 'app', '--role', 'capturer'], {
    APP_DATABASE_URL: urlOf('app', 'installer'),
  })
  assertCode(told, 0)
  assert.not.match(told.stdout, /drill_reader/, 'a member of drill_owner has the rights in schema drill')
  await own.use('app', (sql) => sql.unsafe(told.stdout))
  const captured = await run(['baseline', 'capture', '-t', 'app', '--depth', 'full', '-j', '2'], {
    APP_DATABASE_URL: urlOf('app', 'capturer'),
  })
  assertCode(captured, 0)
  baseline = `verify/baselines/${readdirSync(place.path('verify', 'baselines'))[0]}`
  // Through set role it is the same.
  await own.use('app', (sql) => sql.unsafe('alter role drill_owner bypassrls; grant drill_owner to modest'))
  const grants = await own.use('app', (sql) =>
    sql.unsafe(`select statement from drill.list_missing_grants('drill_owner')`),
  )
  await own.use('app', (sql) => sql.unsafe(grants.map((row) => `${row['statement']};`).join('\n')))
  const become = '?options=-c%20role%3Ddrill_owner'
  const second = await run(['baseline', 'capture', '-t', 'app', '-o', 'second.json'], {
    APP_DATABASE_URL: urlOf('app', 'modest', become),
  })
  assertCode(second, 0)
})

test('drill_reader verifies a restored copy, at every depth, with what it is told to lack and nothing else', async () => {
  await own.createDatabase('copy', 'app')
  // A grant on a database is not copied with it.
  await own.use('copy', (sql) =>
    sql.unsafe(
      'grant create on database copy to installer; create role verifier login; grant drill_reader to verifier',
    ),
  )
  const verify = (...more: string[]) =>
    run(['verify', '-t', 'copy', '-b', place.path(baseline), '--no-proof', '--format', 'json', ...more], {
      COPY_DATABASE_URL: urlOf('copy', 'verifier'),
      PRODUCTION_DATABASE_URL: urlOf('app', 'verifier'),
    })
  const first = await verify()
  assert.equal(
    rowsOf(first).filter((row) => row.status === 'fail'),
    [],
    'what cannot be seen is no failure',
  )
  assertCode(first, 2)
  const lacking = errorsOf(first)
  assert.ok(lacking.length > 5)
  for (const row of lacking) {
    assert.match(`${row.detail} ${row.hint}`, /grant|bypassrls/i, JSON.stringify(row))
    assert.match(`${row.detail} ${row.hint}`, /verifier/, JSON.stringify(row))
  }

  const told = await run(['migrate', 'roles', '-t', 'copy', '--role', 'verifier'], {
    COPY_DATABASE_URL: urlOf('copy', 'verifier'),
  })
  assertCode(told, 0)
  const [toRead = '', toWrite = ''] = told.stdout.split(/^-- guards_fire.*$/m)
  assert.not.match(toRead, /insert|update|delete/i)
  await own.use('copy', (sql) => sql.unsafe(toRead))
  for (const depth of ['quick', 'standard', 'full']) {
    const looked = await verify('-d', depth)
    const left = errorsOf(looked).filter((row) => !['guards_fire', 'amcheck'].includes(row.check_name))
    assert.equal(left, [], depth)
    assertCode(looked, depth === 'quick' ? 0 : 2)
    const guards = errorsOf(looked).filter((row) => row.check_name === 'guards_fire')
    assert.is(guards.length, depth === 'quick' ? 0 : 2)
    for (const row of guards) assert.match(row.hint ?? '', /grant select, insert on public\.\w+ to verifier/)
  }

  await own.use('copy', (sql) => sql.unsafe(toWrite))
  const whole = await verify()
  assertCode(whole, 0)
  assert.ok(rowsOf(whole).some((row) => row.check_name === 'guards_fire' && row.status === 'pass'))
  const nothing = await run(['migrate', 'roles', '-t', 'copy', '--role', 'verifier'], {
    COPY_DATABASE_URL: urlOf('copy', 'verifier'),
  })
  assertCode(nothing, 0)
  assert.is(nothing.stdout, '')
  assert.match(nothing.stderr, /nothing to do/)
})

test('each grant that is told is needed: without it something cannot be looked at', async () => {
  const statements = await own.use('copy', async (sql) => {
    await sql.unsafe('create role bare login; grant drill_reader to bare')
    return (await sql.unsafe("select statement from drill.list_missing_grants('bare')")).map((row) => row['statement'])
  })
  await own.use('copy', (sql) => sql.unsafe(statements.join(';')))
  const verify = () =>
    run(['verify', '-t', 'copy', '-b', place.path(baseline), '--no-proof', '--format', 'json', '-d', 'full'], {
      COPY_DATABASE_URL: urlOf('copy', 'bare'),
      PRODUCTION_DATABASE_URL: urlOf('app', 'bare'),
    })
  const without = async () => errorsOf(await verify()).filter((row) => row.check_name !== 'amcheck').length
  assert.is(await without(), 0)
  // One of each kind: the whole list would take minutes. No event has been stored, so no guard needs to insert one.
  const kinds = new Map(
    statements
      .filter((one: string) => !/insert on public.events/.test(one))
      .map((one: string) => [one.replace(/[\w.]+_\d{4}_\d{2}|public\.\w+/, ''), one]),
  )
  for (const statement of kinds.values()) {
    const undo = statement
      .replace(/^grant/, 'revoke')
      .replace(/ to (\w+)$/, ' from $1')
      .replace(' bypassrls', ' nobypassrls')
    await own.use('copy', (sql) => sql.unsafe(undo))
    assert.ok((await without()) > 0, statement)
    await own.use('copy', (sql) => sql.unsafe(statement))
  }
})

test('somebody who may not make roles installs all the same, and an administrator makes them later', async () => {
  const other = await startOwnCluster('modest')
  try {
    await other.createDatabase('app')
    await other.use('app', (sql) =>
      sql.unsafe(`${application}; create role modest login; ${giveEverythingTo('modest')}`),
    )
    await migrateUp(other.target('app', 'modest'))
    const there = "select count(*)::int from pg_roles where rolname ~ '^drill_'"
    assert.is(await ask(other, 'app', there), 0)
    const url = other.cluster.url('app').replace('postgres@', 'modest@')
    const before = await run(['migrate', 'roles'], {})
    assertCode(before, 0)
    assert.match(before.stdout, /create role/)
    const told = await run(['migrate', 'roles', '-t', 'app'], { APP_DATABASE_URL: url })
    assertCode(told, 0)
    await other.use('app', (sql) => sql.unsafe(told.stdout))
    assert.is(await ask(other, 'app', there), 2)
    assert.is(await ask(other, 'app', "select count(*)::int from drill.list_missing_grants('drill_reader')"), 0)
    const counts = "select count(*)::int from drill.verify_critical_relations() where status = 'error'"
    assert.is(await ask(other, 'app', counts, 'drill_reader'), 0)
    assert.is(await ask(other, 'app', 'select drill.capture_baseline() is not null', 'modest'), true)
    // The roles stay, and nothing that they hold stands in the way.
    await migrateDown(other.target('app', 'modest'), true)
    assert.is(await ask(other, 'app', there), 2)
  } finally {
    await other.drop()
  }
})

test('a role that does not exist lacks everything, itself first', async () => {
  const first = await ask(own, 'app', "select statement from drill.list_missing_grants('no one')")
  assert.is(first, 'create role "no one" nologin')
})

test.run()
