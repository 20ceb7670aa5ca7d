import { plainLine } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'

/** The verdict in one line: what, why, and the exit code. */
export function explainVerdict(verification: Verification): string {
  const { verdict, results, target } = verification
  const { counts } = verdict
  const numbers = [
    `${counts.pass} passed`,
    ...(counts.fail > 0 ? [`${counts.fail} failed`] : []),
    ...(counts.error > 0 ? [`${counts.error} could not be looked at`] : []),
    ...(counts.waived > 0 ? [`${counts.waived} waived`] : []),
    ...(counts.warn > 0 ? [`${counts.warn} ${counts.warn === 1 ? 'warning' : 'warnings'}`] : []),
    ...(counts.skip > 0 ? [`${counts.skip} not applicable`] : []),
  ].join(', ')
  const scope = verdict.exit_code === 0 && verification.depth === 'quick' ? ' (quick: no row was counted)' : ''
  const word = { verified: 'PASS', failed: 'FAIL', could_not_verify: 'COULD NOT VERIFY' }[verdict.status]
  const cause = results.find((row) => row.status === (verdict.exit_code === 1 ? 'fail' : 'error'))
  const reason = verdict.exit_code === 0 || cause === undefined ? '' : `, first: ${plainLine(cause.detail)}`
  const sandbox = target.is_sandbox ? ' [sandbox]' : ''
  return `${word}${sandbox} ${plainLine(target.name)}${scope}: ${numbers}${reason} (exit ${verdict.exit_code})`
}
