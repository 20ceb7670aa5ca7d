import * as assert from 'uvu/assert'
import { judgeFleet } from '../../src/rules/fleet-verdict.ts'
import type { Verdict } from '../../src/rules/verdict.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/fleet-verdict')

const counts = { pass: 1, warn: 0, fail: 0, skip: 0, error: 0, waived: 0 }
const verified: Verdict = { status: 'verified', exit_code: 0, counts }
const failed: Verdict = { status: 'failed', exit_code: 1, counts }
const unknown: Verdict = { status: 'could_not_verify', exit_code: 2, counts }

test('a failure outranks, then what could not be looked at; nothing is no pass', () => {
  const code = (...verdicts: (Verdict | null)[]) => judgeFleet(verdicts).exit_code
  assert.is(code(verified, verified), 0)
  assert.is(code(verified, failed, null), 1)
  assert.is(code(unknown, failed), 1)
  assert.is(code(verified, unknown), 2)
  assert.is(code(verified, null), 2)
  assert.is(code(), 2)
})

test.run()
