import * as assert from 'uvu/assert'
import { isEarlier, isSameMoment, spanOf, timeOf, utcDay } from '../../src/rules/moments.ts'
import { byPartition, pairBuckets } from '../../src/rules/pair-buckets.ts'
import { group, hours, list } from '../../src/rules/wording.ts'
import { suite } from '../support/suite.ts'
import { bounds, bucket, dayOf, daysOf, type Slices, wholeOf } from './fixture.ts'

const test = suite('pair buckets')
const november = 'public.t_2026_11'
const days = daysOf(november, '2026-11-01', '2026-11-03', '10', bounds('2026-11'))
const whole = wholeOf('public.t', '2026-11', '30', {
  oldest_at: '2026-11-01T00:10:00+00:00',
  newest_at: '2026-11-03T23:50:00+00:00',
})
const empty = wholeOf('public.t', '2026-11', '0', { oldest_at: null, newest_at: null })
const sumOf = (slices: Slices) =>
  slices.reduce((sum, { fingerprint }) => sum + BigInt(fingerprint ?? '0'), 0n).toString()
const undated = bucket({ bucket_name: `${november} undated`, grain: 'undated', row_count: '2', ...bounds('2026-11') })
const month = bucket({
  ...dayOf(november, '2026-11-01', '31', bounds('2026-11')),
  bucket_name: `${november} 2026-11`,
  grain: 'month',
})

const pairs = (before: Slices, now: Slices) =>
  pairBuckets(before, now).map((pair) => `${pair.label} ${pair.bucket.grain} ${pair.before.rows} ${pair.now.rows}`)

test('slices by name, oldest first, undated last; one that is missing had no rows', () => {
  assert.equal(pairs([undated, ...days.slice(0, 2)], [...days.slice(1)].reverse()), [
    '2026-11-01 day 10 0',
    '2026-11-02 day 10 10',
    '2026-11-03 day 0 10',
    'undated undated 2 0',
  ])
})

test('whole beside whole, and beside nothing', () => {
  assert.equal(pairs([whole], [empty]), [`${november} partition 30 0`])
  assert.equal(pairs([empty], [empty]), [`${november} partition 0 0`])
})

test('an empty partition beside one that is cut', () => {
  assert.equal(pairs([empty], days.slice(0, 1)), ['2026-11-01 day 0 10'])
  assert.equal(pairs(days.slice(0, 1), [empty]), ['2026-11-01 day 10 0'])
})

test('whole beside cut: the cut one is summed up, with its oldest and newest row', () => {
  assert.equal(pairs([whole], days), [`${november} partition 30 30`])
  assert.equal(pairs(days, [whole]), [`${november} partition 30 30`])
  const [pair] = pairBuckets([whole], [...days].reverse())
  assert.equal(pair?.now, {
    rows: 30n,
    oldest_at: whole.oldest_at,
    newest_at: whole.newest_at,
    fingerprint: sumOf(days),
  })
  const [cut] = pairBuckets(days, [{ ...whole, bucket_name: november }])
  assert.equal([cut?.bucket.starts_at, cut?.bucket.ends_at], ['2026-11-01T00:00:00+00:00', '2026-12-01T00:00:00+00:00'])
})

test('months beside days: the days of that month are summed up', () => {
  const december = dayOf(november, '2026-12-01', '4', bounds('2026-11'))
  assert.equal(pairs([month, undated], [...days, december, undated]), [
    '2026-11 month 31 30',
    '2026-12-01 day 0 4',
    'undated undated 2 2',
  ])
  assert.equal(pairs([...days], [month]), ['2026-11 month 30 31'])
  const [pair] = pairBuckets(days.slice(0, 1), [month])
  assert.equal([pair?.bucket.starts_at, pair?.bucket.ends_at], ['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'])
})

test('fingerprints add up modulo 2^64, unless one is missing', () => {
  const folded = (...fingerprints: (string | null)[]) =>
    pairBuckets(
      [whole],
      fingerprints.map((fingerprint, index) => ({ ...(days[index] as Slices[number]), fingerprint })),
    )[0]?.now.fingerprint
  assert.is(folded('9223372036854775807', '1'), '-9223372036854775808')
  assert.is(folded('-5', '3'), '-2')
  assert.is(folded('5', null), null)
})

test('by partition, in their order', () => {
  const other = wholeOf('public.t', '2026-10')
  assert.equal(
    [...byPartition([...days, other, undated])].map(([name, list]) => [name, list.length]),
    [
      [november, 4],
      ['public.t_2026_10', 1],
    ],
  )
})

test('moments: infinite, ancient and far ones, in order to the microsecond, in any zone', () => {
  assert.is(timeOf('infinity'), Number.POSITIVE_INFINITY)
  assert.is(timeOf('-infinity'), Number.NEGATIVE_INFINITY)
  assert.is(timeOf('0044-03-15T12:00:00+00:00 BC'), Number.NEGATIVE_INFINITY)
  assert.is(timeOf('12026-01-01T00:00:00+00:00'), Number.POSITIVE_INFINITY)
  assert.throws(() => timeOf('soon'), /is not a moment/)
  const [a, b] = ['2026-11-10T12:00:00.000001+00:00', '2026-11-10T12:00:00.000002+00:00']
  assert.equal([isEarlier(a, b), isEarlier(b, a), isEarlier(a, a)], [true, false, false])
  assert.is(isEarlier('2026-11-10T12:00:00.9+00:00', '2026-11-10T12:00:01+00:00'), true)
  assert.is(isEarlier('2026-11-10T12:00:01.000001+00:00', '2026-11-10T12:00:00.000002+00:00'), false)
  assert.is(isSameMoment('2026-11-10T12:00:00.1+00:00', '2026-11-10T15:00:00.100000+03:00'), true)
  assert.is(isSameMoment(a, b), false)
  assert.is(isSameMoment(a, '2026-11-10T13:00:00.000001+00:00'), false)
  assert.is(isSameMoment('infinity', '12026-01-01T00:00:00+00:00'), false)
  assert.is(isSameMoment('infinity', 'infinity'), true)
  assert.is(isSameMoment(null, null), true)
  assert.is(isSameMoment(a, null), false)
  assert.is(isSameMoment(null, a), false)
  assert.is(utcDay(Date.parse('2026-10-25T23:59:59Z')), '2026-10-25', 'whatever the clocks do')
})

test('moments: the oldest and newest of some', () => {
  const rows = [
    { oldest_at: '2026-11-02T00:00:00Z', newest_at: '2026-11-02T00:00:00Z' },
    { oldest_at: null, newest_at: null },
    { oldest_at: '2026-11-01T00:00:00Z', newest_at: '2026-11-03T00:00:00Z' },
    { oldest_at: '2026-11-02T00:00:00Z', newest_at: '2026-11-02T00:00:00Z' },
  ]
  assert.equal(spanOf(rows), { oldest_at: '2026-11-01T00:00:00Z', newest_at: '2026-11-03T00:00:00Z' })
  assert.equal(spanOf([]), { oldest_at: null, newest_at: null })
})

test('wording', () => {
  assert.equal([group(1234567n), group(999), group(1000)], ['1,234,567', '999', '1,000'])
  assert.equal([list([]), list(['a']), list(['a', 'b']), list(['a', 'b', 'c'])], ['', 'a', 'a and b', 'a, b and c'])
  assert.is(hours(5_400_000), '1.5 h')
})

test.run()
