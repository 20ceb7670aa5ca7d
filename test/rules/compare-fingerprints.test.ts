import * as assert from 'uvu/assert'
import type { Baseline, BaselineRelation } from '../../src/baselines/document.ts'
import { compareBaseline } from '../../src/rules/compare-baseline.ts'
import { describeRecipes } from '../../src/rules/recipes.ts'
import { suite } from '../support/suite.ts'
import {
  august,
  B,
  baselineOf,
  type CopyChange,
  calls,
  callsRelation,
  copyOf,
  edit,
  events,
  eventsRelation,
  lines,
  october,
  secretsRelation,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('compare fingerprints')

function said(
  before: BaselineRelation,
  after: BaselineRelation,
  change: CopyChange = {},
  baseline: Partial<Baseline> = {},
): string[] {
  return lines(baselineOf([before], baseline), copyOf([after], { depth: 'full', ...change })).filter((line) =>
    / fingerprints /.test(line),
  )
}

const changed = (label: string | RegExp, fingerprint: string | null) =>
  withBuckets(eventsRelation, edit(events, label, { fingerprint }))

test('the same content: one row for the relation', () => {
  assert.equal(said(eventsRelation, eventsRelation), [
    'pass fingerprints public.events: public.events: 70 settled buckets, 268,203 rows: same content',
  ])
  const one = withBuckets(eventsRelation, without(events, / /))
  assert.match(said(one, one)[0] ?? '', /: 1 settled bucket, 199,203 rows: same content$/)
})

test('must fail: one character of one row of a closed month', () => {
  assert.equal(said(eventsRelation, changed(august, '7')), [
    `fail fingerprints ${august}: ${august}: 199,203 rows as in the baseline, but other content`,
  ])
})

test('must fail: days of a cut partition, named', () => {
  const rows = said(eventsRelation, changed(/_10 2026-10-0[35]$/, '7'))
  assert.equal(rows, [
    `fail fingerprints ${october}: ${october}: 2,000 rows as in the baseline, but other content in 2 days, 2026-10-03 to 2026-10-05`,
  ])
  assert.match(said(eventsRelation, changed('2026-10-03', '7'))[0] ?? '', /other content in 1 day, 2026-10-03$/)
})

test('the compared values: at most twenty buckets', () => {
  const rows = compareBaseline(baselineOf([eventsRelation]), copyOf([changed(/_10 /, '7')], { depth: 'full' })).filter(
    ({ check_name }) => check_name === 'fingerprints',
  )
  const actual = rows[0]?.actual as unknown[] | undefined
  assert.is(actual?.length, 20)
  assert.equal(actual?.[0], { bucket_name: `${october} 2026-10-01`, fingerprint: '7' })
  assert.ok(rows[0]?.hint)
})

test('an open bucket may have other content', () => {
  assert.match(said(eventsRelation, changed(/2026-11-(09|10)/, '7'))[0] ?? '', /^pass .*70 settled buckets/)
  assert.match(said(eventsRelation, changed('2026-11-08', '7'))[0] ?? '', /^fail/)
})

test('another number of rows is told by row_counts, and not compared', () => {
  const fewer = withBuckets(eventsRelation, edit(events, august, { row_count: '7', fingerprint: '7' }))
  assert.match(
    said(eventsRelation, fewer)[0] ?? '',
    /^pass .*: 69 settled buckets, 69,000 rows: same content; 1 settled bucket with another number of rows not compared, see row_counts$/,
  )
  const gone = withBuckets(eventsRelation, edit(events, /./, { row_count: '0' }))
  assert.match(said(eventsRelation, gone)[0] ?? '', /^skip .*nothing to compare; 1 settled bucket and 69 settled days/)
})

test('a mutable table may be edited: the number is told', () => {
  const edited = withBuckets(callsRelation, edit(calls, /2026-10-0[12]$/, { fingerprint: '7' }))
  assert.equal(said(callsRelation, edited), [
    'pass fingerprints public.calls: public.calls: 72 settled buckets, 15,900 rows: 70 with the same content, 2 edited since, as may be in a mutable table',
  ])
  assert.match(said(callsRelation, edited, { recovery_point: B }, { is_exact: true })[0] ?? '', /^fail .*other content/)
})

test('an exact baseline: open buckets and tables without a date too', () => {
  const exact = { is_exact: true }
  assert.match(
    said(eventsRelation, eventsRelation, { recovery_point: B }, exact)[0] ?? '',
    /: 72 buckets, 269,703 rows: same/,
  )
  assert.match(said(eventsRelation, changed('2026-11-10', '7'), { recovery_point: B }, exact)[0] ?? '', /^fail/)
  const unknown = { recovery_point: null, source: null }
  assert.match(said(eventsRelation, eventsRelation, unknown, exact)[0] ?? '', /^pass/)
})

test('a secret table, one of depth standard: not fingerprinted', () => {
  assert.match(said(secretsRelation, secretsRelation)[0] ?? '', /^skip .*is secret: its content is not fingerprinted/)
  const shallow: BaselineRelation = { ...eventsRelation, depth: 'standard' }
  assert.match(said(shallow, shallow)[0] ?? '', /^skip .*is registered with depth standard/)
})

test('not asked at depth standard', () => {
  assert.equal(said(eventsRelation, changed(august, '7'), { depth: 'standard' }), [])
})

test('what could not be compared is an error', () => {
  const bare = withBuckets({ ...eventsRelation, recipe: null }, edit(events, /./, { fingerprint: null }))
  assert.match(said(bare, eventsRelation)[0] ?? '', /^error .*the baseline holds no fingerprint of it/)
  assert.match(said(eventsRelation, bare)[0] ?? '', /^error .*the copy gave no fingerprint of it/)
  assert.match(said(eventsRelation, eventsRelation, { recipes: [] })[0] ?? '', /^error .*the copy gave no fingerprint/)
  assert.match(
    said(eventsRelation, eventsRelation, { recovery_point: null })[0] ?? '',
    /^error .*without a recovery point/,
  )
  const other = { ...eventsRelation, recipe: 'v1 UTF8 123 "created_at":text:hash,"id":uuid:hash' }
  assert.match(
    said(eventsRelation, other)[0] ?? '',
    /^error .*not made alike.*: only in production: "created_at":timestamptz:hash; only in the copy: "created_at":text:hash$/,
  )
})

test('buckets without a fingerprint on one side are an error, the others are compared', () => {
  const some = changed(/_10 2026-10-0[12]$/, null)
  assert.equal(said(some, eventsRelation), [
    'error fingerprints public.events: public.events: the baseline holds no fingerprint of 2 settled days',
    'pass fingerprints public.events: public.events: 68 settled buckets, 266,203 rows: same content',
  ])
  assert.match(said(eventsRelation, some)[0] ?? '', /^error .*the copy holds no fingerprint of 2 settled days$/)
})

test('nothing settled yet', () => {
  const young = withBuckets(
    eventsRelation,
    edit(events, /none/, {}).filter(({ bucket_name }) => /11-(09|10)/.test(bucket_name)),
  )
  assert.match(said(young, young)[0] ?? '', /^skip .*no bucket with rows is settled yet/)
})

test('recipes: what is only in one of them', () => {
  const made = (...columns: string[]) => `v1 UTF8 123 ${columns.join(',')}`
  const [a, b, c] = ['"a":int4:hash', '"b, ""c""":text:hash', '"c":numeric:text'] as const
  assert.is(describeRecipes(made(a, b), made(a)), `only in production: ${b}`)
  assert.is(describeRecipes(made(a), made(a, b, c)), `only in the copy: ${b}, ${c}`)
  assert.is(describeRecipes(made(a, b), made(a, c)), `only in production: ${b}; only in the copy: ${c}`)
  assert.is(describeRecipes(made(a), `v1 LATIN1 123 ${a}`), 'only in production: UTF8; only in the copy: LATIN1')
  assert.is(describeRecipes('v1 UTF8 123', 'v1 UTF8 -9'), 'only in production: 123; only in the copy: -9')
  assert.is(describeRecipes(made(a, c), made(c, a)), 'the same columns in another order')
})

test('an empty closed partition is none of those compared', () => {
  const empty = wholeOf('public.events', '2026-07', '0', { oldest_at: null, newest_at: null, fingerprint: null })
  const relation = withBuckets(eventsRelation, [empty, ...events])
  assert.match(said(relation, relation)[0] ?? '', /^pass .*: 70 settled buckets/)
})

test('a mutable table: how many were compared, and how many are the same', () => {
  const edited = withBuckets(callsRelation, edit(calls, '2026-10-01', { fingerprint: '7' }))
  const row = compareBaseline(baselineOf([callsRelation]), copyOf([edited], { depth: 'full' })).find(
    ({ check_name }) => check_name === 'fingerprints',
  )
  assert.equal([row?.expected, row?.actual], [72, 71])
})

test.run()
