// What the commands of a drill say to people.

import type { ProductionCheck } from '../../drill/check-production.ts'
import { type Drill, throwAwayTarget } from '../../drill/drill.ts'
import type { FinishedDrill } from '../../drill/finish.ts'
import type { DrillRecord, TimeBound } from '../../drill/record.ts'
import { appVariable } from '../../probes/app-settings.ts'
import { durationText } from '../../rules/durations.ts'
import { plainLine } from '../../terminal/plain-text.ts'

/** What production answered, in one line. */
export function productionText({ event }: ProductionCheck): string {
  if (!event.is_reachable) return `production cannot be asked: ${plainLine(event.problem ?? '')}`
  const ago = (seconds: number | null) => (seconds === null ? 'none' : `${durationText(seconds)} ago`)
  const skew = event.clock_skew === null ? '' : `, its clock ${durationText(event.clock_skew)} ahead of ours`
  return `production answers: schema ${event.schema_version}, heartbeat ${ago(event.heartbeat_age)}, baseline ${ago(event.baseline_age)}${skew}`
}

/** A drill in some lines: what it is, where it stands, its times. */
export function drillText({ id, state, lostLines }: Drill, now: Date): string {
  const { record, next, baseline } = state
  const lines = [
    `drill ${id}${record.is_sandbox ? ' (SANDBOX: a rehearsal, which never counts)' : ''}: ${stateText(record, next)}`,
    `  ticket    ${plainLine(record.ticket)}; lead ${plainLine(record.owners.lead)}, database ${plainLine(record.owners.db_owner)}, app ${plainLine(record.owners.app_owner)}`,
    `  restore   by ${record.method} into ${record.target_name}${record.restore_point === null ? '' : `, to ${record.restore_point}`}`,
    ...(baseline === null
      ? []
      : [
          `  baseline  ${baseline.baseline_id} of ${baseline.captured_at}${baseline.is_captured ? ', captured for this drill' : ''}`,
        ]),
    `  stages    ${record.stages.map((stage) => `${stage.name} ${stageText(stage, now)}`).join(', ')}`,
    `  RTO       ${record.state === 'open' ? clockText(record, now) : record.rto.detail}`,
    ...(record.verified_at === null ? [] : [`  RPO       ${plainLine(record.rpo.detail)}`]),
    ...(lostLines === 0
      ? []
      : [
          `  journal   ${lostLines} ${lostLines === 1 ? 'line was' : 'lines were'} cut off when a writer died: what they said is done again`,
        ]),
  ]
  return lines.join('\n')
}

/**
 * That a drill cannot come out well because nobody probes the app, for whoever is about to restore; null when it can.
 * @param isAppAsked whether the verification to come probes it
 */
export function withoutAppText({ id, state }: Drill, isAppAsked: boolean): string | null {
  if (isAppAsked || !state.isAppRequired || state.next === 'finish' || state.next === 'nothing') return null
  const why = state.isProductionKnown
    ? 'the policy of production asks for it (drill.drill_policy.is_app_required)'
    : 'production could not be asked whether it is needed'
  const name = state.record.target_name
  const todo =
    name === throwAwayTarget
      ? 'stop it (Ctrl-C) and leave --no-app out'
      : `stop it (Ctrl-C) and go on with the app: pgdrill drill run --drill ${id} --app-url URL (or ${appVariable(name)}); where there is none: update drill.drill_policy set is_app_required = false in production`
  return `no app will be probed, and ${why}: without it this drill ends as could not verify (exit 2)\n  to do: ${todo}`
}

/** What comes next, as a checklist with commands. */
export function nextStepsText({ id, state }: Drill): string {
  const { record, next } = state
  const steps: string[] = []
  if (next === 'restore') {
    steps.push(
      `Restore by ${record.method} into the target ${record.target_name}${record.restore_point === null ? '' : `, to ${record.restore_point}`} (${plainLine(record.owners.db_owner)}).`,
      `Say when it is done: pgdrill drill restored --drill ${id}   (--restore-started TIME if it began later than the drill)`,
    )
  }
  if (next === 'restore' || next === 'verify') {
    steps.push(
      `If the copy lacks the checks: pgdrill migrate up --target ${record.target_name} --baseline verify/drills/${id}/baseline.json`,
      `Start the application on the copy (${plainLine(record.owners.app_owner)}).`,
      `Verify: pgdrill drill verify --drill ${id}`,
    )
  }
  if (next !== 'nothing') steps.push(`Write the proof and record the drill: pgdrill drill finish --drill ${id}`)
  return steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n')
}

/** How a drill ended: times, what is left to do, where the proof is. */
export function finishedText({ drill, directory, notRecorded }: FinishedDrill): string {
  const { record } = drill.state
  const bound = (name: string, one: TimeBound) =>
    `  ${name}  ${one.status === 'pass' ? 'met' : one.status === 'fail' ? 'NOT MET' : 'NOT KNOWN'}: ${plainLine(one.detail)}`
  return [
    `drill ${drill.id}: ${record.verdict}${record.is_sandbox ? ' (SANDBOX: a rehearsal, which never counts)' : record.scope === 'database_only' ? ' (the database only)' : ''}`,
    bound('RTO', record.rto),
    bound('RPO', record.rpo),
    ...(record.follow_ups.length === 0
      ? ['  nothing to follow up']
      : [
          `  follow-ups (${record.follow_ups.length}):`,
          ...record.follow_ups.map(
            (one) => `    until ${one.due}, ${plainLine(one.owner)}: ${one.check_name}, ${plainLine(one.detail)}`,
          ),
        ]),
    `  proof     ${directory}`,
    `  recorded  ${notRecorded === null ? 'in drill.drills of production' : `NOT in production, only in the index of proofs: ${plainLine(notRecorded)}; pgdrill drill status records it later`}`,
    '',
  ].join('\n')
}

function stateText(record: DrillRecord, next: Drill['state']['next']): string {
  if (record.state === 'aborted') return 'aborted'
  if (record.state === 'finished') return `finished, ${record.verdict}`
  const words = {
    restore: 'to be restored',
    verify: 'restored, to be verified',
    finish: `${record.verdict}, to be finished`,
    nothing: '',
  }
  return `open, ${words[next]}`
}

function stageText({ started_at, finished_at }: DrillRecord['stages'][number], now: Date): string {
  const until = finished_at === null ? now.getTime() : Date.parse(finished_at)
  return `${durationText((until - Date.parse(started_at)) / 1000)}${finished_at === null ? ' so far, or cut off' : ''}`
}

// Until it is verified the clock runs; before the restore it has not begun.
function clockText({ rto, restore_started_at }: DrillRecord, now: Date): string {
  if (rto.status !== 'error') return plainLine(rto.detail)
  if (restore_started_at === null) return 'the clock starts with the restore'
  const seconds = (now.getTime() - Date.parse(restore_started_at)) / 1000
  if (rto.budget_seconds === null) return `${durationText(seconds)} so far; the budget is not known`
  const left = rto.budget_seconds - seconds
  return `${durationText(seconds)} of ${durationText(rto.budget_seconds)} so far, ${left >= 0 ? `${durationText(left)} left` : `${durationText(-left)} over`}`
}
