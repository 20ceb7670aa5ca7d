// Which backup fills which slot: calendars, today, chains, windows.

import * as assert from 'uvu/assert'
import { type BackupSource, type HeldBackup, plainBackup } from '../../src/rules/backups-held.ts'
import { fillSlots, type RetentionInput, type Slot } from '../../src/rules/retention.ts'
import { monthAt, slotsBefore, weekAt } from '../../src/rules/retention-slots.ts'
import { suite } from '../support/suite.ts'

const test = suite('retention slots')
const at = (text: string) => Date.parse(text)

const backup = (finished_at: string | null, more: Partial<HeldBackup> = {}): HeldBackup => ({
  ...plainBackup,
  source: 'a',
  id: finished_at ?? 'none',
  kind: 'full',
  finished_at,
  ...more,
})
const windowOf = (from: string, until: string): BackupSource => ({
  source: 'w',
  format: 'json',
  read_at: until,
  keeps_days: null,
  window: { from, until },
})
const ask = (now: string, backups: HeldBackup[], more: Partial<RetentionInput> = {}) =>
  fillSlots({
    sources: [],
    backups,
    policy: { daily: 3, weekly: 0, monthly: 0 },
    now,
    since: null,
    clockSkew: 300_000,
    ...more,
  })
const lines = (slots: readonly Slot[]) =>
  slots.map(({ label, state, fillers }) => [label, state, ...fillers.map(({ id }) => id ?? 'window')].join(' '))
/** A backup at two o'clock on each of these days of November 2026. */
const days = (...numbers: number[]) =>
  numbers.map((number) => backup(`2026-11-${String(number).padStart(2, '0')}T02:00:00Z`))

test('weeks are those of ISO 8601, at the ends of years and in years of 53', () => {
  const label = (text: string) => weekAt(at(text)).label
  assert.is(label('2020-12-31T23:59:59.999Z'), '2020-W53')
  assert.is(label('2021-01-03T23:59:59.999Z'), '2020-W53')
  assert.is(label('2021-01-04T00:00:00Z'), '2021-W01')
  assert.is(label('2024-12-30T00:00:00Z'), '2025-W01')
  assert.is(label('2026-12-31T12:00:00Z'), '2026-W53')
  assert.is(label('2027-01-03T12:00:00Z'), '2026-W53')
  assert.is(label('2016-01-01T00:00:00Z'), '2015-W53')
  const week = weekAt(at('2026-11-23T00:00:00Z'))
  assert.is(new Date(week.start).toISOString(), '2026-11-23T00:00:00.000Z')
  assert.is(week.label, '2026-W48')
})

test('months have their lengths, in leap years too', () => {
  const days = (text: string) => (monthAt(at(text)).end - monthAt(at(text)).start) / 86_400_000
  assert.is(days('2028-02-29T23:59:59Z'), 29)
  assert.is(days('2100-02-10T00:00:00Z'), 28)
  assert.is(days('2000-02-10T00:00:00Z'), 29)
  assert.equal(
    slotsBefore('monthly', at('2027-01-15T00:00:00Z'), 3).map(({ label }) => label),
    ['2026-12', '2026-11', '2026-10'],
  )
})

test('slots follow each other without a gap, and the current week and month are none', () => {
  for (const tier of ['daily', 'weekly', 'monthly'] as const) {
    const now = at('2028-03-01T00:00:00Z')
    const slots = slotsBefore(tier, now, 40)
    assert.ok((slots[0]?.end ?? 0) <= now)
    for (const [index, slot] of slots.entries()) {
      if (index > 0) assert.is(slot.end, slots[index - 1]?.start)
    }
    assert.is(new Set(slots.map(({ label }) => label)).size, 40)
  }
})

test('today is open until it has its backup, and one of the days from then on', () => {
  assert.equal(lines(ask('2026-11-23T01:00:00Z', days(20, 21, 22)).slots), [
    '2026-11-23 open',
    '2026-11-22 filled 2026-11-22T02:00:00Z',
    '2026-11-21 filled 2026-11-21T02:00:00Z',
    '2026-11-20 filled 2026-11-20T02:00:00Z',
  ])
  assert.equal(lines(ask('2026-11-23T03:00:00Z', days(21, 22, 23)).slots), [
    '2026-11-23 filled 2026-11-23T02:00:00Z',
    '2026-11-22 filled 2026-11-22T02:00:00Z',
    '2026-11-21 filled 2026-11-21T02:00:00Z',
  ])
  // A day that is over is not excused by the next one.
  assert.equal(lines(ask('2026-11-23T03:00:00Z', days(20, 21, 23)).slots), [
    '2026-11-23 filled 2026-11-23T02:00:00Z',
    '2026-11-22 empty',
    '2026-11-21 filled 2026-11-21T02:00:00Z',
  ])
})

test('a slot begins with its first millisecond and ends before the next one', () => {
  const ends = [backup('2026-11-21T00:00:00.000Z'), backup('2026-11-22T23:59:59.999Z')]
  assert.equal(
    ask('2026-11-23T01:00:00Z', ends, { policy: { daily: 2, weekly: 0, monthly: 0 } }).slots.map(({ state }) => state),
    ['open', 'filled', 'filled'],
  )
})

test('one backup may fill a day, a week and a month; of several the newest does', () => {
  const { slots } = ask('2026-11-01T01:00:00Z', [backup('2026-10-31T02:00:00Z'), backup('2026-10-25T02:00:00Z')], {
    policy: { daily: 1, weekly: 1, monthly: 1 },
  })
  assert.equal(lines(slots), [
    '2026-11-01 open',
    '2026-10-31 filled 2026-10-31T02:00:00Z',
    '2026-W43 filled 2026-10-25T02:00:00Z',
    '2026-10 filled 2026-10-31T02:00:00Z',
  ])
})

test('slots before the first backup, or before the stated beginning, are not yet possible', () => {
  assert.equal(lines(ask('2026-11-23T03:00:00Z', days(22, 23)).slots).slice(1), [
    '2026-11-22 filled 2026-11-22T02:00:00Z',
    '2026-11-21 not_yet_possible',
  ])
  const stated = ask('2026-11-23T03:00:00Z', days(23), { since: '2026-11-22T00:00:00Z' })
  assert.equal(lines(stated.slots).slice(1), ['2026-11-22 empty', '2026-11-21 not_yet_possible'])
  assert.ok(stated.is_since_stated)
  // One that failed shows that backups were made, too.
  assert.equal(
    lines(ask('2026-11-23T03:00:00Z', [...days(23), backup('2026-11-20T02:00:00Z', { usable: 'no' })]).slots).slice(1),
    ['2026-11-22 empty', '2026-11-21 empty'],
  )
  assert.equal(lines(ask('2026-11-23T03:00:00Z', []).slots).slice(1), [
    '2026-11-22 empty',
    '2026-11-21 empty',
    '2026-11-20 empty',
  ])
})

test('what failed, is unknown, without a time or of the future fills nothing', () => {
  for (const bad of [
    { usable: 'no' as const },
    { usable: 'unknown' as const },
    { finished_at: null },
    { started_at: '2026-11-22T03:00:00Z' },
    { depends_on: ['gone'] },
  ]) {
    const { slots } = ask('2026-11-23T01:00:00Z', [...days(20, 21), backup('2026-11-22T02:00:00Z', bad)])
    assert.is(lines(slots)[1], '2026-11-22 empty', JSON.stringify(bad))
  }
  const ahead = [...days(20, 21), backup('2026-11-22T12:05:01Z')]
  assert.is(ask('2026-11-22T12:00:00Z', ahead).slots[0]?.state, 'open')
  assert.is(ask('2026-11-22T12:00:01Z', ahead).slots[0]?.state, 'filled')
})

test('a chain counts when all of it does: missing, failed, unknown, circular and backward ones do not', () => {
  const link = (id: string, minute: number, depends_on: string[], more: Partial<HeldBackup> = {}) =>
    backup(new Date(at('2026-11-22T02:00:00Z') + minute * 60_000).toISOString(), { id, depends_on, ...more })
  const state = (backups: HeldBackup[]) =>
    Object.fromEntries(ask('2026-11-23T01:00:00Z', backups).resolved.map(({ backup: { id }, usable }) => [id, usable]))
  assert.equal(state([link('i', 2, ['f', 'd']), link('d', 1, ['f']), link('f', 0, [])]), {
    i: 'yes',
    d: 'yes',
    f: 'yes',
  })
  assert.equal(state([link('i', 2, ['d']), link('d', 1, ['f']), link('f', 0, [], { usable: 'no' })]), {
    i: 'no',
    d: 'no',
    f: 'no',
  })
  assert.equal(state([link('i', 2, ['d']), link('d', 1, ['f']), link('f', 0, [], { usable: 'unknown' })]), {
    i: 'unknown',
    d: 'unknown',
    f: 'unknown',
  })
  assert.equal(state([link('i', 1, ['u', 'gone']), link('u', 0, [], { usable: 'unknown' })]), { i: 'no', u: 'unknown' })
  assert.equal(
    state([link('i', 2, ['u', 'n']), link('u', 0, [], { usable: 'unknown' }), link('n', 0, [], { usable: 'no' })]),
    {
      i: 'no',
      u: 'unknown',
      n: 'no',
    },
  )
  assert.equal(state([link('x', 0, ['y']), link('y', 1, ['x']), link('z', 2, ['x'])]), {
    x: 'unknown',
    y: 'unknown',
    z: 'unknown',
  })
  assert.equal(state([link('x', 0, ['x'])]), { x: 'unknown' })
  assert.equal(state([link('d', 0, ['f']), link('f', 1, [])]), { d: 'unknown', f: 'yes' })
  // The same id in another inventory is another backup.
  assert.equal(state([link('d', 1, ['f']), link('f', 0, [], { source: 'b' })]), { d: 'no', f: 'yes' })
})

test('a window fills the slots that it shares a moment with, and says so', () => {
  const { slots, since } = ask('2026-11-23T12:00:00Z', [], {
    sources: [windowOf('2026-11-22T18:00:00Z', '2026-11-23T11:58:00Z')],
  })
  assert.equal(lines(slots), ['2026-11-23 filled window', '2026-11-22 filled window', '2026-11-21 not_yet_possible'])
  assert.is(slots[1]?.fillers[0]?.at, '2026-11-22T23:59:59.999Z')
  assert.is(since, '2026-11-22T18:00:00.000Z')
})

test('several inventories fill the slots together, each is named with its newest', () => {
  const other = days(21, 22).map((one) => ({ ...one, source: 'b', id: `b ${one.id}` }))
  assert.equal(lines(ask('2026-11-23T01:00:00Z', [...days(20, 21), ...other]).slots).slice(1), [
    '2026-11-22 filled b 2026-11-22T02:00:00Z',
    '2026-11-21 filled b 2026-11-21T02:00:00Z 2026-11-21T02:00:00Z',
    '2026-11-20 filled 2026-11-20T02:00:00Z',
  ])
})

test('of a hundred thousand backups the slots are filled in little time', () => {
  const first = at('2026-01-01T00:00:00Z')
  const many = Array.from({ length: 100_000 }, (_, index) =>
    backup(new Date(first + index * 300_000).toISOString(), {
      id: `${index}`,
      depends_on: index % 7 === 0 ? [] : [`${index - 1}`],
    }),
  )
  const before = process.cpuUsage()
  const { slots } = ask('2026-12-13T05:00:00Z', many, { policy: { daily: 30, weekly: 12, monthly: 11 } })
  const { user, system } = process.cpuUsage(before)
  assert.ok(slots.every(({ state }) => state === 'filled'))
  assert.ok(user + system < 3_000_000, `${(user + system) / 1000} ms`)
})

test.run()
