// A server on which nobody ever made anon, authenticated and service_role. Roles belong to the whole server, hence one of
// its own.

import * as assert from 'uvu/assert'
import { migrateDown, migrateUp, shippedMigrations } from '../../src/database/migrations.ts'
import { compareCatalogs } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { ask, catalogOf, giveEverythingTo, guardedTables, refusal, rpc } from './application.ts'

const test = suite('migrations/without-roles')
const shipped = shippedMigrations()

let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('without-roles')
  await own.use('postgres', (sql) => sql.unsafe('create role app_owner login nosuperuser; create role stranger'))
})

test.after(() => own?.drop())

test('there are no API roles', async () => {
  assert.is(
    await ask(
      own,
      'postgres',
      "select count(*)::int from pg_roles where rolname in ('anon', 'authenticated', 'service_role')",
    ),
    0,
  )
})

const old = `create function ${rpc} returns boolean language sql as 'select true'; comment on function ${rpc} is 'old'`

for (const user of ['postgres', 'app_owner']) {
  for (const [what, name, content, answer] of [
    ['the guarded tables', 'tables', guardedTables, true],
    ['nothing', 'nothing', '', false],
    ['the guarded tables and an old RPC', 'rpc', `${guardedTables} ${old}`, true],
  ] as const) {
    test(`${user} installs, uses and removes it in a database with ${what}`, async () => {
      const database = `${name}_${user}`
      await own.createDatabase(database)
      await own.use(database, (sql) => sql.unsafe(`${content}; ${user === 'postgres' ? '' : giveEverythingTo(user)}`))
      const before = await catalogOf(own, database)
      assert.equal(await migrateUp(own.target(database, user)), shipped)
      assert.is(await ask(own, database, `select ${rpc}`, user), answer)
      assert.is((await refusal(ask(own, database, `select ${rpc}`, 'stranger'))).code, '42501')
      assert.equal(await migrateDown(own.target(database, user), false), shipped.toReversed())
      assert.equal(compareCatalogs(before, await catalogOf(own, database)), [])
    })
  }
}

test('the API roles come later: the exported grants can be given by hand, and removing still works', async () => {
  await own.createDatabase('later')
  const before = await catalogOf(own, 'later')
  await migrateUp(own.target('later'))
  await own.use('later', (sql) => sql.unsafe('create role service_role'))
  try {
    assert.is((await refusal(ask(own, 'later', `select ${rpc}`, 'service_role'))).code, '42501')
    await migrateDown(own.target('later'), false)
    assert.equal(compareCatalogs(before, await catalogOf(own, 'later')), [])
  } finally {
    await own.use('later', (sql) => sql.unsafe('drop role service_role'))
  }
})

test.run()
