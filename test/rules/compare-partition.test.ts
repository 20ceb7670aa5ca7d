// What is said of the buckets of a partition.

import * as assert from 'uvu/assert'
import type { Baseline } from '../../src/baselines/document.ts'
import { type Copy, compareBaseline } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  bounds,
  bucket,
  copyOf,
  dayOf,
  daysOf,
  edit,
  events,
  eventsRelation,
  findings,
  less,
  lines,
  november,
  october,
  type Slices,
  today,
  wholeOf,
  withBuckets,
} from './fixture.ts'

const test = suite('compare partition')

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
  assert.match(hint(edit(events, '2026-11-03', { row_count: '1001' }), november), /rows came twice or late/)
  assert.match(hint(today('9000'), november), /the recovery stopped where it should/)
  assert.match(hint(edit(events, august, { oldest_at: '2026-08-02T00:10:00+00:00' }), august), /time zone/)
})

test('a guess beside a loss is a failure', () => {
  const young = withBuckets(eventsRelation, daysOf(november, '2026-11-07', '2026-11-10', '10', bounds('2026-11')))
  const at = (label: string, row_count: string, also?: string) =>
    findings(
      baselineOf([young]),
      copyOf([
        withBuckets(
          young,
          edit(also === undefined ? young.buckets : edit(young.buckets, also, { row_count: '9' }), label, {
            row_count,
          }),
        ),
      ]),
    )
      .filter((line) => / row_counts /.test(line))
      .map((line) => line.slice(0, 5))
  assert.equal(at('2026-11-10', '111'), ['warn '])
  assert.equal(at('2026-11-10', '111', '2026-11-07'), ['fail '])
})

test('beyond 2^53', () => {
  const big = withBuckets(eventsRelation, [
    wholeOf('public.events', '2026-08', '9007199254740993', { newest_at: null, oldest_at: null }),
  ])
  const one = withBuckets(big, edit(big.buckets, august, { row_count: '9007199254740992' }))
  assert.match(findings(baselineOf([big]), copyOf([one]))[0] ?? '', /9,007,199,254,740,992 rows.*: 1 missing/)
})

test.run()
