// Each sslmode against a real server, with each driver: what is encrypted, what is refused, and in which words.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { withDatabase } from '../../src/database/connect.ts'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { migrationStates } from '../../src/database/migrations.ts'
import type { Target } from '../../src/database/targets.ts'
import { until } from '../sandbox/servers.ts'
import { type Authority, issue } from '../support/certificates.ts'
import { type NetworkServer, startNetworkServer } from '../support/network-server.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/encryption')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-tls-'))
const before = process.env['HOME']
const path = (name: string) => join(directory, name)
const everybody = ['host all all all trust']
let server: NetworkServer
let ca: Authority
let good: Authority

function put(name: string, text: string, mode = 0o600): string {
  writeFileSync(path(name), text)
  chmodSync(path(name), mode)
  return path(name)
}

test.before(async () => {
  // What lies in the home of whoever runs the tests must not count.
  process.env['HOME'] = directory
  server = await startNetworkServer('tls')
  ca = issue({ commonName: 'our authority' })
  good = issue({ commonName: 'db', by: ca, hosts: ['localhost', '127.0.0.1'] })
  put('ca.pem', ca.certificate, 0o644)
})
test.after(async () => {
  process.env['HOME'] = before
  rmSync(directory, { recursive: true })
  await server?.drop()
})
test.before.each(() => server.become({ hba: everybody, certificate: good }))

function target(query: string, host = 'localhost', user = 'postgres'): Target {
  const url = `postgresql://${user}@${host}:${server.port}/postgres?${query}`
  const connection = parseConnectionUrl(url, 'T_DATABASE_URL')
  return { name: 't', variable: 'T_DATABASE_URL', configuredBy: 'the test', connection }
}

const drivers: Record<string, (target: Target) => Promise<unknown>> = {
  'postgres.js': (one) => withDatabase(one, {}, (database) => sql`select 1`.execute(database)),
  pg: (one) => migrationStates(one),
}

/** What each driver made of it: 'tls', 'plain', or why it refused; as the server's own log tells it. */
async function outcomes(query: string, host?: string, user?: string): Promise<string[]> {
  const found: string[] = []
  for (const connect of Object.values(drivers)) {
    await server.news()
    try {
      await connect(target(query, host, user))
    } catch (error) {
      assert.instance(error, CouldNotVerify, String((error as Error).stack))
      assert.not.match((error as Error).message, /\n/)
      found.push((error as Error).message.replace(/^cannot connect to the target t \([^)]*\): /, ''))
      continue
    }
    let log = ''
    await until(
      'it is in the log',
      async () => {
        log += await server.news()
        return /connection authorized/.test(log)
      },
      10,
    )
    found.push(/connection authorized: .* SSL enabled/.test(log) ? 'tls' : 'plain')
  }
  return found
}

async function assertAll(expected: Record<string, 'tls' | 'plain' | RegExp>, host?: string): Promise<void> {
  for (const [query, wanted] of Object.entries(expected)) {
    for (const outcome of await outcomes(query, host)) {
      if (typeof wanted === 'string') assert.is(outcome, wanted, `${query}: ${outcome}`)
      else assert.match(outcome, wanted, `${query}: ${outcome}`)
    }
  }
}

const root = `sslrootcert=${path('ca.pem')}`

test('a good certificate: every mode, with both drivers', async () => {
  await assertAll({
    '': 'tls',
    'sslmode=disable': 'plain',
    'sslmode=allow': 'plain',
    'sslmode=prefer': 'tls',
    'sslmode=require': 'tls',
    'ssl=true': 'tls',
    [`sslmode=require&${root}`]: 'tls',
    [`sslmode=verify-ca&${root}`]: 'tls',
    [`sslmode=verify-full&${root}`]: 'tls',
    [`sslmode=verify-full&ssl_min_protocol_version=TLSv1.3&${root}`]: 'tls',
    [`sslmode=verify-full&channel_binding=require&${root}`]: 'tls',
    // Not signed by anybody whom the world knows.
    'sslmode=verify-full': /not signed by the public authorities/,
    'sslrootcert=system': /not signed by the public authorities/,
  })
  await assertAll({ [`sslmode=verify-full&${root}`]: 'tls' }, '127.0.0.1')
})

test('an expired certificate: refused where certificates count', async () => {
  const expired = issue({ commonName: 'db', by: ca, hosts: ['localhost'], days: -1 })
  await server.become({ hba: everybody, certificate: expired })
  await assertAll({
    'sslmode=prefer': 'tls',
    'sslmode=require': 'tls',
    [`sslmode=prefer&${root}`]: 'tls',
    [`sslmode=require&${root}`]: /the server's certificate has expired/,
    [`sslmode=verify-ca&${root}`]: /the server's certificate has expired/,
    [`sslmode=verify-full&${root}`]: /the server's certificate has expired/,
  })
})

test('a certificate for another host: refused where the name counts', async () => {
  const other = issue({ commonName: 'localhost', by: ca, hosts: ['db.example.org', '192.0.2.77'] })
  await server.become({ hba: everybody, certificate: other })
  const full = `sslmode=verify-full&${root}`
  await assertAll({
    'sslmode=require': 'tls',
    [`sslmode=require&${root}`]: 'tls',
    [`sslmode=verify-ca&${root}`]: 'tls',
    [full]: /the server's certificate is for another host than localhost/,
    // The name is that of host, wherever hostaddr leads.
    [`${full}&hostaddr=127.0.0.1&host=db.example.org`]: 'tls',
    [`${full}&hostaddr=127.0.0.1&host=192.0.2.77`]: 'tls',
    [`${full}&hostaddr=127.0.0.1&host=db.example.com`]: /for another host than db\.example\.com/,
  })
  await assertAll({ [full]: /for another host than 127\.0\.0\.1/ }, '127.0.0.1')
})

test('a certificate of somebody else: refused where its authority counts', async () => {
  const stranger = issue({ commonName: 'our authority' })
  const certificate = issue({ commonName: 'db', by: stranger, hosts: ['localhost'] })
  const selfSigned = issue({ commonName: 'localhost' })
  for (const one of [certificate, selfSigned]) {
    await server.become({ hba: everybody, certificate: one })
    await assertAll({
      'sslmode=prefer': 'tls',
      'sslmode=require': 'tls',
      [`sslmode=require&${root}`]: /not signed by .*ca\.pem/,
      [`sslmode=verify-ca&${root}`]: /not signed by .*ca\.pem/,
      [`sslmode=verify-full&${root}`]: /not signed by .*ca\.pem/,
    })
  }
})

test('a server without TLS', async () => {
  await server.become({ hba: everybody, certificate: null })
  await assertAll({
    '': 'plain',
    'sslmode=disable': 'plain',
    'sslmode=allow': 'plain',
    'sslmode=prefer': 'plain',
    'sslmode=require': /the server offers no TLS, and sslmode=require asks for it/,
    [`sslmode=verify-ca&${root}`]: /the server offers no TLS/,
    [`sslmode=verify-full&${root}`]: /the server offers no TLS/,
  })
})

test('a server that lets nobody in without TLS, and one that lets nobody in with it', async () => {
  await server.become({ hba: ['hostssl all all all trust'], certificate: good })
  await assertAll({
    'sslmode=disable': /no pg_hba\.conf entry .*no encryption/,
    'sslmode=allow': 'tls',
    'sslmode=prefer': 'tls',
    'sslmode=require': 'tls',
  })
  await server.become({ hba: ['hostnossl all all all trust'], certificate: good })
  await assertAll({
    'sslmode=disable': 'plain',
    'sslmode=allow': 'plain',
    'sslmode=prefer': 'plain',
    'sslmode=require': /no pg_hba\.conf entry .*SSL encryption/,
  })
})

test('a refused password is not said again in plain text', async () => {
  await server.run("create role careful login password 'the right one'")
  await server.become({ hba: ['host all all all scram-sha-256'], certificate: good })
  const refused = await outcomes('sslmode=prefer', 'localhost', 'careful:wrong')
  assert.equal(refused, ['the password was refused', 'the password was refused'])
  assert.is(
    ((await server.news()).match(/password authentication failed/g) ?? []).length,
    1,
    'once for the last driver',
  )
  const right = await outcomes('sslmode=prefer', 'localhost', 'careful:the%20right%20one')
  assert.equal(right, ['tls', 'tls'])
})

test('a certificate of the client, and its key', async () => {
  await server.run('create role keyholder login')
  await server.become({
    hba: ['hostssl all keyholder all cert'],
    certificate: good,
    authority: ca,
  })
  const own = issue({ commonName: 'keyholder', by: ca })
  const cert = put('client.crt', own.certificate, 0o644)
  const key = put('client.key', own.key)
  const as = (query: string) => outcomes(`sslmode=verify-full&${root}${query}`, 'localhost', 'keyholder')
  assert.equal(await as(`&sslcert=${cert}&sslkey=${key}`), ['tls', 'tls'])
  for (const outcome of await as('')) assert.match(outcome, /client certificate/)
  // Without being named they are looked for where libpq does.
  mkdirSync(path('.postgresql'))
  put('.postgresql/postgresql.crt', own.certificate)
  put('.postgresql/postgresql.key', own.key)
  put('.postgresql/root.crt', ca.certificate)
  try {
    assert.equal(await outcomes('sslmode=verify-full', 'localhost', 'keyholder'), ['tls', 'tls'])
  } finally {
    rmSync(path('.postgresql'), { recursive: true })
  }
})

test('PGSSLMODE and PGSSLROOTCERT stand in for what the URL leaves out', async () => {
  process.env['PGSSLMODE'] = 'verify-full'
  process.env['PGSSLROOTCERT'] = path('ca.pem')
  try {
    await assertAll({ '': 'tls', 'sslmode=disable': 'plain' })
    const other = issue({ commonName: 'db', by: ca, hosts: ['db.example.org'] })
    await server.become({ hba: everybody, certificate: other })
    await assertAll({ '': /for another host/, 'sslmode=verify-ca': 'tls' })
  } finally {
    delete process.env['PGSSLMODE']
    delete process.env['PGSSLROOTCERT']
  }
})

test('how a connection is protected is told to whoever uses it', async () => {
  const told = (query: string) => withDatabase(target(query), {}, async (_, transport) => transport)
  assert.equal(await told('sslmode=disable'), { isLocal: true, protocol: null, verified: 'nothing' })
  assert.equal(await told('sslmode=require'), { isLocal: true, protocol: 'TLSv1.3', verified: 'nothing' })
  assert.equal(await told(`sslmode=verify-ca&${root}`), { isLocal: true, protocol: 'TLSv1.3', verified: 'authority' })
  assert.equal(await told(`sslmode=verify-full&${root}`), { isLocal: true, protocol: 'TLSv1.3', verified: 'name' })
})

test.run()
