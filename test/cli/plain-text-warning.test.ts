// A connection over a network in plain text: said on stderr and in the results, and no reason for another verdict.

import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { isLoopback } from '../../src/database/open-socket.ts'
import { issue } from '../support/certificates.ts'
import { type NetworkServer, otherAddress, startNetworkServer } from '../support/network-server.ts'
import { suite } from '../support/suite.ts'
import { assertCode, type Outcome, Workplace } from './program.ts'

const test = suite('cli/plain-text-warning')
const place = new Workplace()
const address = otherAddress()
let server: NetworkServer

test.before(async () => {
  server = await startNetworkServer('plain')
  const certificate = issue({ commonName: 'db' })
  await server.become({ hba: ['host all all all trust'], certificate })
})
test.after(async () => {
  place.remove()
  await server?.drop()
})

function run(args: string[], host: string, query: string): Promise<Outcome> {
  const url = `postgresql://postgres@${host}:${server.port}/postgres?${query}`
  return place.run([...args, '--target', 'there'], { HOME: place.directory, THERE_DATABASE_URL: url })
}

const warning =
  /^warning: the connection to the target there is not encrypted: .*\n {2}Add sslmode=.* to THERE_DATABASE_URL/m

function transportOf(outcome: Outcome): CheckResult | undefined {
  return (JSON.parse(outcome.stdout).results as CheckResult[]).find((row) => row.check_name === 'transport')
}

test('what this machine itself is', () => {
  for (const one of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost']) assert.ok(isLoopback(one), one)
  for (const one of ['10.0.0.1', '192.0.2.1', '::2', 'fe80::1', 'localhost.example.org', '128.0.0.1', '1127.0.0.1']) {
    assert.not(isLoopback(one), one)
  }
})

test.needs(address, 'this machine has no address but the loopback')(
  'both drivers warn, once, and verify has it in its results',
  async () => {
    const there = address as string
    const migrated = await run(['migrate', 'up'], there, 'sslmode=disable')
    assertCode(migrated, 0)
    assert.match(migrated.stderr, warning)
    const verified = await run(['verify', '--no-proof', '--format', 'json', '-d', 'quick'], there, 'sslmode=disable')
    assert.match(verified.stderr, warning)
    assert.is(transportOf(verified)?.status, 'warn')
    const encrypted = await run(['verify', '--no-proof', '--format', 'json', '-d', 'quick'], there, 'sslmode=require')
    assert.not.match(encrypted.stderr, /warning:/)
    assert.is(transportOf(encrypted)?.status, 'pass')
    assert.is(encrypted.code, verified.code, 'the warning changes no verdict')
    await server.run(
      'delete from drill.guards',
      'delete from drill.partitioned_relations',
      'delete from drill.critical_relations',
      'create table public.orders (id integer, created_at timestamptz)',
      "select drill.register_critical_relation('public.orders', 'created_at', p_is_append_only => true)",
    )
    const captured = await run(['baseline', 'capture', '--jobs', '3'], there, 'sslmode=allow')
    assertCode(captured, 0)
    assert.is(captured.stderr.match(/warning:/g)?.length, 1)
  },
)

test('local plain text and what is encrypted do not warn', async () => {
  for (const query of ['sslmode=disable', 'sslmode=require']) {
    const outcome = await run(['migrate', 'status'], '127.0.0.1', query)
    assertCode(outcome, 0)
    assert.not.match(outcome.stderr, /warning:/)
  }
})

test.run()
