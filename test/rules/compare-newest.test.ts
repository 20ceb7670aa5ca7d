import * as assert from 'uvu/assert'
import type { BaselineRelation } from '../../src/baselines/document.ts'
import { suite } from '../support/suite.ts'
import {
  baselineOf,
  bucket,
  type CopyChange,
  calls,
  callsRelation,
  copyOf,
  dayOf,
  edit,
  events,
  eventsRelation,
  lines,
  type Slices,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('compare newest')

type Case = [name: string, relation: BaselineRelation, buckets: Slices, expected: RegExp, change?: CopyChange]

const newest = (slices: Slices, newest_at: string) => edit(slices, '2026-11-10', { newest_at })
const quiet = withBuckets(callsRelation, [
  bucket({
    ...dayOf('public.calls', '2026-08-01', '8'),
    bucket_name: 'public.calls 2026-08',
    grain: 'month',
    oldest_at: '2026-08-01T00:00:00+00:00',
    newest_at: '2026-08-08T00:00:00+00:00',
  }),
])
const endless = bucket({ bucket_name: 'public.events_2026_11 undated', grain: 'undated', newest_at: 'infinity' })
const future = withBuckets(eventsRelation, newest(events, '2026-11-20T00:00:00+00:00'))
const empty = withBuckets(callsRelation, [bucket({ bucket_name: 'public.calls', grain: 'partition', row_count: '0' })])
const until = (label: RegExp, newest_at: string) => [
  ...without(calls, label),
  dayOf('public.calls', newest_at.slice(0, 10), '50', { newest_at }),
]
const weekdays = calls.filter(
  ({ grain, starts_at }) => grain !== 'day' || ![0, 6].includes(new Date(starts_at ?? 0).getUTCDay()),
)

const cases: Case[] = [
  ['that of the baseline', eventsRelation, events, /^pass/],
  ['as expected', eventsRelation, newest(events, '2026-11-10T12:59:00+00:00'), /^pass .*recovery point 2026-11-10T13/],
  ['within the skew after the recovery point', eventsRelation, newest(events, '2026-11-10T13:05:00+00:00'), /^pass/],
  [
    'newer than the recovery point',
    eventsRelation,
    newest(events, '2026-11-10T13:05:01+00:00'),
    /^fail .*newest row of 2026-11-10T13:05:01\+00:00, after the recovery point 2026-11-10T13:00:00\+00:00 \(skew of 300 s allowed\)$/,
  ],
  [
    'newer than a point told by rare heartbeats',
    eventsRelation,
    newest(events, '2026-11-10T13:06:00+00:00'),
    /^pass/,
    { is_exact: false },
  ],
  [
    'in the future',
    eventsRelation,
    newest(events, '2026-11-10T14:05:01+00:00'),
    /^fail .*after now, 2026-11-10T14:00/,
    { is_exact: false },
  ],
  ['infinite', eventsRelation, [...events, endless], /^fail .*newest row of infinity/],
  [
    'infinite, as in production',
    withBuckets(eventsRelation, [...events, endless]),
    [...events, endless],
    /^pass .*newest row of 2026-11-10T11:50/,
  ],
  [
    'an infinite row does not hide that the end is missing',
    withBuckets(eventsRelation, [...events, endless]),
    [...newest(events, '2026-11-10T11:49:59+00:00'), endless],
    /^fail .*its end is missing$/,
  ],
  [
    'a row of the future does not hide that the end is missing',
    future,
    [...without(future.buckets, /2026-11-0[6-9]/)],
    /^fail .*(its end is missing|are plausible)$/,
  ],
  [
    'nine days ahead, where production was ten minutes ahead',
    withBuckets(eventsRelation, newest(events, '2026-11-10T12:10:00+00:00')),
    newest(events, '2026-11-19T13:00:00+00:00'),
    /^fail .*after the recovery point/,
  ],
  [
    'ten minutes ahead, as production was',
    withBuckets(eventsRelation, newest(events, '2026-11-10T12:10:00+00:00')),
    newest(events, '2026-11-10T13:10:00+00:00'),
    /^warn .*production had such rows already$/,
  ],
  [
    'beyond the last heartbeat, but not beyond the last commit',
    eventsRelation,
    newest(events, '2026-11-10T13:40:00+00:00'),
    /^pass/,
    { evidence: { newest_commit_at: '2026-11-10T13:40:00+00:00' } },
  ],
  [
    'an end that is not there, but of which a part could not be read',
    eventsRelation,
    without(events, '2026-11-10'),
    /^error .*the rows of public\.events_2026_10 2026-10-31 could not be read, and may be its newest$/,
    {
      problems: { 'public.events_2026_10 2026-10-31': 'canceling statement due to statement timeout (SQLSTATE 57014)' },
    },
  ],
  [
    'in the future, whatever the recovery point',
    eventsRelation,
    newest(events, '2026-11-10T14:05:01+00:00'),
    /^fail .*after now/,
    { recovery_point: null, is_exact: false },
  ],
  ['in the future, as in production', future, future.buckets, /^warn .*production had such rows already$/],
  [
    'in the future, and in production within the skew',
    withBuckets(eventsRelation, newest(events, '2026-11-10T12:05:00+00:00')),
    future.buckets,
    /^fail .*after the recovery point/,
  ],
  [
    'future rows of production that the copy does not have are no missing end',
    withBuckets(eventsRelation, newest(events, '2026-11-10T20:00:00+00:00')),
    newest(events, '2026-11-10T19:00:00+00:00'),
    /^pass/,
    { recovery_point: '2026-11-10T21:00:00+00:00', now: '2026-11-10T21:00:00+00:00' },
  ],
  [
    'the end is missing',
    eventsRelation,
    newest(events, '2026-11-10T11:49:59+00:00'),
    /^fail .*newest row of 2026-11-10T11:49:59\+00:00, although the baseline had one of 2026-11-10T11:50:00\+00:00: its end is missing$/,
  ],
  [
    'at the very moment of that row its end must be there',
    eventsRelation,
    newest(events, '2026-11-10T11:49:59+00:00'),
    /^fail .*its end is missing$/,
    { recovery_point: '2026-11-10T11:50:00+00:00' },
  ],
  [
    'before that row it need not',
    eventsRelation,
    newest(events, '2026-11-10T11:49:58+00:00'),
    /^pass/,
    { recovery_point: '2026-11-10T11:49:59+00:00' },
  ],
  ['the newest row of a mutable table deleted', callsRelation, newest(calls, '2026-11-10T08:00:00+00:00'), /^pass/],
  [
    'thirty hours gone, and each day of the history has rows',
    callsRelation,
    until(/2026-11-(09|10)/, '2026-11-09T07:00:00+00:00'),
    /^fail .*newest row of 2026-11-09T07:00:00\+00:00, 30\.0 h before the recovery point 2026-11-10T13:00:00\+00:00; at most 24\.0 h are plausible$/,
  ],
  ['a day gone is still plausible', callsRelation, until(/2026-11-(09|10)/, '2026-11-09T13:00:00+00:00'), /^pass/],
  [
    'one second more is not',
    callsRelation,
    until(/2026-11-(09|10)/, '2026-11-09T12:59:59+00:00'),
    /^fail .*at most 24\.0 h are plausible/,
  ],
  [
    'thirty hours without rows, as on each weekend of the history',
    withBuckets(callsRelation, weekdays),
    until(/2026-11-(09|10)/, '2026-11-09T07:00:00+00:00'),
    /^pass/,
  ],
  ['a quiet relation with old rows only', quiet, quiet.buckets, /^pass/],
  ['no dated row in both', empty, empty.buckets, /^pass .*no dated row, as in the baseline$/],
  ['no dated row any more', callsRelation, empty.buckets, /^fail .*has no dated row, the baseline's newest is of 2026/],
  [
    'the first dated rows since',
    empty,
    [dayOf('public.calls', '2026-11-10', '5', { newest_at: '2026-11-10T12:30:00+00:00' })],
    /^pass .*newest row of/,
  ],
  [
    'restore point before the baseline',
    eventsRelation,
    newest(events, '2026-11-10T10:58:00+00:00'),
    /^pass/,
    { recovery_point: '2026-11-10T11:00:00+00:00' },
  ],
  [
    'unknown recovery point',
    eventsRelation,
    events,
    /^error .*the recovery point is unknown$/,
    { recovery_point: null },
  ],
]
for (const [name, relation, buckets, expected, change] of cases) {
  test(name, () => {
    const said = lines(baselineOf([relation]), copyOf([withBuckets(relation, buckets)], change))
    const rows = said.filter((line) => / newest_timestamps /.test(line))
    assert.is(rows.length, 1)
    assert.match(rows[0] ?? '', expected)
  })
}

test('an exact baseline: the newest row is equal', () => {
  const said = (before: BaselineRelation, buckets: Slices) =>
    lines(
      baselineOf([before], { is_exact: true }),
      copyOf([withBuckets(before, buckets)], { recovery_point: null }),
    ).find((line) => / newest_timestamps /.test(line)) ?? ''
  assert.match(
    said(eventsRelation, events),
    /^pass .*newest row of 2026-11-10T11:50:00\+00:00, as in the exact baseline$/,
  )
  assert.match(said(empty, empty.buckets), /^pass .*public.calls has no dated row, as in the exact baseline$/)
  assert.match(said(callsRelation, empty.buckets), /^fail .*has no dated row, the exact baseline has one of 2026-11-10/)
  assert.match(said(empty, calls), /^fail .*newest row of 2026-11-10T11:50:00\+00:00, the exact baseline has none$/)
})

test('an interval between heartbeats is added to a recovery point that is one', () => {
  const policies = { clock_skew: 300, settle_after: 86400, heartbeat_interval: 60 }
  const at = (newest_at: string) =>
    lines(baselineOf([eventsRelation], { policies }), copyOf([withBuckets(eventsRelation, newest(events, newest_at))]))
      .find((line) => / newest_timestamps /.test(line))
      ?.slice(0, 4)
  assert.is(at('2026-11-10T13:06:00+00:00'), 'pass')
  assert.is(at('2026-11-10T13:06:01+00:00'), 'fail')
})

test('a policy that the baseline does not have is as shipped: five minutes of skew, and as much between heartbeats', () => {
  const at = (newest_at: string) =>
    lines(
      baselineOf([eventsRelation], { policies: {} }),
      copyOf([withBuckets(eventsRelation, newest(events, newest_at))]),
    ).find((line) => /^fail newest_timestamps /.test(line))
  assert.is(at('2026-11-10T13:10:00+00:00'), undefined)
  assert.ok(at('2026-11-10T13:10:01+00:00'))
})

test.run()
