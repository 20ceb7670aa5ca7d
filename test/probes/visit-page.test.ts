// What a real browser sees of pages that are right and wrong, and that it never reaches production's app.

import * as assert from 'uvu/assert'
import { findBrowser } from '../../src/probes/find-browser.ts'
import { maskOf } from '../../src/probes/mask.ts'
import { visitPage } from '../../src/probes/visit-page.ts'
import { judgeVisit } from '../../src/rules/judge-visit.ts'
import { suite } from '../support/suite.ts'
import { appAt } from './app.ts'
import { send, serve, type TestServer } from './server.ts'

const test = suite('probes/visit-page')
const browser = findBrowser()
const needs = test.needs(browser, 'no Chrome or Chromium is installed')

let restored: TestServer
let production: TestServer
let other: TestServer

const page = (title: string, body: string) =>
  `<!doctype html><html><head><title>${title}</title><link rel="icon" href="data:,"></head><body>${body}</body></html>`

const pages: Record<string, string> = {
  '/good': page('Dashboard', '<h1>Dashboard</h1><script>document.body.append(" drawn by a script")</script>'),
  '/noisy': page(
    'Noisy',
    `<h1>Noisy</h1><img src="/missing.png"><script>console.error('C4nary and more'); setTimeout(() => { throw new Error('uncaught') })</script>`,
  ),
  '/broken-part': page('Part', '<h1>Part</h1><script>fetch("/api/data?key=1")</script>'),
  '/client-error': page(
    'Dashboard',
    `<div id="x"></div><script>document.getElementById('x').innerHTML = '<h2>Application error: a client-side exception has occurred</h2>'</script>`,
  ),
  '/empty': page('Empty', '<div id="root"></div>'),
}

test.before(async () => {
  production = await serve((_, response) => send(response, 200, 'text/html', page('Production', 'production')))
  other = await serve((_, response) => send(response, 200, 'text/html', page('Other', 'other')))
  restored = await serve((arrival, response) => {
    const path = arrival.url.split('?')[0] ?? ''
    const content = pages[path]
    if (content !== undefined) send(response, 200, 'text/html', content)
    else if (path === '/to-production') response.writeHead(302, { location: `${production.url.href}login` }).end()
    else if (path === '/to-good') response.writeHead(302, { location: '/good' }).end()
    else if (path === '/to-other') response.writeHead(302, { location: other.url.href }).end()
    else if (path === '/calls-production') {
      send(
        response,
        200,
        'text/html',
        page('Calls', `<h1>Calls</h1><script>fetch('${production.url.href}api/x?secret=1')</script>`),
      )
    } else if (path === '/api/data') send(response, 500, 'text/plain', 'no')
    else if (path !== '/hangs') send(response, 404, 'text/plain', 'no')
  })
})
test.after(async () => {
  await restored?.close()
  await production?.close()
  await other?.close()
})

async function visit(path: string, milliseconds = 15_000, program = browser) {
  const app = { ...appAt(restored.url), production: production.url, browser: program }
  const url = new URL(path, restored.url)
  const seen = await visitPage(app, url, { 'x-bypass': 'yes' }, maskOf(['C4nary']), milliseconds)
  return { ...seen, row: judgeVisit('page', url, seen, ['Application error']) }
}

needs('a good page: what a script drew is read, a screenshot is made, headers go along', async () => {
  const { row, visit: seen, screenshot, answer } = await visit('/good')
  assert.is(row.status, 'pass', row.detail)
  assert.match(seen?.text ?? '', /drawn by a script/)
  assert.ok((screenshot?.length ?? 0) > 1_000)
  assert.is(answer.status, 200)
  assert.is(answer.redirected_to, null)
  assert.is(restored.arrivals.find(({ url }) => url === '/good')?.headers['x-bypass'], 'yes')
})

needs('headers from the environment go along within the host, and to no other', async () => {
  restored.arrivals.splice(0)
  assert.is((await visit('/to-good')).row.status, 'pass')
  assert.equal(
    restored.arrivals.map(({ url, headers }) => [url, headers['x-bypass']]),
    [
      ['/to-good', 'yes'],
      ['/good', 'yes'],
    ],
  )
  await visit('/to-other')
  assert.ok(other.arrivals.length > 0)
  assert.equal(new Set(other.arrivals.map(({ headers }) => headers['x-bypass'])), new Set([undefined]))
})

needs('errors of scripts and requests are noticed and masked: a warning', async () => {
  const { row, visit: seen, answer } = await visit('/noisy')
  assert.is(row.status, 'warn', row.detail)
  assert.equal(seen?.consoleErrors, ['*** and more'])
  assert.match(seen?.pageErrors.join() ?? '', /uncaught/)
  assert.match(seen?.failedRequests.join() ?? '', /\/missing\.png: 404/)
  assert.match(answer.body ?? '', /consoleErrors/)
  assert.not.match(JSON.stringify([row, answer]), /C4nary/)
})

for (const [path, detail] of Object.entries({
  '/broken-part': /cannot give: http:\/\/127\.0\.0\.1:\d+\/api\/data: 500/,
  '/client-error': /error page: Application error/,
  '/empty': /stays empty/,
  '/nowhere': /answers 404/,
})) {
  needs(`fails: ${path}`, async () => {
    const { row } = await visit(path)
    assert.is(row.status, 'fail', row.detail)
    assert.match(row.detail, detail)
  })
}

needs("a call of production's app fails, and does not reach it", async () => {
  const { row } = await visit('/calls-production')
  assert.is(row.status, 'fail', row.detail)
  assert.match(row.detail, /calls production's app: http:\/\/127\.0\.0\.1:\d+\/api\/x;/)
  assert.equal(production.arrivals, [])
})

needs("a redirect to production's app does not reach it", async () => {
  const { row } = await visit('/to-production')
  assert.is(row.status, 'fail', row.detail)
  assert.match(row.detail, /calls production's app: .*\/login;/)
  assert.equal(production.arrivals, [])
})

needs('a page that hangs is an error, and the browser is gone', async () => {
  const { row } = await visit('/hangs', 1_000)
  assert.is(row.status, 'error')
  assert.match(row.detail, /did not load within 1 s/)
})

test('a program that is no browser is an error with words', async () => {
  const { row } = await visit('/good', 2_000, '/bin/false')
  assert.is(row.status, 'error')
  assert.match(row.detail, /browser could not be used/)
  assert.ok(!row.detail.includes('\n') && row.detail.length < 400, row.detail)
})

test('CHROME_BIN alone counts when it is set; else PATH is searched', () => {
  assert.is(findBrowser({ CHROME_BIN: '/nowhere/chrome', PATH: process.env['PATH'] }), undefined)
  assert.is(findBrowser({ CHROME_BIN: 'chromium', PATH: process.env['PATH'] }), undefined)
  assert.is(findBrowser({ CHROME_BIN: '/bin/sh' }), '/bin/sh')
})

test.run()
