import * as assert from 'uvu/assert'
import { dayHistory, longestQuiet, sinceFirstRow } from '../../src/rules/day-history.ts'
import { plausibleGrowth, plausibleLoss } from '../../src/rules/growth.ts'
import { lagAllowed } from '../../src/rules/lag.ts'
import { day, hour } from '../../src/rules/moments.ts'
import { suite } from '../support/suite.ts'
import { B, bounds, bucket, dayOf, daysOf, eventsRelation, type Slices, wholeOf, withBuckets } from './fixture.ts'

const test = suite('growth')
const from = Date.parse(B)
const of = (...buckets: Slices) => withBuckets(eventsRelation, buckets)
const table = 'public.t'
const week = daysOf(table, '2026-11-03', '2026-11-09', '200')

test('growth: three times the busiest complete day, for each day begun', () => {
  const busy = of(...week, dayOf(table, '2026-11-05', '300'), dayOf(table, '2026-11-10', '9000'))
  assert.equal(plausibleGrowth(busy, from, 3 * hour), {
    rows: 1500n,
    rowsPerDay: 500n,
    days: 1,
    factor: 3,
    isKnown: true,
  })
  assert.is(plausibleGrowth(of(...week), from, 24 * hour).rows, 600n)
  assert.is(plausibleGrowth(of(...week), from, 24 * hour + 1).rows, 1200n)
  assert.is(plausibleGrowth(of(...week), from, 0).rows, 600n)
})

test('growth: the rows of one day in two partitions are of one day', () => {
  const two = of(...week, dayOf('public.t_other', '2026-11-09', '50', bounds('2026-10')))
  assert.is(plausibleGrowth(two, from, hour).rowsPerDay, 250n)
})

test('growth: the last sixty complete days', () => {
  const at = (date: string) => plausibleGrowth(of(...week, dayOf(table, date, '7000')), from, hour).rowsPerDay
  assert.is(at('2026-09-11'), 7000n)
  assert.is(at('2026-09-10'), 200n)
  assert.is(at('2026-11-10'), 200n, 'today is not complete')
})

test('growth: less than a week of history is a guess, from the busiest bucket', () => {
  const six = plausibleGrowth(of(...week.slice(1), dayOf(table, '2026-11-10', '900')), from, hour)
  assert.is(six.isKnown, false)
  assert.is(six.rows, 2700n)
  assert.is(plausibleGrowth(of(...week), from, hour).isKnown, true)
  const whole = plausibleGrowth(
    of(wholeOf('public.t', '2026-11', '2800', { newest_at: '2026-11-08T00:10:00+00:00' })),
    from,
    hour,
  )
  assert.equal([whole.isKnown, whole.rowsPerDay], [false, 400n])
  const part = of(dayOf(table, '2026-11-09', '3', { newest_at: '2026-11-11T00:10:00+00:00' }))
  assert.is(plausibleGrowth(part, from, hour).rowsPerDay, 2n, 'one and a half, rounded up')
  const minutes = of(dayOf(table, '2026-11-10', '1000', { oldest_at: B, newest_at: B }))
  assert.is(plausibleGrowth(minutes, from, hour).rows, 3000n, 'a minute is no rate')
})

test('growth: a table with old rows and none lately has a history, of quiet days', () => {
  const old = plausibleGrowth(of(wholeOf('public.t', '2026-06', '90000')), from, hour)
  assert.equal(old, { rows: 100n, rowsPerDay: 0n, days: 1, factor: 3, isKnown: true })
})

test('growth: an empty or undated relation has room for a hundred rows', () => {
  const undated = bucket({
    bucket_name: 'public.t undated',
    grain: 'undated',
    oldest_at: '-infinity',
    newest_at: 'infinity',
  })
  for (const relation of [of(), of(undated), of(bucket({ bucket_name: 'public.t', grain: 'table' }))]) {
    assert.is(plausibleGrowth(relation, from, hour).rows, 100n)
    assert.equal(plausibleLoss(relation, from, hour), { late: 0n, young: 100n })
  }
})

test('loss: three times the fastest day per hour begun, never more than growth', () => {
  // 200 rows in 23 hours 40 minutes are 8.45 an hour.
  assert.equal(plausibleLoss(of(...week), from, hour), { late: 26n, young: 100n })
  assert.is(plausibleLoss(of(...week), from, hour + 1).late, 51n)
  assert.is(plausibleLoss(of(...week), from, 5 * hour).young, 127n)
  assert.is(plausibleLoss(of(...week), from, 24 * hour).late, 600n)
  assert.is(plausibleLoss(of(...week), from, 25 * hour).late, 634n)
  assert.is(plausibleLoss(of(...week), from, 48 * hour).late, 1200n)
  const old = wholeOf('public.t', '2026-06', '9000000')
  assert.is(plausibleLoss(of(...week, old), from, hour).late, 26n, 'a busy month of old is none of these days')
  const batch = (date: string) => dayOf(table, date, '200', { newest_at: `${date}T00:10:30+00:00` })
  assert.is(plausibleLoss(of(...week, batch('2026-11-10')), from, hour).late, 600n, 'all of a batch in one hour, today')
  assert.is(plausibleLoss(of(...week.map((one) => ({ ...one, newest_at: one.oldest_at }))), from, hour).late, 600n)
})

test('loss: today is among the days that it is held to', () => {
  const quiet = of(
    wholeOf('public.t', '2026-06', '90000'),
    dayOf(table, '2026-11-10', '5', { newest_at: '2026-11-10T00:10:00+00:00' }),
  )
  assert.is(plausibleLoss(quiet, from, hour).late, 15n)
})

test('loss: none when the copy reaches as far', () => {
  assert.equal(plausibleLoss(of(...week), from, 0), { late: 0n, young: 0n })
  assert.equal(plausibleLoss(of(...week), from, -hour), { late: 0n, young: 0n })
  assert.is(plausibleLoss(of(...week), from, 1).young, 100n)
})

test('loss: with less than a week of history from the busiest bucket', () => {
  const young = of(
    dayOf(table, '2026-11-09', '48', {
      oldest_at: '2026-11-09T00:00:00+00:00',
      newest_at: '2026-11-10T00:00:00+00:00',
    }),
  )
  assert.is(plausibleLoss(young, from, hour).late, 6n)
})

test('history: from the first day with rows, or sixty days when there are older rows', () => {
  const { days, today, isOlder } = dayHistory(of(...week, dayOf(table, '2026-11-10', '7')), from)
  assert.equal(
    [days.length, days[0]?.start, days.at(-1)?.rows, today.rows, isOlder],
    [7, Date.parse('2026-11-03'), 200n, 7n, false],
  )
  assert.is(dayHistory(of(...week, wholeOf('public.t', '2026-06')), from).days.length, 60)
  assert.is(dayHistory(of(...week, dayOf(table, '2026-09-11')), from).isOlder, false)
  assert.is(dayHistory(of(...week, dayOf(table, '2026-09-10')), from).isOlder, true)
  const undated = bucket({ bucket_name: 'public.t undated', grain: 'undated', oldest_at: '-infinity' })
  assert.is(dayHistory(of(...week, undated), from).isOlder, false)
  assert.equal(dayHistory(of(), from).days, [])
})

test('history: the longest run of quiet days, and what is before the first row', () => {
  const quiet = (bits: string) => [...bits].map((bit) => ({ start: 0, rows: BigInt(bit), span: 0 }))
  assert.is(longestQuiet(quiet('1001000')), 3)
  assert.is(longestQuiet(quiet('0001001')), 3)
  assert.is(longestQuiet(quiet('11')), 0)
  assert.is(sinceFirstRow(quiet('00101')).length, 3)
  assert.is(sinceFirstRow(quiet('000')).length, 0)
})

test('lag: a day more than the longest quiet run, or twice the lag then', () => {
  const until = (last: string) => of(...daysOf(table, '2026-10-01', last))
  assert.is(lagAllowed(of(...daysOf(table, '2026-10-01', '2026-11-10')), from), day)
  assert.is(
    lagAllowed(of(...daysOf(table, '2026-10-01', '2026-10-10'), ...daysOf(table, '2026-10-14', '2026-11-10')), from),
    4 * day,
  )
  assert.is(lagAllowed(until('2026-11-09'), from), 2 * day, 'today counts as a quiet day while it has no rows')
  const noon = of(...daysOf(table, '2026-10-01', '2026-11-01'))
  assert.is(lagAllowed(noon, from), 2 * (from - Date.parse('2026-11-01T23:50:00Z')))
  assert.is(
    lagAllowed(of(...daysOf(table, '2026-09-12', '2026-09-12'), ...daysOf(table, '2026-11-10', '2026-11-10')), from),
    59 * day,
    'sixty days, today included',
  )
  assert.is(
    lagAllowed(of(...daysOf(table, '2026-09-11', '2026-09-11'), ...daysOf(table, '2026-11-04', '2026-11-10')), from),
    day,
    'not more',
  )
})

test('lag: with less than a week of history three days, three times the lag then, thirty pauses', () => {
  assert.is(lagAllowed(of(...daysOf(table, '2026-11-04', '2026-11-10')), from), day, 'seven days are a week')
  assert.is(lagAllowed(of(...daysOf(table, '2026-11-05', '2026-11-10')), from), 3 * day)
  const two = (oldest_at: string, newest_at: string) => of(dayOf(table, '2026-11-05', '2', { oldest_at, newest_at }))
  assert.is(lagAllowed(two('2026-11-10T00:00:00Z', '2026-11-10T10:00:00Z'), from), 300 * hour)
  assert.is(lagAllowed(two('2026-11-08T11:00:00Z', '2026-11-08T12:00:00Z'), from), 6 * day)
  assert.is(
    lagAllowed(two('2026-11-10T11:00:00Z', '2026-11-10T13:00:00Z'), from),
    3 * day,
    'a newest row after the baseline has no lag',
  )
  assert.is(lagAllowed(of(dayOf(table, '2026-11-10', '1')), from), Number.POSITIVE_INFINITY, 'one row has no pause')
  const moment = of(dayOf(table, '2026-11-10', '1', { oldest_at: B, newest_at: B }))
  assert.is(lagAllowed(moment, from), Number.POSITIVE_INFINITY)
  assert.is(lagAllowed(of(), from), Number.POSITIVE_INFINITY)
  const infinite = bucket({ bucket_name: 'public.t undated', grain: 'undated', newest_at: 'infinity', oldest_at: B })
  assert.is(lagAllowed(of(infinite), from), Number.POSITIVE_INFINITY)
})

test.run()
