// The built-in probes against apps that are right, that merely look wrong, and that are wrong: each with the row that it
// gets. The apps are real servers.

import * as assert from 'uvu/assert'
import { judgeProbe } from '../../src/rules/judge-probe.ts'
import { suite } from '../support/suite.ts'
import { appAt, askAll, marker, rowOf } from './app.ts'
import { type Answer, send, sendJson, serve, type TestServer } from './server.ts'

const test = suite('probes/judged')
const servers: TestServer[] = []

test.after(async () => {
  for (const server of servers) await server.close()
})

async function app(answer: Answer): Promise<TestServer> {
  const server = await serve(answer)
  servers.push(server)
  return server
}

const html = (title: string, body = '') =>
  `<!doctype html><html><head><title>${title}</title></head><body>${body || `<h1>${title}</h1>`}</body></html>`

interface Case {
  probe: string
  answer: Answer
  status: string
  detail: RegExp
  hint?: RegExp
  environment?: Record<string, string>
}

const cases: Record<string, Case> = {
  'health: ok and db_ok': {
    probe: 'health',
    answer: (_, response) => sendJson(response, { ok: true, ts: 'x', db_ok: true, git_sha: 'abc' }),
    status: 'pass',
    detail: /^health: GET \/api\/health answered 200, ok true, db_ok true$/,
  },
  'health: the database is not reached': {
    probe: 'health',
    answer: (_, response) => sendJson(response, { ok: true, db_ok: false }),
    status: 'fail',
    detail: /answered 200, but db_ok is false/,
    hint: /database/,
  },
  'health: a text that says true is not true': {
    probe: 'health',
    answer: (_, response) => sendJson(response, { ok: 'true', db_ok: true }),
    status: 'fail',
    detail: /ok is "true"/,
  },
  'health: db_ok is missing': {
    probe: 'health',
    answer: (_, response) => sendJson(response, { ok: true }),
    status: 'fail',
    detail: /db_ok is not there/,
  },
  'health: 503 with the right words': {
    probe: 'health',
    answer: (_, response) => sendJson(response, { ok: true, db_ok: true }, 503),
    status: 'fail',
    detail: /answered 503/,
    hint: /log/,
  },
  'health: HTML where JSON is due': {
    probe: 'health',
    answer: (_, response) => send(response, 200, 'text/html', html('Welcome')),
    status: 'fail',
    detail: /with HTML instead of application\/json/,
    hint: /Something else answers/,
  },
  'health: JSON by its type, and none': {
    probe: 'health',
    answer: (_, response) => send(response, 200, 'application/json', '{"ok":true,'),
    status: 'fail',
    detail: /with no JSON/,
  },
  'health: nothing at all': {
    probe: 'health',
    answer: (_, response) => send(response, 200, 'application/json', ''),
    status: 'fail',
    detail: /with nothing to read/,
  },
  'health: far too much': {
    probe: 'health',
    answer: (_, response) =>
      send(response, 200, 'application/json', `{"ok":true,"db_ok":true,"x":"${'y'.repeat(1_100_000)}"}`),
    status: 'fail',
    detail: /over a mebibyte/,
  },
  'health: a login stands in front of the app': {
    probe: 'health',
    answer: (_, response) => response.writeHead(302, { location: '/sso' }).end(),
    status: 'fail',
    detail: /is sent elsewhere: http:\/\/127\.0\.0\.1:\d+\/sso/,
    hint: /login/,
  },
  'health: sent to another host': {
    probe: 'health',
    answer: (_, response) => response.writeHead(307, { location: 'https://app.example.com/api/health?k=v' }).end(),
    status: 'fail',
    detail: /is sent to another host: https:\/\/app\.example\.com\/api\/health$/,
    hint: /production/,
  },
  'health: sent nowhere': {
    probe: 'health',
    answer: (_, response) => response.writeHead(302).end(),
    status: 'fail',
    detail: /without saying where/,
  },
  'health: the hosting wants a password': {
    probe: 'health',
    answer: (_, response) => send(response, 401, 'text/html', html('Authentication required')),
    status: 'fail',
    detail: /answered 401/,
    hint: /header of the probes/,
  },
  'health: another app': {
    probe: 'health',
    answer: (_, response) => send(response, 404, 'text/plain', 'no'),
    status: 'fail',
    detail: /answered 404/,
    hint: /version/,
  },
  'sync: queued': {
    probe: 'sync',
    answer: (_, response) => sendJson(response, { ok: true, score: 1, status: 'queued', ingest_id: 'x' }),
    status: 'pass',
    detail: /answered 200, ok true, status "queued"/,
  },
  'sync: degraded is worth a warning': {
    probe: 'sync',
    answer: (_, response) => sendJson(response, { ok: true, status: 'degraded' }),
    status: 'warn',
    detail: /status is "degraded"/,
    hint: /queue/,
  },
  'sync: another status': {
    probe: 'sync',
    answer: (_, response) => sendJson(response, { ok: true, status: 'dropped' }),
    status: 'fail',
    detail: /status is "dropped"/,
  },
  'sync: degraded, and not ok': {
    probe: 'sync',
    answer: (_, response) => sendJson(response, { status: 'degraded', ok: false }),
    status: 'fail',
    detail: /ok is false/,
  },
  'worker: refuses without a signature': {
    probe: 'worker_unsigned',
    answer: (_, response) => sendJson(response, {}, 403),
    status: 'pass',
    detail: /was refused with 403/,
  },
  'worker: takes work from anybody': {
    probe: 'worker_unsigned',
    answer: (_, response) => sendJson(response, { ok: true }),
    status: 'fail',
    detail: /answered 200/,
    hint: /takes work from anybody/,
  },
  'worker: a server error is no refusal': {
    probe: 'worker_unsigned',
    answer: (_, response) => sendJson(response, {}, 500),
    status: 'fail',
    detail: /answered 500/,
    hint: /401 or 403/,
  },
  'worker: a signature of anybody will do': {
    probe: 'worker_forged',
    answer: (arrival, response) => sendJson(response, {}, arrival.headers['upstash-signature'] ? 200 : 401),
    status: 'fail',
    detail: /worker_forged: .* answered 200/,
    hint: /signature/,
  },
  'worker: without a key it cannot be asked': {
    probe: 'worker',
    answer: (_, response) => sendJson(response, {}),
    status: 'error',
    detail: /was not asked: no key is configured: QSTASH_CURRENT_SIGNING_KEY or WORKER_SECRET/,
    hint: /^Set /,
  },
  'worker: refuses what is signed': {
    probe: 'worker',
    answer: (_, response) => sendJson(response, {}, 401),
    status: 'fail',
    detail: /answered 401/,
    hint: /same key/,
    environment: { QSTASH_CURRENT_SIGNING_KEY: 'sig_1' },
  },
  'worker: a bearer secret does as well': {
    probe: 'worker',
    answer: (arrival, response) =>
      sendJson(response, {}, arrival.headers.authorization === 'Bearer the-secret' ? 200 : 401),
    status: 'pass',
    detail: /answered 200/,
    environment: { WORKER_SECRET: 'the-secret' },
  },
  'page: the page itself': {
    probe: 'page',
    answer: (_, response) => send(response, 200, 'text/html; charset=utf-8', html('Dashboard')),
    status: 'pass',
    detail: /page: GET \/dashboard\/site\/a%20site%2F1 answered 200$/,
  },
  'page: the login': {
    probe: 'page',
    answer: (arrival, response) =>
      arrival.url.startsWith('/en/login')
        ? send(response, 200, 'text/html', html('Log in'))
        : response.writeHead(302, { location: '/en/login?next=x' }).end(),
    status: 'pass',
    detail: /answered 200 at http:\/\/127\.0\.0\.1:\d+\/en\/login$/,
  },
  'page: with a language in front': {
    probe: 'page',
    answer: (arrival, response) =>
      arrival.url.startsWith('/en/')
        ? send(response, 200, 'text/html', html('Dashboard'))
        : response.writeHead(308, { location: `/en${arrival.url}/` }).end(),
    status: 'pass',
    detail: /answered 200/,
  },
  'page: words of an error in a script, and in data on a long page': {
    probe: 'page',
    answer: (_, response) =>
      send(
        response,
        200,
        'text/html',
        html(
          'Dashboard',
          `<h1>Dashboard</h1><script>self.x=["404: This page could not be found."]</script><!-- Internal Server Error -->
          <p>${'A visitor came. '.repeat(120)} Utm: Application error</p>`,
        ),
      ),
    status: 'pass',
    detail: /answered 200/,
  },
  'page: a server error': {
    probe: 'page',
    answer: (_, response) => send(response, 500, 'text/html', html('Internal Server Error')),
    status: 'fail',
    detail: /answered 500/,
    hint: /log/,
  },
  'page: a server error of the login': {
    probe: 'page',
    answer: (arrival, response) =>
      arrival.url === '/login'
        ? send(response, 502, 'text/html', html('Bad Gateway'))
        : response.writeHead(302, { location: '/login' }).end(),
    status: 'fail',
    detail: /answered 502 at .*\/login/,
  },
  'page: an error page with status 200': {
    probe: 'page',
    answer: (_, response) =>
      send(
        response,
        200,
        'text/html',
        html('Site', '<h2>Application error: a server-side exception has occurred</h2>'),
      ),
    status: 'fail',
    detail: /shows an error page: Application error/,
  },
  'page: nothing on it': {
    probe: 'page',
    answer: (_, response) => send(response, 200, 'text/html', '  '),
    status: 'fail',
    detail: /empty page/,
  },
  'page: sent to the start page': {
    probe: 'page',
    answer: (arrival, response) =>
      arrival.url === '/'
        ? send(response, 200, 'text/html', html('Welcome'))
        : response.writeHead(302, { location: '/' }).end(),
    status: 'fail',
    detail: /neither the page nor a login/,
  },
  'page: sent to a page whose name has a word in it': {
    probe: 'page',
    answer: (arrival, response) =>
      arrival.url === '/unauthorized'
        ? send(response, 200, 'text/html', html('Come back later'))
        : response.writeHead(302, { location: '/unauthorized' }).end(),
    status: 'fail',
    detail: /neither the page nor a login/,
  },
  'page: a login on another host': {
    probe: 'page',
    answer: (_, response) => response.writeHead(302, { location: 'https://app.example.com/login' }).end(),
    status: 'fail',
    detail: /is sent to another host: https:\/\/app\.example\.com\/login/,
  },
  'page: sent in circles': {
    probe: 'page',
    answer: (_, response) => response.writeHead(302, { location: '/login' }).end(),
    status: 'fail',
    detail: /sent on and on/,
  },
  'page: JSON where a page is due': {
    probe: 'page',
    answer: (_, response) => sendJson(response, { ok: true }),
    status: 'fail',
    detail: /application\/json; charset=utf-8 instead of text\/html/,
  },
}

for (const [name, { probe, answer, status, detail, hint, environment }] of Object.entries(cases)) {
  test(`${status === 'pass' ? 'passes' : status}: ${name}`, async () => {
    const { url } = await app(answer)
    const row = await rowOf(probe, url, environment)
    assert.is(row.status, status, row.detail)
    assert.match(row.detail, detail)
    assert.is(row.object_name, probe)
    if (status === 'pass') return
    assert.match(row.hint ?? '', hint ?? /^[A-Z].*\.$/)
    assert.not.equal(row.expected, row.actual, row.detail)
  })
}

test('nothing listens: every probe is an error, and only one was tried', async () => {
  const { url, close } = await serve(() => {})
  await close()
  const asked = await askAll(appAt(url))
  const rows = asked.map(judgeProbe)
  assert.equal(new Set(rows.map(({ status }) => status)), new Set(['error']))
  assert.is(asked.filter(({ replies }) => replies.length > 0).length, 1)
  assert.match(rows[1]?.detail ?? '', /sync: .* was not asked: health did not reach the app: nothing listens there/)
})

test('an app that hangs is an error, and the others are asked', async () => {
  const { url } = await app((arrival, response) => {
    if (arrival.url !== '/api/health') sendJson(response, { ok: true, status: 'queued' })
  })
  const rows = (await askAll(appAt(url))).map(judgeProbe)
  assert.is(rows[0]?.status, 'error')
  assert.match(rows[0]?.detail ?? '', /no answer within/)
  assert.is(rows[1]?.status, 'pass')
})

test('a value that is not known: the probes that need it are errors', async () => {
  const { url } = await app((_, response) => sendJson(response, { ok: true, db_ok: true }))
  const gone = { detail: 'public.sites holds no public_id', hint: 'The table is empty: look at row_counts.' }
  const rows = (await askAll(appAt(url), { site_id: gone })).map(judgeProbe)
  assert.is(rows.find(({ object_name }) => object_name === 'health')?.status, 'pass')
  const page = rows.find(({ object_name }) => object_name === 'page')
  assert.is(page?.status, 'error')
  assert.match(page?.detail ?? '', /was not asked: public\.sites holds no public_id/)
})

test('what is sent can be told from the work of customers', async () => {
  const server = await app((_, response) => sendJson(response, { ok: true, status: 'queued' }))
  await askAll(appAt(server.url))
  assert.ok(server.arrivals.length >= 5)
  for (const { headers, method, body } of server.arrivals) {
    assert.is(headers['x-pgdrill'], marker)
    assert.match(headers['user-agent'] ?? '', /^pgdrill\/.*synthetic/)
    if (method !== 'POST') continue
    const event = JSON.parse(body)
    assert.is(event.site_id, 'a site/1')
    assert.is(event.category, 'pgdrill')
    assert.is(event.label, marker)
    assert.is(event.metadata.pgdrill, marker)
  }
})

test('keys that were rotated: the next one is tried, and that is a warning', async () => {
  const seen: string[] = []
  const { url } = await app((arrival, response) => {
    seen.push(String(arrival.headers['upstash-signature']))
    sendJson(response, {}, seen.length === 1 ? 401 : 200)
  })
  const row = await rowOf('worker', url, { QSTASH_CURRENT_SIGNING_KEY: 'sig_1', QSTASH_NEXT_SIGNING_KEY: 'sig_2' })
  assert.is(seen.length, 2)
  assert.is(row.status, 'warn', row.detail)
  assert.match(row.detail, /next signing key only/)
})

test('an address with a path in front, and a header of the probes from the environment', async () => {
  const server = await app((_, response) => sendJson(response, { fine: 1 }))
  const probes = [
    {
      name: 'mine',
      check: 'app_health' as const,
      method: 'GET' as const,
      path: '/up?x=1',
      headers: { 'X-Bypass': { env: 'BYPASS', prefix: 'v1 ' } },
      expect: { status: [200], json: [{ path: 'fine', equals: 1 }] },
    },
  ]
  const [asked] = await askAll(appAt(new URL('/base/', server.url), { BYPASS: 'key' }, { probes }))
  assert.is(asked && judgeProbe(asked).status, 'pass')
  assert.is(server.arrivals[0]?.url, '/base/up?x=1')
  assert.is(server.arrivals[0]?.headers['x-bypass'], 'v1 key')
  const [unset] = await askAll(appAt(server.url, {}, { probes }))
  assert.match((unset && judgeProbe(unset).detail) ?? '', /was not asked: BYPASS is not set/)
})

test.run()
