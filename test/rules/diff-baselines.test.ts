import * as assert from 'uvu/assert'
import type { Baseline, BaselineRelation } from '../../src/baselines/document.ts'
import { diffBaselines } from '../../src/rules/diff-baselines.ts'
import { suite } from '../support/suite.ts'
import {
  august,
  baselineOf,
  bounds,
  calls,
  callsRelation,
  dayOf,
  daysOf,
  edit,
  events,
  eventsRelation,
  november,
  october,
  type Slices,
  secretsRelation,
  wholeOf,
  withBuckets,
  without,
} from './fixture.ts'

const test = suite('diff baselines')

const later = { captured_at: '2026-11-11T12:00:00+00:00' }
const diff = (a: BaselineRelation, b: BaselineRelation, change: Partial<Baseline> = later) =>
  diffBaselines(baselineOf([a]), baselineOf([b], change)).map(
    ({ kind, change, object_name, part }) => `${change} ${kind} ${object_name} ${part}`,
  )

const sumOf = (buckets: Slices, part: string) =>
  buckets
    .filter(({ bucket_name }) => bucket_name.includes(part))
    .reduce((sum, { fingerprint }) => sum + BigInt(fingerprint ?? ''), 0n)
    .toString()

test('nothing changed', () => {
  assert.equal(
    diffBaselines(baselineOf([eventsRelation, callsRelation]), baselineOf([eventsRelation, callsRelation], later)),
    [],
  )
})

test('relations that came and went, with their rows', () => {
  const changes = diffBaselines(baselineOf([eventsRelation]), baselineOf([secretsRelation]))
  assert.equal(changes, [
    {
      kind: 'relation',
      change: 'removed',
      object_name: 'public.events',
      part: null,
      before: { row_count: '269703' },
      after: null,
    },
    {
      kind: 'relation',
      change: 'added',
      object_name: 'private.site_secrets',
      part: null,
      before: null,
      after: { row_count: '8' },
    },
  ])
})

test('partitions: came, went, other rows, another newest row; and the rows per day', () => {
  const after = withBuckets(eventsRelation, [
    ...edit(without(events, august), '2026-11-10', { row_count: '990', newest_at: '2026-11-10T23:50:00+00:00' }),
    dayOf(november, '2026-11-11', '400', bounds('2026-11')),
    wholeOf('public.events', '2026-12', '0', { oldest_at: null, newest_at: null }),
  ])
  const changes = diffBaselines(baselineOf([eventsRelation]), baselineOf([after], later))
  assert.equal(
    changes.map(({ kind, change, part }) => `${change} ${kind} ${part}`),
    [
      `removed partition ${august}`,
      `changed partition ${november}`,
      'added partition public.events_2026_12',
      'changed day 2026-11-10',
      'added day 2026-11-11',
    ],
  )
  assert.equal(changes[1]?.before, { row_count: '9500', newest_at: '2026-11-10T11:50:00+00:00' })
  assert.equal(changes[1]?.after, { row_count: '10390', newest_at: '2026-11-11T23:50:00+00:00' })
  assert.equal([changes[3]?.before, changes[3]?.after], [{ row_count: '500' }, { row_count: '990' }])
  assert.equal([changes[4]?.before, changes[4]?.after], [null, { row_count: '400' }])
  const other = withBuckets(eventsRelation, edit(events, august, { newest_at: '2026-08-28T23:50:00.000001+00:00' }))
  assert.equal(diff(eventsRelation, other), [`changed partition public.events ${august}`])
  const zone = withBuckets(eventsRelation, edit(events, august, { newest_at: '2026-08-29T01:50:00+02:00' }))
  assert.equal(diff(eventsRelation, zone), [])
  assert.equal(diff(eventsRelation, withBuckets(eventsRelation, without(events, '2026-10-04'))), [
    `changed partition public.events ${october}`,
    'removed day public.events 2026-10-04',
  ])
})

test('rows per day only where both count by day', () => {
  // A month later September is whole, and the days of calls in September are a month.
  const december = { captured_at: '2026-12-10T12:00:00+00:00' }
  const closed = [
    ...without(events, /_09 /),
    wholeOf('public.events', '2026-09', '30000', {
      newest_at: '2026-09-30T23:50:00+00:00',
      fingerprint: sumOf(events, '_09 '),
    }),
  ]
  assert.equal(diff(eventsRelation, withBuckets(eventsRelation, closed), december), [])
  const september = {
    ...dayOf('public.calls', '2026-09-01', '3000'),
    bucket_name: 'public.calls 2026-09',
    grain: 'month' as const,
  }
  const folded = withBuckets(callsRelation, [
    ...without(calls, /2026-09-/),
    { ...september, newest_at: '2026-09-30T23:50:00+00:00', fingerprint: sumOf(calls, ' 2026-09-') },
  ])
  assert.equal(diff(callsRelation, folded, december), [])
  assert.equal(diff(folded, callsRelation, december), [], 'whichever is the older')
  const first = withBuckets(callsRelation, without(calls, '2026-10-01'))
  assert.ok(diff(callsRelation, first, december).includes('removed day public.calls 2026-10-01'))
})

test('changed content of settled buckets, made alike', () => {
  const other = (label: string | RegExp, change: Partial<BaselineRelation> = {}) => ({
    ...withBuckets(eventsRelation, edit(events, label, { fingerprint: '7' })),
    ...change,
  })
  assert.equal(diff(eventsRelation, other(august)), [`changed content public.events ${august}`])
  const [change] = diffBaselines(baselineOf([eventsRelation]), baselineOf([other(/10-0[12]$/)], later))
  assert.equal(change?.after, [
    { bucket_name: `${october} 2026-10-01`, fingerprint: '7' },
    { bucket_name: `${october} 2026-10-02`, fingerprint: '7' },
  ])
  assert.equal(diff(eventsRelation, other('2026-11-09')), [], 'open in the first')
  assert.equal(
    diff(other('2026-11-09'), eventsRelation, { captured_at: '2026-11-01T00:00:00+00:00' }),
    [],
    'open in both',
  )
  assert.equal(diff(eventsRelation, other('2026-11-08')).length, 1)
  assert.equal(diff(eventsRelation, other(august, { recipe: 'another' })), [])
  const bare = { ...eventsRelation, recipe: null }
  assert.equal(diff(bare, { ...other(august), recipe: null }), [])
  const none = withBuckets(eventsRelation, edit(events, august, { fingerprint: null }))
  assert.equal(diff(eventsRelation, none), [])
  assert.equal(diff(none, eventsRelation), [])
})

test('days that only one of two baselines counts by day are not compared: March has 59 days behind it', () => {
  const days = daysOf('public.calls', '2026-12-01', '2027-02-28', '10')
  const december = dayOf('public.calls', '2026-12-01', '310')
  const month = {
    ...december,
    bucket_name: 'public.calls 2026-12',
    grain: 'month' as const,
    ends_at: '2027-01-01T00:00:00+00:00',
  }
  const before = withBuckets(callsRelation, days)
  const after = withBuckets(callsRelation, [
    month,
    ...days.filter(({ bucket_name }) => !bucket_name.includes('2026-12')),
  ])
  const found = diffBaselines(
    baselineOf([before], { captured_at: '2027-02-28T23:00:00+00:00' }),
    baselineOf([after], { captured_at: '2027-03-01T01:00:00+00:00' }),
  )
  assert.equal(
    found.filter(({ kind }) => kind === 'day'),
    [],
  )
})

test('content settles to the second', () => {
  const other = withBuckets(eventsRelation, edit(events, '2026-11-09', { fingerprint: '7' }))
  const at = (captured_at: string) =>
    diffBaselines(baselineOf([eventsRelation], { captured_at }), baselineOf([other], later)).length
  assert.is(at('2026-11-11T00:00:00+00:00'), 1)
  assert.is(at('2026-11-10T23:59:59+00:00'), 0)
})

test('registrations: policies, guards, relations, isolation, waivers', () => {
  const guard = {
    relation_name: 'public.events',
    trigger_name: 't',
    function_name: 'public.f',
    trigger_definition: 'a',
    function_definition: null,
    is_trigger_ours: false,
  }
  const waiver = { check_name: 'objects', object_name: 'public.x', reason: 'r', owner: 'o', until: '2026-12-31' }
  const before = baselineOf([callsRelation], {
    policies: { rpo: 1, clock_skew: 300 },
    guards: [guard, { ...guard, trigger_name: 'gone' }],
    partitioned_relations: [{ relation_name: 'public.events', period: 'month', time_zone: 'UTC', name_pattern: null }],
    isolation_policy: { cron_job: 'fail' },
    waivers: [waiver],
  })
  const after = baselineOf([{ ...callsRelation, tolerance: '0.5' }], {
    policies: { rpo: 2, settle_after: 5 },
    guards: [{ ...guard, trigger_definition: 'b' }],
    partitioned_relations: [{ relation_name: 'public.events', period: 'day', time_zone: 'UTC', name_pattern: null }],
    isolation_policy: { cron_job: 'warn' },
    waivers: [waiver, { ...waiver, check_name: 'access' }],
  })
  const changes = diffBaselines(before, after)
  assert.equal(
    changes.map(({ kind, change, object_name, part }) => `${change} ${kind} ${object_name} ${part}`),
    [
      'changed policy rpo null',
      'removed policy clock_skew null',
      'added policy settle_after null',
      'changed guard public.events.t null',
      'removed guard public.events.gone null',
      'changed partitioned relation public.events null',
      'changed critical relation public.calls null',
      'changed isolation policy cron_job null',
      'added waiver public.x access',
    ],
  )
  assert.equal([changes[0]?.before, changes[0]?.after], [1, 2])
  assert.equal([changes[1]?.before, changes[1]?.after], [300, null])
})

test('objects: added, removed, changed, by kind and name', () => {
  const object = (object_kind: string, object_name: string, definition: string) => ({
    object_kind,
    object_name,
    definition,
    relation_name: null,
    is_of_partition: false,
    problem: null,
  })
  const changes = diffBaselines(
    baselineOf([callsRelation], {
      objects: [object('view', 'v', '1'), object('table', 'v', '1'), object('table', 'same', '1')],
    }),
    baselineOf([callsRelation], {
      objects: [object('view', 'v', '2'), object('table', 'same', '1'), object('index', 'i', '1')],
    }),
  )
  assert.equal(changes, [
    { kind: 'object', change: 'changed', object_name: 'v', part: 'view', before: '1', after: '2' },
    { kind: 'object', change: 'removed', object_name: 'v', part: 'table', before: '1', after: null },
    { kind: 'object', change: 'added', object_name: 'i', part: 'index', before: null, after: '1' },
  ])
})

test.run()
