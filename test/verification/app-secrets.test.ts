// Keys of the restored app and of production, and that no secret of either is kept, whatever the app says.

import * as assert from 'uvu/assert'
import { send, sendJson, serve } from '../probes/server.ts'
import { makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { canary, ofApp, start } from './sandbox-app.ts'

const test = suite('verification/app-secrets')
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(() => copy?.drop())

test("production's keys on the copy fail, by name and without the key", async () => {
  const { app, question } = await start(copy, undefined, {
    PRODUCTION_QSTASH_CURRENT_SIGNING_KEY: canary,
    SUPABASE_ANON_KEY: 'one-C4nary-key',
    PRODUCTION_SUPABASE_ANON_KEY: 'other-C4nary-key',
  })
  const verification = await verify(copy.target, { app: question, depth: 'quick' })
  await app.close()
  const rows = verification.results.filter((row) => row.check_name === 'app_keys')
  assert.equal(
    rows.map((row) => [row.object_name, row.status]),
    [
      ['SUPABASE_ANON_KEY', 'pass'],
      ['QSTASH_CURRENT_SIGNING_KEY', 'fail'],
    ],
  )
  assert.not.match(JSON.stringify(verification), /C4nary/)
})

test("production's token secret in the settings of the copy is a warning, another one passes", async () => {
  const { restore } = await sandboxClusters()
  const production = await makeDatabase(restore)
  const restored = await makeDatabase(restore)
  const set = (one: Scratch, secret: string) =>
    one.run(`alter database ${one.target.connection.database} set app.settings.jwt_secret = '${secret}'`)
  await set(production, 'C4nary-token-secret')
  const { app, question } = await start(restored)
  for (const [secret, status] of [
    ['C4nary-token-secret', 'warn'],
    ['another-C4nary-secret', 'pass'],
  ] as const) {
    await set(restored, secret)
    const verification = await verify(restored.target, { app: question, production: production.target, depth: 'quick' })
    const row = verification.results.find(
      (one) => one.object_name === 'app.settings.jwt_secret' && one.check_name === 'app_keys',
    )
    assert.is(row?.status, status)
    assert.not.match(JSON.stringify(ofApp(verification.results)), /C4nary/)
  }
  await app.close()
  await production.drop()
  await restored.drop()
})

test('a waiver accepts a finding of the app, and a green app makes it superfluous', async () => {
  const waived = await makeDatabase((await sandboxClusters()).restore)
  await waived.run(
    `insert into drill.waivers (check_name, object_name, reason, owner, until)
     values ('app_worker', 'worker_unsigned', 'OPS-1', 'Ada', '2999-01-01')`,
  )
  const open = await start(waived, 'worker-open')
  const found = await verify(waived.target, { app: open.question, depth: 'quick' })
  await open.app.close()
  const row = found.results.find((one) => one.object_name === 'worker_unsigned')
  assert.is(row?.status, 'waived')
  const closed = await start(waived)
  const right = await verify(waived.target, { app: closed.question, depth: 'quick' })
  await closed.app.close()
  assert.ok(right.results.some((one) => one.check_name === 'waivers' && one.status === 'warn'))
  await waived.drop()
})

test('a secret relation gives no id away, and one that is not registered none', async () => {
  const { app, question } = await start(copy)
  for (const [relation, column, said] of [
    ['private.site_secrets', 'current_secret', /registered as secret/],
    ['public.nowhere', 'id', /no critical relation/],
    ['public.sites', 'nothing', /could not run: .*nothing/],
  ] as const) {
    const probes = { ...question.probes, ids: { site_id: { relation, column } } }
    const verification = await verify(copy.target, { app: { ...question, probes }, depth: 'quick' })
    const page = verification.results.find((row) => row.check_name === 'app_page')
    assert.is(page?.status, 'error')
    assert.match(page?.detail ?? '', said)
  }
  await app.close()
})

test('secrets that an app repeats in its answers are kept nowhere', async () => {
  const token = `eyJhbGciOiJIUzI1NiJ9.${'C4nary'.repeat(5)}.${'C4nary'.repeat(5)}`
  const talkative = await serve((arrival, response) => {
    response.setHeader('set-cookie', 'session=C4nary')
    const said = JSON.stringify({ headers: arrival.headers, token, key: canary, password: 'C4nary-pass' })
    if (arrival.url.startsWith('/dashboard')) {
      response.writeHead(302, { location: `/login/${token}?code=C4nary` }).end(said)
    } else if (arrival.url.startsWith('/login')) send(response, 200, 'text/html', `<title>${canary}</title>${said}`)
    else if (arrival.url === '/api/health') sendJson(response, { ok: canary, echo: said })
    else send(response, 500, `text/plain; x=${token}`, said)
  })
  const { app, question } = await start(copy)
  const verification = await verify(copy.target, { app: { ...question, url: talkative.url }, depth: 'quick' })
  await app.close()
  await talkative.close()
  assert.ok(verification.answers.length >= 7)
  assert.not.match(JSON.stringify(verification), /C4nary/)
})

test.run()
