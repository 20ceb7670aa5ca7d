// One request to an app that answers, does not, or answers as no app should. Each obstacle has words of its own.

import { createServer, type Server } from 'node:net'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { maskOf } from '../../src/probes/mask.ts'
import { problemOf } from '../../src/probes/problem.ts'
import { ask, type Reply } from '../../src/probes/request.ts'
import { suite } from '../support/suite.ts'
import { type Answer, selfSigned, send, sendJson, serve, type TestServer } from './server.ts'

const test = suite('probes/request')
const limits = { milliseconds: 1_500, bytes: 100_000 }
const mask = maskOf(['canary-of-the-environment'])
const certificate = selfSigned()
const servers: { close(): Promise<void> }[] = []

test.after(async () => {
  for (const server of servers) await server.close()
})

async function app(answer: Answer, tls?: typeof certificate): Promise<TestServer> {
  const server = await serve(answer, tls)
  servers.push(server)
  return server
}

async function get(
  url: URL | string,
  more: Partial<typeof limits> & { headers?: Record<string, string> } = {},
): Promise<Reply> {
  const request = { name: 'x', method: 'GET', url: new URL(url), headers: more.headers ?? {}, body: undefined }
  return await ask(request, { ...limits, ...more }, mask, 'RESTORE_APP_URL')
}

/** A server that speaks no HTTP. */
async function raw(talk: (socket: import('node:net').Socket) => void): Promise<URL> {
  const server: Server = createServer(talk)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({ close: async () => void server.close() })
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/`)
}

test('an answer: status, type, body and time are kept; nothing of its headers', async () => {
  const { url } = await app((_, response) => {
    response.setHeader('set-cookie', 'session=abc')
    sendJson(response, { ok: true })
  })
  const { answer, text, problem } = await get(new URL('/api/health?key=1#x', url))
  assert.is(problem, null)
  assert.is(text, '{"ok":true}')
  const { asked_at, milliseconds, ...rest } = answer
  assert.ok(Math.abs(Date.parse(asked_at) - Date.now()) < 60_000 && milliseconds >= 0)
  assert.equal(rest, {
    name: 'x',
    method: 'GET',
    url: `${url.origin}/api/health`,
    status: 200,
    content_type: 'application/json; charset=utf-8',
    redirected_to: null,
    body: '{"ok":true}',
    is_body_cut: false,
    problem: null,
  })
})

test('what is sent: method, headers and body as they are', async () => {
  const server = await app((_, response) => sendJson(response, {}))
  const request = { name: 'x', method: 'POST', url: server.url, headers: { 'x-a': 'b' }, body: '{"ö":1}' }
  await ask(request, limits, mask, 'X')
  const [arrival] = server.arrivals
  assert.is(arrival?.method, 'POST')
  assert.is(arrival?.body, '{"ö":1}')
  assert.is(arrival?.headers['x-a'], 'b')
  assert.is(arrival?.headers['accept-encoding'], 'identity')
})

test('a redirect is not followed, and its query is not kept', async () => {
  const server = await app((_, response) => response.writeHead(302, { location: '/login?token=t#f' }).end())
  const { answer, location } = await get(server.url)
  assert.is(server.arrivals.length, 1)
  assert.is(answer.status, 302)
  assert.is(answer.redirected_to, `${server.url.origin}/login`)
  assert.is(location?.search, '?token=t')
  const nowhere = await app((_, response) => response.writeHead(302, { location: 'mailto:a@b' }).end())
  assert.is((await get(nowhere.url)).location, null)
})

test('what is not text is not kept: binary, compressed though nobody asked for it', async () => {
  const binary = await app((_, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('abc')
  })
  assert.is((await get(binary.url)).answer.body, null)
  const zipped = await app((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync('{}'))
  })
  assert.is((await get(zipped.url)).answer.body, null)
})

test('an endless body is read up to the limit, and a long one is kept in part', async () => {
  const endless = await app((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    }
    response.on('drain', more)
    more()
  })
  const { answer, text, isCut, problem } = await get(endless.url)
  assert.is(problem, null)
  assert.is(isCut, true)
  assert.is(text?.length, limits.bytes)
  assert.ok((answer.body ?? '').length <= 4096)
  assert.is(answer.is_body_cut, true)
  const long = await app((_, response) => send(response, 200, 'text/plain', 'word '.repeat(2_000)))
  const kept = await get(long.url)
  assert.is(kept.isCut, false)
  assert.is(kept.answer.body?.length, 4096)
  assert.is(kept.answer.is_body_cut, true)
})

test('too slow: no answer at all, and one that does not end', async () => {
  const silent = await app(() => {})
  const none = await get(silent.url, { milliseconds: 200 })
  assert.is(none.answer.status, null)
  assert.is(none.answer.problem, 'no answer within 0.2 s')
  const dripping = await app((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const drip = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(drip))
  })
  const late = await get(dripping.url, { milliseconds: 300 })
  assert.is(late.answer.status, 200)
  assert.is(late.answer.problem, 'the answer did not end within 0.3 s')
})

test('nothing listens: refused', async () => {
  const { url, close } = await serve(() => {})
  await close()
  const { answer, problem } = await get(url)
  assert.match(answer.problem ?? '', /nothing listens there/)
  assert.is(problem?.isUnreachable, true)
  assert.match(problem?.hint ?? '', /RESTORE_APP_URL/)
})

test('the connection is cut in the middle of the answer', async () => {
  const { url } = await app((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"ok":')
    setTimeout(() => response.destroy(), 20)
  })
  const { answer } = await get(url)
  assert.match(answer.problem ?? '', /cut before the answer was complete/)
})

test('the wrong port: a server that speaks no HTTP, as a database does', async () => {
  const url = await raw((socket) => {
    socket.on('error', () => {})
    socket.end('E\0\0\0\u0085SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol\0\0')
  })
  const { answer, problem } = await get(url)
  assert.match(answer.problem ?? '', /does not answer in HTTP/)
  assert.is(problem?.isUnreachable, true)
})

test('https to a port that speaks http', async () => {
  const { url } = await app((_, response) => sendJson(response, {}))
  const { answer, problem } = await get(url.href.replace('http:', 'https:'))
  assert.match(answer.problem ?? '', /does not speak TLS/)
  assert.match(problem?.hint ?? '', /http:\/\//)
})

const needsTls = test.needs(certificate, 'openssl, which makes the certificate, is not installed')

needsTls('a self-signed certificate is named, with what makes it trusted', async () => {
  const server = await app((_, response) => sendJson(response, {}), certificate)
  const { answer, problem } = await get(server.url)
  assert.is(answer.status, null)
  assert.match(answer.problem ?? '', /certificate is self-signed/)
  assert.match(problem?.hint ?? '', /NODE_EXTRA_CA_CERTS/)
  assert.is(server.arrivals.length, 0)
})

needsTls('http to a port that wants https', async () => {
  const { url } = await app((_, response) => sendJson(response, {}), certificate)
  const { answer, problem } = await get(url.href.replace('https:', 'http:'))
  assert.is(answer.status, null)
  assert.match(problem?.hint ?? '', /https:\/\//)
})

test('a value that no header may hold is not sent, and not shown', async () => {
  const server = await app((_, response) => sendJson(response, {}))
  const { answer } = await get(server.url, { headers: { 'x-key': 'canary\r\nx-more: 1' } })
  assert.match(answer.problem ?? '', /holds a character that no header may hold/)
  assert.not.match(JSON.stringify(answer), /canary/)
  assert.is(server.arrivals.length, 0)
})

test('every code of Node that stands for an obstacle has words of its own', () => {
  const expected: Record<string, RegExp> = {
    ENOTFOUND: /host name is not known/,
    EAI_AGAIN: /host name is not known/,
    EHOSTUNREACH: /no way leads/,
    ETIMEDOUT: /not accepted in time/,
    CERT_HAS_EXPIRED: /has expired/,
    ERR_TLS_CERT_ALTNAME_INVALID: /for another host/,
    HPE_HEADER_OVERFLOW: /does not answer in HTTP/,
    ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: /no TLS connection/,
    EWHATEVER: /the request failed \(EWHATEVER\)/,
  }
  for (const [code, words] of Object.entries(expected)) {
    const { text, hint } = problemOf(code, 'RESTORE_APP_URL')
    assert.match(text, words)
    assert.match(hint, /^[A-Z].*\.$/)
  }
  assert.match(problemOf(undefined, 'X').text, /unknown reason/)
})

test('secrets in the answer are masked: the known ones, and what looks like one', async () => {
  const token = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`
  const { url } = await app((_, response) => {
    response.writeHead(200, { 'content-type': `text/html; x=${token}` })
    response.end(`canary-of-the-environment ${token} Authorization: Bearer abcdefgh`)
  })
  const { answer, text } = await get(new URL(`/canary-of-the-environment/${token}`, url))
  assert.match(text ?? '', /canary/)
  assert.not.match(JSON.stringify(answer), /canary|aaaaa|bbbbb|abcdefgh/)
})

test.run()
