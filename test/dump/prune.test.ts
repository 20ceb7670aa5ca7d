// Which backups stay. The slots themselves are tested with the rules of retention.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { planPruning } from '../../src/rules/prune-plan.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { suite } from '../support/suite.ts'
import { manifestOf, writeBackup } from './backups.ts'

const test = suite('backup prune')
const place = new Workplace()
const root = mkdtempSync(join(tmpdir(), 'pgdrill-prune-'))
const now = '2026-11-23T12:00:00Z'
let count = 0

test.after(() => {
  place.remove()
  rmSync(root, { recursive: true })
})

/** A directory with backups, by name and time. */
function directoryWith(backups: Record<string, string>): string {
  const directory = join(root, String(++count))
  for (const [name, time] of Object.entries(backups)) add(directory, name, time)
  return directory
}

function add(directory: string, name: string, time: string, target = 'production') {
  const { snapshot, source } = manifestOf()
  const manifest = manifestOf({
    snapshot: { ...snapshot, taken_at: time },
    finished_at: time,
    source: { ...source, target },
  })
  writeBackup(join(directory, name), manifest)
}

const prune = (...args: string[]) => place.run(['backup', 'prune', '--now', now, ...args])
const small = ['--daily', '2', '--weekly', '1', '--monthly', '1']
const policy = { daily: 2, weekly: 1, monthly: 1 }

test('the pure plan: slots, the newest, the future, and each database for itself', () => {
  const one = (directory: string, at: string, database = 'a') => ({
    directory,
    database,
    taken_at: at,
    finished_at: at,
  })
  const backups = [
    one('today early', '2026-11-23T01:00:00Z'),
    one('today', '2026-11-23T04:00:00Z'),
    one('yesterday', '2026-11-22T04:00:00Z'),
    one('saturday', '2026-11-21T04:00:00Z'),
    one('october', '2026-10-31T04:00:00Z'),
    one('october early', '2026-10-01T04:00:00Z'),
    one('ahead', '2026-11-25T04:00:00Z'),
    one('old, of another', '2020-01-01T04:00:00Z', 'b'),
    one('older, of another', '2019-01-01T04:00:00Z', 'b'),
    { ...one('backwards', '2026-11-20T04:00:00Z'), taken_at: '2026-11-20T05:00:00Z' },
  ]
  const plan = planPruning(backups, policy, now, 300_000)
  assert.equal(
    Object.fromEntries(plan.map(({ backup, isKept, reasons }) => [backup.directory, [isKept, ...reasons]])),
    {
      today: [true, 'the newest', 'daily 2026-11-23'],
      'today early': [false, 'no slot needs it'],
      yesterday: [true, 'daily 2026-11-22', 'weekly 2026-W47'],
      saturday: [false, 'no slot needs it'],
      october: [true, 'monthly 2026-10'],
      'october early': [false, 'no slot needs it'],
      ahead: [true, 'it is dated in the future'],
      'old, of another': [true, 'the newest'],
      'older, of another': [false, 'no slot needs it'],
      backwards: [true, 'its times make no sense'],
    },
  )
})

test('of two that overlap the one with the newest data stays as well', () => {
  const one = (directory: string, taken: string, finished: string) => ({
    directory,
    database: 'a',
    taken_at: `2026-11-23T${taken}:00Z`,
    finished_at: `2026-11-23T${finished}:00Z`,
  })
  // Only the bytes of the quick one are read before something is deleted.
  const plan = planPruning(
    [one('slow', '04:00', '09:00'), one('quick', '08:00', '08:30'), one('old', '01:00', '02:00')],
    policy,
    now,
    300_000,
  )
  assert.equal(
    Object.fromEntries(plan.map(({ backup, isKept, reasons }) => [backup.directory, [isKept, ...reasons]])),
    {
      old: [false, 'no slot needs it'],
      quick: [true, 'the newest data'],
      slow: [true, 'the newest', 'daily 2026-11-23'],
    },
  )
})

test('it is said what is kept and why; nothing is deleted without --apply', async () => {
  const directory = directoryWith({
    a: '2026-11-23T04:00:00Z',
    b: '2026-11-22T04:00:00Z',
    c: '2026-11-19T04:00:00Z',
    d: '2026-10-19T04:00:00Z',
  })
  const shown = await prune('--dir', directory, ...small)
  assertCode(shown, 0)
  assert.match(shown.stdout, /^keep {4}\S+\/d .* monthly 2026-10$/m)
  assert.match(shown.stdout, /^delete {2}\S+\/c .* 16 bytes {2}no slot needs it$/m)
  assert.match(shown.stdout, /^keep {4}\S+\/a .* the newest, daily 2026-11-23$/m)
  assert.match(shown.stderr, /3 kept, 1 to delete \(16 bytes\); nothing was deleted/)
  assert.equal(readdirSync(directory), ['a', 'b', 'c', 'd'])
  const json = await prune('--dir', directory, ...small, '--format', 'json', '--apply')
  assertCode(json, 0)
  const document = JSON.parse(json.stdout)
  assert.is(document.is_applied, true)
  assert.equal(
    document.backups.map((one: { is_kept: boolean }) => one.is_kept),
    [true, false, true, true],
  )
  assert.equal(readdirSync(directory), ['a', 'b', 'd'])
})

test('the newest good one stays under any policy; a damaged one is not it, fills nothing and is left', async () => {
  const directory = directoryWith({ a: '2026-11-23T04:00:00Z', b: '2026-11-22T04:00:00Z', c: '2026-11-21T04:00:00Z' })
  writeFileSync(join(directory, 'a', 'dump', 'toc.dat'), 'CONTENTS')
  writeBackup(join(directory, 'unfinished'), null)
  const none = ['--daily', '0', '--weekly', '0', '--monthly', '0', '--apply']
  const done = await prune('--dir', directory, ...none)
  assertCode(done, 0)
  assert.match(done.stdout, /^leave {3}\S+\/a {2}.*the content of dump\/toc\.dat changed$/m)
  assert.match(done.stdout, /^leave {3}\S+\/unfinished {2}.*is no backup/m)
  assert.match(done.stdout, /^keep {4}\S+\/b .* the newest$/m)
  assert.match(done.stdout, /^gone {4}\S+\/c /m)
  assert.equal(readdirSync(directory), ['a', 'b', 'unfinished'])
})

test('what is kept in place of another is read before: damaged, it fills no slot, and the other stays', async () => {
  // c would be deleted as b has its slots. So would a2, whose slot a has; nothing is deleted in place of which d stays.
  const directory = directoryWith({
    a: '2026-11-23T04:00:00Z',
    a2: '2026-11-23T03:00:00Z',
    b: '2026-11-22T04:00:00Z',
    c: '2026-11-22T03:00:00Z',
    c2: '2026-11-22T02:00:00Z',
    d: '2026-10-19T04:00:00Z',
  })
  for (const name of ['b', 'c']) writeFileSync(join(directory, name, 'dump', 'toc.dat'), 'CONTENTS')
  const shown = await prune('--dir', directory, ...small)
  const done = await prune('--dir', directory, ...small, '--apply')
  for (const { stdout, stderr } of [shown, done]) {
    assert.match(stdout, /^leave {3}\S+\/b {2}.*the content of dump\/toc\.dat changed$/m)
    assert.match(stdout, /^leave {3}\S+\/c {2}.*the content of dump\/toc\.dat changed$/m)
    assert.match(stdout, /^keep {4}\S+\/c2 .* daily 2026-11-22, weekly 2026-W47$/m)
    assert.match(stderr, /^of 2 kept only the sizes of files were looked at: --deep/m)
  }
  assert.equal(readdirSync(directory), ['a', 'b', 'c', 'c2', 'd'])
})

test('what nothing is deleted for is looked at by its sizes, and that is said; --deep reads it', async () => {
  const directory = directoryWith({ a: '2026-11-23T04:00:00Z', b: '2026-11-22T04:00:00Z', c: '2025-11-22T04:00:00Z' })
  writeFileSync(join(directory, 'b', 'dump', 'toc.dat'), 'CONTENTS')
  const sizes = await prune('--dir', directory, ...small, '--format', 'json')
  assertCode(sizes, 0)
  assert.match(sizes.stderr, /of 1 kept only the sizes of files were looked at/)
  assert.equal(
    JSON.parse(sizes.stdout).backups.map((one: { is_kept: boolean; is_read: boolean }) => [one.is_kept, one.is_read]),
    [
      [false, false],
      [true, false],
      [true, true],
    ],
  )
  const deep = await prune('--dir', directory, ...small, '--deep')
  assert.match(deep.stdout, /^leave {3}\S+\/b {2}.*changed$/m)
  assert.not.match(deep.stderr, /only the sizes/)
})

test('newer backups of a restored copy take no slot from production', async () => {
  const directory = directoryWith({ a: '2026-11-22T03:00:00Z', b: '2026-11-22T02:00:00Z' })
  add(directory, 'copy', '2026-11-22T09:00:00Z', 'restore')
  const done = await prune('--dir', directory, ...small, '--apply')
  assert.match(done.stdout, /^keep {4}\S+\/a .* the newest, daily 2026-11-22, weekly 2026-W47$/m)
  assert.equal(readdirSync(directory), ['a', 'copy'])
})

test('nothing to look at is refused', async () => {
  assertRefused(await prune('--dir', join(root, 'nowhere')), /does not exist/)
  assertRefused(await prune(), /no directory was named/)
  const directory = directoryWith({ a: '2026-11-23T04:00:00Z' })
  rmSync(join(directory, 'a', 'manifest.json'))
  assertRefused(await prune('--dir', directory, '--apply'), /there is no good backup in/, /Nothing is deleted/)
  assert.ok(existsSync(join(directory, 'a', 'dump')))
  const wrong = await prune('--dir', directory, '--daily', 'x')
  assertCode(wrong, 2)
  assert.match(wrong.stderr, /must be a whole number from 0/)
})

test.run()
