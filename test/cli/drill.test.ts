// pgdrill drill around a restore that somebody else makes: start, restored, verify, finish, and what stands in their way.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { DrillEvent } from '../../src/drill/events.ts'
import type { DrillRecord } from '../../src/drill/record.ts'
import { events, textOf } from '../drill/fixture.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/drill')
const people = ['--ticket', 'DR-12', '--lead', 'Ada', '--db-owner', 'Grace', '--app-owner', 'Edsger']
const nowhere = 'postgresql://u@%2Fnowhere/x'
let place: Workplace
let production: Scratch
let copy: Scratch
let env: Record<string, string>

const drill = (...args: string[]) => place.run(['drill', ...args], env)
const start = (...args: string[]) => drill('start', ...people, '--method', 'pitr', ...args)
const record = async (id?: string) => {
  const { stdout } = await drill('status', '--format', 'json', ...(id === undefined ? [] : ['--drill', id]))
  return JSON.parse(stdout).drills[0] as DrillRecord & { next: string }
}
const recorded = () =>
  production.query<{ drill_id: string; state: string; verdict: string; scope: string; is_sandbox: boolean }>(
    'select drill_id, state, verdict, scope, is_sandbox from drill.drills',
  )

test.before.each(async () => {
  const clusters = await sandboxClusters()
  place = new Workplace()
  production = await makeDatabase(clusters.production)
  copy = await makeDatabase(clusters.restore)
  env = { RESTORE_DATABASE_URL: urlOf(copy), PRODUCTION_DATABASE_URL: urlOf(production) }
})
test.after.each(async () => {
  place.remove()
  await copy.drop()
  await production.drop()
})

test('from start to proof, of the database alone: 0', async () => {
  await production.run('update drill.drill_policy set is_app_required = false')
  const begun = await start('--restore-point', '2026-01-01T00:00:00Z')
  assertCode(begun, 0)
  assert.match(begun.stderr, /production answers: schema \d{4}, heartbeat .* ago, baseline .* ago, its clock/)
  assert.match(
    begun.stdout,
    /open, to be restored[\s\S]*Next:\n {2}1\. Restore by pitr into the target restore, to 2026-01-01T00:00:00.000Z \(Grace\)/,
  )
  const { drill_id: id } = await record()
  assert.match(id, /^\d{8}T\d{6}Z-restore-[0-9a-f]{4}$/)
  assertRefused(await drill('verify'), /nobody has said that the drill .* is restored/, /drill restored/, place.files())
  assertRefused(await drill('finish'), /nothing was verified/, /drill verify/, place.files())

  assertCode(await drill('restored'), 0)
  assert.is((await record()).next, 'verify')
  assertRefused(await drill('verify', '-d', 'quick'), /not verified at depth quick/, undefined, place.files())
  const verified = await drill('verify', '--format', 'json')
  const verification = JSON.parse(verified.stdout)
  // The data reaches far beyond the moment to which it was to be restored.
  assertCode(verified, 1)
  assert.is(verification.verdict.status, 'failed')
  assert.ok(verification.results.some((row: { check_name: string }) => row.check_name === 'rto'))

  const [point] = await copy.query<{ at: string }>(`select to_jsonb(max(beat_at)) #>> '{}' as at from drill.heartbeats`)
  const again = await drill('verify', '--restore-point', point?.at ?? '')
  assertCode(again, 0)
  assert.match(again.stdout, /pass {2}rto {2}verified .* after the restore began, within the RTO of 4 h \(.*verify/)
  assert.match(again.stdout, /pass {2}rpo /)
  assert.match(again.stdout, /SANDBOX: a rehearsal/)
  assertCode(await drill('note', 'the first restore point was wrong', '--by', 'Ada'), 0)
  assertRefused(
    await drill('note', 'x', '--check', 'row_counts'),
    /has no finding of "row_counts"/,
    undefined,
    place.files(),
  )

  const finished = await drill('finish')
  assertCode(finished, 0)
  assert.match(
    finished.stdout,
    /verified \(SANDBOX: a rehearsal, which never counts\)\n {2}RTO {2}met.*\n {2}RPO {2}met/,
  )
  assert.ok(finished.files.includes(`verify/proofs/${id}/SHA256SUMS`))
  const proof = JSON.parse(place.read('verify', 'proofs', id, 'proof.json'))
  assert.is(proof.drill.state, 'finished')
  assert.is(proof.drill.verdict, 'verified')
  assert.is(proof.drill.scope, 'database_only')
  assert.equal(
    proof.drill.notes.map((one: { text: string }) => one.text),
    ['the first restore point was wrong'],
  )
  assert.is(proof.verification.results.filter((row: { check_name: string }) => row.check_name === 'app').length, 1)
  assert.equal(await recorded(), [
    { drill_id: id, state: 'finished', verdict: 'verified', scope: 'database_only', is_sandbox: true },
  ])
  // Again: nothing changes.
  const files = place.files()
  assertCode(await drill('finish', '--drill', id), 0)
  assert.equal(place.files(), files)
  assert.is((await recorded()).length, 1)
  assertRefused(await drill('finish'), /no drill is open here/, undefined, files)
  assertRefused(await drill('verify', '--drill', id), /is finished/, undefined, files)
  assertRefused(await drill('abort', '--drill', id, '--why', 'x'), /is finished/, undefined, files)

  // The next proof names this one.
  await start('--restore-point', point?.at ?? '')
  await drill('restored')
  await drill('verify')
  assertCode(await drill('finish'), 0)
  const [, second] = await recorded()
  const next = JSON.parse(place.read('verify', 'proofs', second?.drill_id ?? '', 'proof.json'))
  assert.is(next.drill.previous.drill_id, id)
})

test('without the app a drill is not whole: 2, and the follow-up is the app owner’s', async () => {
  await start()
  await drill('restored')
  const verified = await drill('verify')
  assertCode(verified, 2)
  assert.match(verified.stdout, /ERROR app {2}the restored application was not probed/)
  assertCode(await drill('note', 'there is none yet', '--check', 'app'), 0)
  const finished = await drill('finish')
  assertCode(finished, 2)
  assert.match(finished.stdout, /until \d{4}-\d\d-\d\d, Edsger: app, the restored application was not probed/)
  const [row] = await recorded()
  assert.is(row?.verdict, 'could_not_verify')
  const proof = JSON.parse(place.read('verify', 'proofs', row?.drill_id ?? '', 'proof.json'))
  const app = proof.drill.follow_ups.find((one: { check_name: string }) => one.check_name === 'app')
  assert.is(app.note, 'there is none yet')
})

test('damage is 1, with the owner of its family', async () => {
  await copy.run('alter table public.sessions disable trigger sessions_set_created_month')
  await start()
  await drill('restored')
  assertCode(await drill('verify'), 1)
  const { follow_ups: followUps } = await record()
  assert.ok(followUps.some((one) => one.check_name === 'partition_triggers' && one.owner === 'Grace'))
  assertCode(await drill('finish'), 1)
  assert.is((await recorded())[0]?.verdict, 'failed')
})

test('a restore that took longer than the RTO fails the drill, though the copy is good: 1', async () => {
  await production.run('update drill.drill_policy set is_app_required = false')
  await start()
  const [point] = await copy.query<{ at: string }>(`select to_jsonb(max(beat_at)) #>> '{}' as at from drill.heartbeats`)
  const began = new Date(Date.now() - 5 * 3_600_000).toISOString()
  assertRefused(
    await drill('restored', '--restore-started', new Date().toISOString(), '--restored-at', began),
    /is said to have ended at .*, before it began/,
    undefined,
    place.files(),
  )
  assertCode(await drill('restored', '--restore-started', began, '--failure-point', point?.at ?? ''), 0)
  const verified = await drill('verify')
  assertCode(verified, 1)
  assert.match(verified.stdout, /FAIL {2}rto {2}verified 5 h.* after the restore began, beyond the RTO of 4 h/)
  // Wrong times are put right, and it is looked at again.
  assertCode(await drill('restored', '--restore-started', new Date(Date.now() - 60_000).toISOString()), 0)
  assertCode(await drill('verify'), 0)
})

test('the baseline: captured anew when it is older than the policy says', async () => {
  const baselines = async () => (await production.query('select from drill.baselines')).length
  const before = await baselines()
  await start()
  assert.is(await baselines(), before)
  await production.run(`update drill.drill_policy set baseline_max_age = '0'`)
  const begun = await start()
  assertCode(begun, 0)
  assert.match(begun.stdout, /captured for this drill/)
  assert.is(await baselines(), before + 1)
  assert.ok(begun.files.some((file) => /^verify\/baselines\/production-.*\.json$/.test(file)))
})

test('production is down: a baseline file does, and the drill is recorded when it is back', async () => {
  await production.run('update drill.drill_policy set is_app_required = false')
  const file = place.path('baseline.json')
  assertCode(await place.run(['baseline', 'export', '-t', 'production', '-o', file], env), 0)
  const up = env
  env = { ...env, PRODUCTION_DATABASE_URL: nowhere }
  assertRefused(await start(), /production cannot be asked: /, /--baseline verify\/baselines/, place.files())
  const begun = await start('--baseline', file)
  assertCode(begun, 0)
  assert.match(begun.stderr, /production cannot be asked/)
  await drill('restored')
  // Whether an app is needed nobody can say, so one is.
  const verified = await drill('verify')
  assertCode(verified, 2)
  assert.match(
    verified.stdout,
    /pass {2}rto .*within the RTO of 4 h|ERROR rto {2}not verified after .* of the RTO of 4 h were left/,
  )
  const { drill_id: id } = await record()
  const finished = await drill('finish')
  assertCode(finished, 2)
  assert.match(finished.stdout, /NOT in production, only in the index of proofs/)
  assert.match(place.read('verify', 'proofs', 'index.jsonl'), new RegExp(`"event":"ended".*${id}`))
  env = up
  // The next proof names this one, though production knows only of one before.
  await production.run(`
    insert into drill.drills
      (drill_id, ticket, lead, db_owner, app_owner, method, scope, target_name, is_sandbox, started_at, finished_at, state, verdict, tool_version, proof_sha256)
    values ('before', 'x', 'x', 'x', 'x', 'dump', 'whole', 'restore', true, '2020-01-01Z', '2020-01-02Z', 'finished', 'verified', 'x', repeat('a', 64))`)
  await start()
  await drill('restored')
  await drill('verify')
  const second = await record()
  await drill('finish')
  const next = JSON.parse(place.read('verify', 'proofs', second.drill_id, 'proof.json'))
  assert.is(next.drill.previous.drill_id, id)
  await production.run('delete from drill.drills')
  assertCode(await drill('finish', '--drill', id), 2)
  assert.is((await recorded())[0]?.drill_id, id)
})

test('aborted: recorded, and never counted', async () => {
  await start()
  const { drill_id: id } = await record()
  assertRefused(await drill('abort', '--why', ' '), /--why is empty/, undefined, place.files())
  assertCode(await drill('abort', '--why', 'no backup of the night'), 0)
  assert.equal(await recorded(), [{ drill_id: id, state: 'aborted', verdict: null, scope: 'whole', is_sandbox: true }])
  assertRefused(await drill('restored'), /no drill is open/, undefined, place.files())
  assertCode(await drill('status'), 0)
})

test('what was killed after its end, before anybody was told, is recorded by status; a refused one holds up none', async () => {
  const lay = (id: string, list: readonly DrillEvent[]) => {
    mkdirSync(place.path('verify', 'drills', id), { recursive: true })
    const text = textOf(list.map((one) => (one.event === 'started' ? { ...one, drill_id: id } : one)))
    writeFileSync(place.path('verify', 'drills', id, 'journal.jsonl'), text)
  }
  const untold = events.filter((one) => one.event !== 'recorded')
  const [refused, finished, aborted] = ['0001', '0002', '0003'].map((end) => `20261123T043000Z-restore-${end}`)
  lay(refused as string, untold)
  lay(finished as string, untold)
  lay(aborted as string, [...events.slice(0, 3), { event: 'aborted', at: '2026-11-23T05:00:00.000Z', why: 'x' }])
  // Another one of its name is there.
  await production.run(`
    insert into drill.drills (drill_id, ticket, lead, db_owner, app_owner, method, scope, target_name, is_sandbox, started_at, state, tool_version)
    values ('${refused}', 'x', 'x', 'x', 'x', 'dump', 'whole', 'restore', true, now(), 'open', 'x')`)
  const before = (await recorded()).length
  const shown = await drill('status')
  assertCode(shown, 2)
  assert.match(shown.stderr, new RegExp(`recorded in production: ${finished}\\n`))
  assert.match(shown.stderr, new RegExp(`recorded in production: ${aborted}\\n`))
  assert.match(shown.stderr, new RegExp(`not yet recorded in production: ${refused}: .*recorded already`))
  assert.is((await recorded()).length, before + 2)
  const again = await drill('status', '--format', 'json')
  assertCode(again, 2)
  assert.equal(JSON.parse(again.stdout).waiting, [refused])
})

test('a proof that cannot be written leaves the drill open: 2', async () => {
  await start()
  await drill('restored')
  await drill('verify')
  mkdirSync(place.path('verify'), { recursive: true })
  writeFileSync(place.path('verify', 'proofs'), 'in the way')
  const failed = await drill('finish')
  assertCode(failed, 2)
  assert.is(failed.stdout, '')
  assert.match(failed.stderr, /^pgdrill: .*(EEXIST|ENOTDIR|cannot be (written|read))/)
  const left = await record()
  assert.is(left.state, 'open')
  assert.equal(await recorded(), [])
  rmSync(place.path('verify', 'proofs'))
  assertCode(await drill('finish'), 2)
  assert.is((await recorded()).length, 1)
})

test('what was put in the place of a proof, or of a verification, is not taken for it', async () => {
  await start()
  await drill('restored')
  await drill('verify')
  const { drill_id: id } = await record()
  mkdirSync(place.path('verify', 'proofs', id), { recursive: true })
  const before = place.files()
  assertRefused(await drill('finish'), /exists and is not the proof of this verification/, /Move it away/, before)
  rmSync(place.path('verify', 'proofs', id), { recursive: true })
  const name = place.files().find((file) => file.includes('/verification-')) ?? ''
  writeFileSync(place.path(name), `${place.read(name)} `)
  assertRefused(await drill('finish'), /is not what the verification wrote/, /drill verify/, place.files())
})

test('usage: what is missing, unknown or hostile', async () => {
  assertRefused(await drill('start', '--ticket', 'x'), /a drill needs --lead, --db-owner, --app-owner, --method/)
  assertRefused(await start('-t', 'production'), /the target production is refused/)
  assertRefused(await start('-t', 'sandbox'), /thrown away when its drill ends/)
  assertRefused(await start('-t', '../x'), /is not the name of a target/)
  assertRefused(await start('--ticket', 'a\u001b[31mb'), /--ticket is not usable/)
  assertRefused(await start('--failure-point', 'yesterday'), /--failure-point is not a moment/)
  assertRefused(await start('--baseline', 'none.json'), /the baseline file none.json does not exist/)
  assertRefused(await drill('finish', '--drill', '../../etc'), /is not the id of a drill/)
  assertRefused(await drill('verify'), /no drill is open here/)
  assertCode(await drill('start', ...people, '--method', 'magic'), 2)
  assertCode(await drill('verify', '--nonsense'), 2)
  for (const command of ['start', 'restored', 'verify', 'finish', 'run', 'status', 'note', 'abort']) {
    const helped = await drill(command, '--help')
    assertCode(helped, 0)
    assert.match(helped.stdout, /Exit codes[\s\S]*Example/, command)
  }
  assert.equal(place.files(), [])
})

test.run()
