// How long the program waits: for a lock, a statement, another migration, a network.

import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { assertCode, assertRefused, canary, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { startProxy } from '../support/proxy.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, countBaselines, disturbed, waiting, whileLocked, work } from './support.ts'

const test = suite('faults/waits')
const place = new Workplace()
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

test('baseline capture: a statement that takes too long: 2, with the table and the option that gives it more', async () => {
  const before = await countBaselines(copy)
  const args = [...work['baseline capture'], '--statement-timeout', '2']
  const outcome = await disturbed(place, copy, args, async () => {})
  assertRefused(outcome, /public\.calls: canceling statement due to statement timeout/, /--statement-timeout/)
  await assertNothingLeft(place, copy)
  assert.is(await countBaselines(copy), before)
})

test('verify: a table that takes too long is one that could not be looked at: it is named, the rest goes on', async () => {
  for (const jobs of ['1', '2']) {
    const args = ['verify', '-t', 'copy', '--no-proof', '--format', 'json', '--statement-timeout', '2', '--jobs', jobs]
    const outcome = await disturbed(place, copy, args, async () => {})
    assertCode(outcome, 2)
    const results = JSON.parse(outcome.stdout).results as CheckResult[]
    const counted = results.filter(({ check_name }) => check_name === 'row_counts')
    assert.equal(
      counted.filter(({ status }) => status !== 'pass').map(({ status, object_name }) => `${status} ${object_name}`),
      ['error public.calls'],
    )
    const calls = counted.find(({ object_name }) => object_name === 'public.calls')
    assert.match(calls?.detail ?? '', /^public\.calls was not counted: canceling statement due to statement timeout/)
    assert.match(calls?.hint ?? '', /--statement-timeout/)
    assert.ok(counted.length > 30, `${counted.length} rows`)
    assert.not.ok(results.some(({ status }) => status === 'fail'))
    await assertNothingLeft(place, copy)
  }
})

test('a lock that somebody holds: a capture ends with 2 after the lock timeout, with the table', async () => {
  const outcome = await disturbed(place, copy, work['baseline capture'], async () => {})
  assertRefused(outcome, /public\.calls .*lock timeout/)
  await assertNothingLeft(place, copy)
})

/** Holds what a migration waits for first. */
async function whileMigrating<T>(run: () => Promise<T>): Promise<T> {
  const holder = copy.cluster.connect(copy.target.connection.database)
  try {
    await holder`select pg_advisory_lock(7310014018)`
    return await run()
  } finally {
    await holder.end()
  }
}

test('another migration that does not end is not waited for for ever', async () => {
  const other = new Workplace()
  await whileMigrating(async () => {
    for (const direction of ['up', 'down']) {
      const args = ['migrate', direction, '-t', 'copy', '--statement-timeout', '1']
      assertRefused(
        await other.run(args, { COPY_DATABASE_URL: urlOf(copy) }),
        /another migration of the target copy is under way/,
        /end its session/,
      )
    }
  })
  await assertNothingLeft(other, copy)
  other.remove()
})

test('a network that goes silent: 2 and one line, when the statement must have ended', async () => {
  const other = new Workplace()
  const proxies = [await startProxy(copy), await startProxy(copy)] as const
  const start = (proxy: (typeof proxies)[number], args: string[]) =>
    other.start([...args, '--statement-timeout', '2'], { COPY_DATABASE_URL: proxy.url(canary) }).ended
  try {
    const lost = await whileLocked(copy, 'public.calls', async () => {
      const capture = start(proxies[0], [...work['baseline capture']])
      await waiting(copy)
      proxies[0].goSilent()
      return await whileMigrating(async () => {
        const migrate = start(proxies[1], ['migrate', 'up', '-t', 'copy'])
        await waiting(copy, 'pgdrill migrate')
        proxies[1].goSilent()
        return await Promise.all([capture, migrate])
      })
    })
    for (const outcome of lost) {
      assertRefused(outcome, /connection to the database was lost: the server does not answer/, /start again/)
    }
  } finally {
    for (const proxy of proxies) await proxy.close()
  }
  await assertNothingLeft(other, copy)
  other.remove()
})

test.run()
