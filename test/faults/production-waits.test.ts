// Production waits for a capture no longer than the lock timeout.

import * as assert from 'uvu/assert'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, countBaselines, waiting, whileLocked, work } from './support.ts'

const test = suite('faults/production-waits')
const place = new Workplace()
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

test('production waits for no table that a capture has read already', async () => {
  await whileLocked(copy, 'public.calls', async (free) => {
    const { ended } = place.start([...work['baseline capture']], { COPY_DATABASE_URL: urlOf(copy) })
    await waiting(copy)
    await copy.run("set lock_timeout = '1s'", 'alter table public.events add column added integer')
    await free()
    assertCode(await ended, 0)
  })
  await copy.run('alter table public.events drop column added')
  await assertNothingLeft(place, copy, ['baseline.json'])
})

test('production waits for a table that a capture reads: it steps aside within the lock timeout', async () => {
  // Long texts are compressed: little space, and long to read.
  await copy.run(
    "create table public.long as select repeat('x', 20000000) as text",
    'create table public.slow as select text from public.long, generate_series(1, 400)',
    "select drill.register_critical_relation('public.slow', null, true)",
  )
  const before = await countBaselines(copy)
  const other = new Workplace()
  for (const jobs of ['1', '2']) {
    const { ended } = other.start([...work['baseline capture'], '--depth', 'full', '--jobs', jobs], {
      COPY_DATABASE_URL: urlOf(copy),
    })
    const reads = `select from pg_locks where relation = 'public.slow'::regclass and mode = 'AccessShareLock' and granted`
    while ((await copy.query(`${reads} and pid <> pg_backend_pid()`)).length === 0) {}
    await copy.run("set lock_timeout = '5s'", `alter table public.slow add column added_${jobs} integer`)
    assertRefused(await ended, /stepped aside: .* a lock on public\.slow/, /when no schema change/)
    await assertNothingLeft(other, copy)
  }
  assert.is(await countBaselines(copy), before)
  other.remove()
  await copy.run("delete from drill.critical_relations where relation_name = 'public.slow'", 'drop table public.slow')
})

test.run()
