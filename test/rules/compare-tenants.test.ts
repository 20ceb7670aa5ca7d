import * as assert from 'uvu/assert'
import type { Baseline, BaselineRelation } from '../../src/baselines/document.ts'
import { compareBaseline } from '../../src/rules/compare-baseline.ts'
import { suite } from '../support/suite.ts'
import { B, baselineOf, type CopyChange, callsRelation, copyOf, eventsRelation, lines, withBuckets } from './fixture.ts'

const test = suite('compare tenants')

type Tenants = BaselineRelation['tenants']
const tenant = (tenant_key: string, row_count: string, newest_at: string | null = '2026-11-10T11:00:00+00:00') => ({
  tenant_key,
  row_count,
  newest_at,
})
const tenants: Tenants = [
  tenant('3f2a', '1203'),
  tenant('77bc', '50', '2026-08-01T00:00:00+00:00'),
  tenant('9d01', '1', '2026-11-10T11:00:00+00:00'),
]
const events: BaselineRelation = { ...eventsRelation, tenant_column: 'site_id', tenants }
const calls: BaselineRelation = { ...callsRelation, tenant_column: 'site_id', tenants }
const set = (key: string, ...row: string[]) =>
  tenants.flatMap((one) => (one.tenant_key !== key ? [one] : row.map((row_count) => ({ ...one, row_count }))))

function said(
  relation: BaselineRelation,
  now: Tenants,
  change: CopyChange = {},
  baseline: Partial<Baseline> = {},
): string[] {
  const copy = copyOf([{ ...relation, tenants: now }], { depth: 'full', ...change })
  return lines(baselineOf([relation], baseline), copy).filter((line) => / tenants /.test(line))
}

const hourBefore = { recovery_point: '2026-11-10T11:30:00+00:00' }
type Case = [name: string, relation: BaselineRelation, now: Tenants, expected: RegExp, change?: CopyChange]
const cases: Case[] = [
  [
    'all there',
    events,
    tenants,
    /^pass tenants public.events: public.events: 3 tenants of the baseline, each with its rows$/,
  ],
  ['new ones', events, [...tenants, tenant('aa', '5')], /^pass .*each with its rows, 1 more since$/],
  ['more rows', events, set('3f2a', '99999'), /^pass/],
  [
    'one is gone',
    events,
    set('3f2a'),
    /^fail tenants public.events: tenant 3f2a of public.events: no row, baseline has 1,203$/,
  ],
  ['one is there with no row', events, set('3f2a', '0'), /^fail .*no row, baseline has 1,203$/],
  [
    'one lost a row of an append-only table',
    events,
    set('3f2a', '1202'),
    /^fail .*tenant 3f2a of public.events: 1,202 rows, baseline has 1,203 \(append-only: at least 1,203\): 1 missing$/,
  ],
  ['a single row, append-only', events, set('9d01'), /^fail .*no row, baseline has 1$/],
  ['mutable: within the tolerance', calls, set('3f2a', '1179'), /^pass/],
  ['mutable: one row beyond', calls, set('3f2a', '1178'), /^fail .*\(mutable: at least 1,179\): 25 missing$/],
  ['mutable: one is gone', calls, set('77bc'), /^fail .*no row, baseline has 50$/],
  [
    'mutable: its single row was deleted',
    calls,
    set('9d01'),
    /^warn .*tenant 9d01 of public.calls: no row, baseline has 1$/,
  ],
  ['before the baseline: a few less', events, set('3f2a', '1103'), /^pass/, hourBefore],
  // The fastest hour, times three, is 129.
  ['before the baseline: as many less as may be', events, set('3f2a', '1074'), /^pass/, hourBefore],
  ['before the baseline: one more', events, set('3f2a', '1073'), /^fail .*at least 1,074\): 130 missing$/, hourBefore],
  ['before the baseline: a lively one is gone', events, set('3f2a'), /^fail .*no row/, hourBefore],
  [
    'before the baseline: a mutable one that is new since',
    { ...calls, tenants: [tenant('a', '100', '2026-11-10T11:40:00+00:00')] },
    [tenant('b', '1')],
    /^pass/,
    hourBefore,
  ],
  [
    'before the baseline: one whose rows are all before the recovery point, too',
    { ...calls, tenants: [tenant('a', '100', '2026-11-10T11:20:00+00:00')] },
    [tenant('b', '1')],
    /^fail .*no row, baseline has 100/,
    hourBefore,
  ],
  ['before the baseline: one that is new since', events, set('9d01'), /^pass/, hourBefore],
  ['before the baseline: one whose rows are all settled', events, set('77bc', '49'), /^fail .*1 missing/, hourBefore],
  ['at the very moment of the baseline', events, set('3f2a', '1202'), /^fail/, { recovery_point: B }],
  ['unknown recovery point', events, set('3f2a'), /^error .*without a recovery point/, { recovery_point: null }],
]
for (const [name, relation, now, expected, change] of cases) {
  test(name, () => {
    const rows = said(relation, now, change)
    assert.is(rows.length, 1, rows.join('\n'))
    assert.match(rows[0] ?? '', expected)
  })
}

test('rows of a tenant settle to the second', () => {
  const at = (newest_at: string) => {
    const one = { ...events, tenants: [tenant('a', '50', newest_at)] }
    return said(one, [tenant('a', '49', newest_at)], hourBefore)[0]?.slice(0, 4)
  }
  assert.is(at('2026-11-09T11:30:00+00:00'), 'fail')
  assert.is(at('2026-11-09T11:30:01+00:00'), 'pass')
  const undated = { ...events, tenants: [{ ...tenant('a', '200'), newest_at: null }] }
  assert.is(said(undated, [tenant('a', '71')], hourBefore)[0]?.slice(0, 4), 'pass')
  assert.is(said(undated, [tenant('a', '70')], hourBefore)[0]?.slice(0, 4), 'fail')
})

test('an exact baseline: each tenant equal, none more', () => {
  const exact = { is_exact: true }
  const at = { recovery_point: B }
  assert.match(said(calls, tenants, at, exact)[0] ?? '', /^pass/)
  assert.match(said(calls, set('9d01'), at, exact)[0] ?? '', /^fail .*no row, baseline has 1$/)
  assert.match(
    said(calls, set('3f2a', '1204'), at, exact)[0] ?? '',
    /^fail .*1,204 rows, exact baseline has 1,203: 1 too many$/,
  )
  assert.match(
    said(calls, [...tenants, tenant('aa', '5')], at, exact)[0] ?? '',
    /^fail .*tenant aa of public.calls: 5 rows, the exact baseline does not know it$/,
  )
})

test('many are gone: the twenty with most rows, and the number of the rest', () => {
  const many = Array.from({ length: 25 }, (_, index) => tenant(`t${index}`, `${index + 2}`))
  const relation = { ...events, tenants: many }
  const rows = said(relation, [tenant('other', '1')])
  assert.is(rows.length, 21)
  assert.match(rows[0] ?? '', /tenant t24 .* baseline has 26$/)
  assert.match(rows[20] ?? '', /^fail .*5 more tenants with missing rows$/)
  assert.is(said(relation, many.slice(20)).length, 20)
  const kept = { ...events, tenants: [tenant('big', '1000'), tenant('small', '600')] }
  const order = said(kept, [tenant('big', '500')]).map((line) => /tenant (\w+) of/.exec(line)?.[1])
  assert.equal(order, ['small', 'big'], 'by the rows lost')
  const mixed = { ...calls, tenants: [...many, ...Array.from({ length: 25 }, (_, index) => tenant(`u${index}`, '1'))] }
  assert.match(said(mixed, [tenant('other', '1')])[20] ?? '', /^fail .*30 more tenants/)
  const single = { ...calls, tenants: many.map((one) => ({ ...one, row_count: '1' })) }
  assert.match(said(single, [tenant('other', '1')])[20] ?? '', /^warn /)
})

test('what could not be compared is an error', () => {
  assert.match(said({ ...events, tenants: [] }, tenants)[0] ?? '', /^error .*the baseline holds no tenants of it$/)
  assert.match(said(events, [])[0] ?? '', /^error .*the copy does not tell its tenants by site_id/)
  const problem = [{ relation_name: 'public.events', ...tenant('a', '1'), problem: 'no right' }]
  assert.match(said(events, tenants, { tenants: problem })[0] ?? '', /^error .*could not be counted: no right$/)
})

test('a table without rows has no tenants, and one that lost them all lost each', () => {
  const empty = withBuckets({ ...events, tenants: [] }, [])
  const copy = copyOf([{ ...events, tenants: [] }], { depth: 'full' })
  assert.match(
    lines(baselineOf([empty]), copy).find((line) => / tenants /.test(line)) ?? '',
    /^pass .*0 tenants of the baseline/,
  )
  const truncated = withBuckets(
    { ...events, tenants: [] },
    events.buckets.map((one) => ({ ...one, row_count: '0' })),
  )
  const rows = lines(baselineOf([events]), copyOf([truncated], { depth: 'full' })).filter((line) =>
    /^fail tenants /.test(line),
  )
  assert.is(rows.length, 3)
})

test('another registration in the copy names tenants in another way', () => {
  const registered = (tenant_column: string, is_tenant_shown: boolean) => {
    const { registrations } = copyOf([])
    const row = { relation_name: 'public.events', timestamp_column: 'created_at', is_append_only: true, tolerance: '0' }
    const critical_relations = [{ ...row, tenant_column, is_tenant_shown, is_secret: false, depth: 'full' as const }]
    return said(events, set('3f2a'), { registrations: { ...registrations, critical_relations } })[0] ?? ''
  }
  assert.match(registered('site_id', false), /^fail /)
  assert.match(registered('site_id', true), /^error .*does not tell its tenants/)
  assert.match(registered('owner_id', false), /^error .*does not tell its tenants/)
})

test('a secret table, one of depth standard: not counted by tenant', () => {
  assert.match(
    said({ ...events, is_secret: true, tenants: [] }, [])[0] ?? '',
    /^skip .*is secret: its rows are not counted by tenant/,
  )
  const shallow: BaselineRelation = { ...events, depth: 'standard', tenants: [] }
  assert.match(said(shallow, [])[0] ?? '', /^skip .*is registered with depth standard: its rows are not/)
})

test('not asked at depth standard, nor without a tenant column', () => {
  assert.equal(said(events, [], { depth: 'standard' }), [])
  assert.equal(said({ ...eventsRelation, tenants: [] }, []), [])
})

test('each finding says what to do, and holds only the two numbers', () => {
  const copy = copyOf([{ ...events, tenants: set('3f2a', '1202') }], { depth: 'full' })
  const row = compareBaseline(baselineOf([events]), copy).find(({ check_name }) => check_name === 'tenants')
  assert.ok(row?.hint)
  assert.equal(row?.expected, { tenant_key: '3f2a', row_count: '1203', lowest: '1203' })
  assert.equal(row?.actual, { tenant_key: '3f2a', row_count: '1202' })
})

test.run()
