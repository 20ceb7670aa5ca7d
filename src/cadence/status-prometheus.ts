import { metric, type Sample } from '../proof/prometheus.ts'
import { timeOf } from '../rules/moments.ts'
import { type Status, standingsOf } from './status.ts'

const standings = ['met', 'due', 'broken', 'unknown'] as const

/** The status as Prometheus text for the textfile collector: gauges without timestamps; what is not known is left out. */
export function statusPrometheus(status: Status): string {
  const { target, facts, verdict, last_good: last, deadline, trend } = status
  const labels = { target: target?.name ?? 'proofs', sandbox: String(target?.is_sandbox ?? false) }
  const now = timeOf(facts.now)
  const age = (moment: string | null) => (moment === null ? null : (now - timeOf(moment)) / 1000)
  const newest = trend.at(-1)
  const metrics: [string, string, Sample[]][] = [
    [
      'obligation',
      'How each obligation of the plan stands: 1 for its standing, 0 for the others.',
      standingsOf(status).flatMap(([obligation, actual]) =>
        standings.map((standing): Sample => [{ ...labels, obligation, standing }, Number(standing === actual)]),
      ),
    ],
    ['status_exit_code', '0 all met, 1 something due or broken, 2 something unknown.', [[labels, verdict.exit_code]]],
    ['status_timestamp_seconds', 'The moment that was taken as now.', [[labels, now / 1000]]],
    [
      'last_good_drill_timestamp_seconds',
      'When the last good drill was finished.',
      [[labels, last?.finished == null ? null : last.finished / 1000]],
    ],
    [
      'next_drill_due_timestamp_seconds',
      'Until when the next good drill has to be finished.',
      [[labels, deadline === null ? null : deadline / 1000]],
    ],
    [
      'drill_overdue_seconds',
      'How long the next good drill is overdue; 0 when it is not.',
      [[labels, deadline === null ? null : Math.max(0, (now - deadline) / 1000)]],
    ],
    ['baseline_age_seconds', 'Age of the newest baseline.', [[labels, age(facts.newest_baseline_at)]]],
    ['heartbeat_lag_seconds', 'Age of the newest heartbeat.', [[labels, age(facts.newest_heartbeat_at)]]],
    [
      'schema_changes',
      'Major schema changes since the last good drill.',
      [[labels, facts.schema_changes?.problem === null ? facts.schema_changes.changes.length : null]],
    ],
    [
      'last_drill_recovery_time_seconds',
      'Recovery time of the drill that was finished last.',
      [[labels, newest?.recovery_time ?? null]],
    ],
    [
      'last_drill_data_loss_seconds',
      'Data loss of the drill that was finished last.',
      [[labels, newest?.data_loss ?? null]],
    ],
  ]
  return metrics.map(([name, help, samples]) => metric(`pgdrill_${name}`, help, samples)).join('')
}
