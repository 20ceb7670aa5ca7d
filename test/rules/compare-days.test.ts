import * as assert from 'uvu/assert'
import type { BaselineRelation } from '../../src/baselines/document.ts'
import { suite } from '../support/suite.ts'
import {
  baselineOf,
  bounds,
  type CopyChange,
  calls,
  callsRelation,
  copyOf,
  daysOf,
  events,
  eventsRelation,
  lines,
  november,
  type Slices,
  wholeOf,
  withBuckets,
} from './fixture.ts'

const test = suite('compare days')

const later = { recovery_point: '2026-11-15T06:00:00+00:00', now: '2026-11-15T07:00:00+00:00' }
const since = (...dates: string[]) => dates.flatMap((date) => daysOf(november, date, date, '900', bounds('2026-11')))
const weekdays = calls.filter(
  ({ grain, starts_at }) => grain !== 'day' || ![0, 6].includes(new Date(starts_at ?? 0).getUTCDay()),
)
const office = withBuckets(callsRelation, weekdays)
const callsOn = (...dates: string[]) => [
  ...weekdays,
  ...dates.flatMap((date) => daysOf('public.calls', date, date, '90')),
]

type Case = [name: string, relation: BaselineRelation, buckets: Slices, expected: RegExp, change?: CopyChange]
const cases: Case[] = [
  [
    'each whole day has rows',
    eventsRelation,
    [...events, ...since('2026-11-11', '2026-11-12', '2026-11-13', '2026-11-14', '2026-11-15')],
    /^pass days_present public.events: public.events: 4 whole days between the baseline and the recovery point, with no longer pause than before; in the 60 days before the baseline each has rows$/,
  ],
  [
    'a day is gone',
    eventsRelation,
    [...events, ...since('2026-11-11', '2026-11-13', '2026-11-14', '2026-11-15')],
    /^fail days_present public.events: public.events: no row on 2026-11-12, between the baseline and the recovery point; in the 60 days before the baseline each has rows$/,
  ],
  [
    'days are gone here and there',
    eventsRelation,
    [...events, ...since('2026-11-13', '2026-11-15')],
    /^fail .*no row on 2026-11-11 to 2026-11-12 \(2 days\), 2026-11-14, between/,
  ],
  [
    'an empty bucket is no row',
    eventsRelation,
    [
      ...events,
      ...since('2026-11-11', '2026-11-13', '2026-11-14'),
      ...daysOf(november, '2026-11-12', '2026-11-12', '0'),
    ],
    /^fail .*no row on 2026-11-12,/,
  ],
  [
    'the days of both moments are not whole',
    eventsRelation,
    [...events, ...since('2026-11-11', '2026-11-12', '2026-11-13', '2026-11-14')],
    /^pass/,
  ],
  [
    'a quiet weekend, as in the history',
    office,
    callsOn('2026-11-11', '2026-11-12', '2026-11-13', '2026-11-16'),
    /^pass .*in the 60 days before the baseline at most 2 days in a row had none$/,
    { recovery_point: '2026-11-16T12:00:00+00:00', now: '2026-11-16T12:00:00+00:00' },
  ],
  [
    'a day more than a weekend',
    office,
    callsOn('2026-11-11', '2026-11-12', '2026-11-16'),
    /^fail .*no row on 2026-11-13 to 2026-11-15 \(3 days\), between/,
    { recovery_point: '2026-11-16T12:00:00+00:00', now: '2026-11-16T12:00:00+00:00' },
  ],
  [
    'two weeks of history are enough',
    withBuckets(eventsRelation, daysOf(november, '2026-10-27', '2026-11-10')),
    since('2026-11-11', '2026-11-13', '2026-11-14'),
    /^fail .*no row on 2026-11-12,.*in the 14 days before/,
  ],
  [
    'a day less is not',
    withBuckets(eventsRelation, daysOf(november, '2026-10-28', '2026-11-10')),
    since('2026-11-11', '2026-11-13', '2026-11-14'),
    /^skip .*13 days of history before the baseline; a day without rows says something from 14 on$/,
  ],
  [
    'what could not be read may hold the rows',
    eventsRelation,
    events,
    /^error .*the rows of public.events_2026_11 2026-11-10 could not be read/,
    { problems: { 'public.events_2026_11 2026-11-10': 'lock timeout' } },
  ],
  [
    'no whole day has passed',
    eventsRelation,
    events,
    /^skip days_present null: no whole UTC day lies between/,
    { recovery_point: '2026-11-11T23:59:59+00:00' },
  ],
  [
    'one has, to the second',
    eventsRelation,
    events,
    /^fail .*no row on 2026-11-11,/,
    { recovery_point: '2026-11-12T00:00:00+00:00' },
  ],
  [
    'a restore point before the baseline',
    eventsRelation,
    events,
    /^skip days_present null/,
    { recovery_point: '2026-11-01T00:00:00+00:00' },
  ],
  ['an unknown one', eventsRelation, events, /^error days_present null/, { recovery_point: null }],
]
for (const [name, relation, buckets, expected, change] of cases) {
  test(name, () => {
    const said = lines(baselineOf([relation]), copyOf([withBuckets(relation, buckets)], { ...later, ...change }))
    const rows = said.filter((line) => / days_present /.test(line))
    assert.is(rows.length, 1)
    assert.match(rows[0] ?? '', expected)
  })
}

test('an exact baseline has no days after it, whatever rows with a wrong date say', () => {
  const baseline = baselineOf([eventsRelation], { is_exact: true })
  const said = lines(baseline, copyOf([eventsRelation], { ...later, is_exact: false }))
  assert.equal(
    said.filter((line) => / days_present /.test(line)).map((line) => line.slice(0, 27)),
    ['skip days_present null: the'],
  )
})

test('on the first of March two months are 59 days, and none of them is quiet', () => {
  const january = daysOf('public.events_2027_01', '2027-01-01', '2027-01-31', '1000', bounds('2027-01'))
  const february = daysOf('public.events_2027_02', '2027-02-01', '2027-02-28', '1000', bounds('2027-02'))
  const march = daysOf('public.events_2027_03', '2027-03-01', '2027-03-01', '1000', bounds('2027-03'))
  const relation = withBuckets(eventsRelation, [wholeOf('public.events', '2026-12'), ...january, ...february, ...march])
  const at = (captured_at: string, recovery_point: string) =>
    lines(baselineOf([relation], { captured_at }), copyOf([relation], { recovery_point, now: recovery_point })).find(
      (line) => / days_present /.test(line),
    )
  assert.match(
    at('2027-03-01T12:00:00+00:00', '2027-03-03T00:00:00+00:00') ?? '',
    /^fail .*no row on 2027-03-02, .*in the 59 days before the baseline each has rows$/,
  )
  assert.match(at('2027-03-02T00:00:00+00:00', '2027-03-03T00:00:00+00:00') ?? '', /^fail .*in the 60 days before/)
})

test('a baseline at midnight: that day is whole', () => {
  const baseline = baselineOf([eventsRelation], { captured_at: '2026-11-11T00:00:00+00:00' })
  const said = lines(baseline, copyOf([eventsRelation], { recovery_point: '2026-11-12T00:00:00+00:00' }))
  assert.ok(said.some((line) => /^fail days_present .*no row on 2026-11-11,/.test(line)))
})

test.run()
