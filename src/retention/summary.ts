import { count } from '../rules/wording.ts'
import { hidePasswords, plainLine } from '../terminal/plain-text.ts'
import type { Retention } from './retention.ts'

/** The verdict in one line: what, why, and the exit code. */
export function retentionSummary({ target, verdict, judgement }: Retention): string {
  const { counts, exit_code, status } = verdict
  const word = { verified: 'PASS', failed: 'FAIL', could_not_verify: 'COULD NOT VERIFY' }[status]
  const numbers = [
    `${counts.pass} passed`,
    ...(counts.fail > 0 ? [`${counts.fail} failed`] : []),
    ...(counts.error > 0 ? [`${counts.error} could not be looked at`] : []),
    ...(counts.warn > 0 ? [count(counts.warn, 'warning')] : []),
    ...(counts.skip > 0 ? [`${counts.skip} not applicable`] : []),
  ].join(', ')
  const cause = judgement.results.find((row) => row.status === (exit_code === 1 ? 'fail' : 'error'))
  const first = exit_code === 0 || cause === undefined ? '' : `, first: ${cause.detail}`
  return hidePasswords(
    plainLine(`${word}${target?.is_sandbox ? ' [sandbox]' : ''} retention: ${numbers}${first} (exit ${exit_code})`),
  )
}

/** How each state of a slot is drawn, and what it means. */
export const slotSigns = {
  filled: ['#', 'has a backup'],
  empty: ['X', 'has none'],
  doubtful: ['?', 'not known'],
  open: ['o', 'today, not over'],
  not_yet_possible: ['.', 'before the first backup'],
} as const
export type SlotSign = keyof typeof slotSigns

/** The sign of each slot by "tier label": an empty slot that is not known to be empty has one of its own. */
export function signsOf({ judgement }: Retention): Map<string, SlotSign> {
  const doubtful = new Set(
    judgement.results.flatMap(({ check_name, object_name, status }) =>
      check_name === 'retention' && status === 'error' && object_name !== null ? [object_name] : [],
    ),
  )
  return new Map(
    judgement.slots.map(({ tier, label, state }) => {
      const name = `${tier} ${label}`
      return [name, state === 'empty' && doubtful.has(name) ? 'doubtful' : state]
    }),
  )
}
