// What happens to the program, or to its session, while a baseline is captured and while a copy is verified. Whatever it
// is: no verdict, one line, nothing left.

import * as assert from 'uvu/assert'
import { assertRefused, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, countBaselines, disturbed, work, works } from './support.ts'

const test = suite('faults/sessions')
const place = new Workplace()
let copy: Scratch
let baselines: number

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
  baselines = await countBaselines(copy)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})
test.after.each(async () => {
  await assertNothingLeft(place, copy)
  assert.is(await countBaselines(copy), baselines)
})

for (const name of works) {
  const run = (disturb: Parameters<typeof disturbed>[3], ...more: string[]) =>
    disturbed(place, copy, [...work[name], ...more], disturb)
  const tell = (call: string) => (_: unknown, pid: number) => copy.query(`select ${call}(${pid})`)

  for (const [signal, code] of [
    ['SIGINT', 2],
    ['SIGTERM', 2],
    ['SIGKILL', null],
  ] as const) {
    test(`${name}: ${signal}`, async () => {
      const outcome = await run(async (child) => child.kill(signal))
      assert.is(outcome.code, code, outcome.stderr)
      assert.is(outcome.stdout, '')
      if (code === 2)
        assert.match(outcome.stderr, new RegExp(`pgdrill: interrupted by ${signal}: nothing was decided\n$`))
    })
  }

  test(`${name}: the session is ended`, async () => {
    const outcome = await run(tell('pg_terminate_backend'))
    assertRefused(outcome, /terminating connection|connection .* lost/, /start again: nothing was decided/)
  })
}

test('baseline capture: its query is cancelled', async () => {
  const outcome = await disturbed(place, copy, work['baseline capture'], (_, pid) =>
    copy.query(`select pg_cancel_backend(${pid})`),
  )
  assertRefused(outcome, /canceling statement due to user request/)
})

test.run()
