import type { CheckResult, CheckStatus } from '../database/contract.ts'

export interface Verdict {
  status: 'verified' | 'failed' | 'could_not_verify'
  /** 0 verified, 1 verified to be wrong, 2 could not verify. */
  exit_code: 0 | 1 | 2
  counts: Record<CheckStatus, number>
}

/**
 * The verdict over all results. A failure outranks; then anything that could not be looked at; nothing looked at
 * (no pass at all) is not a pass. Warnings, skips and waived failures do not change it.
 */
export function judge(results: readonly Pick<CheckResult, 'status'>[]): Verdict {
  return judgeCounts(countStatuses(results))
}

/** The same over how many results there are of each status. */
export function judgeCounts(counts: Record<CheckStatus, number>): Verdict {
  if (counts.fail > 0) return { status: 'failed', exit_code: 1, counts }
  if (counts.error > 0 || counts.pass === 0) return { status: 'could_not_verify', exit_code: 2, counts }
  return { status: 'verified', exit_code: 0, counts }
}

/** How many results there are of each status. @param more counted before, to which they are added */
export function countStatuses(
  results: readonly Pick<CheckResult, 'status'>[],
  more: Record<CheckStatus, number> = { pass: 0, warn: 0, fail: 0, skip: 0, error: 0, waived: 0 },
): Record<CheckStatus, number> {
  const counts = { ...more }
  for (const { status } of results) counts[status] += 1
  return counts
}
