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
export function judge(results: readonly CheckResult[]): Verdict {
  const counts: Record<CheckStatus, number> = { pass: 0, warn: 0, fail: 0, skip: 0, error: 0, waived: 0 }
  for (const result of results) counts[result.status] += 1
  if (counts.fail > 0) return { status: 'failed', exit_code: 1, counts }
  if (counts.error > 0 || counts.pass === 0) return { status: 'could_not_verify', exit_code: 2, counts }
  return { status: 'verified', exit_code: 0, counts }
}
