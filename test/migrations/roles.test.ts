// As on Supabase: whoever installs is no superuser but owns schemas and tables, the API roles are there, and default
// privileges grant them whatever is made in schema public.

import * as assert from 'uvu/assert'
import { migrateDown, migrateUp, shippedMigrations } from '../../src/database/migrations.ts'
import { compareCatalogs, listCatalog } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { application, ask, catalogOf, giveEverythingTo, refusal, rpc } from './application.ts'

const test = suite('migrations/roles')
const shipped = shippedMigrations()
const apiRoles = ['anon', 'authenticated', 'service_role']

let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('roles')
  await own.createDatabase('application')
  await own.use('application', (sql) => sql.unsafe(application))
  await own.createDatabase('owned', 'application')
  await own.use('owned', (sql) =>
    sql.unsafe(`create role app_owner login nosuperuser; create role stranger login; ${giveEverythingTo('app_owner')}`),
  )
  // A grant on a database is not copied with it.
  await own.use('postgres', (sql) => sql`create database templated template owned`)
})

test.after(() => own?.drop())

async function ownedDatabase(name: string, change = ''): Promise<string> {
  await own.createDatabase(name, 'owned')
  await own.use(name, (sql) => sql.unsafe(`grant create on database ${name} to app_owner; ${change}`))
  return name
}

test('the owner of schemas and tables installs, uses and removes it', async () => {
  const name = await ownedDatabase('used')
  const target = own.target(name, 'app_owner')
  const before = await catalogOf(own, name)
  assert.equal(await migrateUp(target), shipped)
  assert.equal(await migrateUp(target), [])
  for (const [query, answer] of [
    [`select ${rpc}`, true],
    ["select bool_and(status = 'pass') from drill.verify_partition_triggers()", true],
    ["select bool_and(status = 'pass') from drill.verify_partitions()", true],
    ["select bool_and(status = 'pass') from drill.verify_critical_relations()", true],
    ['select installation_id is not null and system_identifier > 0 from drill.get_identity()', true],
    ['select drill.capture_baseline() is not null', true],
    ["select bool_and(status = 'pass') from drill.verify_row_counts()", true],
    ['select recovery_point is not null from drill.recovery_point()', true],
    ["select jsonb_typeof(drill.export_baseline(null)) = 'object'", true],
    ['select current_user::text', 'app_owner'],
  ] as const) {
    assert.is(await ask(own, name, query, 'app_owner'), answer, query)
  }
  await ask(own, name, 'select drill.assert_verified()', 'app_owner')
  assert.match((await refusal(migrateDown(target, false))).message, 'baselines')
  assert.equal(await migrateDown(target, true), shipped.toReversed())
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('it gives the same catalog as a superuser, but for the owner', async () => {
  const [bySuperuser, byOwner] = [await ownedDatabase('by_superuser'), await ownedDatabase('by_owner')]
  await migrateUp(own.target(bySuperuser))
  await migrateUp(own.target(byOwner, 'app_owner'))
  const list = (name: string) => own.use(name, (sql) => listCatalog(sql, { owners: false }))
  // The RPC stays with its old owner.
  assert.equal(compareCatalogs(await list(bySuperuser), await list(byOwner)), [])
})

test('a role without the right to create is refused, and nothing is left', async () => {
  const name = await ownedDatabase('strange')
  const before = await catalogOf(own, name)
  assert.is((await refusal(migrateUp(own.target(name, 'stranger')))).code, '42501')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('a role that may create schemas but does not own the RPC is refused, and nothing is left', async () => {
  const name = await ownedDatabase(
    'half',
    'grant create on database half to stranger; grant create on schema public to stranger',
  )
  const before = await catalogOf(own, name)
  assert.is((await refusal(migrateUp(own.target(name, 'stranger')))).code, '42501')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

/** What Supabase sets up for the role that owns everything. */
const defaultPrivileges = ['functions', 'tables', 'sequences']
  .map(
    (what) =>
      `alter default privileges for role app_owner in schema public grant all on ${what} to anon, authenticated, service_role;`,
  )
  .join('\n')

for (const [what, name, change] of [
  ['', 'plain', ''],
  [', where default privileges grant functions to the API roles', 'defaults', defaultPrivileges],
  [
    ', where default privileges grant them and no RPC was there',
    'defaults_fresh',
    `${defaultPrivileges} drop function ${rpc};`,
  ],
] as const) {
  test(`the service role may call the RPC and is answered rightly, anon and authenticated may not${what}`, async () => {
    await ownedDatabase(name, change)
    const before = await catalogOf(own, name)
    await migrateUp(own.target(name, 'app_owner'))
    assert.is(await ask(own, name, `select ${rpc}`, 'service_role'), true)
    for (const role of ['anon', 'authenticated', 'stranger']) {
      assert.is((await refusal(ask(own, name, `select ${rpc}`, role))).code, '42501', role)
      assert.is((await refusal(ask(own, name, 'select * from drill.verify_all()', role))).code, '42501', role)
      assert.is((await refusal(ask(own, name, 'select * from drill.guards', role))).code, '42501', role)
    }
    await ask(own, name, 'alter table public.events disable trigger events_set_session_month_from_session')
    assert.is(await ask(own, name, `select ${rpc}`, 'service_role'), false, 'it sees a disabled trigger')
    await ask(own, name, 'alter table public.events enable trigger events_set_session_month_from_session')
    assert.is(await ask(own, name, `select ${rpc}`, 'service_role'), true)
    await migrateDown(own.target(name, 'app_owner'), false)
    assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
  })
}

test('the service role gets what the RPC needs and nothing else', async () => {
  const name = await ownedDatabase('least')
  const rights = (role: string) =>
    own.use(name, async (sql) => {
      const rows = await sql<{ name: string }[]>`
        select format('execute %s', p.oid::regprocedure) as name from pg_proc as p
        where p.pronamespace = 'drill'::regnamespace and has_function_privilege(${role}, p.oid, 'execute')
        union all
        select format('%s %s', v.privilege, c.oid::regclass) from pg_class as c
        cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as v (privilege)
        where c.relnamespace in ('drill'::regnamespace, 'drill_migrations'::regnamespace) and c.relkind = 'r'
          and has_table_privilege(${role}, c.oid, v.privilege)
        union all
        select format('%s schema %s', v.privilege, n.nspname) from pg_namespace as n
        cross join unnest(array['usage', 'create']) as v (privilege)
        where n.nspname ~ '^drill' and has_schema_privilege(${role}, n.oid, v.privilege)`
      return rows.map((row) => row.name).sort()
    })
  await migrateUp(own.target(name, 'app_owner'))
  assert.equal(await rights('service_role'), [
    'execute drill._fingerprint(text)',
    'execute drill._relation_name(oid)',
    'execute drill._trigger_definition(oid)',
    'execute drill.verify_partition_triggers()',
    'select drill.guards',
    'usage schema drill',
  ])
  for (const role of ['anon', 'authenticated', 'stranger']) assert.equal(await rights(role), [], role)
})

test('roles that pgdrill grants to can be dropped after it is removed', async () => {
  const name = await ownedDatabase('dependencies')
  await migrateUp(own.target(name, 'app_owner'))
  await migrateDown(own.target(name, 'app_owner'), false)
  const owned = `select count(*)::int from pg_shdepend as d inner join pg_database as b on b.oid = d.dbid
    where b.datname = current_database() and d.refobjid = any (array['${apiRoles.join("', '")}']::regrole[]::oid[])`
  await ownedDatabase('untouched')
  assert.is(await ask(own, name, owned), await ask(own, 'untouched', owned))
})

test.run()
