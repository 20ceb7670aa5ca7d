import type { CheckResult } from '../database/contract.ts'
import type { Verdict } from '../rules/verdict.ts'
import { plainLine } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'
import { explainVerdict } from './explain.ts'
import type { Proof } from './proof.ts'

export interface Outcome {
  status: Verdict['status']
  /** One sentence: why. */
  reason: string
}

const order: Verdict['status'][] = ['failed', 'could_not_verify', 'verified']
export const outcomeWords: Record<Verdict['status'], string> = {
  verified: 'PASS',
  failed: 'FAIL',
  could_not_verify: 'COULD NOT VERIFY',
}

/** The verdict over a proof: never better than that of its verification, its times, or the drill's own. */
export function outcomeOf(proof: Proof): Outcome {
  const { verification, drill } = proof
  const parts: Outcome[] = [{ status: verification.verdict.status, reason: whyOf(proof) }]
  if (drill !== null) {
    const bounds = { RTO: drill.rto, RPO: drill.rpo }
    for (const [name, { status, detail }] of Object.entries(bounds)) {
      // Unless that is what the verification has said already.
      if (status === 'pass' || firstCause(verification)?.check_name === name.toLowerCase()) continue
      const what = status === 'fail' ? 'was not met' : 'is not known'
      parts.push({
        status: status === 'fail' ? 'failed' : 'could_not_verify',
        reason: `the ${name} ${what}: ${detail}`,
      })
    }
    if (drill.verdict === null) parts.push({ status: 'could_not_verify', reason: `the drill is ${drill.state}` })
    else if (!parts.some(({ status }) => status === drill.verdict)) {
      parts.push({ status: drill.verdict, reason: 'so says the record of the drill' })
    }
  }
  const status = order.find((one) => parts.some((part) => part.status === one)) ?? 'could_not_verify'
  const reasons = parts.filter((part) => part.status === status).map(({ reason }) => reason)
  return { status, reason: reasons.join('; ') }
}

/** The verdict in one line: what of, and why. */
export function explainOutcome(proof: Proof): string {
  const { drill, verification } = proof
  if (drill === null) return explainVerdict(verification)
  const { status, reason } = outcomeOf(proof)
  const sandbox = verification.target.is_sandbox ? ' [sandbox]' : ''
  return plainLine(`${outcomeWords[status]}${sandbox} drill ${drill.ticket} into ${drill.target_name}: ${reason}`)
}

function whyOf({ verification }: Proof): string {
  const { verdict, depth } = verification
  const { pass, fail, error, waived } = verdict.counts
  const cause = firstCause(verification)
  const first = cause === undefined ? '' : `, first: ${cause.detail}`
  if (verdict.status === 'failed') return `${fail} of ${fail + pass + error + waived} results failed${first}`
  if (verdict.status === 'could_not_verify') {
    return error === 0 ? 'nothing was looked at' : `${error} could not be looked at, and nothing failed${first}`
  }
  const quick = depth === 'quick' ? ' (quick: no row was counted)' : ''
  return `${pass} passed, none failed, and all that was asked for was looked at${quick}${waived > 0 ? `; ${waived} waived` : ''}`
}

function firstCause({ verdict, results }: Verification): CheckResult | undefined {
  return results.find((row) => row.status === (verdict.status === 'failed' ? 'fail' : 'error'))
}
