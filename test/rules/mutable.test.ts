// What must be said of the buckets of mutable relations.

import * as assert from 'uvu/assert'
import { compareBaseline } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'
import {
  B,
  baselineOf,
  bounds,
  bucket,
  calls,
  callsRelation,
  copyOf,
  dayOf,
  edit,
  eventsRelation,
  findings,
  hourBefore,
  less,
  lines,
  secretsRelation,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'
import { table } from './table.ts'

const test = suite('mutable buckets')

table(test, 'mutable', callsRelation, [
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

table(test, 'without a timestamp column', secretsRelation, [
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

test('mutable, an hour before the baseline: all rows of today may be new', () => {
  const relation = withBuckets(callsRelation, edit(calls, '2026-11-10', { row_count: '100' }))
  const copy = copyOf([withBuckets(relation, without(calls, '2026-11-10'))], hourBefore)
  assert.equal(findings(baselineOf([relation]), copy), [])
  const young = withBuckets(callsRelation, [dayOf('public.calls', '2026-11-10', '8', { newest_at: B })])
  assert.match(
    lines(baselineOf([young]), copyOf([young], hourBefore))[0] ?? '',
    /^pass .*\(1 open day: 8 rows, 0 to 9 are plausible\)/,
  )
})

test('mutable: the old end is where the copy begins, to the second', () => {
  const relation = withBuckets(callsRelation, edit(calls, '2026-06', { row_count: '250' }))
  const at = (oldest_at: string) => {
    const buckets = edit(without(relation.buckets, '2026-06'), '2026-07', { oldest_at })
    return findings(baselineOf([relation]), copyOf([withBuckets(relation, buckets)])).length
  }
  assert.is(at('2026-07-01T00:00:00+00:00'), 0)
  assert.is(at('2026-06-30T23:59:59+00:00'), 1)
})

test('mutable: the compared values have the range of the settled and of the open days', () => {
  const rows = compareBaseline(baselineOf([callsRelation]), copyOf([callsRelation]))
  assert.equal(rows.find(({ check_name }) => check_name === 'row_counts')?.expected, {
    row_count: '16050',
    newest_at: '2026-11-10T11:50:00+00:00',
    allowed: { settled: ['15582', '16218'], open: ['147', '453'] },
    growth_per_day: '100',
    growth_days: 1,
    growth_factor: 3,
  })
})

test('mutable: the only row of a table is gone', () => {
  const old = bucket({
    ...dayOf('public.calls', '2026-08-01', '1'),
    bucket_name: 'public.calls 2026-08',
    grain: 'month',
    ends_at: bounds('2026-08').partition_ends_at,
  })
  const relation = withBuckets(callsRelation, [old])
  const copy = [withBuckets(relation, edit([old], /./, { row_count: '0' }))]
  for (const change of [{}, hourBefore])
    assert.match(
      findings(baselineOf([relation]), copyOf(copy, change))[0] ?? '',
      /^fail row_counts .*is empty, baseline has 1 rows/,
    )
})

test.run()
