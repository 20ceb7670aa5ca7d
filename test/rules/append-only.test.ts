// What must be said of the buckets of an append-only relation.

import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  bounds,
  copyOf,
  dayOf,
  edit,
  events,
  eventsRelation,
  findings,
  lines,
  october,
  today,
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

test('one open day lost what another gained', () => {
  const exchanged = edit(today('501'), '2026-11-09', { row_count: '999' })
  assert.match(
    findings(baselineOf([eventsRelation]), copyOf([withBuckets(eventsRelation, exchanged)]))[0] ?? '',
    /fail .*no day may have fewer rows than came before\): 1 missing on 2026-11-09/,
  )
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

test.run()
