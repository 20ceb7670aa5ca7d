import * as assert from 'uvu/assert'
import type { Outbound } from '../../src/database/contract.ts'
import { disarmingExitCode, spareServer, standingOf, visibleStatement } from '../../src/rules/disarming.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/disarming')

const armed: Outbound = {
  kind: 'webhook_trigger',
  object_kind: 'trigger',
  object_name: 'public.t.x',
  reaches: 'example.com',
  is_armed: true,
  mitigation: null,
  remark: null,
  disarming_statements: ['alter table public.t disable trigger x'],
  problem: null,
  policy: 'fail',
}
const disarmed: Outbound = { ...armed, is_armed: false }
const unseen: Outbound = { ...armed, is_armed: null, problem: 'permission denied', disarming_statements: [] }

test('how one thing stands', () => {
  assert.is(standingOf(armed), 'armed')
  assert.is(standingOf({ ...armed, policy: 'warn' }), 'armed')
  assert.is(standingOf({ ...armed, mitigation: 'pg_cron is not loaded' }), 'armed')
  assert.is(standingOf({ ...armed, disarming_statements: [] }), 'armed')
  assert.is(standingOf({ ...armed, mitigation: 'the platform does', disarming_statements: [] }), 'left')
  assert.is(standingOf({ ...armed, policy: 'skip' }), 'left')
  assert.is(standingOf({ ...unseen, policy: 'skip' }), 'left')
  assert.is(standingOf(disarmed), 'disarmed')
  assert.is(standingOf({ ...disarmed, policy: 'skip' }), 'disarmed')
  assert.is(standingOf(unseen), 'unknown')
  assert.is(standingOf({ ...armed, policy: null }), 'unknown')
  assert.is(standingOf({ ...armed, is_armed: null }), 'unknown')
})

test('what is armed outranks what could not be looked at', () => {
  assert.is(disarmingExitCode([]), 0)
  assert.is(disarmingExitCode([disarmed]), 0)
  assert.is(disarmingExitCode([disarmed, unseen]), 2)
  assert.is(disarmingExitCode([unseen, armed]), 1)
})

test("the archiving of production's own server is none of the copy's", () => {
  const archiving = { ...armed, kind: 'archiving' }
  assert.equal(spareServer([armed, archiving]).map(standingOf), ['armed', 'disarmed'])
  assert.equal(spareServer([archiving])[0]?.disarming_statements, [])
})

test('a statement on one line, with escapes that mean the same', () => {
  for (const plain of [
    'alter table public."Über ""t"".x😀" disable trigger x',
    `alter server s options (set host 'disarmed.invalid')`,
    `alter server s options (set "a" E'x\\\\y')`,
  ]) {
    assert.is(visibleStatement(plain), plain)
  }
  assert.is(
    visibleStatement('alter table "a\nb"."c\\""\u202e" disable trigger "plain"'),
    'alter table U&"a\\+00000ab"."c\\""\u202e" disable trigger "plain"'.replace(
      '."c\\""\u202e"',
      '.U&"c\\\\""\\+00202e"',
    ),
  )
  assert.is(visibleStatement(`x 'a\tb'`), `x U&'a\\+000009b'`)
})

test.run()
