import type { TimeBound } from '../drill/record.ts'
import { timeOf } from '../rules/moments.ts'
import type { Verification } from '../verification/verify-target.ts'
import type { Proof } from './proof.ts'

/** A stage on a common clock: milliseconds since 1970; ended_at is null when it never ended. */
export interface StageSpan {
  name: string
  started_at: number
  ended_at: number | null
}

/** How much was lost (RPO): from the drill, else from the check recovery_point. */
export function lossOf({ drill, verification }: Proof): TimeBound {
  return drill === null ? lossOfVerification(verification) : drill.rpo
}

/** How long it took until it was verified (RTO); null when there is no drill, as nobody measured it then. */
export function recoveryTimeOf({ drill }: Proof): TimeBound | null {
  return drill === null ? null : drill.rto
}

/** The stages one after the other: those of the drill, else those of the verification. */
export function stagesOf({ drill, verification }: Proof): StageSpan[] {
  if (drill !== null) {
    return drill.stages.map(({ name, started_at, finished_at }) => ({
      name,
      started_at: timeOf(started_at),
      ended_at: finished_at === null ? null : timeOf(finished_at),
    }))
  }
  let time = timeOf(verification.started_at)
  return verification.stages.map(({ name, seconds }) => {
    const started_at = time
    time += seconds * 1000
    return { name, started_at, ended_at: time }
  })
}

function lossOfVerification(verification: Verification): TimeBound {
  const row = verification.results.find(({ check_name }) => check_name === 'recovery_point')
  const point = verification.recovery?.recovery_point ?? null
  const seconds = point === null ? null : (timeOf(verification.failure_point) - timeOf(point)) / 1000
  const budget = (row?.expected as { rpo?: unknown } | null | undefined)?.rpo
  return {
    status: row?.status === 'pass' ? 'pass' : row?.status === 'fail' || row?.status === 'waived' ? 'fail' : 'error',
    seconds: seconds !== null && Number.isFinite(seconds) ? seconds : null,
    budget_seconds: secondsOf(budget) ?? verification.baseline?.document.policies['rpo'] ?? null,
    detail: row?.detail ?? 'the recovery point was not looked for',
  }
}

/** An interval as PostgreSQL writes it: 24:00:00, 1 day 02:00:00. Null for anything else. */
function secondsOf(interval: unknown): number | null {
  const parts = /^(?:(\d+) days? ?)?(?:(\d+):(\d{2}):(\d{2}(?:\.\d+)?))?$/.exec(
    typeof interval === 'string' ? interval : '-',
  )
  if (parts === null || parts[0] === '') return null
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = parts
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}
