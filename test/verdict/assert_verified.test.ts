import * as assert from 'uvu/assert'
import { checkLines, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_all and drill.assert_verified')
let db: Scratch

test.before.each(async () => {
  db = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(() => db.drop())

async function verdict(depth = 'standard'): Promise<{ code: string; message: string; detail: string }> {
  return await db.run(`select drill.assert_verified('${depth}')`).then(
    () => ({ code: 'none', message: '', detail: '' }),
    ({ code, message, detail }) => ({ code, message, detail }),
  )
}

test('a good copy is verified, at both depths', async () => {
  for (const depth of ['quick', 'standard']) {
    assert.is((await verdict(depth)).code, 'none')
    const lines = await checkLines(db, `drill.verify_all('${depth}')`)
    assert.ok(lines.length > 40)
    assert.equal(
      lines.filter((line) => !/^(pass|skip) /.test(line)),
      [],
    )
  }
})

test('a failure raises RD001 with the finding in its detail', async () => {
  await db.run('alter table public.sessions disable trigger sessions_set_created_month')
  const { code, message, detail } = await verdict()
  assert.is(code, 'RD001')
  assert.match(message, /^verification failed: \d+ wrong, 0 could not be looked at$/)
  assert.match(
    detail,
    /fail partition_triggers: the trigger sessions_set_created_month on public\.sessions is disabled/,
  )
})

test('what could not be looked at raises RD002; a failure beside it RD001', async () => {
  await db.run('delete from drill.baselines')
  assert.is((await verdict()).code, 'RD002')
  assert.is((await verdict('quick')).code, 'none')
  await db.run('truncate public.calls', 'drop table public.calls')
  assert.is((await verdict()).code, 'RD001')
})

test('every registration gone is never verified', async () => {
  for (const table of [
    'guards',
    'partitioned_relations',
    'critical_relations',
    'heartbeats',
    'policy',
    'isolation_policy',
  ]) {
    await db
      .run(
        `begin; set local drill.is_copy = on; delete from drill.${table}; select drill.assert_verified('quick'); commit`,
      )
      .then(
        () => assert.ok(table === 'heartbeats', `without drill.${table} it was verified`),
        (error) => assert.match(error.code, /^RD00[128]$/),
      )
  }
})

test('counts against the baseline that travelled with it', async () => {
  await db.run('delete from private.site_secrets')
  assert.match((await verdict()).detail, /private\.site_secrets is empty, the baseline of .* has 8 rows/)
})

test('an unknown depth is RD006', async () => {
  assert.is((await verdict('deep')).code, 'RD006')
  assert.is((await db.run('select drill.assert_verified(null)').catch((error) => error)).code, 'RD006')
})

test.run()
