// What may be missing when the copy reaches less far than the baseline.

import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import {
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

const test = suite('restored before the baseline')

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

test('an hour before the baseline a month with settled days is not empty', () => {
  const empty = wholeOf('public.events', '2026-11', '0', { oldest_at: null, newest_at: null })
  const copy = copyOf([withBuckets(eventsRelation, [...without(events, /_11 /), empty])], hourBefore)
  assert.match(
    findings(baselineOf([eventsRelation]), copy)[0] ?? '',
    /fail .*events_2026_11 is empty, baseline has 9,500/,
  )
})

test('a first hour of history before the baseline: the quiet relation of eight rows', () => {
  const since = (oldest_at: string) => {
    const buckets = [dayOf('public.calls', '2026-11-10', '8', { oldest_at, newest_at: '2026-11-10T11:50:00+00:00' })]
    return { ...withBuckets(callsRelation, buckets), is_append_only: true, tolerance: '0' }
  }
  const young = since('2026-11-10T11:00:00+00:00')
  const empty = withBuckets(young, [bucket({ bucket_name: 'public.calls', grain: 'table', row_count: '0' })])
  const rows = lines(baselineOf([young]), copyOf([empty], hourBefore)).filter((line) => / row_counts /.test(line))
  assert.match(rows[0] ?? '', /^pass .*0 rows, baseline has 8 \(1 open day: 0 rows, 0 to 8 are plausible\)/)
  // A row that is older than the recovery point should be there.
  const older = lines(baselineOf([since('2026-11-10T10:50:00+00:00')]), copyOf([empty], hourBefore))
  assert.match(older.find((line) => / row_counts /.test(line)) ?? '', /^fail .*is empty, baseline has 8 rows/)
  const later = lines(baselineOf([young]), copyOf([empty])).filter((line) => / row_counts /.test(line))
  assert.match(later[0] ?? '', /^fail .*is empty, baseline has 8 rows/)
})

test.run()
