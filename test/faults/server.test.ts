// The server itself: stopped and started again, or without a free connection; and a disk of ours that is full.

import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Sql } from 'postgres'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { restoreToPointInTime } from '../../src/sandbox/point-in-time.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, countBaselines, disturbed, work, works } from './support.ts'

const test = suite('faults/server')
const place = new Workplace()
let root: string
let watchdog: Watchdog
/** A restored copy of this file's own. */
let cluster: Cluster
let copy: Scratch
let baselines: number

test.before(async () => {
  const { production } = await sandboxClusters()
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  const { binaries, archive } = production
  const backup = join(dirname(production.directory), 'backup')
  const target = { name: 'before_the_failure' }
  cluster = await restoreToPointInTime({ binaries, backup, archive, directory: join(root, 'own'), name: 'own', target })
  copy = await makeDatabase(cluster, sandboxDatabase)
  baselines = await countBaselines(copy)
})
test.after(async () => {
  place.remove()
  await cluster?.dropEverything()
  await rm(root, { recursive: true, force: true })
  await watchdog?.release()
})

for (const name of works) {
  for (const mode of ['fast', 'immediate'] as const) {
    test(`${name}: the server is stopped (${mode}) and started again`, async () => {
      const outcome = await disturbed(place, copy, work[name], async () => {
        await cluster.stop(mode)
        await cluster.start()
      })
      assertRefused(outcome, /terminating connection|connection .* lost/, /start again: nothing was decided/)
      await assertNothingLeft(place, copy)
      assert.is(await countBaselines(copy), baselines)
    })
  }

  test(`${name}: no free connection`, async () => {
    const taken: Sql[] = []
    await cluster.stop()
    await cluster.start({ settings: { max_connections: '13', superuser_reserved_connections: '0' } })
    try {
      for (let full = false; !full; ) {
        const sql = cluster.connect()
        await sql`select 1`.then(
          () => taken.push(sql),
          async () => {
            full = true
            await sql.end()
          },
        )
      }
      const outcome = await place.run([...work[name]], { COPY_DATABASE_URL: urlOf(copy) })
      assertRefused(outcome, /cannot connect to the target copy .*(too many clients|connection slots)/, /taken/)
      // One is not enough for a capture: nobody would look whether production waits for it.
      await taken.pop()?.end()
      if (name === 'verify') return
      assertRefused(
        await place.run([...work[name]], { COPY_DATABASE_URL: urlOf(copy) }),
        /too many clients|connection slots/,
        /taken/,
      )
    } finally {
      await Promise.all(taken.map((sql) => sql.end()))
      await cluster.stop()
      await cluster.start()
    }
    await assertNothingLeft(place, copy)
    assert.is(await countBaselines(copy), baselines)
  })
}

// A limit for the size of files fails a write as a full disk does, and needs no rights.
const small = 'ulimit -f 2; "$0" "$@"'

test('baseline capture: our disk is full: 2, it says where the baseline is, and leaves no part of a file', async () => {
  const outcome = await place.spawn([...work['baseline capture']], { COPY_DATABASE_URL: urlOf(copy) }, small)
  assertRefused(
    outcome,
    /the baseline .* is stored in copy, but baseline\.json cannot be written: .*(EFBIG|ENOSPC)/,
    /baseline export/,
  )
  await assertNothingLeft(place, copy)
})

test('verify: our disk is full: 2, the findings are shown, and no part of a proof is left', async () => {
  const outcome = await place.spawn([...work.verify], { COPY_DATABASE_URL: urlOf(copy) }, small)
  assertCode(outcome, 2)
  assert.match(outcome.stdout, /the proof cannot be written to proof: .*(EFBIG|ENOSPC)/)
  assert.not.match(outcome.stderr, /internal error|^\s+at |^proof: /m)
  await assertNothingLeft(place, copy)
})

test.run()
