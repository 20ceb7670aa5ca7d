// Partitions as a whole: new, gone, with other bounds, unreadable.

import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  bounds,
  type CopyChange,
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
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'
import { table } from './table.ts'

const test = suite('partitions')

/** What a partitioned table without a partition has. */
const standIn = {
  partition_name: 'public.events',
  bucket_name: 'public.events',
  starts_at: null,
  ends_at: null,
  partition_starts_at: null,
  partition_ends_at: null,
  oldest_at: null,
  newest_at: null,
}

test('a partition that is gone need not be there when it begins at the recovery point, before the baseline', () => {
  const next = wholeOf('public.events', '2026-12', '0', { oldest_at: null, newest_at: null })
  const relation = withBuckets(eventsRelation, [...events, next])
  const at = (captured_at: string, recovery_point: string) =>
    findings(baselineOf([relation], { captured_at }), copyOf([eventsRelation], { recovery_point }))
      .filter((line) => /2026_12/.test(line))
      .map((line) => line.slice(0, 4))
  assert.equal(at('2026-12-01T00:00:01+00:00', '2026-12-01T00:00:00+00:00'), [])
  assert.equal(at('2026-12-01T00:00:00+00:00', '2026-12-01T00:00:00+00:00'), ['fail'])
  assert.equal(at('2026-12-02T00:00:00+00:00', '2026-12-01T00:00:01+00:00'), ['fail'])
})

test('a partitioned table that had no partition at the baseline may have some now, and the other way it may not', () => {
  const none = withBuckets(eventsRelation, [wholeOf('public.events', '2026-11', '0', { ...standIn })])
  const first = withBuckets(eventsRelation, [
    wholeOf('public.events', '2026-12', '50', { oldest_at: B, newest_at: '2026-11-10T12:50:00+00:00' }),
  ])
  for (const depth of ['quick', 'standard'] as const) {
    const found = (from: typeof none, to: typeof none) =>
      findings(baselineOf([from]), copyOf([to], { depth })).filter((line) => !/days_present/.test(line))
    assert.equal(found(none, first), [], depth)
    assert.equal(found(none, none), [], depth)
    const gone = found(first, none)
    assert.match(gone[0] ?? '', /^fail .* public.events_2026_12 is not a partition of public.events any more/)
    // With rows it was a table without partitions: these rows are gone.
    const flat = withBuckets(eventsRelation, [wholeOf('public.events', '2026-11', '7', { ...standIn, row_count: '7' })])
    assert.match(found(flat, first)[0] ?? '', /^fail .*public.events is not a partition of public.events any more/)
  }
})

test('a new partition: empty ones are fine everywhere, full ones are not at the moment of the baseline', () => {
  const added = (rows: string) => [
    withBuckets(eventsRelation, [
      ...events,
      wholeOf('public.events', '2026-12', rows, { oldest_at: null, newest_at: null }),
    ]),
  ]
  const at = (rows: string, change: CopyChange, is_exact = false) =>
    findings(baselineOf([eventsRelation], { is_exact }), copyOf(added(rows), change))
      .filter((line) => /2026_12/.test(line))
      .map((line) => line.slice(0, 5))
  assert.equal(at('0', { recovery_point: B }, true), [])
  assert.equal(at('0', { recovery_point: null }), [])
  assert.equal(at('1', { recovery_point: null }), ['error'])
  assert.equal(at('3001', { recovery_point: B }), ['fail '])
})

table(test, 'partitions', eventsRelation, [
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

test.run()
