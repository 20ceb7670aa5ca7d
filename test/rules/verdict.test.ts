import * as assert from 'uvu/assert'
import type { CheckResult, CheckStatus } from '../../src/database/contract.ts'
import { judge } from '../../src/rules/verdict.ts'
import { suite } from '../support/suite.ts'

const test = suite('verdict')

function results(...statuses: CheckStatus[]): CheckResult[] {
  return statuses.map((status) => ({
    check_name: 'x',
    object_name: null,
    status,
    detail: '',
    hint: null,
    expected: null,
    actual: null,
  }))
}

const cases: [CheckStatus[], 0 | 1 | 2][] = [
  [['pass'], 0],
  [['pass', 'warn', 'skip'], 0],
  [['pass', 'fail'], 1],
  [['pass', 'error'], 2],
  [['pass', 'error', 'fail'], 1],
  [[], 2],
  [['skip'], 2],
  [['warn'], 2],
  [['skip', 'warn'], 2],
  [['pass', 'waived'], 0],
  [['waived'], 2],
  [['pass', 'waived', 'fail'], 1],
]
for (const [statuses, exitCode] of cases) {
  test(`[${statuses.join(', ')}] is ${exitCode}`, () => {
    const verdict = judge(results(...statuses))
    assert.is(verdict.exit_code, exitCode)
    assert.is(verdict.status, ['verified', 'failed', 'could_not_verify'][exitCode])
    assert.is(verdict.counts.pass, statuses.filter((status) => status === 'pass').length)
  })
}

test.run()
