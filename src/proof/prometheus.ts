import type { CheckResult } from '../database/contract.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { outcomeOf } from './outcome.ts'
import type { Proof } from './proof.ts'
import { statusOrder } from './statuses.ts'
import { lossOf, recoveryTimeOf } from './times.ts'

type Labels = Record<string, string>
/** One value with its labels; null is left out. */
export type Sample = [Labels, number | null]

/**
 * The proof as Prometheus text for the textfile collector: gauges without timestamps. What was not measured is left out.
 * A pass of the sandbox is no success.
 */
export function prometheusText(proof: Proof): string {
  const { verification, drill } = proof
  const { target, depth, results, verdict } = verification
  const labels = { target: target.name, sandbox: String(target.is_sandbox) }
  const { status } = outcomeOf(proof)
  const finished = seconds(drill?.finished_at ?? verification.finished_at)
  const [rto, rpo] = [recoveryTimeOf(proof), lossOf(proof)]
  const metrics: [string, string, Sample[]][] = [
    [
      'info',
      'What was verified, by which version; always 1.',
      [
        [
          {
            ...labels,
            depth,
            kind: drill === null ? 'verification' : 'drill',
            id: drill?.drill_id ?? verification.verification_id,
            version: verification.tool_version,
            server: target.identity?.server_version ?? '',
          },
          1,
        ],
      ],
    ],
    [
      'verified',
      '1 when all that was asked for was looked at and is right, else 0.',
      [[labels, flag(status === 'verified')]],
    ],
    [
      'exit_code',
      '0 verified, 1 verified to be wrong, 2 could not verify.',
      [[labels, { verified: 0, failed: 1, could_not_verify: 2 }[status]]],
    ],
    ['results', 'Result rows by status.', statusOrder.map((one) => [{ ...labels, status: one }, verdict.counts[one]])],
    [
      'check_passed',
      '1 when a check found all right, 0 when something failed or could not be looked at; none when not applicable.',
      [...passedByCheck(results)].map(([check, value]) => [{ ...labels, check }, value]),
    ],
    ['finished_timestamp_seconds', 'When it was finished.', [[labels, finished]]],
    [
      'last_success_timestamp_seconds',
      'When it was finished, only if verified and not on the sandbox.',
      [[labels, status === 'verified' && !target.is_sandbox ? finished : null]],
    ],
    [
      'verification_duration_seconds',
      'How long the verification took.',
      [[labels, (Date.parse(verification.finished_at) - Date.parse(verification.started_at)) / 1000]],
    ],
    [
      'recovery_point_timestamp_seconds',
      'Up to when the restored data reaches.',
      [[labels, seconds(verification.recovery?.recovery_point ?? null)]],
    ],
    ['data_loss_seconds', 'From the recovery point to the failure point.', [[labels, rpo.seconds]]],
    ['data_loss_budget_seconds', 'The RPO.', [[labels, rpo.budget_seconds]]],
    ['rpo_met', '1 when the data loss is within the RPO; none when not known.', [[labels, met(rpo.status)]]],
    ['recovery_time_seconds', 'From the start of the restore until it was verified.', [[labels, rto?.seconds ?? null]]],
    ['recovery_time_budget_seconds', 'The RTO.', [[labels, rto?.budget_seconds ?? null]]],
    [
      'rto_met',
      '1 when the recovery time is within the RTO; none when not known.',
      [[labels, rto === null ? null : met(rto.status)]],
    ],
  ]
  return metrics.map(([name, help, samples]) => metric(`pgdrill_${name}`, help, samples)).join('')
}

/** One gauge with its samples; empty when none has a value. @param help in one line */
export function metric(name: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.flatMap(([labels, value]) =>
    value === null || !Number.isFinite(value) ? [] : [`${name}${labelText(labels)} ${value}\n`],
  )
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${plainLine(value).toWellFormed().replace(/["\\]/g, '\\$&')}"`)
    .join(',')}}`
}

function passedByCheck(results: readonly CheckResult[]): Map<string, number> {
  const passed = new Map<string, number>()
  for (const { check_name, status } of results) {
    if (status === 'fail' || status === 'error') passed.set(check_name, 0)
    else if (status !== 'skip' && passed.get(check_name) !== 0) passed.set(check_name, 1)
  }
  return passed
}

function flag(value: boolean): number {
  return value ? 1 : 0
}

function met(status: 'pass' | 'fail' | 'error'): number | null {
  return status === 'error' ? null : flag(status === 'pass')
}

function seconds(moment: string | null): number | null {
  return moment === null ? null : Date.parse(moment) / 1000
}
