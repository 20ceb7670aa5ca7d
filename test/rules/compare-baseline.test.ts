// Relations, depths and what must pass as a whole.

import * as assert from 'uvu/assert'
import type { Copy } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'
import {
  august,
  baselineOf,
  bucket,
  calls,
  callsRelation,
  copyOf,
  dayOf,
  edit,
  events,
  eventsRelation,
  findings,
  less,
  lines,
  november,
  october,
  type Slices,
  secretsRelation,
  today,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('compare baseline')

const all = [eventsRelation, callsRelation, secretsRelation]

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

test('must pass: the three tables as they are, three hours later, at a weekend', () => {
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

test('must pass: the clocks change, and the copy writes its times in that zone', () => {
  // Berlin: two hours until 25 October, one hour since.
  const inBerlin = (text: string | null): string | null => {
    if (text === null) return null
    const hours = text < '2026-10-25T01:00:00' ? 2 : 1
    return `${new Date(Date.parse(text) + hours * 3_600_000).toISOString().slice(0, 19)}+0${hours}:00`
  }
  const there = events.map((one) => ({
    ...one,
    oldest_at: inBerlin(one.oldest_at),
    newest_at: inBerlin(one.newest_at),
  }))
  const baseline = baselineOf([eventsRelation])
  assert.equal(findings(baseline, copyOf([withBuckets(eventsRelation, there)], { depth: 'full' })), [])
})

test.run()
