// The options about the restored app, as a user gives them: what is refused, and with which code it ends.

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { type SandboxApp, startSandboxApp } from '../../src/sandbox/app.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/app')
let copy: Scratch
let good: SandboxApp
let bad: SandboxApp
let place: Workplace
/** A key that has the part in it that no output may show. */
const key = 'sig_C4naryC4nary'

test.before(async () => {
  const { restore } = await sandboxClusters()
  copy = await makeDatabase(restore)
  const keys = { current: key, next: `${key}2` }
  good = await startSandboxApp(restore, copy.target.connection.database, { keys })
  bad = await startSandboxApp(restore, copy.target.connection.database, { keys, fault: 'worker-open' })
})
test.after(async () => {
  await good?.close()
  await bad?.close()
  await copy?.drop()
})
test.before.each(() => {
  place = new Workplace()
})
test.after.each(() => place.remove())

const environment = (more: NodeJS.Dict<string> = {}) => ({
  RESTORE_DATABASE_URL: urlOf(copy),
  RESTORE_QSTASH_CURRENT_SIGNING_KEY: key,
  PRODUCTION_APP_URL: 'http://127.0.0.1:9',
  ...more,
})
const quick = ['verify', '-t', 'restore', '-d', 'quick']

test('0: a good app, from the environment; the answers are in the proof, the keys nowhere', async () => {
  const outcome = await place.spawn([...quick, '--out', 'p', '-v'], environment({ RESTORE_APP_URL: good.url }))
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /pass {2}app_health {2}health: GET \/api\/health answered 200/)
  assert.match(outcome.stdout, /pass {2}app_worker {2}worker_unsigned: .* was refused with 401/)
  for (const name of ['health', 'sync', 'worker', 'worker_unsigned', 'worker_forged', 'page', 'page_2']) {
    assert.ok(outcome.files.includes(`p/${name}.json`), name)
  }
  assert.is(JSON.parse(place.read('p', 'health.json')).status, 200)
})

test('1: a worker that takes work from anybody', async () => {
  const outcome = await place.run([...quick, '--no-proof', '--app-url', bad.url], environment())
  assertCode(outcome, 1)
  assert.match(outcome.stdout, /FAIL +app_worker +worker_unsigned: .*answered 200/)
})

test('2: no key for the worker; and an app that is not there', async () => {
  const without = environment({ RESTORE_QSTASH_CURRENT_SIGNING_KEY: '' })
  assertCode(await place.run([...quick, '--no-proof', '--app-url', good.url], without), 2)
  const gone = await place.run([...quick, '--no-proof', '--app-url', 'http://127.0.0.1:1'], environment())
  assertCode(gone, 2)
  assert.match(gone.stdout, /ERROR +app_health +.*nothing listens there/)
})

test('no app: judged alone, and --no-app does so whatever is configured', async () => {
  for (const [args, env] of [
    [[], {}],
    [['--no-app'], { RESTORE_APP_URL: bad.url }],
  ] as const) {
    const outcome = await place.run([...quick, '--no-proof', ...args], environment(env))
    assertCode(outcome, 0)
    assert.match(outcome.stdout, /skip +app +no app was asked for/)
    assert.not.match(outcome.stdout, /app_health/)
  }
})

test("refused: production's app, before anything is asked", async () => {
  for (const url of [good.url, good.url.replace('127.0.0.1', 'localhost')]) {
    const outcome = await place.run([...quick, '--app-url', url], environment({ PRODUCTION_APP_URL: good.url }))
    assertRefused(outcome, /production's and is refused/, /restored app/)
  }
})

const refused: [args: string[], message: RegExp, env?: Record<string, string>][] = [
  [['--app-url', 'restored.example.com'], /--app-url is not an address/],
  [['--app-url', 'ftp://restored.example.com'], /must begin with https/],
  [['--app-url', 'https://user:C4nary@restored.example.com'], /holds a user or a password/],
  [['--app-url', 'https://restored.example.com/?key=C4nary'], /holds a query/],
  [[], /RESTORE_APP_URL is not an address/, { RESTORE_APP_URL: '::C4nary' }],
  [['--app-url', 'http://127.0.0.1:1'], /PRODUCTION_APP_URL is not an address/, { PRODUCTION_APP_URL: 'no' }],
  [['--no-app', '--app-url', 'http://127.0.0.1:1'], /contradict each other/],
  [['--probes', 'nowhere.json'], /nowhere\.json does not exist/],
  [['--app-shares-address'], /--app-shares-address: no app of restore is known/],
  [['--no-app', '--app-shares-address'], /--app-shares-address and --no-app contradict/],
  [['--app-url', 'http://127.0.0.1:1', '--browser'], /CHROME_BIN names no program/, { CHROME_BIN: '/nowhere/chrome' }],
]
for (const [args, message, env] of refused) {
  test(`refused: ${args.join(' ') || JSON.stringify(env)}`, async () => {
    assertRefused(await place.run([...quick, ...args], environment(env)), message)
  })
}

test('refused: another app for the sandbox', async () => {
  assertRefused(await place.run(['verify', '-t', 'sandbox', '--app-url', good.url]), /an app of its own/)
})

test('probes of a file of ones own', async () => {
  const probe = (status: number) => ({
    format: 'pgdrill-probes',
    format_version: 1,
    probes: [{ name: 'login', check: 'app_page', method: 'GET', path: '/login', expect: { status: [status] } }],
  })
  const args = [...quick, '--no-proof', '--app-url', good.url, '--probes', 'mine.json']
  for (const [status, code] of [
    [200, 0],
    [204, 1],
  ] as const) {
    writeFileSync(place.path('mine.json'), JSON.stringify(probe(status)))
    const outcome = await place.run(args, environment())
    assertCode(outcome, code)
    assert.match(outcome.stdout, /app_page {2}login: GET \/login answered 200/)
    assert.not.match(outcome.stdout, /app_health/)
  }
})

test.run()
