// The journal of a drill that went well, event by event, for tests to cut and change.

import type { DrillEvent, EventNamed } from '../../src/drill/events.ts'

export const drillId = '20261123T043000Z-restore-1a2b'
export const sum = 'a'.repeat(64)

/** A moment of that day, such as 05:10. */
export const at = (time: string) => `2026-11-23T${time}:00.000Z`

export const started: EventNamed<'started'> = {
  event: 'started',
  format: 'pgdrill-journal',
  format_version: 1,
  at: at('04:30'),
  drill_id: drillId,
  tool_version: '0.1.0',
  ticket: 'DR-12',
  owners: { lead: 'Ada', db_owner: 'Grace', app_owner: 'Edsger' },
  method: 'pitr',
  target_name: 'restore',
  is_sandbox: false,
  failure_point: null,
  restore_point: null,
}
export const checked: EventNamed<'production_checked'> = {
  event: 'production_checked',
  at: at('04:31'),
  is_reachable: true,
  problem: null,
  schema_version: '0006',
  heartbeat_age: 20,
  baseline_age: 3600,
  clock_skew: 0.1,
  is_sandbox: false,
  is_app_required: true,
  follow_up_due: 14 * 86_400,
  policies: { rto: 14_400, rpo: 86_400, clock_skew: 300 },
}
export const restoreStarted: EventNamed<'restore_started'> = {
  event: 'restore_started',
  at: at('05:00'),
  moment: at('05:00'),
  is_by_hand: false,
  pid: 4242,
  process_started: 'x',
}
export const restoreEnded: EventNamed<'restore_ended'> = {
  event: 'restore_ended',
  at: at('06:00'),
  moment: at('06:00'),
  is_by_hand: false,
  exit_code: 0,
  signal: null,
  problem: null,
  errors: null,
  log: 'restore.log',
}
export const verified: EventNamed<'verified'> = {
  event: 'verified',
  at: at('06:30'),
  verification_id: 'v',
  file: 'verification-v.json',
  sha256: sum,
  started_at: at('06:10'),
  finished_at: at('06:30'),
  recovery_point: '2026-11-23T04:29:00.123456+00:00',
  baseline_id: '0e13ebc1-daca-4802-9db1-05e65cd7da39',
  is_sandbox: false,
  is_app_asked: true,
  clock_skew: 0,
  attachments: [],
  counts: { pass: 100, warn: 0, fail: 0, skip: 2, error: 0, waived: 0 },
  findings: [],
}

/** A whole drill. */
export const events: DrillEvent[] = [
  started,
  checked,
  {
    event: 'baseline_chosen',
    at: at('04:32'),
    baseline_id: '0e13ebc1-daca-4802-9db1-05e65cd7da39',
    captured_at: at('04:00'),
    file: 'baseline.json',
    is_captured: false,
    is_given: false,
    policies: { rto: 1, rpo: 1, clock_skew: 1 },
  },
  restoreStarted,
  restoreEnded,
  { event: 'verify_started', at: at('06:10') },
  verified,
  { event: 'finishing', at: at('06:40'), previous: { drill_id: '20260801T000000Z-restore-0000', proof_sha256: sum } },
  { event: 'proof_written', at: at('06:41'), sha256: sum },
  { event: 'recorded', at: at('06:42') },
]

/** The journal as text. */
export const textOf = (list: readonly DrillEvent[]) => list.map((one) => `${JSON.stringify(one)}\n`).join('')
