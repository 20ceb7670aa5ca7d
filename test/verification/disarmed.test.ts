// A copy that was disarmed differs from production by that, and by that alone: it passes.

import * as assert from 'uvu/assert'
import { findings, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('disarmed copies')
let source: Scratch
let copy: Scratch

test.before(async () => {
  source = await makeDatabase((await sandboxClusters()).production)
  await source.run(
    'create extension dblink',
    'create extension postgres_fdw',
    `create server crm foreign data wrapper postgres_fdw options (host 'crm.example', hostaddr '192.0.2.1')`,
    `create user mapping for current_user server crm options (user 'u', password 'p')`,
    `create function private.post() returns trigger language plpgsql as $$
      begin perform public.dblink_exec('host=crm.example', 'select 1'); return null; end $$`,
    'create trigger post after insert on public.calls for each row execute function private.post()',
    'create trigger "post ""too""" after insert on public.events for each row execute function private.post()',
    'select drill.record_heartbeat(), drill.capture_baseline()',
  )
})
test.before.each(async () => {
  copy = await makeDatabase(source.cluster, source.target.connection.database)
})
test.after.each(() => copy.drop())
test.after(() => source.drop())

const failures = async () =>
  findings(await verify(copy.target, { depth: 'quick' })).filter((line) => line.startsWith('fail'))

async function disarm(): Promise<void> {
  const rows = await copy.query<{ statement: string }>(
    `select s.statement from drill.list_outbound() as o, unnest(o.disarming_statements) as s (statement)
     where o.is_armed and o.kind <> 'archiving'`,
  )
  await copy.run(...rows.map((row) => row.statement))
}

test('must fail: the triggers and the server of production are armed in the copy', async () => {
  const found = (await failures()).join('\n')
  assert.match(found, /^fail isolation public\.calls\.post: .*crm\.example/m)
  assert.match(found, /^fail isolation public\.events\."post ""too""": .*crm\.example/m)
  assert.match(found, /^fail isolation crm: .*crm\.example/m)
  assert.not.match(found, /^fail objects/m)
})

test('disarmed by the statements of the hints it passes, on partitions too', async () => {
  await disarm()
  assert.equal(await failures(), [])
  const verification = await verify(copy.target, { depth: 'quick' })
  const told = verification.results.filter((row) => /is disabled in the copy, as it should be/.test(row.detail))
  assert.ok(told.length > 12, `${told.length} triggers`)
  assert.is(verification.verdict.exit_code, 0)
})

test('must fail: another trigger that is disabled, and a disarmed one that was changed besides', async () => {
  await disarm()
  await copy.run(
    'alter table public.calls disable trigger calls_notify_new_call',
    'drop trigger post on public.calls',
    'create trigger post after delete on public.calls for each row execute function private.post()',
    'alter table public.calls disable trigger post',
  )
  const found = (await failures()).join('\n')
  assert.match(found, /^fail objects public\.calls\.calls_notify_new_call: /m)
  assert.match(found, /^fail objects public\.calls\.post: /m)
})

test.run()
