import { metric, type Sample } from '../proof/prometheus.ts'
import { timeOf } from '../rules/moments.ts'
import { tiers } from '../rules/retention-slots.ts'
import type { Retention } from './retention.ts'

/** The retention as Prometheus text for the textfile collector: gauges without timestamps; what is not known is left out. */
export function retentionPrometheus({ target, question, judgement, actual, verdict }: Retention): string {
  const labels = { target: target?.name ?? 'inventory', sandbox: String(target?.is_sandbox ?? false) }
  const now = timeOf(question.now)
  const seconds = (moment: string | null) => (moment === null ? null : timeOf(moment) / 1000)
  const states = ['filled', 'empty', 'not_yet_possible'] as const
  const metrics: [string, string, Sample[]][] = [
    [
      'retention_slots',
      'Slots of the policy by tier and state.',
      tiers.flatMap((tier) => states.map((state): Sample => [{ ...labels, tier, state }, actual.tiers[tier][state]])),
    ],
    [
      'retention_slots_wanted',
      'Slots that the policy asks for.',
      tiers.map((tier): Sample => [{ ...labels, tier }, actual.tiers[tier].wanted]),
    ],
    ['retention_met', '1 when the policy is met, else 0.', [[labels, Number(verdict.status === 'verified')]]],
    ['retention_exit_code', '0 met, 1 not met, 2 could not verify.', [[labels, verdict.exit_code]]],
    ['retention_timestamp_seconds', 'The moment that was taken as now.', [[labels, now / 1000]]],
    [
      'backups_usable',
      'Backups that count, by inventory.',
      question.sources.map(
        ({ source }): Sample => [
          { ...labels, source },
          judgement.good.filter(({ backup }) => backup.source === source).length,
        ],
      ),
    ],
    ['newest_backup_timestamp_seconds', 'The newest restorable moment.', [[labels, seconds(actual.newest)]]],
    ['oldest_backup_timestamp_seconds', 'The oldest restorable moment.', [[labels, seconds(actual.reaches_back_to)]]],
    [
      'backup_age_seconds',
      'Age of the newest restorable moment.',
      [[labels, actual.newest === null ? null : Math.max(0, (now - timeOf(actual.newest)) / 1000)]],
    ],
    [
      'backup_pause_seconds',
      'The longest pause in the days of the policy: so much may be lost.',
      [[labels, actual.rpo_seconds]],
    ],
    ['backup_rpo_seconds', 'The RPO.', [[labels, question.rpo / 1000]]],
  ]
  return metrics.map(([name, help, samples]) => metric(`pgdrill_${name}`, help, samples)).join('')
}
