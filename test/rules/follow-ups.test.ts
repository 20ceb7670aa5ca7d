// What is left to do: who owns it, until when, and what was noted about it.

import * as assert from 'uvu/assert'
import { dataChecks, sqlChecks, wholeChecks } from '../../src/database/facts.ts'
import { type Finding, followUps, isFinding, roleOf } from '../../src/rules/follow-ups.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/follow-ups')
const owners = { lead: 'Ada', db_owner: 'Grace', app_owner: 'Edsger' }
const finding = (check_name: string, status: 'fail' | 'error', object_name: string | null = null): Finding => ({
  check_name,
  object_name,
  status,
  detail: 'what was found',
  hint: null,
})
const of = (...findings: Finding[]) => followUps(findings, owners, '2026-11-23T23:30:00Z', 14 * 86_400, [])

test('each check is owned by a role of the plan', () => {
  assert.equal(
    ['app', 'app_health', 'rto', 'rpo', 'clocks', 'identity', 'not_production', 'proof', 'waivers'].map(roleOf),
    ['app_owner', 'app_owner', 'lead', 'lead', 'lead', 'lead', 'lead', 'lead', 'lead'],
  )
  const checks = [
    ...Object.keys({ ...sqlChecks, ...dataChecks, ...wholeChecks }),
    'objects',
    'row_counts',
    'guards_fire',
  ]
  for (const name of checks) assert.is(roleOf(name), 'db_owner', name)
})

test('failures first, due in half of the time; what nobody could look at within all of it', () => {
  assert.equal(
    of(finding('app_sync', 'error'), finding('row_counts', 'fail', 'public.calls')).map((one) => [
      one.check_name,
      one.owner,
      one.due,
    ]),
    [
      ['row_counts', 'Grace', '2026-11-30'],
      ['app_sync', 'Edsger', '2026-12-07'],
    ],
  )
})

test('a policy of less than a day gives the next day, one of nothing the same day', () => {
  const due = (seconds: number) =>
    followUps([finding('rto', 'fail')], owners, '2026-11-23T23:30:00Z', seconds, [])[0]?.due
  assert.is(due(3600), '2026-11-24')
  assert.is(due(0), '2026-11-23')
})

test('notes go to the finding that they are about', () => {
  const remarks = [
    { check_name: 'row_counts', object_name: null, text: 'seen' },
    { check_name: 'row_counts', object_name: 'public.calls', text: 'OPS-31' },
    { check_name: 'objects', object_name: null, text: 'of another check' },
  ]
  const findings = [
    finding('row_counts', 'fail', 'public.calls'),
    finding('row_counts', 'fail', 'public.sites'),
    finding('rto', 'fail'),
  ]
  assert.equal(
    followUps(findings, owners, '2026-11-23T00:00:00Z', 0, remarks).map((one) => one.note),
    ['seen\nOPS-31', 'seen', null],
  )
})

test('a waived failure, a warning and a pass are no findings', () => {
  assert.equal(
    (['pass', 'warn', 'fail', 'skip', 'error', 'waived'] as const).filter((status) => isFinding({ status })),
    ['fail', 'error'],
  )
})

test.run()
