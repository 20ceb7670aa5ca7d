// Up to when a copy reaches, and what may rightly lack: a small table whose rows are all older than that may not be empty.

import * as assert from 'uvu/assert'
import type { BaselineRelation } from '../../src/baselines/document.ts'
import { suite } from '../support/suite.ts'
import {
  B,
  baselineOf,
  bounds,
  bucket,
  type CopyChange,
  callsRelation,
  copyOf,
  dayOf,
  eventsRelation,
  findings,
  november,
  type Slices,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('rules/reach')

/** Fifty rows of the last hour before the baseline. */
const young = dayOf('public.small', '2026-11-10', '50', {
  oldest_at: '2026-11-10T11:00:00+00:00',
  newest_at: '2026-11-10T11:10:00+00:00',
})
const old = dayOf('public.small', '2026-11-01', '30')
const none = bucket({ bucket_name: 'public.small', grain: 'table', row_count: '0' })

function small(isAppendOnly: boolean, ...buckets: Slices): BaselineRelation {
  return {
    ...withBuckets(isAppendOnly ? eventsRelation : callsRelation, buckets),
    relation_name: 'public.small',
    ...(isAppendOnly ? {} : { tolerance: '0.02' }),
  }
}

/** The findings of row_counts in a copy with other buckets. */
function counted(relation: BaselineRelation, buckets: Slices, change: CopyChange): string[] {
  return findings(baselineOf([relation]), copyOf([withBuckets(relation, buckets)], change)).filter((line) =>
    / row_counts /.test(line),
  )
}

const minuteBefore = '2026-11-10T11:59:00+00:00'
const hoursBefore = '2026-11-10T09:00:00+00:00'
const dayBefore = '2026-11-09T09:00:00+00:00'

for (const isAppendOnly of [true, false]) {
  const kind = isAppendOnly ? 'append-only' : 'mutable'
  const onlyYoung = small(isAppendOnly, young)
  const both = small(isAppendOnly, old, young)

  test(`${kind}: a table whose rows are all before the recovery point is not empty, whoever tells the point`, () => {
    for (const is_exact of [true, false]) {
      const found = counted(onlyYoung, [none], { recovery_point: minuteBefore, is_exact })
      assert.match(found.join('\n'), /^fail row_counts public\.small: public\.small is empty, baseline has 50 rows$/)
    }
  })

  test(`${kind}: nor is its last day, which may lack what came late, and no more`, () => {
    assert.match(counted(both, [old], { recovery_point: minuteBefore }).join('\n'), /^fail .*50 missing on 2026-11-10/)
    const slow = small(isAppendOnly, old, { ...young, oldest_at: '2026-11-10T01:00:00+00:00' })
    const left = (row_count: string) => [
      old,
      { ...young, oldest_at: '2026-11-10T01:00:00+00:00', row_count, newest_at: '2026-11-10T11:00:00+00:00' },
    ]
    // 30 rows on each of few days, 50 in ten hours: 15 in one hour begun, times three; mutable: one more may be deleted.
    const most = isAppendOnly ? 15 : 16
    assert.equal(counted(slow, left(`${50 - most}`), { recovery_point: minuteBefore }), [])
    assert.match(
      counted(slow, left(`${50 - most - 1}`), { recovery_point: minuteBefore }).join('\n'),
      new RegExp(`^fail .*${most + 1} missing`),
    )
  })

  test(`${kind}: rows after a recovery point that is known need not be there`, () => {
    for (const [relation, buckets] of [
      [onlyYoung, [none]],
      [both, [old]],
    ] as const) {
      assert.equal(counted(relation, [...buckets], { recovery_point: hoursBefore, is_exact: true }), [])
    }
  })

  test(`${kind}: rows after a point that the data reaches to at least: nobody knows, and that is said`, () => {
    const cases: [BaselineRelation, Slices, CopyChange][] = [
      [onlyYoung, [none], { recovery_point: hoursBefore, is_exact: false }],
      [onlyYoung, [none], { recovery_point: dayBefore, is_exact: false }],
      [both, [old], { recovery_point: hoursBefore, is_exact: false }],
      // The heartbeats had stopped: rows go on.
      [
        onlyYoung,
        [none],
        { recovery_point: hoursBefore, evidence: { newest_commit_at: null, newest_row_at: minuteBefore } },
      ],
    ]
    for (const [relation, buckets, change] of cases) {
      const found = counted(relation, buckets, change)
      assert.is(found.length, 1, found.join('\n'))
      assert.match(
        found[0] ?? '',
        /^warn row_counts public\.small: .*all rows.* are gone, and the data reaches to 2026-11-.* at least: nobody knows whether the 50 rows came later or were lost$/,
      )
    }
    assert.equal(counted(both, [old, young], { recovery_point: hoursBefore, is_exact: false }), [])
  })

  test(`${kind}: what proves more than the recovery point: the baseline in the copy, and the newest commit`, () => {
    const proofs: CopyChange[] = [
      { recovery_point: hoursBefore, is_exact: false, holdsBaseline: true },
      { recovery_point: dayBefore, is_exact: false, holdsBaseline: true },
      { recovery_point: hoursBefore, evidence: { newest_commit_at: minuteBefore, newest_row_at: null } },
    ]
    for (const change of proofs) {
      assert.match(counted(onlyYoung, [none], change).join('\n'), /^fail .*public\.small is empty/)
      assert.match(counted(both, [old], change).join('\n'), /^fail .*50 missing on 2026-11-10/)
    }
    // A baseline inside says nothing of how far a copy reaches of which nothing else is known.
    const unknown = { recovery_point: null, is_exact: false, holdsBaseline: true }
    assert.match(counted(both, [old, young], unknown).join('\n'), /^error .*without a recovery point/)
  })
}

test('a partition that begins after a point that is no more than a lower bound: its absence is said', () => {
  const month = bounds('2026-11')
  const events = withBuckets(eventsRelation, [
    ...eventsRelation.buckets.filter((one) => one.partition_name !== november),
    dayOf(november, '2026-11-01', '7', month),
  ])
  const change = (is_exact: boolean): CopyChange => ({ recovery_point: '2026-10-31T23:50:00+00:00', is_exact })
  assert.equal(counted(events, without(events.buckets, /_11 /), change(true)), [])
  assert.match(
    counted(events, without(events.buckets, /_11 /), change(false)).join('\n'),
    /^warn row_counts public\.events_2026_11: .*need not exist; but the data reaches to 2026-10-31T23:50:00\+00:00 at least: nobody knows whether the 7 rows/,
  )
})

test('an exact baseline beside heartbeats that had stopped before it: the newest commit shows that it is of this dump', () => {
  const relation = small(true, old, young)
  const change = { recovery_point: hoursBefore, evidence: { newest_commit_at: B, newest_row_at: null } }
  const found = findings(
    baselineOf([relation], { is_exact: true }),
    copyOf([withBuckets(relation, [old])], change),
  ).filter((line) => / row_counts /.test(line))
  assert.match(found.join('\n'), /^fail .*exact baseline: must be equal\): 50 missing on 2026-11-10/)
})

test.run()
