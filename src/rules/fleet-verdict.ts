import type { Verdict } from './verdict.ts'

/**
 * The verdict over several targets: a failure outranks, then what could not be verified; nothing at all is no pass.
 * @param verdicts null for a target that could not even be asked
 */
export function judgeFleet(verdicts: readonly (Verdict | null)[]): Pick<Verdict, 'status' | 'exit_code'> {
  if (verdicts.some((one) => one?.status === 'failed')) return { status: 'failed', exit_code: 1 }
  if (verdicts.length === 0 || verdicts.some((one) => one?.status !== 'verified')) {
    return { status: 'could_not_verify', exit_code: 2 }
  }
  return { status: 'verified', exit_code: 0 }
}
