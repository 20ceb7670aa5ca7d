// A production of two tables as a baseline has it, and copies of it to damage.
// public.events: append-only, by month; August is closed and whole, later months are
// cut by day, 1,000 rows each. public.calls: mutable, without partitions, 100 a day.

import type { Baseline, BaselineBucket, BaselineRelation } from '../../src/baselines/document.ts'
import type { Bucket } from '../../src/database/contract.ts'
import { type Copy, compareBaseline } from '../../src/rules/compare-baseline.ts'

export const B = '2026-11-10T12:00:00+00:00'
const dayLength = 86_400_000

export type Slices = BaselineBucket[]

const iso = (time: number) => new Date(time).toISOString().replace('.000Z', '+00:00')
const partitionOf = (relation: string, month: string) => `${relation}_${month.replace('-', '_')}`

/** Bounds of a month such as 2026-11. */
export function bounds(month: string): { partition_starts_at: string; partition_ends_at: string } {
  const start = new Date(`${month}-01T00:00:00Z`)
  return {
    partition_starts_at: iso(start.getTime()),
    partition_ends_at: iso(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1)),
  }
}

const plainTable = { partition_starts_at: null, partition_ends_at: null }

/** One bucket; what is not said is that of a slice with 1,000 rows. */
export function bucket(change: Partial<BaselineBucket> & { bucket_name: string }): BaselineBucket {
  return {
    partition_name: change.bucket_name.replace(/ .*/, ''),
    grain: 'day',
    starts_at: null,
    ends_at: null,
    ...plainTable,
    is_default: false,
    row_count: '1000',
    oldest_at: null,
    newest_at: null,
    fingerprint: null,
    is_carried: false,
    ...change,
  }
}

/** A day of a partition, with rows from ten past midnight to ten to midnight. */
export function dayOf(partition_name: string, date: string, rows = '1000', change: Partial<BaselineBucket> = {}) {
  const start = Date.parse(`${date}T00:00:00Z`)
  return bucket({
    partition_name,
    bucket_name: `${partition_name} ${date}`,
    starts_at: iso(start),
    ends_at: iso(start + dayLength),
    row_count: rows,
    oldest_at: iso(start + 600_000),
    newest_at: iso(start + dayLength - 600_000),
    fingerprint: `${start}`,
    ...change,
  })
}

/** Days in a row, both included. */
export function daysOf(
  partition: string,
  first: string,
  last: string,
  rows = '1000',
  change: Partial<BaselineBucket> = {},
): Slices {
  const days: Slices = []
  for (let time = Date.parse(first); time <= Date.parse(last); time += dayLength)
    days.push(dayOf(partition, iso(time).slice(0, 10), rows, change))
  return days
}

export function wholeOf(relation: string, month: string, rows = '1000', change: Partial<BaselineBucket> = {}) {
  const { partition_starts_at, partition_ends_at } = bounds(month)
  return bucket({
    bucket_name: partitionOf(relation, month),
    grain: 'partition',
    starts_at: partition_starts_at,
    ends_at: partition_ends_at,
    partition_starts_at,
    partition_ends_at,
    row_count: rows,
    oldest_at: `${month}-01T00:10:00+00:00`,
    newest_at: `${month}-28T23:50:00+00:00`,
    fingerprint: rows,
    ...change,
  })
}

export const august = 'public.events_2026_08'
export const october = 'public.events_2026_10'
export const november = 'public.events_2026_11'

export const events: Slices = [
  wholeOf('public.events', '2026-08', '199203'),
  ...daysOf('public.events_2026_09', '2026-09-01', '2026-09-30', '1000', bounds('2026-09')),
  ...daysOf(october, '2026-10-01', '2026-10-31', '1000', bounds('2026-10')),
  ...daysOf(november, '2026-11-01', '2026-11-09', '1000', bounds('2026-11')),
  dayOf(november, '2026-11-10', '500', { ...bounds('2026-11'), newest_at: '2026-11-10T11:50:00+00:00' }),
]

export const calls: Slices = [
  ...['2026-06', '2026-07', '2026-08'].map((month) =>
    bucket({
      ...dayOf('public.calls', `${month}-01`, '3000'),
      bucket_name: `public.calls ${month}`,
      grain: 'month',
      ends_at: bounds(month).partition_ends_at,
      newest_at: `${month}-28T23:50:00+00:00`,
    }),
  ),
  ...daysOf('public.calls', '2026-09-01', '2026-11-09', '100'),
  dayOf('public.calls', '2026-11-10', '50', { newest_at: '2026-11-10T11:50:00+00:00' }),
]

export const eventsRelation: BaselineRelation = {
  relation_name: 'public.events',
  timestamp_column: 'created_at',
  is_append_only: true,
  tolerance: '0',
  tenant_column: null,
  is_tenant_shown: false,
  is_secret: false,
  depth: 'full',
  recipe: 'v1 UTF8 123 "created_at":timestamptz:hash,"id":uuid:hash',
  buckets: events,
  tenants: [],
}
export const callsRelation: BaselineRelation = {
  ...eventsRelation,
  relation_name: 'public.calls',
  is_append_only: false,
  tolerance: '0.02',
  buckets: calls,
}
/** Without a timestamp column: one bucket, never settled. */
export const secretsRelation: BaselineRelation = {
  ...callsRelation,
  relation_name: 'private.site_secrets',
  timestamp_column: null,
  is_secret: true,
  recipe: null,
  buckets: [bucket({ bucket_name: 'private.site_secrets', grain: 'table', row_count: '8' })],
}

export function baselineOf(relations: BaselineRelation[], change: Partial<Baseline> = {}): Baseline {
  return {
    format: 'pgdrill-baseline',
    format_version: 1,
    baseline_id: '00000000-0000-4000-8000-000000000000',
    captured_at: B,
    captured_lsn: '0/1',
    label: null,
    is_exact: false,
    depth: 'full',
    schema_version: '0004',
    source: {
      installation_id: '00000000-0000-4000-8000-000000000001',
      system_identifier: '1',
      timeline_id: 1,
      started_at: B,
      database_name: 'x',
      server_version: '17.10',
    },
    policies: { clock_skew: 300, settle_after: 86400, heartbeat_interval: 0 },
    guards: [],
    partitioned_relations: [],
    isolation_policy: {},
    waivers: [],
    objects: [],
    relations,
    ...change,
  }
}

export type CopyChange = Partial<Omit<Copy, 'recovery' | 'buckets'>> &
  Partial<Copy['recovery']> & { problems?: Record<string, string> }

/** A copy of relations, restored to one hour after the baseline and looked at an hour later. */
export function copyOf(relations: BaselineRelation[], change: CopyChange = {}): Copy {
  const { recovery_point, source, is_exact, evidence, problems = {}, ...rest } = change
  const point = recovery_point === undefined ? '2026-11-10T13:00:00+00:00' : recovery_point
  return {
    buckets: relations.flatMap(({ relation_name, buckets }) =>
      buckets.map(({ is_carried: _carried, ...slice }): Bucket => {
        const problem = problems[slice.bucket_name] ?? null
        return { relation_name, ...slice, row_count: problem === null ? slice.row_count : null, problem }
      }),
    ),
    recipes: relations.map(({ relation_name, recipe }) => ({ relation_name, recipe })),
    tenants: relations.flatMap(({ relation_name, tenants }) =>
      tenants.map((tenant) => ({ relation_name, ...tenant, problem: null })),
    ),
    recovery: {
      recovery_point: point,
      source: source ?? 'heartbeat',
      is_exact: is_exact ?? true,
      ...(evidence === undefined ? {} : { evidence }),
    },
    now: '2026-11-10T14:00:00+00:00',
    registrations: {
      policies: {},
      guards: [],
      partitioned_relations: [],
      critical_relations: [],
      isolation_policy: {},
      waivers: [],
    },
    identity: { installation_id: null, installed_at: null },
    depth: 'standard',
    ...rest,
  }
}

/** The relation with other buckets. */
export function withBuckets(relation: BaselineRelation, buckets: Slices): BaselineRelation {
  return { ...relation, buckets }
}

/** Buckets of which those named have changed; the name is that of the bucket or its last part. */
export function edit(slices: Slices, label: string | RegExp, change: Partial<BaselineBucket>): Slices {
  return slices.map((slice) => (isNamed(slice, label) ? { ...slice, ...change } : slice))
}

export function without(slices: Slices, label: string | RegExp): Slices {
  return slices.filter((slice) => !isNamed(slice, label))
}

function isNamed({ bucket_name }: BaselineBucket, label: string | RegExp): boolean {
  return typeof label === 'string'
    ? bucket_name === label || bucket_name.endsWith(` ${label}`)
    : label.test(bucket_name)
}

/** What is said of the copy, without what passes or does not apply. */
export function findings(baseline: Baseline, copy: Copy): string[] {
  return lines(baseline, copy).filter((line) => !/^(pass|skip) /.test(line))
}

export function lines(baseline: Baseline, copy: Copy): string[] {
  return compareBaseline(baseline, copy)
    .filter(({ check_name }) => check_name !== 'registrations')
    .map((row) => `${row.status} ${row.check_name} ${row.object_name}: ${row.detail}`)
}

export const hourBefore = { recovery_point: '2026-11-10T11:00:00+00:00' }
export const hourAfter = '2026-11-10T13:00:00+00:00'

/** The events with another number of rows on the day of the baseline. */
export function today(rows: string, change: Partial<BaselineBucket> = {}): Slices {
  return edit(events, '2026-11-10', { row_count: rows, ...change })
}

/** So many rows less in each bucket that is named. */
export function less(slices: Slices, label: string | RegExp, by: number): Slices {
  return slices.map((slice) =>
    isNamed(slice, label) ? { ...slice, row_count: `${Number(slice.row_count) - by}` } : slice,
  )
}
