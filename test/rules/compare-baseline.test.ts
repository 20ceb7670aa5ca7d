// The rules as tables: a baseline, a copy, and what must be said of it.

import * as assert from 'uvu/assert'
import type { Baseline, BaselineRelation } from '../../src/baselines/document.ts'
import { type Copy, compareBaseline } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  bounds,
  bucket,
  type CopyChange,
  calls,
  callsRelation,
  copyOf,
  dayOf,
  daysOf,
  edit,
  events,
  eventsRelation,
  findings,
  lines,
  november,
  october,
  type Slices,
  secretsRelation,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('compare baseline')
const all = [eventsRelation, callsRelation, secretsRelation]

type Case = [name: string, buckets: Slices, expected: RegExp | 'nothing', change?: CopyChange]

/** Each case: the baseline of a relation, a copy of it with these buckets, and the one finding or none. */
function table(title: string, relation: BaselineRelation, cases: Case[], baseline: Partial<Baseline> = {}): void {
  for (const [name, buckets, expected, change] of cases) {
    test(`${title}: ${name}`, () => {
      const moment = baseline.is_exact === true ? { recovery_point: B } : {}
      const copy = copyOf([withBuckets(relation, buckets)], { ...moment, ...change })
      const found = findings(baselineOf([relation], baseline), copy)
      if (expected === 'nothing') assert.equal(found, [])
      else {
        assert.is(found.length, 1, found.join('\n'))
        assert.match(found[0] ?? '', expected)
      }
    })
  }
}

const hourBefore = { recovery_point: '2026-11-10T11:00:00+00:00' }
const hourAfter = '2026-11-10T13:00:00+00:00'
const today = (rows: string, change = {}) => edit(events, '2026-11-10', { row_count: rows, ...change })

table('append-only', eventsRelation, [
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

table('append-only, restore point an hour before the baseline', eventsRelation, [
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

const less = (slices: Slices, label: string | RegExp, by: number) =>
  slices.map((one) =>
    (typeof label === 'string' ? one.bucket_name.endsWith(` ${label}`) : label.test(one.bucket_name))
      ? { ...one, row_count: `${Number(one.row_count) - by}` }
      : one,
  )

table('mutable', callsRelation, [
  ['equal', calls, 'nothing'],
  [
    'users edited 40 old rows: other content and times, as many rows',
    edit(calls, /2026-0[67]$/, { fingerprint: '7', oldest_at: '2026-06-01T09:00:00+00:00' }),
    'nothing',
  ],
  ['old rows deleted within the tolerance', less(calls, /2026-10-0[1-6]$/, 53), 'nothing'],
  [
    'one more',
    less(less(calls, /2026-10-0[1-6]$/, 53), '2026-09-05', 1),
    /fail row_counts public.calls: .*\(3 settled months and 69 settled days: 15,581 rows, 15,582 to 16,218 are plausible\): 319 missing on 7 days, 2026-09-05 to 2026-10-06, most on 2026-10-01: 47 rows, baseline has 100; last good/,
  ],
  ['old rows added within the tolerance', less(calls, '2026-10-01', -318), 'nothing'],
  ['one more than that', less(calls, '2026-10-01', -319), /fail .*: 1 too many on 2026-10-01: 419 rows/],
  [
    'a day in the middle is gone, less than the tolerance of the whole',
    without(calls, '2026-10-04'),
    /fail row_counts public.calls: .*15,950 rows, baseline has 16,050 \(settled, mutable: no day in the middle may lose all of its rows\): 100 missing on 2026-10-04: 0 rows, baseline has 100; last good row before: 2026-10-03T23:50:00\+00:00/,
  ],
  ['a day is down to one row', less(calls, '2026-10-04', 99), 'nothing'],
  ['an open day is down to 97 percent', less(calls, '2026-11-09', 3), 'nothing'],
  [
    'an open day lost more than the tolerance of the open ones',
    less(calls, '2026-11-09', 4),
    /fail .*\(2 open days: 146 rows, 147 to 453 are plausible\): 4 missing on 2026-11-09/,
  ],
  [
    'yesterday is gone, and today hides it',
    less(without(calls, '2026-11-09'), '2026-11-10', -200),
    /fail .*\(open, mutable: no day in the middle may lose all of its rows\): 100 missing on 2026-11-09/,
  ],
  ['as many new rows as three busiest days', less(calls, '2026-11-10', -303), 'nothing'],
  [
    'one more new row than that',
    less(calls, '2026-11-10', -304),
    /fail .*\(2 open days: 454 rows, 147 to 453 are plausible\): 1 more than the busiest day explains/,
  ],
])

test('mutable: a truncated table fails, and has no newest row', () => {
  const empty = withBuckets(callsRelation, [
    bucket({ bucket_name: 'public.calls', grain: 'partition', row_count: '0' }),
  ])
  assert.equal(
    findings(baselineOf([callsRelation]), copyOf([empty])).map((line) => line.slice(0, 60)),
    [
      'fail row_counts public.calls: public.calls is empty, baselin',
      'fail newest_timestamps public.calls: public.calls has no dat',
    ],
  )
})

const quiet = (rows: string) => edit(calls, '2026-10-04', { row_count: rows })
for (const [rows, tolerance, isFine] of [
  ['1', '0', true],
  ['2', '0', false],
  ['10', '0.02', true],
  ['11', '0.02', false],
] as const) {
  test(`mutable: a quiet day of ${rows} is emptied, tolerance ${tolerance}: ${isFine ? 'may be' : 'must fail'}`, () => {
    const relation = { ...withBuckets(callsRelation, quiet(rows)), tolerance }
    const copy = copyOf([withBuckets(relation, without(calls, '2026-10-04'))])
    assert.is(
      findings(baselineOf([relation]), copy).length === 0,
      isFine,
      lines(baselineOf([relation]), copy).join('\n'),
    )
  })
}

test('mutable: a retention job empties the old end within the tolerance, not beyond', () => {
  const at = (rows: string) => {
    const relation = withBuckets(callsRelation, edit(calls, '2026-06', { row_count: rows }))
    return findings(baselineOf([relation]), copyOf([withBuckets(relation, without(calls, '2026-06'))])).length
  }
  assert.is(at('250'), 0)
  assert.is(at('300'), 1)
})

table('without a timestamp column', secretsRelation, [
  ['equal', secretsRelation.buckets, 'nothing'],
  [
    'a secret table is empty',
    edit(secretsRelation.buckets, /./, { row_count: '0' }),
    /fail .*is empty, baseline has 8 rows$/,
  ],
  ['one of eight deleted', edit(secretsRelation.buckets, /./, { row_count: '7' }), 'nothing'],
  [
    'two of eight deleted',
    edit(secretsRelation.buckets, /./, { row_count: '6' }),
    /fail .*: 6 rows, baseline has 8 \(open, mutable: 7 to 109 are plausible\): 2 missing$/,
  ],
  ['a hundred added', edit(secretsRelation.buckets, /./, { row_count: '109' }), 'nothing'],
  [
    'more: a guess without history',
    edit(secretsRelation.buckets, /./, { row_count: '110' }),
    /^warn row_counts .*: 1 more than the busiest day explains, but there is less than a week of history$/,
  ],
  [
    'an hour before the baseline: no row may be missing but one',
    edit(secretsRelation.buckets, /./, { row_count: '6' }),
    /fail .*2 missing$/,
    hourBefore,
  ],
])

test('without a timestamp column: whole partitions settle by their bounds', () => {
  const partitions = ['2026-08', '2026-11'].map((month) =>
    wholeOf('public.log', month, '50', {
      grain: 'table',
      starts_at: null,
      ends_at: null,
      oldest_at: null,
      newest_at: null,
    }),
  )
  const relation = { ...eventsRelation, relation_name: 'public.log', timestamp_column: null, buckets: partitions }
  const at = (label: RegExp, rows: string) =>
    findings(baselineOf([relation]), copyOf([withBuckets(relation, edit(partitions, label, { row_count: rows }))]))
  assert.match(at(/_08$/, '51')[0] ?? '', /fail .*settled, append-only: must be equal\): 1 too many/)
  assert.equal(at(/_11$/, '51'), [])
  const before = (recovery_point: string) =>
    findings(
      baselineOf([relation]),
      copyOf([withBuckets(relation, edit(partitions, /_11$/, { row_count: '0' }))], { recovery_point }),
    ).length
  assert.is(before('2026-11-01T23:59:59+00:00'), 0, 'a partition younger than a day may be empty')
  assert.is(before('2026-11-02T00:00:00+00:00'), 1)
})

table(
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

test('rows without a date: never settled, may not shrink in an append-only relation, and may grow', () => {
  const undated = bucket({ bucket_name: `${october} undated`, grain: 'undated', row_count: '20', ...bounds('2026-10') })
  const relation = withBuckets(eventsRelation, [...events, undated])
  const at = (rows: string, change: Partial<Baseline> = {}) =>
    findings(
      baselineOf([relation], change),
      copyOf([withBuckets(relation, edit(relation.buckets, 'undated', { row_count: rows }))], { recovery_point: B }),
    ).join('\n')
  assert.is(at('20'), '')
  assert.is(at('25'), '')
  assert.match(
    at('19'),
    /fail .*\(rows without a date: 19 rows, 20 to 3,020 are plausible\): 1 missing among rows without a date: 19 rows, baseline has 20$/,
  )
  assert.match(at('25', { is_exact: true }), /fail .*5 too many among rows without a date: 25 rows/)
  assert.match(
    lines(baselineOf([relation]), copyOf([relation])).join('\n'),
    /events_2026_10: 31,020 rows, baseline has 31,020 \(31 settled days equal; rows without a date: 20 rows, 20 to 3,020 are plausible\)/,
  )
})

test("events after midnight at a month's end stay in their partition", () => {
  const late = dayOf(october, '2026-11-01', '3', { ...bounds('2026-10'), newest_at: '2026-11-01T00:20:00+00:00' })
  const relation = withBuckets(eventsRelation, [...events, late])
  assert.equal(findings(baselineOf([relation]), copyOf([relation])), [])
  const moved = withBuckets(eventsRelation, edit(events, `${november} 2026-11-01`, { row_count: '1003' }))
  const found = findings(baselineOf([relation]), copyOf([moved]))
  assert.match(
    found[0] ?? '',
    /fail row_counts public.events_2026_10: .*3 missing on 2026-11-01: 0 rows, baseline has 3/,
  )
  assert.match(found[1] ?? '', /fail row_counts public.events_2026_11: .*3 too many on 2026-11-01/)
})

test('all timestamps shifted by three hours: the days exchange rows, and the hint says where to look', () => {
  const shifted = events.map((one) =>
    one.grain === 'day'
      ? {
          ...one,
          oldest_at: one.oldest_at?.replace('T00:10', 'T00:05') ?? null,
          row_count: one.bucket_name.endsWith('2026-10-01')
            ? '875'
            : one.bucket_name.endsWith('2026-10-31')
              ? '1125'
              : one.row_count,
        }
      : one,
  )
  const rows = compareBaseline(baselineOf([eventsRelation]), copyOf([withBuckets(eventsRelation, shifted)]))
  const row = rows.find((one) => one.object_name === october)
  assert.is(row?.status, 'fail')
  assert.match(
    row?.detail ?? '',
    /31,000 rows, baseline has 31,000 .*: 125 missing on 2026-10-01: 875 rows, baseline has 1,000, 125 too many on 2026-10-31: .*, 29 days with as many rows of another time/,
  )
  assert.match(row?.hint ?? '', /time zone of the restore/)
})

test('the compared values: counts, range, and at most twenty buckets at fault in the order of time', () => {
  const row = (copy: Copy, name: string) =>
    compareBaseline(baselineOf([eventsRelation]), copy).find((one) => one.object_name === name)
  const grown = row(copyOf([withBuckets(eventsRelation, today('540'))]), november)
  assert.equal(grown?.expected, {
    row_count: '9500',
    newest_at: '2026-11-10T11:50:00+00:00',
    allowed: { open: ['1500', '4500'] },
    growth_per_day: '1000',
    growth_days: 1,
    growth_factor: 3,
  })
  assert.equal(grown?.actual, { row_count: '9540', newest_at: '2026-11-10T11:50:00+00:00' })
  const broken = less(less(events, /_10 2026/, 1), `2026-10-31`, 5)
  const lost = row(copyOf([withBuckets(eventsRelation, broken)]), october)
  type Sides = { bucket_count: number; buckets: { bucket_name: string; row_count: string }[] }
  const { expected, actual } = lost as { expected: Sides; actual: Sides }
  const { bucket_count, buckets } = actual
  assert.is(bucket_count, 31)
  assert.is(buckets.length, 20)
  assert.equal(buckets[0], {
    bucket_name: 'public.events_2026_10 2026-10-01',
    row_count: '999',
    oldest_at: '2026-10-01T00:10:00+00:00',
    newest_at: '2026-10-01T23:50:00+00:00',
  } as never)
  assert.is(buckets.at(-1)?.bucket_name, 'public.events_2026_10 2026-10-31')
  assert.is(expected.buckets[0]?.row_count, '1000')
  assert.match(lost?.hint ?? '', /Find and restore the lost rows of public.events_2026_10/)
})

test('the hint fits what is wrong', () => {
  const hint = (buckets: Slices, name: string) =>
    compareBaseline(baselineOf([eventsRelation]), copyOf([withBuckets(eventsRelation, buckets)])).find(
      (row) => row.object_name === name,
    )?.hint ?? ''
  assert.match(hint(edit(events, august, { row_count: '1' }), august), /Find and restore the lost rows/)
  assert.match(hint(edit(events, august, { row_count: '200000' }), august), /rows came twice or late/)
  assert.match(hint(today('9000'), november), /the recovery stopped where it should/)
  assert.match(hint(edit(events, august, { oldest_at: '2026-08-02T00:10:00+00:00' }), august), /time zone/)
})

test('beyond 2^53', () => {
  const big = withBuckets(eventsRelation, [
    wholeOf('public.events', '2026-08', '9007199254740993', { newest_at: null, oldest_at: null }),
  ])
  const one = withBuckets(big, edit(big.buckets, august, { row_count: '9007199254740992' }))
  assert.match(findings(baselineOf([big]), copyOf([one]))[0] ?? '', /9,007,199,254,740,992 rows.*: 1 missing/)
})

table('partitions', eventsRelation, [
  [
    'gone',
    without(events, august),
    /fail row_counts public.events_2026_08: .*is not a partition of public.events any more; the baseline has 199,203 rows/,
  ],
  [
    'another end',
    edit(events, august, { partition_ends_at: '2026-09-02T00:00:00+00:00' }),
    /fail .*has other bounds than in the baseline: from 2026-08-01T00:00:00\+00:00 to 2026-09-02T00:00:00\+00:00 instead of/,
  ],
  ['another start', edit(events, august, { partition_starts_at: null }), /has other bounds .*: from nowhere to/],
  [
    'the same bounds in another time zone',
    edit(events, august, { partition_ends_at: '2026-09-01T02:00:00+02:00' }),
    'nothing',
  ],
  ['default now', edit(events, august, { is_default: true }), /has other bounds .*: default instead of from/],
  [
    'could not be read',
    events,
    /error row_counts public.events_2026_08: .*lock timeout/,
    { problems: { [august]: 'lock timeout' } },
  ],
  [
    'one day could not be read',
    events,
    /error row_counts public.events_2026_10: public.events_2026_10: lock timeout/,
    { problems: { [`${october} 2026-10-04`]: 'lock timeout' } },
  ],
  [
    'a new one, empty',
    [...events, wholeOf('public.events', '2026-12', '0', { newest_at: null, oldest_at: null })],
    'nothing',
  ],
  [
    'a new one with what may have come',
    [
      ...events,
      dayOf('public.events_2026_12', '2026-11-10', '3000', {
        ...bounds('2026-12'),
        newest_at: '2026-11-10T12:50:00+00:00',
      }),
    ],
    'nothing',
  ],
  [
    'a new one with more',
    [
      ...events,
      dayOf('public.events_2026_12', '2026-11-10', '3001', {
        ...bounds('2026-12'),
        newest_at: '2026-11-10T12:50:00+00:00',
      }),
    ],
    /fail row_counts public.events_2026_12: .*with 3,001 rows: more than the 3,000 that may have come since$/,
  ],
  [
    'a new one that could not be read',
    [...events, wholeOf('public.events', '2026-12', '0', { newest_at: null, oldest_at: null })],
    /error row_counts public.events_2026_12: .*no right/,
    { problems: { 'public.events_2026_12': 'no right' } },
  ],
  [
    'a new one for the past',
    [...events, wholeOf('public.events', '2025-01', '7')],
    /warn row_counts public.events_2025_01: .*with 7 rows, for a time before it/,
  ],
  [
    'production dropped it after the recovery point',
    [
      ...edit(events, '2026-11-10', { newest_at: '2026-11-10T10:50:00+00:00' }),
      wholeOf('public.events', '2025-01', '70000'),
    ],
    /warn row_counts public.events_2025_01: .*with 70,000 rows, for a time before it/,
    hourBefore,
  ],
])

test('a new partition that ends at the very moment of the baseline is of the past', () => {
  const at = (partition_ends_at: string) =>
    findings(
      baselineOf([eventsRelation]),
      copyOf([
        withBuckets(eventsRelation, [
          ...events,
          wholeOf('public.events', '2026-12', '0', { partition_ends_at, newest_at: null, oldest_at: null }),
        ]),
      ]),
    ).length
  assert.is(at(B), 1)
  assert.is(at('2026-11-10T12:00:00.001+00:00'), 0)
})

test('a new partition with less than a week of history: its range is a guess', () => {
  const young = withBuckets(eventsRelation, daysOf(november, '2026-11-08', '2026-11-10', '10', bounds('2026-11')))
  const copy = copyOf([
    withBuckets(young, [...young.buckets, dayOf('public.events_2026_12', '2026-11-10', '101', bounds('2026-12'))]),
  ])
  const found = findings(baselineOf([young]), copy).filter((line) => /row_counts/.test(line))
  assert.match(
    found[0] ?? '',
    /^warn row_counts public.events_2026_12: .*101 rows: more than the 100 .*less than a week/,
  )
})

test('an empty partition of the baseline fills with days, and one with days is empty', () => {
  const empty = wholeOf('public.events', '2026-11', '0', { oldest_at: null, newest_at: null })
  const before = withBuckets(eventsRelation, [...without(events, /_11 /), empty])
  const filled = withBuckets(eventsRelation, [
    ...without(events, /_11 /),
    dayOf(november, '2026-11-10', '20', { ...bounds('2026-11'), newest_at: '2026-11-10T12:30:00+00:00' }),
  ])
  assert.match(
    lines(baselineOf([before]), copyOf([filled])).join('\n'),
    /pass row_counts public.events_2026_11: .*20 rows, baseline has 0 \(1 open day: 20 rows, 0 to 3,000 are plausible\)/,
  )
  assert.match(
    findings(baselineOf([eventsRelation]), copyOf([before]))[0] ?? '',
    /fail .*events_2026_11 is empty, baseline has 9,500/,
  )
})

test('relations: gone, unreadable, not registered, unknown to the baseline', () => {
  const problem = (text: string) =>
    copyOf([withBuckets(callsRelation, [bucket({ bucket_name: 'public.calls', grain: 'table', row_count: '0' })])], {
      problems: { 'public.calls': text },
    })
  const baseline = baselineOf([callsRelation])
  assert.equal(findings(baseline, problem('does not exist')), [
    'fail row_counts public.calls: public.calls does not exist; the baseline has 16,050 rows in it',
  ])
  assert.match(
    findings(baseline, problem('cannot be read: grant select')).join(),
    /^error row_counts public.calls: public.calls cannot be read/,
  )
  assert.match(
    findings(baseline, copyOf([])).join(),
    /^error row_counts public.calls: .*not registered as critical in the copy/,
  )
  assert.match(
    findings(baselineOf([callsRelation]), copyOf([callsRelation, secretsRelation])).join(),
    /^error row_counts private.site_secrets: .*does not know it$/,
  )
})

test('quick: presence and bounds alone, one row for each partition', () => {
  const names = events.filter(
    (one, index) => events.findIndex((other) => other.partition_name === one.partition_name) === index,
  )
  const seen = names.map((one) => ({ ...one, bucket_name: one.partition_name, grain: 'partition' as const }))
  const copy = (buckets: Slices): Copy => {
    const whole = copyOf([withBuckets(eventsRelation, buckets)], { depth: 'quick' })
    return {
      ...whole,
      buckets: whole.buckets.map((one) => ({ ...one, row_count: null, oldest_at: null, newest_at: null })),
    }
  }
  assert.equal(lines(baselineOf([eventsRelation]), copy(seen)), [
    `pass buckets_present ${august}: ${august} is there`,
    'pass buckets_present public.events_2026_09: public.events_2026_09 is there',
    `pass buckets_present ${october}: ${october} is there`,
    `pass buckets_present ${november}: ${november} is there`,
  ])
  assert.match(
    findings(baselineOf([eventsRelation]), copy(without(seen, august))).join(),
    /^fail buckets_present public.events_2026_08: .*not a partition/,
  )
  const added = [...seen, wholeOf('public.events', '2026-12')]
  assert.match(
    lines(baselineOf([eventsRelation]), copy(added)).join('\n'),
    /pass buckets_present public.events_2026_12: public.events_2026_12 is a partition since the baseline$/,
  )
})

test('without a recovery point nobody can say how many rows there should be, but empty is empty', () => {
  const unknown = { recovery_point: null, source: null, is_exact: false }
  const found = findings(baselineOf([callsRelation]), copyOf([callsRelation], unknown))
  assert.match(
    found[0] ?? '',
    /^error row_counts public.calls: .*16,050 rows, baseline has 16,050; without a recovery point/,
  )
  assert.match(found[1] ?? '', /^error newest_timestamps .*recovery point is unknown/)
  assert.match(found[2] ?? '', /^error days_present null: without a recovery point/)
  const empty = withBuckets(callsRelation, edit(calls, /./, { row_count: '0' }))
  assert.match(
    findings(baselineOf([callsRelation]), copyOf([empty], unknown))[0] ?? '',
    /^fail row_counts public.calls: .*is empty/,
  )
  const added = withBuckets(eventsRelation, [...events, wholeOf('public.events', '2026-12', '1')])
  const news = findings(baselineOf([eventsRelation]), copyOf([added], unknown)).filter((line) => /_2026_12/.test(line))
  assert.match(news[0] ?? '', /^error row_counts .*with 1 rows; without a recovery point/)
  const infinite = { ...unknown, recovery_point: 'infinity' }
  assert.match(findings(baselineOf([callsRelation]), copyOf([callsRelation], infinite))[0] ?? '', /^error /)
})

test('must pass: the three tables as they are, three hours later, at a weekend, after a change of the clocks', () => {
  assert.equal(findings(baselineOf(all), copyOf(all, { depth: 'full' })), [])
  const grown = [
    withBuckets(eventsRelation, today('625', { newest_at: '2026-11-10T14:58:00+00:00' })),
    withBuckets(callsRelation, less(calls, '2026-11-10', -13)),
    secretsRelation,
  ]
  assert.equal(
    findings(
      baselineOf(all),
      copyOf(grown, { recovery_point: '2026-11-10T15:00:00+00:00', now: '2026-11-10T15:10:00+00:00', depth: 'full' }),
    ),
    [],
  )
  // Friday evening to Sunday evening with a few rows, in a relation that knows quiet weekends.
  const weekdays = (slices: Slices) =>
    slices.filter(({ grain, starts_at }) => grain !== 'day' || ![0, 6].includes(new Date(starts_at ?? 0).getUTCDay()))
  const office = withBuckets(callsRelation, weekdays(calls))
  const friday = { captured_at: '2026-11-06T18:00:00+00:00' }
  const until = withBuckets(
    office,
    office.buckets.filter(({ ends_at }) => ends_at !== null && ends_at <= '2026-11-07'),
  )
  const sunday = withBuckets(office, [...until.buckets, dayOf('public.calls', '2026-11-07', '1')])
  const at = { recovery_point: '2026-11-08T18:00:00+00:00', now: '2026-11-08T19:00:00+00:00' }
  assert.equal(findings(baselineOf([until], friday), copyOf([sunday], at)), [])
  assert.equal(findings(baselineOf([until], friday), copyOf([until], at)), [])
})

test('nothing is said of the newest row of a relation without a timestamp column', () => {
  assert.not.match(lines(baselineOf([secretsRelation]), copyOf([secretsRelation])).join('\n'), /newest|days_present/)
})

test.run()
