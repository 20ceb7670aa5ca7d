// The restored app along with its database: the sandbox's own app on a clone of the restored copy, right, and wrong in each
// way that it knows.

import * as assert from 'uvu/assert'
import { findBrowser } from '../../src/probes/find-browser.ts'
import { type AppFault, appFaults } from '../../src/sandbox/app.ts'
import { findings, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { ofApp, start } from './sandbox-app.ts'

const test = suite('verification/app')
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(() => copy?.drop())

test('no app: one row says that the database was judged alone, and nothing else changes', async () => {
  const verification = await verify(copy.target, { depth: 'quick' })
  assert.equal(
    ofApp(verification.results).map((row) => [row.check_name, row.status]),
    [['app', 'skip']],
  )
  assert.is(verification.app_url, null)
  assert.equal(verification.answers, [])
  assert.is(verification.verdict.exit_code, 0)
})

test('a good app: every probe passes, the event is queued and worked on, no secret is kept', async () => {
  const { app, question } = await start(copy)
  const verification = await verify(copy.target, { app: question })
  await app.close()
  assert.equal(findings(verification), [])
  assert.is(verification.verdict.exit_code, 0)
  assert.equal(
    ofApp(verification.results).map((row) => [row.check_name, row.object_name, row.status]),
    [
      ['app', null, 'pass'],
      ['app_health', 'health', 'pass'],
      ['app_sync', 'sync', 'pass'],
      ['app_worker', 'worker_unsigned', 'pass'],
      ['app_worker', 'worker_forged', 'pass'],
      ['app_worker', 'worker', 'pass'],
      ['app_page', 'page', 'pass'],
      ['app_keys', null, 'skip'],
    ],
  )
  assert.equal(
    verification.answers.map(({ name, status }) => [name, status]),
    [
      ['health', 200],
      ['sync', 200],
      ['worker_unsigned', 401],
      ['worker_forged', 401],
      ['worker', 200],
      ['page', 302],
      ['page_2', 200],
    ],
  )
  assert.is(verification.app_url, `${app.url}/`)
  assert.match(ofApp(verification.results)[1]?.detail ?? '', /beside [\d,]+ rows$/)
  assert.equal(app.queue, [])
  assert.not.match(JSON.stringify(verification), /C4nary/)
})

test('the app writes, and the copy that is verified again is as it was', async () => {
  const { app, question } = await start(copy)
  await verify(copy.target, { app: question })
  const again = await verify(copy.target, { app: question })
  await app.close()
  assert.equal(findings(again), [])
})

/** What each fault of the app must lead to. health-lying is found by the counts alone, below. */
const expected: Record<
  Exclude<AppFault, 'health-lying'>,
  [check: string, object: string, status: string, code: number]
> = {
  'worker-open': ['app_worker', 'worker_unsigned', 'fail', 1],
  'worker-believes': ['app_worker', 'worker_forged', 'fail', 1],
  'health-without-database': ['app_health', 'health', 'fail', 1],
  'sync-degraded': ['app_sync', 'sync', 'warn', 0],
  'sync-broken': ['app_sync', 'sync', 'fail', 1],
  'page-broken': ['app_page', 'page', 'fail', 1],
  'page-error': ['app_page', 'page', 'fail', 1],
}

test('every fault of the app is expected here', () => {
  assert.equal(Object.keys({ ...expected, 'health-lying': 0 }).sort(), Object.keys(appFaults).sort())
})

for (const [fault, [check, object, status, code]] of Object.entries(expected)) {
  test(`${fault} is found`, async () => {
    const { app, question } = await start(copy, fault as AppFault)
    const verification = await verify(copy.target, { app: question, depth: 'quick' })
    await app.close()
    const row = verification.results.find((one) => one.check_name === check && one.object_name === object)
    assert.is(row?.status, status, findings(verification).join('\n'))
    assert.ok(row?.hint)
    assert.is(verification.verdict.exit_code, code)
  })
}

test('F52: a health that is green on an empty database fails, lying or not', async () => {
  const empty = await makeDatabase((await sandboxClusters()).restore)
  await empty.run(
    'truncate public.sites, public.site_members, public.sessions, public.events, public.calls, private.site_secrets',
  )
  for (const fault of ['health-lying', undefined] as const) {
    const { app, question } = await start(empty, fault)
    const verification = await verify(empty.target, { app: question })
    await app.close()
    const health = verification.results.find((row) => row.check_name === 'app_health')
    assert.is(health?.status, 'fail')
    assert.match(health?.detail ?? '', /answered 200, ok true, db_ok true, but there is not one row/)
    assert.ok(verification.results.some((row) => row.check_name === 'row_counts' && row.status === 'fail'))
    // There is no site to ask for.
    const page = verification.results.find((row) => row.check_name === 'app_page')
    assert.is(page?.status, 'error')
    assert.match(page?.detail ?? '', /public\.sites holds no public_id/)
    assert.is(verification.verdict.exit_code, 1)
  }
  await empty.drop()
})

test('at depth quick a green health says that no row was counted', async () => {
  const { app, question } = await start(copy)
  const verification = await verify(copy.target, { app: question, depth: 'quick' })
  await app.close()
  const health = verification.results.find((row) => row.check_name === 'app_health')
  assert.match(health?.detail ?? '', /\(no row was counted beside it\)$/)
})

test('without keys the worker could not be verified, and that is no pass', async () => {
  const { app, question } = await start(copy)
  const verification = await verify(copy.target, { app: { ...question, ofTarget: () => undefined }, depth: 'quick' })
  await app.close()
  const row = verification.results.find((one) => one.object_name === 'worker')
  assert.is(row?.status, 'error')
  assert.is(verification.verdict.exit_code, 2)
})

test('an app that cannot be reached could not be verified', async () => {
  const { app, question } = await start(copy)
  await app.close()
  const verification = await verify(copy.target, { app: question, depth: 'quick' })
  assert.is(verification.verdict.exit_code, 2)
  const rows = ofApp(verification.results).filter((row) => !['app', 'app_keys'].includes(row.check_name))
  assert.equal(new Set(rows.map(({ status }) => status)), new Set(['error']))
})

const needsBrowser = test.needs(findBrowser(), 'no Chrome or Chromium is installed')

needsBrowser('a browser opens the page: a row, an answer, and a screenshot for the proof', async () => {
  const { app, question, attachments } = await start(copy)
  const verification = await verify(copy.target, {
    app: { ...question, browser: findBrowser() },
    depth: 'quick',
  })
  await app.close()
  const row = verification.results.find((one) => one.check_name === 'app_browser')
  assert.is(row?.status, 'pass', row?.detail)
  assert.match(row?.detail ?? '', /shows "Log in"/)
  const answer = verification.answers.at(-1)
  assert.is(answer?.name, 'browser')
  assert.is(answer?.redirected_to, `${app.url}/login`)
  assert.equal(
    attachments.map(({ path }) => path),
    ['screenshots/page.png'],
  )
  assert.equal([...(attachments[0]?.bytes.subarray(1, 4) ?? [])], [...Buffer.from('PNG')])
})

test.run()
