import * as assert from 'uvu/assert'
import { plausibleGrowth } from '../../src/rules/growth.ts'
import { suite } from '../support/suite.ts'

const test = suite('growth')
const hour = 3_600_000

function relation(...buckets: [rows: string, oldest: string | null, newest: string | null][]) {
  return {
    relation_name: 'public.events',
    timestamp_column: 'created_at',
    is_append_only: true,
    recent_days: null,
    tolerance: '0',
    buckets: buckets.map(([row_count, oldest_at, newest_at], index) => ({
      bucket_name: `public.events_${index}`,
      starts_at: null,
      ends_at: null,
      is_default: false,
      row_count,
      oldest_at,
      newest_at,
    })),
  }
}

test('the busiest bucket decides', () => {
  const growth = plausibleGrowth(
    relation(
      ['3000', '2026-09-01T00:00:00Z', '2026-10-01T00:00:00Z'],
      ['6000', '2026-10-01T00:00:00Z', '2026-10-31T00:00:00Z'],
    ),
    3 * hour,
  )
  assert.equal(growth, { rows: 600n, rowsPerDay: 200, days: 1, factor: 3, isKnown: true })
})

test('days begun count whole', () => {
  const busy = relation(['3000', '2026-09-01T00:00:00Z', '2026-10-01T00:00:00Z'])
  assert.is(plausibleGrowth(busy, 25 * hour).rows, 600n)
  assert.is(plausibleGrowth(busy, 24 * hour).rows, 300n)
  assert.is(plausibleGrowth(busy, 0).rows, 300n)
})

test('less than a day of history counts as a day, not as a rate per minute', () => {
  assert.is(plausibleGrowth(relation(['1000', '2026-09-01T00:00:00Z', '2026-09-01T00:01:00Z']), hour).rows, 3000n)
})

test('an empty or undated relation has room for a hundred rows', () => {
  assert.is(plausibleGrowth(relation(['0', null, null]), hour).rows, 100n)
  assert.is(plausibleGrowth(relation(['5000', null, null]), hour).rows, 100n)
  assert.is(plausibleGrowth(relation(['5', '-infinity', 'infinity']), hour).rows, 100n)
})

test.run()
