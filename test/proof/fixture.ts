// Proofs made of nothing but text: a good one, a bad one, one of a drill, and names that would like to be something else.

import type { CheckResult } from '../../src/database/contract.ts'
import type { DrillRecord } from '../../src/drill/record.ts'
import type { Proof } from '../../src/proof/proof.ts'
import { judge } from '../../src/rules/verdict.ts'
import type { Verification } from '../../src/verification/verify-target.ts'
import { baselineOf, callsRelation, copyOf, edit, eventsRelation, withBuckets } from '../rules/fixture.ts'

/** Markup, terminal commands, line ends, what ends a comment, an attribute or an annotation, what XML forbids. */
export const hostile =
  '<script>alert(1)</script>"\'`|\u001b[31m\u0000\u0007\r\n::error::x\n| PASS |\u2028\u202e\ufffe]]>-->*[x](javascript:y)%0A&lt;{}\\'

export function row(change: Partial<CheckResult> & { status: CheckResult['status'] }): CheckResult {
  const isFinding = change.status === 'fail' || change.status === 'error'
  return {
    check_name: 'row_counts',
    object_name: 'public.events',
    detail: 'public.events: 9 rows, baseline has 10',
    hint: isFinding ? 'Find the lost row.' : null,
    expected: { row_count: '10' },
    actual: { row_count: '9' },
    ...change,
  }
}

const recoveryRow = row({
  check_name: 'recovery_point',
  object_name: null,
  status: 'pass',
  detail: 'the data reaches to 2026-11-10 13:00:00+00 (heartbeat)',
  expected: { rpo: '24:00:00' },
  actual: null,
})

const guardRows = [
  row({
    check_name: 'partition_triggers',
    object_name: 'public.events.set_month',
    status: 'pass',
    detail: 'the trigger set_month is enabled',
  }),
]

/** A verification of the tables of test/rules/fixture.ts with these results besides a pass of some. */
export function verificationOf(results: CheckResult[] = [], change: Partial<Verification> = {}): Verification {
  const relations = [eventsRelation, callsRelation]
  const damaged = withBuckets(
    eventsRelation,
    edit(eventsRelation.buckets, '2026-11-09', { row_count: '0', oldest_at: null, newest_at: null }),
  )
  const all = [
    recoveryRow,
    ...guardRows,
    row({ status: 'pass', object_name: 'public.calls', detail: 'public.calls: 10 rows' }),
    ...results,
  ]
  return {
    format: 'pgdrill-verification',
    format_version: 1,
    verification_id: '20261110T140000Z-restore-1a2b',
    tool_version: '0.1.0',
    started_at: '2026-11-10T14:00:00.000Z',
    finished_at: '2026-11-10T14:00:07.500Z',
    target: { name: 'restore', url: 'postgresql://u@db.example.com/app', is_sandbox: false, identity: null },
    depth: 'standard',
    failure_point: '2026-11-10T13:30:00+00:00',
    restore_point: null,
    baseline: { origin: 'the file b.json', document: baselineOf(relations), isInside: false },
    recovery: {
      recovery_point: '2026-11-10T13:00:00+00:00',
      source: 'heartbeat',
      is_exact: true,
      evidence: {
        heartbeat_at: '2026-11-10T13:00:00+00:00',
        newest_row_at: null,
        newest_row_relation: null,
        newest_commit_at: null,
        replayed_at: null,
      },
    },
    buckets: [
      ...copyOf([results.some(({ status }) => status === 'fail') ? damaged : eventsRelation, callsRelation]).buckets,
    ],
    guard_output: { rpc: { value: { answer: true }, problem: null }, rows: { value: guardRows, problem: null } },
    app_url: null,
    answers: [],
    results: all,
    verdict: judge(all),
    stages: [
      { name: 'row counts and timestamps', seconds: 5 },
      { name: 'objects', seconds: 2.5 },
    ],
    ...change,
  }
}

/** A finished drill that met both budgets. */
export function drillOf(change: Partial<DrillRecord> = {}): DrillRecord {
  return {
    drill_id: '20261110T120000Z-restore-9f9f',
    ticket: 'DR-12',
    owners: { lead: 'Ada', db_owner: 'Grace', app_owner: 'Edsger' },
    method: 'pitr',
    target_name: 'restore',
    is_sandbox: false,
    scope: 'whole',
    state: 'finished',
    started_at: '2026-11-10T12:00:00.000Z',
    restore_started_at: '2026-11-10T12:10:00.000Z',
    restored_at: '2026-11-10T13:40:00.000Z',
    verified_at: '2026-11-10T14:00:07.500Z',
    finished_at: '2026-11-10T14:10:00.000Z',
    failure_point: '2026-11-10T13:30:00.000Z',
    restore_point: null,
    recovery_point: '2026-11-10T13:00:00+00:00',
    stages: [
      { name: 'restore', started_at: '2026-11-10T12:10:00.000Z', finished_at: '2026-11-10T13:40:00.000Z' },
      { name: 'verify', started_at: '2026-11-10T14:00:00.000Z', finished_at: '2026-11-10T14:00:07.500Z' },
    ],
    rto: {
      status: 'pass',
      seconds: 6607.5,
      budget_seconds: 14_400,
      detail: 'verified 1 h 50 min after the restore began',
    },
    rpo: { status: 'pass', seconds: 1800, budget_seconds: 86_400, detail: '30 min were lost' },
    clock_skew_seconds: 0.2,
    production_clock_skew_seconds: null,
    baseline_id: null,
    verdict: 'verified',
    follow_ups: [],
    notes: [],
    previous: null,
    ...change,
  }
}

export function proofOf(verification: Verification, drill: DrillRecord | null = null): Proof {
  return { verification, drill, attachments: [] }
}

export const good = (): Proof => proofOf(verificationOf())
export const bad = (): Proof =>
  proofOf(
    verificationOf([
      row({
        status: 'fail',
        object_name: 'public.events_2026_11',
        detail: 'public.events_2026_11: 9 rows, baseline has 10',
      }),
    ]),
  )
export const unlooked = (): Proof =>
  proofOf(verificationOf([row({ status: 'error', detail: 'public.events cannot be read' })]))

/** Every text that comes from elsewhere is hostile. */
export function hostileProof(): Proof {
  const results = (['fail', 'error', 'warn', 'waived', 'skip', 'pass'] as const).map((status) =>
    row({
      status,
      check_name: hostile,
      object_name: hostile,
      detail: hostile,
      hint: hostile,
      expected: hostile,
      actual: { [hostile]: hostile },
    }),
  )
  const verification = verificationOf(results, { app_url: hostile })
  const relation = { ...callsRelation, relation_name: hostile }
  return {
    verification: {
      ...verification,
      target: { ...verification.target, name: hostile, url: hostile },
      baseline: { origin: hostile, document: baselineOf([relation]), isInside: false },
      buckets: [...copyOf([relation]).buckets],
      guard_output: {
        rpc: { value: null, problem: hostile },
        rows: { value: [row({ status: 'fail', object_name: hostile, detail: hostile, hint: hostile })], problem: null },
      },
      answers: [
        {
          name: hostile,
          method: hostile,
          url: hostile,
          asked_at: '2026-11-10T14:00:00.000Z',
          milliseconds: 5,
          status: 200,
          content_type: hostile,
          redirected_to: hostile,
          body: hostile,
          is_body_cut: false,
          problem: hostile,
        },
      ],
      stages: [{ name: hostile, seconds: 1 }],
    },
    drill: drillOf({
      ticket: hostile,
      owners: { lead: hostile, db_owner: hostile, app_owner: hostile },
      target_name: hostile,
      stages: [{ name: hostile, started_at: '2026-11-10T12:10:00.000Z', finished_at: null }],
      rto: { status: 'fail', seconds: 99_999, budget_seconds: 14_400, detail: hostile },
      verdict: 'failed',
      follow_ups: [
        {
          check_name: hostile,
          object_name: hostile,
          status: 'fail',
          detail: hostile,
          hint: hostile,
          role: 'lead',
          owner: hostile,
          due: '2026-12-01',
          note: hostile,
        },
      ],
      notes: [{ at: '2026-11-10T14:05:00.000Z', by: hostile, text: hostile }],
    }),
    attachments: [{ path: 'screenshots/x.txt', bytes: Buffer.from(hostile) }],
  }
}
