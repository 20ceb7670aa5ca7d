// What must be said of the buckets of an append-only relation.

import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  bounds,
  bucket,
  callsRelation,
  copyOf,
  dayOf,
  daysOf,
  edit,
  events,
  eventsRelation,
  findings,
  hourBefore,
  lines,
  november,
  october,
  today,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'
import { table } from './table.ts'

const test = suite('append-only buckets')

table(test, 'append-only', eventsRelation, [
  ['equal', events, 'nothing'],
  [
    'half a percent of a closed month is gone',
    edit(events, august, { row_count: '198204' }),
    /^fail row_counts public.events_2026_08: public.events_2026_08: 198,204 rows, baseline has 199,203 \(settled, append-only: must be equal\): 999 missing$/,
  ],
  ['one row too many in a closed month', edit(events, august, { row_count: '199204' }), /fail .*equal\): 1 too many$/],
  ['rows duplicated in a closed month', edit(events, august, { row_count: '398406' }), /: 199,203 too many$/],
  [
    'rows duplicated on settled days',
    edit(events, /_10 2026-10-0[12]$/, { row_count: '2000' }),
    /fail .*: 33,000 rows, baseline has 31,000 .*: 2,000 too many on 2 days, 2026-10-01 to 2026-10-02, most on 2026-10-01: 2,000 rows, baseline has 1,000$/,
  ],
  [
    'a closed month is truncated',
    edit(events, august, { row_count: '0', oldest_at: null, newest_at: null }),
    /^fail row_counts public.events_2026_08: public.events_2026_08 is empty, baseline has 199,203 rows$/,
  ],
  [
    'a day in the middle is gone',
    without(events, '2026-10-04'),
    /fail row_counts public.events_2026_10: .*30,000 rows, baseline has 31,000 \(settled, append-only: must be equal\): 1,000 missing on 2026-10-04: 0 rows, baseline has 1,000; last good row before: 2026-10-03T23:50:00\+00:00, first good after: 2026-10-05T00:10:00\+00:00$/,
  ],
  [
    'the loss begins with a month: the last good row is of the partition before',
    without(events, '2026-10-01'),
    /last good row before: 2026-09-30T23:50:00\+00:00, first good after: 2026-10-02T00:10:00\+00:00$/,
  ],
  [
    'three days lost rows: total, first, last, worst',
    edit(edit(without(events, '2026-10-04'), '2026-10-03', { row_count: '900' }), '2026-10-05', { row_count: '999' }),
    /: 1,101 missing on 3 days, 2026-10-03 to 2026-10-05, most on 2026-10-04: 0 rows, baseline has 1,000; last good row before: 2026-10-02T23:50:00\+00:00, first good after: 2026-10-06T00:10:00\+00:00$/,
  ],
  [
    'a settled day that the baseline does not have',
    [...without(events, 'none'), dayOf(october, '2026-07-01', '7', bounds('2026-10'))],
    /fail .*: 7 too many on 2026-07-01: 7 rows, baseline has 0$/,
  ],
  [
    'a whole closed month is shifted by three hours',
    edit(events, august, { newest_at: '2026-08-29T02:50:00+00:00' }),
    /fail .*must be equal\): its rows reach from 2026-08-01T00:10:00\+00:00 to 2026-08-29T02:50:00\+00:00 instead of .* to 2026-08-28T23:50:00\+00:00$/,
  ],
  [
    'the oldest row of a closed month is another',
    edit(events, august, { oldest_at: '2026-08-01T03:10:00+00:00' }),
    /its rows reach from 2026-08-01T03:10:00/,
  ],
  [
    'a microsecond',
    edit(events, august, { newest_at: '2026-08-28T23:50:00.000001+00:00' }),
    /to 2026-08-28T23:50:00.000001\+00:00 instead of/,
  ],
  [
    'days with as many rows of another time',
    edit(events, /_10 2026-10-0[45]$/, { oldest_at: '2026-10-04T03:00:00+00:00' }),
    /equal\): 2 days with as many rows of another time, those on 2026-10-04 reach from 2026-10-04T03:00:00\+00:00 to/,
  ],
  ['the same moment in another time zone', edit(events, august, { newest_at: '2026-08-29T02:50:00+03:00' }), 'nothing'],
  ['an hour of growth', today('540'), 'nothing'],
  ['as much as three busiest days explain', today('3500'), 'nothing'],
  [
    'more than three busiest days explain',
    today('3501'),
    /fail row_counts public.events_2026_11: .*\(2 open days: 4,501 rows, 1,500 to 4,500 are plausible\): 1 more than the busiest day explains on 2026-11-10: 3,501 rows, baseline has 500$/,
  ],
  [
    'an open day has one row fewer, whatever came on the next',
    today('2000').map((one) => (one.bucket_name.endsWith('2026-11-09') ? { ...one, row_count: '999' } : one)),
    /fail .*\(open, append-only: no day may have fewer rows than came before\): 1 missing on 2026-11-09: 999 rows, baseline has 1,000; last/,
  ],
  [
    'the open days together have fewer rows',
    today('499'),
    /fail .*\(2 open days: 1,499 rows, 1,500 to 4,500 are plausible\): 1 missing on 2026-11-10: 499 rows, baseline has 500;/,
  ],
  ['a late row of the day before: that day is open', edit(events, '2026-11-09', { row_count: '1001' }), 'nothing'],
  [
    'a late row of the day before that: that one is settled',
    edit(events, '2026-11-08', { row_count: '1001' }),
    /fail .*1 too many on 2026-11-08/,
  ],
])

test('settled to the second: ended settle_after before both moments', () => {
  const changed = withBuckets(eventsRelation, edit(events, '2026-11-09', { row_count: '1001' }))
  const at = (captured_at: string, recovery_point: string) =>
    findings(baselineOf([eventsRelation], { captured_at }), copyOf([changed], { recovery_point })).length
  assert.is(at('2026-11-11T00:00:00+00:00', '2026-11-11T00:00:00+00:00'), 1)
  assert.is(at('2026-11-10T23:59:59+00:00', '2026-11-11T00:00:00+00:00'), 0)
  assert.is(at('2026-11-11T00:00:00+00:00', '2026-11-10T23:59:59+00:00'), 1, 'R before B: nothing may have come')
  const policies = { clock_skew: 300, settle_after: 86_401 }
  const later = baselineOf([eventsRelation], { captured_at: '2026-11-11T00:00:00+00:00', policies })
  assert.equal(findings(later, copyOf([changed], { recovery_point: '2026-11-11T01:00:00+00:00' })), [])
})

test('a policy that the baseline does not have is as shipped: a day to settle', () => {
  const changed = withBuckets(eventsRelation, edit(events, '2026-11-09', { row_count: '1001' }))
  assert.equal(findings(baselineOf([eventsRelation], { policies: {} }), copyOf([changed])), [])
  const settled = withBuckets(eventsRelation, edit(events, '2026-11-08', { row_count: '1001' }))
  assert.is(findings(baselineOf([eventsRelation], { policies: {} }), copyOf([settled])).length, 1)
})

table(test, 'append-only, restore point an hour before the baseline', eventsRelation, [
  ['a few less', today('460', { newest_at: '2026-11-10T10:50:00+00:00' }), 'nothing', hourBefore],
  // 500 rows in 11.67 hours are the fastest, times three: 129 in one hour begun.
  ['as many less as may be', today('371', { newest_at: '2026-11-10T10:50:00+00:00' }), 'nothing', hourBefore],
  [
    'one less than that',
    today('370', { newest_at: '2026-11-10T10:50:00+00:00' }),
    /fail .*\(open, append-only: no day may have fewer rows than came before\): 130 missing on 2026-11-10/,
    hourBefore,
  ],
  [
    'half of today is gone',
    today('250', { newest_at: '2026-11-10T10:50:00+00:00' }),
    /fail .*250 missing on 2026-11-10/,
    hourBefore,
  ],
  [
    'late rows of yesterday are not there yet',
    edit(today('460', { newest_at: '2026-11-10T10:50:00+00:00' }), '2026-11-09', { row_count: '871' }),
    'nothing',
    hourBefore,
  ],
  [
    'too many of yesterday are not there',
    edit(today('460', { newest_at: '2026-11-10T10:50:00+00:00' }), '2026-11-09', { row_count: '870' }),
    /fail .*130 missing on 2026-11-09/,
    hourBefore,
  ],
  [
    'more than the baseline has',
    today('501', { newest_at: '2026-11-10T10:50:00+00:00' }),
    /fail .*\(2 open days: 1,501 rows, 1,242 to 1,500 are plausible\): 1 too many on 2026-11-10/,
    hourBefore,
  ],
  [
    'two days before: the days that begin later need not be there',
    edit(without(events, /2026-11-(09|10)/), '2026-11-08', {
      newest_at: '2026-11-08T11:50:00+00:00',
      row_count: '700',
    }),
    'nothing',
    { recovery_point: '2026-11-08T12:00:00+00:00' },
  ],
  [
    'two days before: what ended a day earlier is settled',
    edit(without(events, /2026-11-(09|10)/), '2026-11-06', { row_count: '999' }),
    /fail .*1 missing on 2026-11-06/,
    { recovery_point: '2026-11-09T00:00:00+00:00' },
  ],
  [
    'before the month: its partition is empty',
    [
      ...without(without(events, /_11 /), '2026-10-31'),
      dayOf(october, '2026-10-31', '500', { ...bounds('2026-10'), newest_at: '2026-10-31T11:50:00+00:00' }),
      wholeOf('public.events', '2026-11', '0', { oldest_at: null, newest_at: null }),
    ],
    'nothing',
    { recovery_point: '2026-10-31T12:00:00+00:00' },
  ],
  [
    'before the month: its partition is not there',
    [
      ...without(without(events, /_11 /), '2026-10-31'),
      dayOf(october, '2026-10-31', '500', { ...bounds('2026-10'), newest_at: '2026-10-31T11:50:00+00:00' }),
    ],
    'nothing',
    { recovery_point: '2026-10-31T12:00:00+00:00' },
  ],
  [
    'after the month began: its partition must be there',
    without(events, /_11 /),
    /fail row_counts public.events_2026_11: public.events_2026_11 is not a partition of public.events any more; the baseline has 9,500 rows in it/,
    { recovery_point: '2026-11-01T00:00:01+00:00' },
  ],
])

test('before the baseline: a hundred rows of the day that holds the recovery point, few of the days before', () => {
  const small = (captured_at: string, rows: string, newest_at: string) => ({
    baseline: { captured_at },
    relation: withBuckets(eventsRelation, [
      ...daysOf(november, '2026-11-01', '2026-11-09', '200', bounds('2026-11')),
      dayOf(november, '2026-11-10', rows, { ...bounds('2026-11'), newest_at }),
    ]),
  })
  const at = (
    { baseline, relation }: ReturnType<typeof small>,
    label: string,
    rows: string,
    recovery_point: string,
  ) => {
    const copy = withBuckets(relation, edit(relation.buckets, label, { row_count: rows, newest_at: recovery_point }))
    return findings(baselineOf([relation], baseline), copyOf([copy], { recovery_point })).filter((line) =>
      / row_counts /.test(line),
    ).length
  }
  const noon = small('2026-11-10T12:00:00+00:00', '150', '2026-11-10T11:50:00+00:00')
  assert.is(at(noon, '2026-11-10', '50', '2026-11-10T11:00:00+00:00'), 0)
  assert.is(at(noon, '2026-11-10', '49', '2026-11-10T11:00:00+00:00'), 1)
  // 200 rows in 23.67 hours, times three: 26 in one hour begun.
  const night = small('2026-11-10T00:30:00+00:00', '5', '2026-11-10T00:20:00+00:00')
  assert.is(at(night, '2026-11-09', '174', '2026-11-10T00:00:00+00:00'), 0)
  assert.is(at(night, '2026-11-09', '173', '2026-11-10T00:00:00+00:00'), 1)
})

test('rows dated after both moments must still be there', () => {
  const midnight = '2026-11-10T00:00:00+00:00'
  const fewer = copyOf([withBuckets(eventsRelation, today('499'))], { recovery_point: midnight })
  assert.match(
    findings(baselineOf([eventsRelation], { captured_at: midnight }), fewer).join('\n'),
    /^fail row_counts .*1 missing on 2026-11-10/m,
  )
})

test('what a passing partition says: its settled buckets, and the range of the open ones', () => {
  const said = lines(baselineOf([eventsRelation]), copyOf([eventsRelation])).filter((line) => / row_counts /.test(line))
  assert.match(said[0] ?? '', /199,203 \(settled, append-only: equal\)$/)
  assert.match(said[1] ?? '', /30,000 \(30 settled days equal\)$/)
  assert.match(said[3] ?? '', /9,500 \(8 settled days equal; 2 open days: 1,500 rows, 1,500 to 4,500 are plausible\)$/)
})

test('at the very moment of the baseline nothing is lost and growth is allowed', () => {
  const at = (rows: string) =>
    findings(baselineOf([eventsRelation]), copyOf([withBuckets(eventsRelation, today(rows))], { recovery_point: B }))
  assert.equal(at('500'), [])
  assert.equal(at('600'), [])
  assert.is(at('499').length, 1)
})

test('a first hour of history before the baseline: the quiet relation of eight rows', () => {
  const buckets = [dayOf('public.calls', '2026-11-10', '8', { newest_at: '2026-11-10T11:50:00+00:00' })]
  const young = { ...withBuckets(callsRelation, buckets), is_append_only: true, tolerance: '0' }
  const empty = withBuckets(young, [bucket({ bucket_name: 'public.calls', grain: 'table', row_count: '0' })])
  const rows = lines(baselineOf([young]), copyOf([empty], hourBefore)).filter((line) => / row_counts /.test(line))
  assert.match(rows[0] ?? '', /^pass .*0 rows, baseline has 8 \(1 open day: 0 rows, 0 to 8 are plausible\)/)
  const later = lines(baselineOf([young]), copyOf([empty])).filter((line) => / row_counts /.test(line))
  assert.match(later[0] ?? '', /^fail .*is empty, baseline has 8 rows/)
})

test.run()
