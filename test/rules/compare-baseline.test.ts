// The rules as a table: a baseline, a copy, and what must be said of it.

import * as assert from 'uvu/assert'
import type { Baseline } from '../../src/baselines/document.ts'
import type { Bucket, CheckResult } from '../../src/database/contract.ts'
import { type Copy, compareBaseline } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'

const test = suite('compare baseline')
const B = '2026-11-10T12:00:00+00:00'

function baseline(buckets: Partial<Bucket>[], change: Partial<Baseline['relations'][number]> = {}): Baseline {
  return {
    format: 'pgdrill-baseline',
    format_version: 1,
    baseline_id: '00000000-0000-4000-8000-000000000000',
    captured_at: B,
    captured_lsn: '0/1',
    label: null,
    schema_version: '0004',
    source: {
      installation_id: '00000000-0000-4000-8000-000000000001',
      system_identifier: '1',
      timeline_id: 1,
      started_at: B,
      database_name: 'x',
      server_version: '17.10',
    },
    policies: { clock_skew: 300, settle_after: 86400 },
    guards: [],
    partitioned_relations: [],
    isolation_policy: {},
    waivers: [],
    objects: [],
    relations: [
      {
        relation_name: 'public.events',
        timestamp_column: 'created_at',
        is_append_only: true,
        recent_days: null,
        tolerance: '0',
        ...change,
        buckets: buckets.map((bucket) => ({ ...closed, ...bucket, row_count: bucket.row_count ?? '1000' })),
      },
    ],
  }
}

function copy(
  buckets: Partial<Bucket>[],
  change: Partial<Copy['recovery']> & { now?: string; is_measured?: boolean } = {},
): Copy {
  const { now, is_measured, ...recovery } = change
  return {
    buckets: buckets.map((bucket) => ({ ...closed, ...bucket })),
    recovery: {
      recovery_point: '2026-11-10T13:00:00+00:00',
      source: 'heartbeat',
      is_exact: true,
      ...recovery,
    },
    now: now ?? '2026-11-10T14:00:00+00:00',
    registrations: {
      policies: {},
      guards: [],
      partitioned_relations: [],
      critical_relations: [],
      isolation_policy: {},
      waivers: [],
    },
    identity: { installation_id: null, installed_at: null },
    is_measured: is_measured ?? true,
  }
}

// September: ended long before the baseline. 1,000 rows in 30 days are 33 a day.
const closed: Bucket = {
  relation_name: 'public.events',
  bucket_name: 'public.events_2026_09',
  starts_at: '2026-09-01T00:00:00+00:00',
  ends_at: '2026-10-01T00:00:00+00:00',
  is_default: false,
  row_count: '1000',
  oldest_at: '2026-09-01T00:10:00+00:00',
  newest_at: '2026-09-30T23:50:00+00:00',
  problem: null,
}
const open: Bucket = {
  ...closed,
  bucket_name: 'public.events_2026_11',
  starts_at: '2026-11-01T00:00:00+00:00',
  ends_at: '2026-12-01T00:00:00+00:00',
  oldest_at: '2026-11-01T00:10:00+00:00',
  newest_at: '2026-11-10T11:50:00+00:00',
}
const plain: Bucket = { ...open, bucket_name: 'public.events', starts_at: null, ends_at: null }
const mutable = { is_append_only: false, tolerance: '0.02' }

function of(results: CheckResult[], check: string): CheckResult {
  const rows = results.filter((row) => row.check_name === check)
  assert.is(rows.length, 1, `${rows.length} rows of ${check}`)
  return rows[0] as CheckResult
}

type Case = [name: string, baseline: Baseline, copy: Copy, status: string, detail: RegExp]

const counts: Case[] = [
  ['settled: equal', baseline([closed]), copy([closed]), 'pass', /settled, append-only: equal/],
  [
    'settled: one missing',
    baseline([closed]),
    copy([{ ...closed, row_count: '999' }]),
    'fail',
    /999 rows, baseline has 1,000 \(settled, append-only: must be equal\): 1 missing/,
  ],
  ['settled: one too many', baseline([closed]), copy([{ ...closed, row_count: '1001' }]), 'fail', /1 too many/],
  [
    'settled: shifted by three hours',
    baseline([closed]),
    copy([{ ...closed, newest_at: '2026-10-01T02:50:00+00:00' }]),
    'fail',
    /reach from .* instead of/,
  ],
  [
    'settled: a microsecond',
    baseline([{ ...closed, newest_at: '2026-09-30T23:50:00.000001+00:00' }]),
    copy([{ ...closed, newest_at: '2026-09-30T23:50:00.000002+00:00' }]),
    'fail',
    /instead of/,
  ],
  [
    'settled, mutable: within tolerance',
    baseline([closed], mutable),
    copy([{ ...closed, row_count: '980' }]),
    'pass',
    /980 to 1,020 are plausible/,
  ],
  [
    'settled, mutable: beyond tolerance',
    baseline([closed], mutable),
    copy([{ ...closed, row_count: '979' }]),
    'fail',
    /21 missing/,
  ],
  [
    'settled, mutable: other timestamps are fine',
    baseline([closed], mutable),
    copy([{ ...closed, newest_at: '2026-10-01T02:50:00+00:00' }]),
    'pass',
    /settled, mutable/,
  ],
  [
    'a partition that ended an hour ago is not settled: late rows',
    baseline([{ ...closed, ends_at: '2026-11-10T11:00:00+00:00' }]),
    copy([{ ...closed, ends_at: '2026-11-10T11:00:00+00:00', row_count: '1003' }]),
    'pass',
    /open, append-only/,
  ],
  ['open: equal', baseline([open]), copy([open]), 'pass', /1,000 to/],
  [
    'open: grown',
    baseline([open]),
    copy([{ ...open, row_count: '1020' }]),
    'pass',
    /open, append-only: 1,000 to 1,3\d\d are plausible/,
  ],
  ['open: fewer', baseline([open]), copy([{ ...open, row_count: '999' }]), 'fail', /1 missing/],
  [
    'open: beyond three busy days',
    baseline([open]),
    copy([{ ...open, row_count: '1400' }]),
    'fail',
    /more than the busiest day explains/,
  ],
  [
    'open: the same after a week is not too much',
    baseline([open]),
    copy([{ ...open, row_count: '1400' }], { recovery_point: '2026-11-17T12:00:00+00:00' }),
    'pass',
    /open/,
  ],
  [
    'restore point an hour before the baseline: a few less',
    baseline([open]),
    copy([{ ...open, row_count: '990' }], { recovery_point: '2026-11-10T11:00:00+00:00' }),
    'pass',
    /to 1,000 are plausible/,
  ],
  [
    'restore point an hour before the baseline: more than it',
    baseline([open]),
    copy([{ ...open, row_count: '1001' }], { recovery_point: '2026-11-10T11:00:00+00:00' }),
    'fail',
    /more than/,
  ],
  [
    'restore point an hour before the baseline: half gone',
    baseline([open]),
    copy([{ ...open, row_count: '500' }], { recovery_point: '2026-11-10T11:00:00+00:00' }),
    'fail',
    /500 missing/,
  ],
  [
    'restore point before the bucket begins: empty is right',
    baseline([open]),
    copy([{ ...open, row_count: '0', newest_at: null }], { recovery_point: '2026-10-31T11:00:00+00:00' }),
    'pass',
    /0 to 1,000/,
  ],
  ['a table without partitions', baseline([plain]), copy([{ ...plain, row_count: '1010' }]), 'pass', /open/],
  [
    'empty, although the baseline had rows',
    baseline([plain], mutable),
    copy([{ ...plain, row_count: '0', newest_at: null }]),
    'fail',
    /is empty/,
  ],
  [
    'empty in both',
    baseline([{ ...plain, row_count: '0', newest_at: null, oldest_at: null }]),
    copy([{ ...plain, row_count: '0', newest_at: null }]),
    'pass',
    /0 rows, baseline has 0/,
  ],
  [
    'a small mutable table may lose one row',
    baseline([{ ...plain, row_count: '8' }], mutable),
    copy([{ ...plain, row_count: '7' }]),
    'pass',
    /7 to/,
  ],
  [
    'a small mutable table may not lose two',
    baseline([{ ...plain, row_count: '8' }], mutable),
    copy([{ ...plain, row_count: '6' }]),
    'fail',
    /2 missing/,
  ],
  [
    'beyond 2^53',
    baseline([{ ...closed, row_count: '9007199254740993' }]),
    copy([{ ...closed, row_count: '9007199254740992' }]),
    'fail',
    /: 1 missing/,
  ],
  [
    'unknown recovery point',
    baseline([closed]),
    copy([closed], { recovery_point: null, source: null }),
    'error',
    /without a recovery point/,
  ],
  [
    'unknown recovery point, but empty',
    baseline([closed]),
    copy([{ ...closed, row_count: '0' }], { recovery_point: null, source: null }),
    'fail',
    /is empty/,
  ],
  [
    'a bucket that could not be read',
    baseline([closed]),
    copy([{ ...closed, row_count: null, problem: 'lock timeout' }]),
    'error',
    /lock timeout/,
  ],
  [
    'a relation that does not exist',
    baseline([plain]),
    copy([{ ...plain, row_count: null, problem: 'does not exist' }]),
    'fail',
    /does not exist; the baseline has 1,000 rows in it/,
  ],
  [
    'a relation that cannot be read',
    baseline([plain]),
    copy([{ ...plain, row_count: null, problem: 'cannot be read: grant select' }]),
    'error',
    /cannot be read/,
  ],
  ['a relation that is not registered any more', baseline([plain]), copy([]), 'error', /not registered as critical/],
  [
    'quick: presence alone',
    baseline([closed]),
    copy([{ ...closed, row_count: null }], { is_measured: false }),
    'pass',
    /is there/,
  ],
]
for (const [name, before, after, status, detail] of counts) {
  test(`rows: ${name}`, () => {
    const row = of(compareBaseline(before, after), after.is_measured ? 'row_counts' : 'buckets_present')
    assert.is(row.status, status, row.detail)
    assert.match(row.detail, detail)
    assert.is(row.status === 'pass' || row.hint !== null, true, 'a finding says what to do')
  })
}

test('rows: a partition that is gone, and one that is new', () => {
  const next = {
    ...closed,
    bucket_name: 'public.events_2026_12',
    starts_at: '2026-12-01T00:00:00+00:00',
    ends_at: '2027-01-01T00:00:00+00:00',
    row_count: '0',
    newest_at: null,
  }
  const past = { ...next, bucket_name: 'public.events_2025_01', ends_at: '2025-02-01T00:00:00+00:00' }
  const rows = compareBaseline(baseline([closed, open]), copy([open, next, past])).filter(
    (row) => row.check_name === 'row_counts',
  )
  assert.equal(
    rows.map((row) => [row.object_name, row.status]),
    [
      ['public.events_2026_09', 'fail'],
      ['public.events_2026_11', 'pass'],
      ['public.events_2026_12', 'pass'],
      ['public.events_2025_01', 'warn'],
    ],
  )
})

test('rows: a relation that the baseline does not know could not be verified', () => {
  const rows = compareBaseline(
    baseline([plain]),
    copy([plain, { ...plain, relation_name: 'public.new', bucket_name: 'public.new' }]),
  )
  assert.is(rows.find((row) => row.object_name === 'public.new')?.status, 'error')
})

const newest: Case[] = [
  [
    'as expected',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T12:59:00+00:00' }]),
    'pass',
    /recovery point/,
  ],
  [
    'within the skew after the recovery point',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T13:04:59+00:00' }]),
    'pass',
    /newest row/,
  ],
  [
    'newer than the recovery point',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T13:06:00+00:00' }]),
    'fail',
    /after the recovery point/,
  ],
  [
    'newer than a point told by rare heartbeats',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T13:06:00+00:00' }], { is_exact: false }),
    'pass',
    /newest row/,
  ],
  [
    'in the future',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T14:06:00+00:00' }], { is_exact: false }),
    'fail',
    /after now/,
  ],
  ['infinite', baseline([open]), copy([{ ...open, newest_at: 'infinity' }]), 'fail', /newest row of infinity/],
  [
    'in the future, as in production',
    baseline([{ ...open, newest_at: '2026-11-20T00:00:00+00:00' }]),
    copy([{ ...open, newest_at: '2026-11-20T00:00:00+00:00' }]),
    'warn',
    /production had such rows already/,
  ],
  [
    'the end is missing',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-09T08:00:00+00:00' }]),
    'fail',
    /its end is missing/,
  ],
  [
    'the end is missing in a mutable relation',
    baseline([open], mutable),
    copy([{ ...open, newest_at: '2026-11-09T08:00:00+00:00' }]),
    'pass',
    /newest row/,
  ],
  [
    'a mutable relation ends four days early',
    baseline([open], mutable),
    copy([{ ...open, newest_at: '2026-11-06T08:00:00+00:00' }]),
    'fail',
    /at most 72\.0 h are plausible/,
  ],
  [
    'a quiet relation: old rows only',
    baseline([
      { ...open, row_count: '8', oldest_at: '2026-01-01T00:00:00+00:00', newest_at: '2026-08-01T00:00:00+00:00' },
    ]),
    copy([{ ...open, newest_at: '2026-08-01T00:00:00+00:00' }]),
    'pass',
    /newest row/,
  ],
  [
    'a year that JavaScript does not know',
    baseline([open]),
    copy([{ ...open, newest_at: '12026-01-01T00:00:00+00:00' }]),
    'fail',
    /newest row of 12026/,
  ],
  [
    'thirty hours gone, and every day of the history has rows',
    baseline([open], { ...mutable, recent_days: '1'.repeat(60) }),
    copy([{ ...open, newest_at: '2026-11-09T05:00:00+00:00' }], { recovery_point: '2026-11-10T13:00:00+00:00' }),
    'fail',
    /at most .* plausible/,
  ],
  [
    'thirty hours without rows, as on each weekend of the history',
    baseline([{ ...open, newest_at: '2026-11-10T11:50:00+00:00' }], {
      ...mutable,
      recent_days: '111110011111001111100111110011111001111100111110011111001111',
    }),
    copy([{ ...open, newest_at: '2026-11-09T05:00:00+00:00' }], { recovery_point: '2026-11-10T13:00:00+00:00' }),
    'pass',
    /newest row/,
  ],
  [
    'no dated row in both',
    baseline([{ ...plain, row_count: '0', newest_at: null, oldest_at: null }]),
    copy([{ ...plain, row_count: '0', newest_at: null }]),
    'pass',
    /no dated row, as in the baseline/,
  ],
  ['no dated row any more', baseline([plain]), copy([{ ...plain, newest_at: null }]), 'fail', /has no dated row/],
  [
    'restore point before the baseline',
    baseline([open]),
    copy([{ ...open, newest_at: '2026-11-10T10:58:00+00:00' }], { recovery_point: '2026-11-10T11:00:00+00:00' }),
    'pass',
    /newest row/,
  ],
  [
    'unknown recovery point',
    baseline([open]),
    copy([open], { recovery_point: null, source: null }),
    'error',
    /unknown/,
  ],
]
for (const [name, before, after, status, detail] of newest) {
  test(`newest: ${name}`, () => {
    const row = of(compareBaseline(before, after), 'newest_timestamps')
    assert.is(row.status, status, row.detail)
    assert.match(row.detail, detail)
  })
}

test('newest: nothing is said of a relation without a timestamp column', () => {
  const rows = compareBaseline(baseline([plain], { timestamp_column: null }), copy([plain]))
  assert.equal(
    rows.filter((row) => row.check_name === 'newest_timestamps'),
    [],
  )
})

test.run()
