import { durationText } from '../rules/durations.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { explainOutcome } from './outcome.ts'
import type { Proof } from './proof.ts'
import { type Colors, verificationText } from './text.ts'

/** A proof for a person at a terminal: its verification, and of a drill the times, what is left to do, and the verdict. */
export function proofText(proof: Proof, colors: Colors, isVerbose: boolean): string {
  const { drill, verification } = proof
  const text = verificationText(verification, colors, isVerbose)
  if (drill === null) return text
  const bounds = Object.entries({ RTO: drill.rto, RPO: drill.rpo }).map(
    ([name, { status, seconds, budget_seconds, detail }]) => {
      const measured = seconds === null ? 'not known' : durationText(seconds)
      const budget = budget_seconds === null ? '' : ` of ${durationText(budget_seconds)}`
      const paint = status === 'pass' ? colors.green : colors.red
      return `  ${paint(status.padEnd(5))} ${name}  ${measured}${budget}: ${plainLine(detail)}`
    },
  )
  const followUps = drill.follow_ups.map(({ owner, due, check_name, detail }) =>
    plainLine(`  ${due}  ${owner}  ${check_name}: ${detail}`),
  )
  return [
    text,
    colors.bold(plainLine(`drill ${drill.drill_id}, ticket ${drill.ticket}, ${drill.state}`)),
    ...bounds,
    ...(followUps.length === 0 ? [] : ['', colors.bold('follow-ups'), ...followUps]),
    '',
    colors.bold(explainOutcome(proof)),
    '',
  ].join('\n')
}
