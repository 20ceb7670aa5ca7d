// One drill as its journal tells it: what the proof shows and production's drill.drills keeps. Times are ISO text.

import type { CheckResult } from '../database/contract.ts'

export const methods = ['pitr', 'dump', 'backup'] as const
export type Method = (typeof methods)[number]

/** Who answers for what in the plan: the lead coordinates, the database owner restores, the app owner checks the app. */
export type Role = 'lead' | 'db_owner' | 'app_owner'

/** A step with its times; finished_at is null while it runs, or when it was never ended. */
export interface Stage {
  name: string
  started_at: string
  finished_at: string | null
}

/** A time held against its budget; seconds is null when it is not known, and the status error then. */
export interface TimeBound {
  status: 'pass' | 'fail' | 'error'
  seconds: number | null
  /** As production, or a baseline of it, says; null when neither could be asked. */
  budget_seconds: number | null
  detail: string
}

/** What is left to do about one finding. */
export interface FollowUp {
  check_name: string
  object_name: string | null
  status: CheckResult['status']
  detail: string
  hint: string | null
  role: Role
  owner: string
  /** YYYY-MM-DD, UTC. */
  due: string
  note: string | null
}

export interface Note {
  at: string
  by: string
  text: string
}

export interface DrillRecord {
  /** Safe as the name of a folder: 20261123T043000Z-restore-1a2b. */
  drill_id: string
  ticket: string
  owners: Record<Role, string>
  method: Method
  target_name: string
  is_sandbox: boolean
  /** database_only: the policy asks for no app. */
  scope: 'whole' | 'database_only'
  state: 'open' | 'finished' | 'aborted'
  started_at: string
  restore_started_at: string | null
  restored_at: string | null
  /** When it was verified; while it is not: when the last verification ended. */
  verified_at: string | null
  finished_at: string | null
  /** When production failed; unless somebody said so, when the restore began. */
  failure_point: string | null
  /** The moment to which somebody wanted to restore. */
  restore_point: string | null
  recovery_point: string | null
  stages: Stage[]
  /** From the start of the restore until it was verified. */
  rto: TimeBound
  /** From the failure point back to the recovery point. */
  rpo: TimeBound
  /** How far the target's clock was ahead of ours, in seconds; null when it was not asked. */
  clock_skew_seconds: number | null
  /** The same of production's clock. */
  production_clock_skew_seconds: number | null
  baseline_id: string | null
  verdict: 'verified' | 'failed' | 'could_not_verify' | null
  follow_ups: FollowUp[]
  notes: Note[]
  /** The proof before this one, which its own proof names: a chain. */
  previous: { drill_id: string; proof_sha256: string } | null
}
