// What keeps a verification from looking: rights, row level security, locks, a lost connection. Each is said and is no pass.

import { randomBytes } from 'node:crypto'
import type { Sql } from 'postgres'
import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { assertCode, assertRefused, canary, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { until } from '../sandbox/servers.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { startProxy } from '../support/proxy.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/obstacles')
const place = new Workplace()
const role = `t_role_${randomBytes(4).toString('hex')}`
let copy: Scratch
let admin: Sql

test.before(async () => {
  admin = (await sandboxClusters()).restore.connect()
  await admin.unsafe(`create role ${role} login bypassrls`)
})
test.before.each(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
  await copy.run(
    `grant usage on schema drill, public, private to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
    `grant execute on function public.verify_partition_triggers_exist() to ${role}`,
    `grant select on all tables in schema drill, public, private to ${role}`,
    // Guards are made to fire on rows that are taken back.
    `grant insert on public.sessions, public.events to ${role}`,
  )
})
test.after.each(() => copy.drop())
test.after(async () => {
  place.remove()
  await admin?.unsafe(`drop role if exists ${role}`)
  await admin?.end()
})

function verifyAs(user: string, ...more: string[]): Promise<Outcome> {
  const url = urlOf(copy).replace(/postgres:[^@]*@/, `${user}:${canary}@`)
  return place.run(['verify', '-t', 'copy', '--no-proof', '--format', 'json', ...more], { COPY_DATABASE_URL: url })
}

function errors(outcome: Outcome): CheckResult[] {
  return (JSON.parse(outcome.stdout).results as CheckResult[]).filter((row) => row.status === 'error')
}

test('a role with the rights that it needs and no more verifies', async () => {
  assertCode(await verifyAs(role), 0)
})

test('one table that may not be read: 2, with the table and the grant', async () => {
  await copy.run(`revoke select on public.calls from ${role}`)
  for (const depth of ['quick', 'standard']) {
    const outcome = await verifyAs(role, '--depth', depth)
    assertCode(outcome, 2)
    const found = errors(outcome)
    assert.ok(
      found.length > 0 && found.every((row) => row.object_name === 'public.calls'),
      JSON.stringify(found, null, 1),
    )
    assert.match(found[0]?.detail ?? '', new RegExp(`grant select on public\\.calls to ${role}`))
  }
})

test('one partition that may not be read: 2, with its name', async () => {
  const [partition] = await copy.query<{ name: string }>(
    `select min(bucket_name) as name from drill.baseline_buckets where bucket_name ~ '^public.events_2'`,
  )
  await copy.run(`revoke select on ${partition?.name} from ${role}`)
  const outcome = await verifyAs(role)
  assertCode(outcome, 2)
  assert.match(
    errors(outcome)
      .map((row) => row.detail)
      .join('\n'),
    new RegExp(`${partition?.name}.*permission denied`),
  )
})

test('a schema, the checks, or a table of theirs that may not be used: 2', async () => {
  await copy.run(`revoke usage on schema private from ${role}`)
  const noSchema = await verifyAs(role)
  assertCode(noSchema, 2)
  assert.match(noSchema.stdout, new RegExp(`grant usage on schema private to ${role}`))
  await copy.run(`revoke select on drill.guards from ${role}`)
  const noTable = await verifyAs(role)
  assertCode(noTable, 2)
  assert.match(noTable.stdout + noTable.stderr, /permission denied for table guards/)
  await copy.run(
    `revoke execute on function drill.verify_partitions() from ${role}`,
    `grant select on drill.guards to ${role}`,
  )
  const noFunction = await verifyAs(role)
  assertCode(noFunction, 2)
  assert.match(noFunction.stdout, /permission denied for function verify_partitions/)
  await copy.run(`revoke usage on schema drill from ${role}`)
  assertRefused(await verifyAs(role), /permission denied for schema drill/, /owns|grant/i)
})

test('row level security that would hide rows: 2, never a smaller count', async () => {
  await admin.unsafe(`alter role ${role} nobypassrls`)
  try {
    const outcome = await verifyAs(role)
    assertCode(outcome, 2)
    assert.match(
      errors(outcome)
        .map((row) => row.detail)
        .join('\n'),
      /public\.calls cannot be counted: row level security hides rows/,
    )
    assert.not((JSON.parse(outcome.stdout).results as CheckResult[]).some((row) => row.status === 'fail'))
  } finally {
    await admin.unsafe(`alter role ${role} bypassrls`)
  }
})

/** Holds an exclusive lock on a table while work runs. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  const holder = copy.cluster.connect(copy.target.connection.database)
  const transaction = await holder.reserve()
  try {
    await transaction`begin`
    await transaction`lock table public.calls in access exclusive mode`
    await work()
  } finally {
    await transaction`rollback`
    transaction.release()
    await holder.end()
  }
}

test('a network that goes silent in the middle: 2 and one line, when the statement must have ended', async () => {
  const proxy = await startProxy(copy)
  const url = proxy.url(canary)
  await whileLocked(async () => {
    const args = ['verify', '-t', 'copy', '--no-proof', '--statement-timeout', '2']
    const verification = place.spawn(args, { COPY_DATABASE_URL: url })
    const isWaiting = () =>
      admin.unsafe(
        `select from pg_stat_activity where datname = '${copy.target.connection.database}' and wait_event_type = 'Lock'`,
      )
    await until('it waits for the lock', async () => (await isWaiting()).length > 0, 20)
    const started = performance.now()
    // Both ends stay open: nothing tells the program that nobody listens.
    proxy.goSilent()
    assertRefused(await verification, /connection .* lost: the server does not answer/)
    assert.ok(performance.now() - started < 40_000)
  })
  await proxy.close()
})

/** Does something to the backend of the verification, each time that it waits for a lock, until the verification ends. */
async function whenItWaits(
  what: 'pg_cancel_backend' | 'pg_terminate_backend',
  verification: Promise<Outcome>,
): Promise<Outcome> {
  let isDone = false
  const ended = verification.finally(() => {
    isDone = true
  })
  await until(
    'it waits for the lock, or ends',
    async () => {
      await admin.unsafe(
        `select ${what}(pid) from pg_stat_activity
         where datname = '${copy.target.connection.database}' and application_name like 'pgdrill%' and wait_event_type = 'Lock'`,
      )
      return isDone
    },
    60,
  )
  return await ended
}

test('a lock that somebody holds: 2 after the lock timeout, naming the table', async () => {
  await whileLocked(async () => {
    const started = performance.now()
    const outcome = await verifyAs('postgres')
    assertCode(outcome, 2)
    assert.match(outcome.stdout + outcome.stderr, /public\.calls[^\n]*lock timeout|lock timeout[^\n]*public\.calls/)
    // Each check that needs the table waits for the timeout once or twice.
    assert.ok(performance.now() - started < 60_000)
  })
})

test('a query that is cancelled: 2', async () => {
  await whileLocked(async () => {
    const outcome = await whenItWaits('pg_cancel_backend', verifyAs('postgres'))
    assertCode(outcome, 2)
    assert.match(outcome.stdout + outcome.stderr, /canceling statement due to user request/)
    assert.not.match(outcome.stderr, /internal error|^\s+at /m)
  })
})

test('a connection that is cut in the middle: 2 and one line', async () => {
  await whileLocked(async () => {
    const verification = await whenItWaits('pg_terminate_backend', verifyAs('postgres'))
    assertRefused(verification, /terminating connection|connection .* lost/, undefined)
  })
})

test('a network that resets the connection in the middle: 2 and one line, at once', async () => {
  const proxy = await startProxy(copy)
  const url = proxy.url(canary)
  await whileLocked(async () => {
    const verification = place.run(['verify', '-t', 'copy', '--no-proof'], { COPY_DATABASE_URL: url })
    const isWaiting = () =>
      admin.unsafe(
        `select from pg_stat_activity where datname = '${copy.target.connection.database}' and wait_event_type = 'Lock'`,
      )
    await until('it waits for the lock', async () => (await isWaiting()).length > 0, 20)
    proxy.reset()
    const started = performance.now()
    assertRefused(await verification, /ECONNRESET|connection .* lost/)
    assert.ok(performance.now() - started < 2000)
  })
  await proxy.close()
})

test('migrate: a connection that is cut while it waits for another run', async () => {
  const holder = copy.cluster.connect(copy.target.connection.database)
  const transaction = await holder.reserve()
  await transaction`begin`
  await transaction`lock table drill_migrations.applied in access exclusive mode`
  const outcome = await whenItWaits(
    'pg_terminate_backend',
    place.run(['migrate', 'up', '-t', 'copy'], { COPY_DATABASE_URL: urlOf(copy) }),
  )
  await transaction`rollback`
  transaction.release()
  await holder.end()
  assertRefused(outcome, /terminating connection|connection .*(lost|terminated)/i)
})

test.run()
