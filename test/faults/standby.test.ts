// A read-only standby: as what is verified, as the production that is asked, as what is captured; and its promotion midway.

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type Standby, startStandby } from '../support/standby.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, waiting, whileLocked, work } from './support.ts'

const test = suite('faults/standby')
const place = new Workplace()
let standby: Standby
let primary: Scratch
/** The same database, seen through the standby. */
let replica: Scratch

/** A new standby in place of the one that was promoted. */
async function startAgain(): Promise<void> {
  const { production } = await sandboxClusters()
  await standby?.drop()
  standby = await startStandby(production)
  await standby.catchUp()
  const { cluster } = standby
  const { database } = primary.target.connection
  replica = {
    ...primary,
    cluster,
    query: async <Row extends object>(statement: string) => {
      const sql = cluster.connect(database)
      try {
        return [...(await sql.unsafe(statement))] as unknown as Row[]
      } finally {
        await sql.end()
      }
    },
  }
}

test.before(async () => {
  primary = await makeDatabase((await sandboxClusters()).production)
  await startAgain()
})
test.after(async () => {
  place.remove()
  await standby?.drop()
  await primary?.drop()
})

test('baseline capture: a standby is refused, in one line', async () => {
  const outcome = await place.run([...work['baseline capture']], { COPY_DATABASE_URL: urlOf(replica) })
  assertRefused(outcome, /read-only transaction|recovery/, /read-only|primary/)
  await assertNothingLeft(place, replica)
})

test('verify: a standby is no restored copy: never 0', async () => {
  for (const depth of ['quick', 'standard']) {
    const args = ['verify', '-t', 'copy', '--no-proof', '--depth', depth]
    const outcome = await place.run(args, {
      COPY_DATABASE_URL: urlOf(replica),
      PRODUCTION_DATABASE_URL: urlOf(primary),
    })
    assert.ok(outcome.code === 1 || outcome.code === 2, `${depth}: exit ${outcome.code}\n${outcome.stdout}`)
    assert.not.match(outcome.stderr, /internal error|^\s+at /m)
    await assertNothingLeft(place, replica)
  }
})

test('verify: production may be a standby: it is asked all the same', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  try {
    const outcome = await place.run(['verify', '-t', 'copy', '--no-proof', '-d', 'quick', '--verbose'], {
      COPY_DATABASE_URL: urlOf(copy),
      PRODUCTION_DATABASE_URL: urlOf(replica),
    })
    assertCode(outcome, 0)
    assert.match(outcome.stdout, /pass {2}not_production/)
    await assertNothingLeft(place, replica)
  } finally {
    await copy.drop()
  }
})

test('baseline capture: a standby that is promoted midway is refused, or captured as the primary that it is then', async () => {
  const ids = async () =>
    (await replica.query<{ id: string }>('select baseline_id::text as id from drill.baselines')).map(({ id }) => id)
  const before = await ids()
  const outcome = await whileLocked(primary, 'drill.critical_relations', async () => {
    await standby.catchUp()
    const { ended } = place.start([...work['baseline capture']], { COPY_DATABASE_URL: urlOf(replica) })
    await waiting(replica)
    // The lock came from the primary, so it is gone with the recovery.
    await replica.query('select pg_promote()')
    return await ended
  })
  const added = (await ids()).filter((id) => !before.includes(id))
  if (outcome.code === 0) {
    const { baseline_id, source } = JSON.parse(place.read('baseline.json'))
    assert.equal(added, [baseline_id])
    // What is compared with it later must not take the promoted server for the one before.
    assert.is(source.timeline_id, 2)
    rmSync(place.path('baseline.json'))
  } else {
    assertRefused(outcome, /read-only transaction|recovery|lock timeout/)
    assert.equal(added, [])
  }
  await assertNothingLeft(place, replica)
  await startAgain()
})

test('verify: a target that is promoted midway: never 0, no crash', async () => {
  const outcome = await whileLocked(primary, 'public.calls', async () => {
    await standby.catchUp()
    const { ended } = place.start(['verify', '-t', 'copy', '--no-proof'], {
      COPY_DATABASE_URL: urlOf(replica),
      PRODUCTION_DATABASE_URL: urlOf(primary),
    })
    await waiting(replica)
    // The lock came from the primary, so it is gone with the recovery.
    await replica.query('select pg_promote()')
    return await ended
  })
  assert.ok(outcome.code === 1 || outcome.code === 2, `exit ${outcome.code}\n${outcome.stdout}`)
  assert.not.match(outcome.stderr, /internal error|^\s+at /m)
  await assertNothingLeft(place, replica)
})

test.run()
