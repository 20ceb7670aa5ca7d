import { count } from '../rules/wording.ts'
import type { Fleet, Member } from '../verification/verify-fleet.ts'
import { explainVerdict } from './explain.ts'
import { outcomeWords } from './outcome.ts'
import { type Colors, verificationText } from './text.ts'

/** Several verifications for a person at a terminal: each as it is when alone, then a line for each, the verdict last. */
export function fleetText(fleet: Fleet, colors: Colors, isVerbose: boolean): string {
  const whole = fleet.members.flatMap(({ verification }) =>
    verification === null ? [] : [verificationText(verification, colors, isVerbose)],
  )
  return [
    ...whole,
    ...fleet.members.map((member) => `  ${paintOf(member, colors)(memberLine(member))}`),
    '',
    colors.bold(fleetLine(fleet)),
    '',
  ].join('\n')
}

/** What became of one target, in one line. */
export function memberLine({ target, verification, problem }: Member): string {
  if (verification !== null) return explainVerdict(verification)
  const hint = problem?.hint ? ` To do: ${problem.hint}` : ''
  return `COULD NOT VERIFY ${target}: ${problem?.message}${hint}`
}

/** The verdict over all targets, in one line. */
export function fleetLine({ members, verdict }: Fleet): string {
  const not = members.filter(({ verification }) => verification?.verdict.status !== 'verified')
  const names = not.length === 0 ? '' : `, not verified: ${not.map(({ target }) => target).join(', ')}`
  return `${outcomeWords[verdict.status]} ${count(members.length, 'target')}${names} (exit ${verdict.exit_code})`
}

function paintOf({ verification }: Member, colors: Colors): (text: string) => string {
  if (verification?.verdict.status === 'verified') return colors.green
  return verification?.verdict.status === 'failed' ? colors.red : colors.yellow
}
