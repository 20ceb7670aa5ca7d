// What a drill is, from what its journal tells: a pure fold, so that every command and every resumption sees the same.

import type { CheckResult } from '../database/contract.ts'
import { type Finding, followUps, isFinding } from '../rules/follow-ups.ts'
import { clockResults, judgeDataLoss, judgeRecoveryTime, timeBoundResults } from '../rules/time-bounds.ts'
import { countStatuses, judgeCounts } from '../rules/verdict.ts'
import type { DrillEvent, EventNamed } from './events.ts'
import type { DrillRecord } from './record.ts'
import { type RestoreTimes, restoreOf, stagesOf } from './stages.ts'

/** A drill, and where it stands. */
export interface DrillState {
  record: DrillRecord
  /** What has to be done next; nothing when it is finished or aborted. */
  next: 'restore' | 'verify' | 'finish' | 'nothing'
  /** A command that restores, and has not ended as far as the journal knows. */
  restoring: EventNamed<'restore_started'> | null
  /** The last verification of what was restored last. */
  verification: EventNamed<'verified'> | null
  /** What the drill adds to the results of the verification, and judges with them. */
  results: CheckResult[]
  /** The baseline that was chosen or captured for it. */
  baseline: EventNamed<'baseline_chosen'> | null
  /** Decided how it ends, with its proof perhaps not yet written. */
  finishing: EventNamed<'finishing'> | null
  proofSha256: string | null
  /** Whether production told its plan. */
  isProductionKnown: boolean
  /** Whether the drill is whole only with the app; so it is while production has not said otherwise. */
  isAppRequired: boolean
  /** Whether production has it in drill.drills. */
  isRecorded: boolean
}

/** In seconds, for when production cannot be asked: a due date judges nothing. */
const followUpDue = 14 * 86_400

/** @param events of a journal that was read: it begins with the start */
export function foldDrill(events: readonly DrillEvent[]): DrillState {
  const started = events[0] as EventNamed<'started'>
  const all = <Name extends DrillEvent['event']>(name: Name) =>
    events.filter((one): one is EventNamed<Name> => one.event === name)
  const last = <Name extends DrillEvent['event']>(name: Name) => all(name).at(-1) ?? null

  const checks = all('production_checked')
  const asked = checks.findLast((one) => one.is_reachable)
  const chosen = all('baseline_chosen')
  // Never those of the copy: it would judge itself.
  const policies = asked?.policies ?? chosen.at(-1)?.policies ?? null
  const restore = restoreOf(events)
  const verifications = restore.restoredAt === null ? [] : verificationsSince(events)
  const verification = verifications.at(-1) ?? null
  const isAppRequired = asked?.is_app_required !== false
  const scope = verification?.is_app_asked === true || isAppRequired ? 'whole' : 'database_only'
  const stages = stagesOf(events)

  const verifiedAt = firstOfTheLastVerified(verifications, isAppRequired)?.finished_at ?? null
  const given = (name: 'failure_point' | 'restore_point') =>
    all('points_given').findLast((one) => one[name] !== null)?.[name] ?? started[name]
  const failurePoint = given('failure_point') ?? restore.lastStartedAt
  const rto = judgeRecoveryTime({
    restoreStartedAt: restore.startedAt,
    verifiedAt,
    lookedAt: verification?.finished_at ?? null,
    budget: policies?.rto ?? null,
    stages: stages.filter((stage) => stage.name !== 'prepare'),
  })
  const rpo = judgeDataLoss({
    failurePoint,
    recoveryPoint: verification?.recovery_point ?? null,
    budget: policies?.rpo ?? null,
    clockSkew: policies?.clock_skew ?? null,
  })
  const skews = { target: verification?.clock_skew ?? null, production: asked?.clock_skew ?? null }
  const results: CheckResult[] = [
    ...(verification === null ? [] : appResults(verification, isAppRequired)),
    ...(verification === null ? [] : restoreResults(restore)),
    ...timeBoundResults(rto, rpo),
    ...clockResults(skews, policies?.clock_skew ?? null),
  ]
  const verdict = verification === null ? null : judgeCounts(countStatuses(results, verification.counts)).status

  // Whoever verifies again has decided anew.
  const isAfter = (one: DrillEvent, other: DrillEvent | null) =>
    other === null || events.indexOf(one) > events.indexOf(other)
  const finishing = all('finishing').findLast((one) => isAfter(one, verification)) ?? null
  const proof = last('proof_written')
  const aborted = last('aborted')
  const owners = started.owners
  const findings: Finding[] = verification === null ? [] : [...verification.findings, ...results.filter(isFinding)]
  const notes = all('noted')
  const remarks = notes.flatMap(({ check_name, object_name, text }) =>
    check_name === null ? [] : [{ check_name, object_name, text }],
  )
  const due = asked?.follow_up_due ?? followUpDue
  const state = aborted !== null ? 'aborted' : proof !== null ? 'finished' : 'open'
  const record: DrillRecord = {
    drill_id: started.drill_id,
    ticket: started.ticket,
    owners,
    method: started.method,
    target_name: started.target_name,
    is_sandbox: started.is_sandbox || checks.some((one) => one.is_sandbox) || verification?.is_sandbox === true,
    scope,
    state,
    started_at: started.at,
    restore_started_at: restore.startedAt,
    restored_at: restore.restoredAt,
    verified_at: verifiedAt ?? verification?.finished_at ?? null,
    finished_at: aborted?.at ?? finishing?.at ?? null,
    failure_point: failurePoint,
    restore_point: given('restore_point'),
    recovery_point: verification?.recovery_point ?? null,
    stages,
    rto,
    rpo,
    clock_skew_seconds: skews.target,
    production_clock_skew_seconds: skews.production,
    baseline_id: verification?.baseline_id ?? chosen.at(-1)?.baseline_id ?? null,
    verdict,
    follow_ups: verification === null ? [] : followUps(findings, owners, verification.finished_at, due, remarks),
    notes: [
      ...notes.map(({ at, by, text, check_name, object_name }) => ({
        at,
        by,
        text: check_name === null ? text : `${[check_name, object_name].filter(Boolean).join(' ')}: ${text}`,
      })),
      ...(aborted === null ? [] : [{ at: aborted.at, by: 'pgdrill', text: `aborted: ${aborted.why}` }]),
    ],
    previous: finishing?.previous ?? null,
  }
  return {
    record,
    next:
      state !== 'open'
        ? 'nothing'
        : restore.restoredAt === null
          ? 'restore'
          : verification === null
            ? 'verify'
            : 'finish',
    restoring: restore.running,
    verification,
    results,
    baseline: chosen.at(-1) ?? null,
    finishing,
    proofSha256: proof?.sha256 ?? null,
    isProductionKnown: asked !== undefined,
    isAppRequired,
    isRecorded: last('recorded') !== null,
  }
}

/** Of what was restored before the last restore nothing is proved any more. */
function verificationsSince(events: readonly DrillEvent[]): EventNamed<'verified'>[] {
  const lastRestore = events.findLastIndex((one) => one.event === 'restore_ended')
  return events.slice(lastRestore + 1).filter((one): one is EventNamed<'verified'> => one.event === 'verified')
}

/** Looking again at what is verified does not start the clock anew; a later one that finds something wrong does. */
function firstOfTheLastVerified(
  verifications: readonly EventNamed<'verified'>[],
  isAppRequired: boolean,
): EventNamed<'verified'> | undefined {
  const isVerified = (one: EventNamed<'verified'>) =>
    judgeCounts(countStatuses(appResults(one, isAppRequired), one.counts)).status === 'verified'
  return verifications[verifications.findLastIndex((one) => !isVerified(one)) + 1]
}

/** A restore that says itself what it could not bring back: what was verified does not cover all of it. */
function restoreResults({ errors, overruled }: RestoreTimes): CheckResult[] {
  const row = { check_name: 'restore', object_name: null, expected: 'restored without errors' }
  if (errors !== null) {
    const hint =
      'Put right what it names, then restore into an empty database again: pgdrill drill run with another drill.'
    return [{ ...row, status: 'fail', detail: `the restore had errors: ${errors}`, hint, actual: errors }]
  }
  if (overruled === null) return []
  const { exit_code, signal, problem, log } = overruled
  const how = problem ?? (signal === null ? `it ended with exit code ${exit_code}` : `it was ended by ${signal}`)
  return [
    {
      ...row,
      status: 'warn',
      detail: `somebody says that it is restored, after the restore command did not succeed: ${how}`,
      hint: `${log === null ? 'Note' : `Look at ${log} in the folder of the drill, and note`} what it was: pgdrill drill note.`,
      actual: how,
    },
  ]
}

function appResults(verification: EventNamed<'verified'>, isAppRequired: boolean): CheckResult[] {
  if (verification.is_app_asked) return []
  const row = {
    check_name: 'app',
    object_name: null,
    expected: isAppRequired ? 'a probed application' : null,
    actual: 'none',
  }
  if (!isAppRequired) {
    return [
      {
        ...row,
        status: 'skip',
        detail: 'the restored application was not probed: the policy of production asks for the database alone',
        hint: null,
      },
    ]
  }
  return [
    {
      ...row,
      status: 'error',
      detail: 'the restored application was not probed, and a drill is whole only with it',
      hint: 'Give its address: pgdrill drill verify --app-url URL. Where there is none: update drill.drill_policy set is_app_required = false in production, and make it reachable.',
    },
  ]
}
