// How long the program waits: for a lock, a statement, another migration, a network.

import * as assert from 'uvu/assert'
import { assertRefused, canary, urlOf, Workplace } from '../cli/program.ts'
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

test('a statement that takes too long: 2, with the option that gives it more', async () => {
  const before = await countBaselines(copy)
  for (const args of Object.values(work)) {
    const outcome = await disturbed(place, copy, [...args, '--statement-timeout', '1'], async () => {})
    assertRefused(outcome, /statement timeout/, /--statement-timeout/)
    await assertNothingLeft(place, copy)
  }
  assert.is(await countBaselines(copy), before)
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
