// The plan's two time bounds, for one drill. RTO: from the start of the restore until it was verified, not until somebody
// said that it was restored. RPO: from the failure point back to the recovery point. docs/drill.md has the formulas.

import type { CheckResult } from '../database/contract.ts'
import type { Stage, TimeBound } from '../drill/record.ts'
import { durationText } from './durations.ts'
import { timeOf } from './moments.ts'

/** Moments are ISO text; null: not known. */
export interface RecoveryTime {
  restoreStartedAt: string | null
  /** When it was verified; null while it is not. */
  verifiedAt: string | null
  /** Of the last verification, whatever it found. */
  lookedAt: string | null
  /** In seconds, as production says; null: not known. */
  budget: number | null
  stages: readonly Stage[]
}

/**
 * RTO. Without a verification that found all well the clock has not stopped: then it fails once the budget is used up, and
 * is not known before that.
 */
export function judgeRecoveryTime({ restoreStartedAt, verifiedAt, lookedAt, budget, stages }: RecoveryTime): TimeBound {
  const unknown = (detail: string): TimeBound => ({ status: 'error', seconds: null, budget_seconds: budget, detail })
  if (restoreStartedAt === null) return unknown('the recovery time is not known: nobody said when the restore began')
  const end = verifiedAt ?? lookedAt
  if (end === null) return unknown('the recovery time is not known: nothing was verified')
  const seconds = secondsBetween(restoreStartedAt, end)
  if (!Number.isFinite(seconds)) return unknown('the recovery time is not known: a moment of it is infinite')
  if (seconds < 0) {
    return unknown(
      `the recovery time is not known: the restore is said to have begun at ${restoreStartedAt}, after ${end}`,
    )
  }
  if (budget === null) {
    return unknown(
      `it took ${durationText(seconds)}, but the RTO is not known: neither production nor a baseline file told`,
    )
  }
  const shares = stages.flatMap((stage) => shareOf(stage, budget))
  const parts = shares.length === 0 ? '' : ` (${shares.join('; ')})`
  const known = { seconds, budget_seconds: budget }
  if (verifiedAt === null) {
    if (seconds <= budget) {
      return unknown(
        `not verified after ${durationText(seconds)}, and the clock runs on: ${durationText(budget - seconds)} of the RTO of ${durationText(budget)} were left${parts}`,
      )
    }
    return {
      ...known,
      status: 'fail',
      detail: `not verified after ${durationText(seconds)}, beyond the RTO of ${durationText(budget)}${parts}`,
    }
  }
  const isWithin = seconds <= budget
  return {
    ...known,
    status: isWithin ? 'pass' : 'fail',
    detail: `verified ${durationText(seconds)} after the restore began, ${isWithin ? 'within' : 'beyond'} the RTO of ${durationText(budget)}${parts}`,
  }
}

/** Moments are ISO text; null: not known. */
export interface DataLoss {
  failurePoint: string | null
  recoveryPoint: string | null
  /** In seconds, as production says; null: not known. */
  budget: number | null
  /** How far clocks may differ, in seconds; null: not known, so not at all. */
  clockSkew: number | null
}

/** RPO. A recovery point beyond the failure point is a contradiction: then the loss is not known. */
export function judgeDataLoss({ failurePoint, recoveryPoint, budget, clockSkew }: DataLoss): TimeBound {
  const unknown = (detail: string): TimeBound => ({ status: 'error', seconds: null, budget_seconds: budget, detail })
  if (failurePoint === null) return unknown('the loss is not known: there is no failure point')
  if (recoveryPoint === null) return unknown('the loss is not known: the verification told no recovery point')
  const loss = secondsBetween(recoveryPoint, failurePoint)
  if (!Number.isFinite(loss)) return unknown('the loss is not known: a moment of it is infinite')
  if (loss < -(clockSkew ?? 0)) {
    return unknown(
      `the loss is not known: the data reaches to ${recoveryPoint}, ${durationText(-loss)} beyond the failure point ${failurePoint}`,
    )
  }
  const seconds = Math.max(0, loss)
  if (budget === null) {
    return unknown(
      `${durationText(seconds)} were lost, but the RPO is not known: neither production nor a baseline file told`,
    )
  }
  const isWithin = seconds <= budget
  return {
    status: isWithin ? 'pass' : 'fail',
    seconds,
    budget_seconds: budget,
    detail: `${durationText(seconds)} before the failure point ${failurePoint} are lost, ${isWithin ? 'within' : 'beyond'} the RPO of ${durationText(budget)}`,
  }
}

/** The two as results, which count in the verdict of the drill like every other. */
export function timeBoundResults(rto: TimeBound, rpo: TimeBound): CheckResult[] {
  const row = (name: 'rto' | 'rpo', bound: TimeBound, hint: string): CheckResult => ({
    check_name: name,
    object_name: null,
    status: bound.status,
    detail: bound.detail,
    hint: bound.status === 'pass' ? null : hint,
    expected: bound.budget_seconds === null ? 'a budget' : `at most ${durationText(bound.budget_seconds)}`,
    actual: bound.seconds === null ? 'not known' : durationText(bound.seconds),
  })
  return [
    row(
      'rto',
      rto,
      rto.status === 'fail'
        ? 'Look which stage took the time, and make that one faster; or agree on another RTO in production: update drill.policy.'
        : rto.budget_seconds === null
          ? unknownBudget
          : 'Put right what the other results name, then verify again; a wrong time of the restore is put right by: pgdrill drill restored --restore-started TIME.',
    ),
    row(
      'rpo',
      rpo,
      rpo.status === 'fail'
        ? 'Back up more often (or keep WAL), or restore closer to the failure.'
        : rpo.budget_seconds === null
          ? unknownBudget
          : 'Give the moment of the failure: pgdrill drill verify --failure-point TIME.',
    ),
  ]
}

const unknownBudget =
  'Make production reachable (PRODUCTION_DATABASE_URL), or give a baseline file of it: pgdrill drill verify --baseline FILE.'

/** Clocks are compared because each moment of a drill is of one of them. @param skews in seconds; null: not asked */
export function clockResults(
  skews: { target: number | null; production: number | null },
  allowed: number | null,
): CheckResult[] {
  const of = (name: 'target' | 'production'): CheckResult => {
    const skew = skews[name]
    const row = {
      check_name: 'clocks',
      object_name: name,
      hint: null,
      expected: allowed === null ? 'a known difference' : `at most ${durationText(allowed)}`,
      actual: skew === null ? 'not asked' : durationText(skew),
    }
    if (skew === null) {
      return {
        ...row,
        status: 'skip',
        detail: `the clock of ${name} was not compared with ours: it could not be asked`,
      }
    }
    const detail = `the clock of ${name} is ${durationText(Math.abs(skew))} ${skew < 0 ? 'behind' : 'ahead of'} ours`
    if (Math.abs(skew) <= (allowed ?? 0)) return { ...row, status: 'pass', detail }
    const hint = 'Set the clocks (NTP): the times of this drill are wrong by that much.'
    return { ...row, status: 'warn', detail, hint }
  }
  return [of('target'), of('production')]
}

function shareOf({ name, started_at, finished_at }: Stage, budget: number): string[] {
  if (finished_at === null) return []
  const seconds = secondsBetween(started_at, finished_at)
  const share = budget === 0 ? '' : `, ${Math.round((100 * seconds) / budget)} % of the ${durationText(budget)}`
  return [`${name} ${durationText(seconds)}${share}`]
}

function secondsBetween(from: string, to: string): number {
  return (timeOf(to) - timeOf(from)) / 1000
}
