// Beside an exact baseline every bucket is equal.

import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import {
  B,
  baselineOf,
  calls,
  callsRelation,
  copyOf,
  edit,
  events,
  eventsRelation,
  findings,
  hourAfter,
  less,
  lines,
  secretsRelation,
  wholeOf,
  withBuckets,
} from './fixture.ts'
import { table } from './table.ts'

const test = suite('exact baseline')

table(
  test,
  'exact baseline',
  callsRelation,
  [
    ['equal', calls, 'nothing'],
    [
      'one row of a mutable table',
      less(calls, '2026-10-04', 1),
      /fail .*\(exact baseline: must be equal\): 1 missing on 2026-10-04/,
    ],
    [
      'one row too many today',
      less(calls, '2026-11-10', -1),
      /fail .*exact baseline: must be equal\): 1 too many on 2026-11-10/,
    ],
    [
      'an older row',
      edit(calls, '2026-06', { oldest_at: '2026-06-01T00:09:00+00:00' }),
      /fail .*those in 2026-06 reach from/,
    ],
    ['all of that without a recovery point', less(calls, '2026-10-04', 1), /fail .*exact/, { recovery_point: null }],
    ['equal without a recovery point', calls, 'nothing', { recovery_point: null, source: null }],
    [
      'heartbeats show another moment: compared as any other',
      less(calls, '2026-11-10', -20),
      'nothing',
      { recovery_point: '2026-11-10T12:05:01+00:00' },
    ],
    [
      'within the skew the moment is the same',
      less(calls, '2026-11-10', -20),
      /fail .*exact/,
      { recovery_point: '2026-11-10T12:05:00+00:00' },
    ],
    [
      'rows alone do not show another moment',
      less(calls, '2026-11-10', -20),
      /fail .*exact/,
      { recovery_point: hourAfter, is_exact: false },
    ],
  ],
  { is_exact: true },
)

test('exact baseline: what it says of whole and cut partitions, of new ones, and of another moment', () => {
  const exact = baselineOf([eventsRelation, secretsRelation], { is_exact: true })
  const at = { recovery_point: B }
  const said = lines(exact, copyOf([eventsRelation, secretsRelation], at))
  assert.match(said[0] ?? '', /199,203 \(exact baseline: equal\)$/)
  assert.match(said[1] ?? '', /\(exact baseline: 30 days equal\)$/)
  assert.match(said.join('\n'), /pass newest_timestamps .*, as in the exact baseline$/m)
  assert.match(said.join('\n'), /skip days_present null: the baseline is exact/)
  const newer = withBuckets(eventsRelation, [...events, wholeOf('public.events', '2026-12', '1')])
  assert.match(
    findings(exact, copyOf([newer, secretsRelation], at))[0] ?? '',
    /fail .*events_2026_12.*exact baseline: must have none/,
  )
  const fewer = withBuckets(eventsRelation, edit(events, '2026-11-10', { newest_at: '2026-11-10T11:40:00+00:00' }))
  assert.match(
    findings(exact, copyOf([fewer, secretsRelation], at)).join('\n'),
    /fail newest_timestamps .*newest row of 2026-11-10T11:40:00\+00:00, the exact baseline has one of 2026-11-10T11:50/,
  )
  const other = lines(exact, copyOf([eventsRelation, secretsRelation]))
  assert.match(other.join('\n'), /skip row_counts null: .* is exact for the dump made with it, but the heartbeats/)
})

test.run()
