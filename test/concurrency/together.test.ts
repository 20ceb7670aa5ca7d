// Captures, migrations and verifications at the same time as each other, and as traffic: right, or no answer.

import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { startTraffic } from '../../src/sandbox/traffic.ts'
import { assertCode, assertRefused, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { assertNothingLeft, countBaselines, waiting, whileLocked } from '../faults/support.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('concurrency/together')
const places: Workplace[] = []
let copy: Scratch

/** Starts the program in a directory of its own. */
function start(...args: string[]): { place: Workplace; ended: Promise<Outcome> } {
  const place = new Workplace()
  places.push(place)
  return { place, ended: place.start(args, { COPY_DATABASE_URL: urlOf(copy) }).ended }
}

const capture = (...more: string[]) => start('baseline', 'capture', '-t', 'copy', '--format', 'json', ...more)
const verify = (...more: string[]) => start('verify', '-t', 'copy', '--no-proof', '--format', 'json', ...more)

test.before.each(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(async () => {
  for (const place of places) await assertNothingLeft(place, copy, place.files())
  for (const place of places.splice(0)) place.remove()
  await copy.drop()
})

test('three captures at once: all are stored, and say the same', async () => {
  const before = await countBaselines(copy)
  const outcomes = await Promise.all([capture(), capture('--jobs', '2'), capture('--full')].map(({ ended }) => ended))
  for (const outcome of outcomes) assertCode(outcome, 0)
  assert.is(await countBaselines(copy), before + 3)
  const [first, ...others] = outcomes.map(({ stdout }) =>
    JSON.parse(stdout).relations.map((relation: { buckets: { is_carried: boolean }[] }) => ({
      ...relation,
      buckets: relation.buckets.map((bucket) => ({ ...bucket, is_carried: false })),
    })),
  )
  for (const other of others) assert.equal(other, first)
})

test('two verifications of one copy, and a capture of it: none is in the way of another', async () => {
  const [one, two, captured] = await Promise.all([verify().ended, verify('--depth', 'full').ended, capture().ended])
  for (const outcome of [one, two, captured]) assertCode(outcome as Outcome, 0)
})

test('a drill, and captures and another drill of the same production meanwhile: each whole, none in the way', async () => {
  const production = await makeDatabase((await sandboxClusters()).production)
  try {
    await production.run("update drill.drill_policy set is_app_required = false, baseline_max_age = '0'")
    const before = await countBaselines(production)
    const people = ['--ticket', 'DR-1', '--lead', 'A', '--db-owner', 'B', '--app-owner', 'C', '--method', 'pitr']
    const databases = { RESTORE_DATABASE_URL: urlOf(copy), PRODUCTION_DATABASE_URL: urlOf(production) }
    const begin = (...args: string[]) => {
      const place = new Workplace()
      places.push(place)
      return place.start(args, databases).ended
    }
    const drill = () => begin('drill', 'run', ...people, '--restore-cmd', 'true')
    const outcomes = await Promise.all([
      drill(),
      drill(),
      begin('baseline', 'capture', '-t', 'production'),
      begin('baseline', 'capture', '-t', 'production', '--depth', 'full', '--jobs', '2'),
    ])
    for (const outcome of outcomes) assertCode(outcome, 0)
    // Each drill captured its own, and is recorded, with a proof that is whole; the second names the first or none.
    assert.is(await countBaselines(production), before + 4)
    const drills = await production.query<{ drill_id: string; verdict: string; baselines: string }>(`
      select d.drill_id, d.verdict, (select count(*)::text from drill.baselines as b where b.baseline_id = d.baseline_id) as baselines
      from drill.drills as d`)
    assert.equal(
      drills.map(({ verdict }) => verdict),
      ['verified', 'verified'],
    )
    for (const { drill_id } of drills) {
      const place = places.find((one) => one.files().some((file) => file.startsWith(`verify/proofs/${drill_id}/`)))
      assertCode(
        await (place as Workplace).run(['report', 'verify', `verify/proofs/${drill_id}`, '--without-previous']),
        0,
      )
    }
  } finally {
    await production.drop()
  }
})

test('heavy traffic: what a capture counts is one moment', async () => {
  // A row of one has its counterpart in the other, by one transaction: in no moment they differ.
  await copy.run(
    'create table public.left_side (id bigint generated always as identity, at timestamptz default now())',
    'create table public.right_side (like public.left_side including all)',
    "select drill.register_critical_relation('public.left_side', 'at', true)",
    "select drill.register_critical_relation('public.right_side', 'at', true)",
  )
  const traffic = startTraffic(copy.cluster, copy.target.connection.database)
  const writer = copy.cluster.connect(copy.target.connection.database)
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      await writer.unsafe('insert into public.left_side default values; insert into public.right_side default values')
    }
  })()
  try {
    for (const jobs of ['1', '3']) {
      const outcome = await capture('--jobs', jobs).ended
      assertCode(outcome, 0)
      const rows = (name: string) =>
        JSON.parse(outcome.stdout)
          .relations.find((relation: { relation_name: string }) => relation.relation_name === name)
          .buckets.reduce((sum: number, bucket: { row_count: number }) => sum + Number(bucket.row_count), 0)
      assert.ok(rows('public.left_side') > 0)
      assert.is(rows('public.right_side'), rows('public.left_side'))
    }
    // Rows that come into a copy are no pass and no crash.
    const verified = await verify().ended
    assert.ok(verified.code === 1 || verified.code === 2, `exit ${verified.code}`)
    assert.not.match(verified.stderr, /internal error|^\s+at /m)
  } finally {
    isOver = true
    await writing
    await writer.end()
    await traffic.stop()
  }
})

test('migrations at once: each is whole, in one order or the other', async () => {
  const down = () => start('migrate', 'down', '-t', 'copy', '--delete-baselines')
  const up = () => start('migrate', 'up', '-t', 'copy')
  const outcomes = await Promise.all([down().ended, up().ended, up().ended])
  for (const outcome of outcomes) assertCode(outcome, 0)
  const again = await up().ended
  assertCode(again, 0)
  const status = await start('migrate', 'status', '-t', 'copy').ended
  assert.not.match(status.stdout, /pending/)
})

test('a capture, and the checks are removed meanwhile: the one that came first steps aside, or is waited for', async () => {
  const captured = await whileLocked(copy, 'public.calls', async (free) => {
    const { ended } = capture()
    await waiting(copy)
    const removed = start('migrate', 'down', '-t', 'copy', '--delete-baselines')
    await Promise.race([removed.ended, sleep(1500)])
    await free()
    const outcome = await ended
    const gone = await removed.ended
    assert.ok(gone.code === 0 || gone.code === 2, gone.stderr)
    if (gone.code === 2) {
      // Which of the two the server gives up on, and how, depends on who asked first.
      assert.match(gone.stderr, /^pgdrill: \S/m, gone.stderr)
      assert.not.match(gone.stderr, /internal error/, gone.stderr)
    }
    return outcome
  })
  if (captured.code !== 0) assertRefused(captured, /stepped aside|lock timeout|deadlock|does not exist|terminating/)
})

test.run()
