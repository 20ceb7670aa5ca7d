// Every way in which a target cannot be reached or used: one clear line, exit code 2, nothing written, no password shown.

import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { startOldServer } from './old-server.ts'
import { assertCode, assertRefused, canary, urlOf, Workplace } from './program.ts'

const test = suite('cli/connections')
const place = new Workplace()
let copy: Scratch
let own: OwnCluster

/** One command of each driver, and the main one. */
const commands = [
  ['verify', '--target', 'restore'],
  ['verify', '--target', 'restore', '--format', 'json'],
  ['disarm', '--target', 'restore', '--apply'],
  ['migrate', 'status', '--target', 'restore'],
  ['migrate', 'up', '--target', 'restore'],
  ['baseline', 'capture', '--target', 'restore'],
]

async function everyCommandRefuses(url: string | undefined, message: RegExp, toDo?: RegExp): Promise<void> {
  for (const command of commands) {
    assertRefused(await place.run(command, { RESTORE_DATABASE_URL: url }), message, toDo)
  }
}

test.before(async () => {
  const { restore } = await sandboxClusters()
  copy = await makeDatabase(restore)
  own = await startOwnCluster('passwords')
  const sql = own.cluster.connect()
  await sql`set password_encryption = 'scram-sha-256'`
  await sql`create role careful login password 'the right one'`
  await sql.unsafe(`alter system set listen_addresses = ''`)
  writeFileSync(join(own.cluster.data, 'pg_hba.conf'), 'local all careful scram-sha-256\nlocal all all trust\n')
  await sql`select pg_reload_conf()`
  await sql.end()
})
test.after(async () => {
  place.remove()
  await copy?.drop()
  await own?.drop()
})

test('no target, an empty one, an unset one', async () => {
  for (const command of commands) {
    const [name, ...rest] = command.filter((arg) => arg !== '--target' && arg !== 'restore')
    const bare = [name as string, ...rest]
    assertRefused(await place.run(bare), /no target was named/, /TARGET=sandbox/)
    assertRefused(await place.run([...bare, '--target=']), /no target was named/)
    assertRefused(await place.run([...bare, '--target', 'nowhere']), /NOWHERE_DATABASE_URL is not set/, /\.env/)
  }
  await everyCommandRefuses('', /RESTORE_DATABASE_URL is not set/)
  await everyCommandRefuses(undefined, /RESTORE_DATABASE_URL is not set/)
})

test('a name that is none', async () => {
  for (const name of ['a; rm -rf /', '$(id)', '`id`', '../x', '-', '1st', 'übung', 'a b', 'a\nb', '\u001b[31mred']) {
    const outcome = await place.run(['verify', `--target=${name}`])
    assertRefused(outcome, /is not the name of a target/)
    assert.not(outcome.stderr.includes('\u001b'))
  }
})

test('a URL in the place of a name: its password is not repeated', async () => {
  const url = urlOf(copy)
  assertRefused(await place.run(['verify', '--target', url]), /is not the name of a target/, /environment/)
  for (const args of [
    [url],
    ['verify', url],
    ['verify', '--baseline', url, '-t', 'x'],
    [`--${url}`],
    ['verify', '--depth', url],
    ['verify', '--now', url],
  ]) {
    assertCode(await place.run(args, { X_DATABASE_URL: url }), 2)
  }
})

test('a URL with a typo', async () => {
  const secret = `user:${canary}`
  const broken: [string, RegExp][] = [
    [`${secret}@host/db`, /must begin with postgresql:/],
    [`http://${secret}@host/db`, /must begin with postgresql:/],
    [`POSTGRESQL//${secret}@host/db`, /must begin with postgresql:/],
    [` postgresql://${secret}@host/db`, /must begin with postgresql:/],
    [`host=h user=u password=${canary}`, /must begin with postgresql:/],
    [`postgresql://${secret}@host:port/db`, /cannot be read/],
    [`postgresql://${secret}@host:99999/db`, /cannot be read|no usable port/],
    [`postgresql://${secret}@host:0/db`, /no usable port/],
    [`postgresql://${secret}@host:-1/db`, /cannot be read|no usable port/],
    [`postgresql://${secret}@host/db?port=54x`, /no usable port/],
    [`postgresql://${secret}@one,two/db`, /several hosts/],
    [`postgresql://${secret}@ho st/db`, /the host name is not known/],
    // Characters of a password that end the part in which it stands.
    [`postgresql://user:${canary}/more@host/db`, /cannot be read/],
    [`postgresql://user:${canary}#more@host/db`, /cannot be read/],
    [`postgresql://user:${canary}?more@host/db`, /cannot be read/],
    [`postgresql://user:12/C4nary@host/db`, /cannot be read/],
    [`postgresql://user:12#C4nary@host/db`, /cannot be read/],
    [`postgresql://user:12?C4nary@host/db`, /cannot be read/],
    [`postgresql://user:C4nary%zz@host/db`, /cannot be read/],
    [`postgresql://user:C4nary%@host/db`, /cannot be read/],
    [`postgresql://user:C4nary%ff@host/db`, /cannot be read/],
    [`postgresql://${secret}@host/db?sslmode=requre`, /sslmode/],
    [`postgresql://${secret}@host/db?sslmode=`, /sslmode/],
    [
      `postgresql://${secret}@host/db?sslmode=verify-full&sslrootcert=/nowhere.pem`,
      /certificate file .* does not exist/,
    ],
  ]
  for (const [url, message] of broken) {
    assertRefused(await place.run(['verify', '--target', 'restore'], { RESTORE_DATABASE_URL: url }), message)
    assertRefused(await place.run(['migrate', 'status', '--target', 'restore'], { RESTORE_DATABASE_URL: url }), message)
  }
})

test('a transaction pooler', async () => {
  await everyCommandRefuses(
    `postgresql://u:${canary}@127.0.0.1:6543/db`,
    /port 6543, a transaction pooler/,
    /direct connection/,
  )
})

test('a wrong password, and none', async () => {
  const url = own.cluster.url('postgres')
  await everyCommandRefuses(
    url.replace('postgres@', `careful:${canary}@`),
    /cannot connect to the target restore \(postgresql:\/\/careful@.*\): the password was refused/,
    /Check RESTORE_DATABASE_URL \(from the environment\)/,
  )
  await everyCommandRefuses(url.replace('postgres@', 'careful@'), /cannot connect .*password/)
  await everyCommandRefuses(
    url.replace('postgres@', `nobody:${canary}@`),
    /cannot connect .*role "nobody" does not exist/,
  )
  await everyCommandRefuses(own.cluster.url('no such'), /cannot connect .*there is no such database/)
})

test('a password from a file, a service or the environment: alike for both drivers', async () => {
  const socket = encodeURIComponent(own.cluster.socketDirectory)
  const url = `postgresql://careful@${socket}/postgres`
  const log = ['verify', 'migrate'] as const
  /** Who gets in is told that the checks are missing, or that migrations are pending. */
  const getsIn = async (env: Record<string, string>, one = url) => {
    for (const command of log) {
      const args = command === 'verify' ? ['verify', '-t', 'restore'] : ['migrate', 'status', '-t', 'restore']
      const outcome = await place.run(args, { HOME: place.directory, RESTORE_DATABASE_URL: one, ...env })
      assert.match(outcome.stdout + outcome.stderr, /does not have the checks|pending +0001/, JSON.stringify(env))
    }
  }
  const isRefused = async (env: Record<string, string>, message: RegExp) => {
    for (const command of commands) {
      const outcome = await place.run(command, { HOME: place.directory, RESTORE_DATABASE_URL: url, ...env })
      assertRefused(outcome, message, undefined, outcome.files)
    }
  }
  const write = (name: string, text: string, mode = 0o600) => {
    writeFileSync(place.path(name), text)
    chmodSync(place.path(name), mode)
    return place.path(name)
  }
  await isRefused({}, /a password is asked for, and none is given$/)
  await getsIn({ PGPASSWORD: 'the right one' })
  await isRefused({ PGPASSWORD: 'the wrong one' }, /the password was refused/)
  const other = write('passwords', '*:5432:postgres:careful:the right one\n')
  await getsIn({ PGPASSFILE: other })
  await getsIn({}, `${url}?passfile=${other}`)
  chmodSync(other, 0o644)
  await isRefused(
    { PGPASSFILE: other },
    /none is given \(the password file .*passwords may be read by others: chmod 600/,
  )
  await isRefused({ PGPASSFILE: '/nowhere' }, /none is given \(the password file \/nowhere does not exist\)/)
  write('.pgpass', `${own.cluster.socketDirectory}:5432:*:careful:the right one\n`)
  await getsIn({})
  await isRefused({ PGPASSWORD: 'the wrong one' }, /the password was refused/)
  write('.pg_service.conf', `[careful]\nhost=${own.cluster.socketDirectory}\nuser=careful\ndbname=postgres\n`)
  await getsIn({}, 'postgresql:///?service=careful')
  await getsIn({ PGSERVICE: 'careful' }, 'postgresql://')
  await getsIn({ PGHOST: own.cluster.socketDirectory, PGUSER: 'careful', PGDATABASE: 'postgres' }, 'postgresql://')
  for (const name of ['.pgpass', '.pg_service.conf', 'passwords']) rmSync(place.path(name))
})

test('a server that is down, or a host that is unknown', async () => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  await everyCommandRefuses(`postgresql://u:${canary}@127.0.0.1:${port}/db`, /cannot connect .*no server answers there/)
  await everyCommandRefuses(`postgresql://u:${canary}@localhost:${port}/db`, /cannot connect .*no server answers there/)
  await everyCommandRefuses(`postgresql://u:${canary}@%2Fnowhere/db`, /cannot connect .*no server answers there/)
  const start = performance.now()
  await everyCommandRefuses(
    `postgresql://u:${canary}@db.pgdrill.invalid/db`,
    /cannot connect .*the host name is not known/,
  )
  assert.ok(performance.now() - start < 15_000, 'an unknown host must not hang')
})

test('something else than PostgreSQL answers, or nobody does after the connection', async () => {
  for (const reply of ['HTTP/1.1 400 Bad Request\r\n\r\n', undefined]) {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => (reply === undefined ? socket.destroy() : socket.end(reply)))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    await everyCommandRefuses(`postgresql://u:${canary}@127.0.0.1:${port}/db`, /cannot connect/)
    await new Promise((done) => server.close(done))
  }
})

test('a server that is too old', async () => {
  const old = await startOldServer('13.5')
  try {
    await everyCommandRefuses(
      `postgresql://u:${canary}@127.0.0.1:${old.port}/db`,
      /runs PostgreSQL 13\.5, and pgdrill needs 14/,
    )
  } finally {
    old.end()
  }
})

test('a socket in a directory that is reached by a link', async () => {
  symlinkSync(copy.cluster.socketDirectory, place.path('socket'))
  const url = urlOf(copy).replace(
    encodeURIComponent(copy.cluster.socketDirectory),
    encodeURIComponent(place.path('socket')),
  )
  const outcome = await place.run(['verify', '--target', 'restore', '--no-proof'], { RESTORE_DATABASE_URL: url })
  assertCode(outcome, 0)
})

test.run()
