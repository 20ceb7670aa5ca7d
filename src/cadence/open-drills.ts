import type { CheckResult } from '../database/contract.ts'
import { openDrills } from '../drill/drill.ts'
import type { DrillFact } from '../rules/cadence-facts.ts'

/**
 * The drills of this working directory that are not over: only their journals know of them until they end.
 * @returns with one row for each journal that cannot be read
 */
export function readOpenDrills(): { drills: DrillFact[]; unreadable: CheckResult[] } {
  const { open, damaged } = openDrills()
  return {
    drills: open.map(({ state: { record } }) => ({
      drill_id: record.drill_id,
      scope: record.scope,
      is_sandbox: record.is_sandbox,
      state: record.state,
      verdict: record.verdict,
      started_at: record.started_at,
      finished_at: record.finished_at,
      recovery_time: record.rto.seconds,
      data_loss: record.rpo.seconds,
      baseline_id: record.baseline_id,
      proof_sha256: null,
      problem: null,
      remark: null,
    })),
    unreadable: damaged.map(({ id, problem }) => ({
      check_name: 'cadence',
      object_name: `drill ${id}`,
      status: 'error',
      detail: `a record of a drill cannot be read: ${problem}`,
      hint: 'Put it back as it was, or move it out of verify/drills.',
      expected: 'readable',
      actual: 'not readable',
    })),
  }
}
