// What a drill is, from what its journal tells.

import * as assert from 'uvu/assert'
import type { DrillEvent } from '../../src/drill/events.ts'
import { foldDrill } from '../../src/drill/state.ts'
import { suite } from '../support/suite.ts'
import { at, checked, events, restoreEnded, restoreStarted, started, sum, verified } from './fixture.ts'

const test = suite('drill/state')
const finding = {
  check_name: 'row_counts',
  object_name: 'public.calls',
  status: 'fail' as const,
  detail: 'd',
  hint: null,
}
const failed: DrillEvent = { ...verified, counts: { ...verified.counts, fail: 1 }, findings: [finding] }
const byHand = { is_by_hand: true, pid: null, process_started: null }
const done: DrillEvent = { ...restoreEnded, is_by_hand: true, exit_code: null, log: null }
const before = (...more: DrillEvent[]) => foldDrill([started, checked, ...more])

test('a whole drill', () => {
  const { record, next, isRecorded, proofSha256, results } = foldDrill(events)
  assert.is(record.state, 'finished')
  assert.is(record.verdict, 'verified')
  assert.is(record.scope, 'whole')
  assert.is(next, 'nothing')
  assert.ok(isRecorded)
  assert.is(proofSha256, sum)
  assert.is(record.rto.seconds, 5400)
  assert.is(record.rto.budget_seconds, 14_400)
  // Failed when the restore began.
  assert.is(record.failure_point, at('05:00'))
  assert.is(record.rpo.status, 'pass')
  assert.is(record.finished_at, at('06:40'))
  assert.is(record.previous?.proof_sha256, sum)
  assert.equal(
    record.stages.map(({ name, started_at, finished_at }) => [name, started_at, finished_at]),
    [
      ['prepare', at('04:30'), at('04:32')],
      ['restore', at('05:00'), at('06:00')],
      ['wait', at('06:00'), at('06:10')],
      ['verify', at('06:10'), at('06:30')],
    ],
  )
  assert.equal(
    results.map((row) => [row.check_name, row.status]),
    [
      ['rto', 'pass'],
      ['rpo', 'pass'],
      ['clocks', 'pass'],
      ['clocks', 'pass'],
    ],
  )
})

test('after each event it is known what comes next', () => {
  assert.equal(
    events.map((_, index) => foldDrill(events.slice(0, index + 1)).next),
    ['restore', 'restore', 'restore', 'restore', 'verify', 'verify', 'finish', 'finish', 'nothing', 'nothing'],
  )
  assert.is(before(restoreStarted).restoring?.pid, 4242)
  assert.is(before(restoreStarted, restoreEnded).restoring, null)
})

test('a restore that failed, was killed or has begun again is none', () => {
  for (const end of [{ exit_code: 1 }, { signal: 'SIGINT' }, { problem: 'interrupted' }, { exit_code: null }]) {
    assert.is(before(restoreStarted, { ...restoreEnded, ...end }).next, 'restore', JSON.stringify(end))
  }
  const again = before(restoreStarted, restoreEnded, verified, {
    ...restoreStarted,
    at: at('07:00'),
    moment: at('07:00'),
  })
  assert.is(again.next, 'restore')
  assert.is(again.verification, null)
  assert.is(again.record.verdict, null)
})

test('what somebody says of the times counts for more than what a command saw', () => {
  assert.is(before(done).record.restore_started_at, started.at)
  const corrected = before(
    restoreStarted,
    { ...restoreEnded, exit_code: 1 },
    { ...restoreStarted, ...byHand, moment: at('04:40') },
    done,
    verified,
  )
  assert.is(corrected.record.restore_started_at, at('04:40'))
  assert.is(corrected.record.rto.seconds, 110 * 60)
  assert.is(corrected.record.failure_point, at('04:40'))
  const given = before(
    restoreStarted,
    restoreEnded,
    { event: 'points_given', at: at('06:05'), failure_point: at('04:35'), restore_point: null },
    verified,
  )
  assert.is(given.record.failure_point, at('04:35'))
})

test('a restore that had to be repeated counts from its first start', () => {
  const state = before(
    restoreStarted,
    { ...restoreEnded, exit_code: 3 },
    { ...restoreStarted, moment: at('05:30') },
    restoreEnded,
    verified,
  )
  assert.is(state.record.restore_started_at, at('05:00'))
  assert.is(state.record.failure_point, at('05:30'))
  assert.is(state.record.rto.seconds, 5400)
})

test('looking again at what is verified does not start the clock anew; a finding does', () => {
  const later = { ...verified, finished_at: '2026-11-24T06:30:00.000Z' }
  assert.is(before(restoreStarted, restoreEnded, verified, later).record.rto.seconds, 5400)
  assert.is(before(restoreStarted, restoreEnded, verified, failed, later).record.rto.status, 'fail')
  const open = before(restoreStarted, restoreEnded, verified, failed)
  assert.is(open.record.rto.status, 'error')
  assert.is(open.record.verdict, 'failed')
})

test('time bounds count in the verdict', () => {
  const slow = before(restoreStarted, restoreEnded, { ...verified, finished_at: at('09:01') })
  assert.is(slow.record.verdict, 'failed')
  assert.equal(
    slow.record.follow_ups.map((one) => [one.check_name, one.owner]),
    [['rto', 'Ada']],
  )
  const old = before(restoreStarted, restoreEnded, { ...verified, recovery_point: '2026-11-22T04:00:00Z' })
  assert.is(old.record.verdict, 'failed')
  const unknown = before(restoreStarted, restoreEnded, { ...verified, recovery_point: null })
  assert.is(unknown.record.verdict, 'could_not_verify')
})

test('budgets are production’s, else those of the baseline, else not known: never the copy’s', () => {
  const unreachable: DrillEvent = {
    ...checked,
    is_reachable: false,
    problem: 'down',
    policies: null,
    is_app_required: null,
  }
  const chosen = events[2] as DrillEvent
  const rest = [restoreStarted, restoreEnded, verified]
  assert.is(foldDrill([started, unreachable, chosen, ...rest]).record.rto.budget_seconds, 1)
  const none = foldDrill([started, unreachable, ...rest])
  assert.is(none.record.rto.status, 'error')
  assert.is(none.record.rpo.status, 'error')
  assert.is(none.record.verdict, 'could_not_verify')
  assert.is(foldDrill([started, unreachable, chosen, ...rest, checked]).record.rto.budget_seconds, 14_400)
})

test('the app: asked, not asked, not required', () => {
  const notAsked = { ...verified, is_app_asked: false }
  const required = before(restoreStarted, restoreEnded, notAsked)
  assert.is(required.record.verdict, 'could_not_verify')
  assert.is(required.record.scope, 'whole')
  assert.ok(required.record.follow_ups.some((one) => one.check_name === 'app' && one.owner === 'Edsger'))
  const unknown = foldDrill([started, { ...checked, is_app_required: null }, restoreStarted, restoreEnded, notAsked])
  assert.is(unknown.record.verdict, 'could_not_verify')
  const databaseOnly = foldDrill([
    started,
    { ...checked, is_app_required: false },
    restoreStarted,
    restoreEnded,
    notAsked,
  ])
  assert.is(databaseOnly.record.verdict, 'verified')
  assert.is(databaseOnly.record.scope, 'database_only')
  const asked = foldDrill([started, { ...checked, is_app_required: false }, restoreStarted, restoreEnded, verified])
  assert.is(asked.record.scope, 'whole')
})

test('whatever ran on a sandbox says so', () => {
  for (const one of [{ ...verified, is_sandbox: true }]) {
    assert.ok(before(restoreStarted, restoreEnded, one).record.is_sandbox)
  }
  assert.ok(foldDrill([{ ...started, is_sandbox: true }]).record.is_sandbox)
  assert.ok(foldDrill([started, { ...checked, is_sandbox: true }]).record.is_sandbox)
  assert.not.ok(before().record.is_sandbox)
})

test('a decision to finish does not outlive another verification', () => {
  const finishing = events[7] as DrillEvent
  assert.is(before(restoreStarted, restoreEnded, verified, finishing).finishing?.at, at('06:40'))
  const again = before(restoreStarted, restoreEnded, verified, finishing, { ...verified })
  assert.is(again.finishing, null)
  assert.is(again.record.finished_at, null)
})

test('a restore with errors is over, and fails the drill whatever was verified; one that was overruled is a warning', () => {
  const partial = before(restoreStarted, { ...restoreEnded, exit_code: 1, errors: 'one table is missing' }, verified)
  assert.is(partial.record.verdict, 'failed')
  assert.equal(
    partial.record.follow_ups.map((one) => [one.check_name, one.owner]),
    [['restore', 'Grace']],
  )
  const failedCommand = { ...restoreEnded, exit_code: 1 }
  const overruled = before(restoreStarted, failedCommand, done, verified)
  assert.is(overruled.record.verdict, 'verified')
  assert.ok(overruled.results.some((row) => row.check_name === 'restore' && row.status === 'warn'))
  const repeated = before(restoreStarted, failedCommand, { ...restoreStarted }, { ...restoreEnded }, verified)
  assert.not.ok(repeated.results.some((row) => row.check_name === 'restore'))
})

test('aborted, with why, and with notes', () => {
  const { record, next } = before(
    { event: 'noted', at: at('04:40'), by: 'Ada', text: 'late', check_name: null, object_name: null },
    { event: 'aborted', at: at('05:00'), why: 'no backup' },
  )
  assert.is(record.state, 'aborted')
  assert.is(next, 'nothing')
  assert.equal(
    record.notes.map((one) => one.text),
    ['late', 'aborted: no backup'],
  )
})

test.run()
