// The two time bounds of the plan: what is within, what is beyond, and what nobody can know.

import * as assert from 'uvu/assert'
import { durationText } from '../../src/rules/durations.ts'
import {
  clockResults,
  type DataLoss,
  judgeDataLoss,
  judgeRecoveryTime,
  type RecoveryTime,
  timeBoundResults,
} from '../../src/rules/time-bounds.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/time-bounds')
const hour = 3600

const rto = (more: Partial<RecoveryTime> = {}) =>
  judgeRecoveryTime({
    restoreStartedAt: '2026-11-23T05:00:00Z',
    verifiedAt: '2026-11-23T06:30:00.000Z',
    lookedAt: '2026-11-23T06:30:00.000Z',
    budget: 4 * hour,
    stages: [
      { name: 'restore', started_at: '2026-11-23T05:00:00Z', finished_at: '2026-11-23T06:00:00Z' },
      { name: 'verify', started_at: '2026-11-23T06:00:00Z', finished_at: '2026-11-23T06:30:00Z' },
      { name: 'verify', started_at: '2026-11-23T06:40:00Z', finished_at: null },
    ],
    ...more,
  })
const rpo = (more: Partial<DataLoss> = {}) =>
  judgeDataLoss({
    failurePoint: '2026-11-23T04:30:00Z',
    recoveryPoint: '2026-11-23 03:30:00.5+00',
    budget: 24 * hour,
    clockSkew: 300,
    ...more,
  })

test('RTO: from the start of the restore until verified, each stage with its share of the budget', () => {
  const met = rto()
  assert.is(met.status, 'pass')
  assert.is(met.seconds, 1.5 * hour)
  assert.is(
    met.detail,
    'verified 1 h 30 min after the restore began, within the RTO of 4 h (restore 1 h, 25 % of the 4 h; verify 30 min, 13 % of the 4 h)',
  )
})

test('RTO: the budget itself is within, a second more is beyond', () => {
  assert.is(rto({ verifiedAt: '2026-11-23T09:00:00Z' }).status, 'pass')
  const late = rto({ verifiedAt: '2026-11-23T09:00:01Z' })
  assert.is(late.status, 'fail')
  assert.is(late.seconds, 4 * hour + 1)
})

test('RTO: what is not verified has not stopped the clock', () => {
  const open = rto({ verifiedAt: null })
  assert.is(open.status, 'error')
  assert.is(open.seconds, null)
  assert.match(
    open.detail,
    /not verified after 1 h 30 min, and the clock runs on: 2 h 30 min of the RTO of 4 h were left/,
  )
  assert.is(rto({ verifiedAt: null, lookedAt: '2026-11-23T09:00:01Z' }).status, 'fail')
})

test('RTO: could not be known', () => {
  const cases: Partial<RecoveryTime>[] = [
    { restoreStartedAt: null },
    { verifiedAt: null, lookedAt: null },
    { budget: null },
    { restoreStartedAt: '2026-11-23T07:00:00Z' },
  ]
  for (const one of cases) {
    const bound = rto(one)
    assert.is(bound.status, 'error', JSON.stringify(one))
    assert.is(bound.seconds, null)
  }
  assert.match(rto({ restoreStartedAt: '2026-11-23T07:00:00Z' }).detail, /is said to have begun at/)
})

test('RPO: from the recovery point to the failure point', () => {
  const met = rpo()
  assert.is(met.status, 'pass')
  assert.is(met.seconds, 3599.5)
  assert.is(rpo({ recoveryPoint: '2026-11-22T04:30:00Z' }).status, 'pass')
  assert.is(rpo({ recoveryPoint: '2026-11-22T04:29:59Z' }).status, 'fail')
  assert.is(rpo({ budget: 0, recoveryPoint: '2026-11-23T04:30:00Z' }).status, 'pass')
})

test('RPO: beyond the failure point by no more than clocks differ is no loss; by more nobody knows', () => {
  const close = rpo({ recoveryPoint: '2026-11-23T04:35:00Z' })
  assert.is(close.status, 'pass')
  assert.is(close.seconds, 0)
  assert.is(rpo({ recoveryPoint: '2026-11-23T04:35:01Z' }).status, 'error')
  assert.is(rpo({ recoveryPoint: '2026-11-23T04:30:01Z', clockSkew: null }).status, 'error')
})

test('RPO: could not be known', () => {
  for (const one of [
    { failurePoint: null },
    { recoveryPoint: null },
    { budget: null },
    { recoveryPoint: '-infinity' },
  ]) {
    const bound = rpo(one)
    assert.is(bound.status, 'error', JSON.stringify(one))
    assert.is(bound.seconds, null)
  }
})

test('as results they carry what was expected, what was found and what to do', () => {
  const [first, second] = timeBoundResults(rto({ verifiedAt: '2026-11-23T10:00:00Z' }), rpo({ budget: null }))
  assert.is(first?.check_name, 'rto')
  assert.is(first?.status, 'fail')
  assert.is(first?.expected, 'at most 4 h')
  assert.is(first?.actual, '5 h')
  assert.is(second?.status, 'error')
  assert.match(second?.hint ?? '', /PRODUCTION_DATABASE_URL.*--baseline/)
  assert.ok(timeBoundResults(rto(), rpo()).every((row) => row.hint === null))
})

test('clocks: within the policy, beyond it in either direction, and not asked', () => {
  const of = (target: number | null, allowed: number | null = 300) =>
    clockResults({ target, production: null }, allowed).map((row) => row.status)
  assert.equal(of(300), ['pass', 'skip'])
  assert.equal(of(-300), ['pass', 'skip'])
  assert.equal(of(301), ['warn', 'skip'])
  assert.equal(of(-301), ['warn', 'skip'])
  assert.equal(of(null), ['skip', 'skip'])
  assert.equal(of(1, null), ['warn', 'skip'])
  assert.match(clockResults({ target: -301, production: 0 }, 300)[0]?.detail ?? '', /5 min 1 s behind ours/)
})

test('durations in words', () => {
  assert.equal([0, 0.04, 1.25, 59.9, 60, 3599.6, 3600, 86_399, 90_000, -61].map(durationText), [
    '0 s',
    '0 s',
    '1.3 s',
    '59.9 s',
    '1 min',
    '1 h',
    '1 h',
    '23 h 59 min',
    '1 d 1 h',
    '-1 min 1 s',
  ])
})

test.run()
