// The program is stopped in the middle of migrate up: nothing is half applied, no lock stays, and the next run installs.

import * as assert from 'uvu/assert'
import { assertCode, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, waiting, whileLocked } from './support.ts'

const test = suite('faults/migrate')
const place = new Workplace()
let db: Scratch

test.before(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
  // A guard that pgdrill has to create itself: then a migration touches a table of the application.
  await db.run('drop trigger sessions_set_created_month on public.sessions')
})
test.after(async () => {
  place.remove()
  await db?.drop()
})

const env = () => ({ COPY_DATABASE_URL: urlOf(db) })
const migrate = (direction: 'up' | 'down', ...more: string[]) =>
  place.run(['migrate', direction, '-t', 'copy', ...more], env())
/** What an installation consists of that another one would trip over. */
const installed = async () =>
  (
    await db.query<{ name: string }>(`
      select nspname::text as name from pg_namespace where nspname in ('drill', 'drill_migrations')
      union all
      select tgname::text from pg_trigger where tgrelid = 'public.sessions'::regclass and not tgisinternal
      order by 1`)
  ).map(({ name }) => name)

for (const [signal, code] of [
  ['SIGINT', 2],
  ['SIGTERM', 2],
  ['SIGKILL', null],
] as const) {
  test(`migrate up: ${signal} while it waits for a table`, async () => {
    assertCode(await migrate('down', '--delete-baselines'), 0)
    const before = await installed()
    assert.not.ok(
      before.some((name) => name.startsWith('drill')),
      before.join(),
    )
    const outcome = await whileLocked(db, 'public.sessions', async () => {
      const { child, ended } = place.start(['migrate', 'up', '-t', 'copy'], env())
      await waiting(db, 'pgdrill migrate')
      child.kill(signal)
      const stopped = await ended
      // While the table is still held: the server notices that nobody waits any more.
      await assertNothingLeft(place, db)
      return stopped
    })
    assert.is(outcome.code, code, outcome.stderr)
    assert.is(outcome.stdout, '')
    if (code === 2) assert.match(outcome.stderr, new RegExp(`interrupted by ${signal}: nothing was decided\n$`))
    assert.equal(await installed(), before)
    const again = await migrate('up')
    assertCode(again, 0)
    assert.match(again.stdout, /^applied 0001/)
    assert.match((await migrate('up')).stdout, /nothing to do/)
  })
}

test('migrate down: SIGINT while it waits for a table: all is there as before', async () => {
  const before = await installed()
  const outcome = await whileLocked(db, 'public.sessions', async () => {
    const { child, ended } = place.start(['migrate', 'down', '-t', 'copy', '--delete-baselines'], env())
    await waiting(db, 'pgdrill migrate')
    child.kill('SIGINT')
    const stopped = await ended
    await assertNothingLeft(place, db)
    return stopped
  })
  assert.is(outcome.code, 2, outcome.stderr)
  assert.equal(await installed(), before)
  assert.match((await migrate('up')).stdout, /nothing to do/)
})

test('migrate down takes away the empty record that a stopped one left', async () => {
  assertCode(await migrate('down', '--delete-baselines'), 0)
  await db.run(
    'create schema drill_migrations',
    'create table drill_migrations.applied (id serial primary key, name varchar(255) not null, run_on timestamp not null)',
  )
  assertCode(await migrate('down'), 0)
  assert.not.ok((await installed()).includes('drill_migrations'))
})

test.run()
