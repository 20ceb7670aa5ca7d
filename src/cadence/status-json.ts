import { toolVersion } from '../project-files.ts'
import { timeOf } from '../rules/moments.ts'
import { type Status, standingsOf } from './status.ts'

/** The document pgdrill-status, version 1: docs/cadence.md describes it. */
export function statusJson(status: Status): string {
  const { target, proofs, facts, results, verdict, last_good: last, deadline, trend } = status
  const left = deadline === null ? null : (deadline - timeOf(facts.now)) / 1000
  const rowOf = new Map(results.map((row) => [row.object_name, row]))
  const document = {
    format: 'pgdrill-status',
    format_version: 1,
    tool_version: toolVersion(),
    as_of: facts.now,
    target,
    proofs,
    exit_code: verdict.exit_code,
    obligations: standingsOf(status).map(([obligation, standing]) => ({
      obligation,
      standing,
      detail: rowOf.get(obligation)?.detail,
      hint: rowOf.get(obligation)?.hint,
    })),
    findings: results.filter((row) => row.expected !== 'met'),
    last_good_drill:
      last === null ? null : { drill_id: last.drill_id, finished_at: new Date(last.finished ?? 0).toISOString() },
    next_drill_due_at: deadline === null || !Number.isFinite(deadline) ? null : new Date(deadline).toISOString(),
    overdue_seconds: left === null ? null : Math.max(0, -left),
    newest_baseline_at: facts.newest_baseline_at,
    newest_heartbeat_at: facts.newest_heartbeat_at,
    schema_changes: facts.schema_changes,
    incidents: facts.incidents,
    trend,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
