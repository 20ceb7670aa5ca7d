// What must hold of any table and any copy of it, on made ones. The
// numbers come from a fixed seed: a failure can be looked at again.

import * as assert from 'uvu/assert'
import type { BaselineRelation } from '../../src/baselines/document.ts'
import { suite } from '../support/suite.ts'
import {
  baselineOf,
  callsRelation,
  copyOf,
  dayOf,
  eventsRelation,
  findings,
  type Slices,
  withBuckets,
} from './fixture.ts'

const test = suite('properties of the rules')
const first = Date.parse('2026-09-01T00:00:00Z')
const last = 70

/** A generator of numbers from 0 to below 1, always the same ones. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

function someRelation(next: () => number, isAppendOnly: boolean): BaselineRelation {
  const busy = 1 + Math.floor(next() * 5000)
  const gaps = next() * 0.4
  const days = Array.from({ length: last + 1 }, (_, index): Slices => {
    const date = new Date(first + index * 86_400_000).toISOString().slice(0, 10)
    const rows = 1 + Math.floor(next() * busy)
    const now = index === last ? { newest_at: '2026-11-10T11:50:00+00:00' } : {}
    return index < last && next() < gaps ? [] : [dayOf('public.t', date, `${rows}`, now)]
  })
  return { ...withBuckets(isAppendOnly ? eventsRelation : callsRelation, days.flat()), relation_name: 'public.t' }
}

for (const isAppendOnly of [true, false]) {
  const kind = isAppendOnly ? 'append-only' : 'mutable'

  test(`${kind}: an equal copy passes, wherever the recovery point lies within a day`, () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const relation = someRelation(random(seed), isAppendOnly)
      for (const recovery_point of [
        '2026-11-10T11:55:00+00:00',
        '2026-11-10T12:00:00+00:00',
        '2026-11-10T23:00:00+00:00',
      ]) {
        assert.equal(
          findings(baselineOf([relation]), copyOf([relation], { recovery_point, depth: 'full' })),
          [],
          `seed ${seed}`,
        )
      }
      assert.equal(
        findings(
          baselineOf([relation], { is_exact: true }),
          copyOf([relation], { recovery_point: null, source: null, depth: 'full' }),
        ),
        [],
        `seed ${seed}, exact`,
      )
    }
  })

  test(`${kind}: a settled day that is gone is found and named`, () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const next = random(seed)
      const relation = someRelation(next, isAppendOnly)
      const settled = relation.buckets.filter(
        ({ ends_at, row_count }) => (ends_at ?? '') <= '2026-11-09' && Number(row_count) > 10,
      )
      const middle = settled.slice(1)
      const gone = middle[Math.floor(next() * middle.length)]
      if (gone === undefined) continue
      const copy = copyOf([
        withBuckets(
          relation,
          relation.buckets.filter((one) => one !== gone),
        ),
      ])
      const found = findings(baselineOf([relation]), copy).filter((line) =>
        line.startsWith('fail row_counts public.t:'),
      )
      assert.is(found.length, 1, `seed ${seed}`)
      assert.ok(found[0]?.includes(gone.bucket_name.slice(-10)), `seed ${seed}: ${found[0]}`)
    }
  })
}

test('append-only: one row more or less on any settled day is found', () => {
  for (let seed = 1; seed <= 25; seed += 1) {
    const next = random(seed)
    const relation = someRelation(next, true)
    const settled = relation.buckets.filter(({ ends_at }) => (ends_at ?? '') <= '2026-11-09')
    const wrong = settled[Math.floor(next() * settled.length)]
    const by = next() < 0.5 ? 1n : -1n
    const buckets = relation.buckets.map((one) =>
      one === wrong ? { ...one, row_count: `${BigInt(one.row_count) + by}` } : one,
    )
    assert.is(findings(baselineOf([relation]), copyOf([withBuckets(relation, buckets)])).length, 1, `seed ${seed}`)
  }
})

test('append-only: more rows lost are never judged milder', () => {
  const order = ['nothing', 'warn', 'error', 'fail']
  for (let seed = 1; seed <= 25; seed += 1) {
    const next = random(seed)
    const relation = someRelation(next, true)
    const recovery_point = next() < 0.5 ? '2026-11-10T11:55:00+00:00' : '2026-11-10T13:00:00+00:00'
    let worst = 0
    for (let share = 1; share >= 0; share -= 0.1) {
      const buckets = relation.buckets.map((one) => ({
        ...one,
        row_count: `${Math.floor(Number(one.row_count) * share)}`,
      }))
      const found = findings(baselineOf([relation]), copyOf([withBuckets(relation, buckets)], { recovery_point }))
      const status = found.find((line) => / row_counts /.test(line))?.split(' ')[0] ?? 'nothing'
      assert.ok(order.indexOf(status) >= worst, `seed ${seed}, share ${share}: ${status}`)
      worst = order.indexOf(status)
    }
    assert.is(worst, order.indexOf('fail'), `seed ${seed}`)
  }
})

test.run()
