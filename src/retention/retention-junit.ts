import type { CheckResult } from '../database/contract.ts'
import { junitDocument, rowSuite } from '../proof/junit.ts'
import type { Retention } from './retention.ts'
import { retentionSummary } from './summary.ts'

/** The retention as JUnit XML: a case for each slot and check, and one for the whole, as many readers take skipped for good. */
export function retentionJunit(retention: Retention): string {
  const { question, judgement, verdict } = retention
  const status = ({ verified: 'pass', failed: 'fail', could_not_verify: 'error' } as const)[verdict.status]
  const whole: CheckResult = {
    check_name: 'pgdrill',
    object_name: 'retention met',
    status,
    detail: retentionSummary(retention),
    hint: null,
    expected: null,
    actual: null,
  }
  const slots = judgement.results.filter(({ check_name }) => check_name === 'retention')
  const others = judgement.results.filter(({ check_name }) => check_name !== 'retention')
  return junitDocument('pgdrill retention', question.now, 0, [
    rowSuite('Verdict', question.now, [whole]),
    rowSuite('Slots', question.now, slots),
    rowSuite('Backups', question.now, others),
  ])
}
