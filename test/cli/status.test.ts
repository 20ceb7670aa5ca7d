import { mkdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { insertDrill } from '../cadence/drills.ts'
import { drillOfProof, writeProofFolder } from '../cadence/proofs.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('pgdrill status and incident')
const now = ['--now', '2026-11-23T12:00:00Z']
const production = ['--target', 'production', ...now]
let db: Scratch
let place: Workplace
let env: NodeJS.Dict<string>

test.before(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
  env = { PRODUCTION_DATABASE_URL: urlOf(db) }
  await db.run('delete from drill.baselines', `set drill.now = '2026-11-23T11:59:00Z'; select drill.capture_baseline()`)
})
test.before.each(async () => {
  place = new Workplace()
  await db.run(
    'delete from drill.drills',
    'delete from drill.incidents',
    'delete from drill.heartbeats',
    `set drill.now = '2026-11-23T11:59:00Z'; select drill.record_heartbeat()`,
    insertDrill({ baseline_id: '(select b.baseline_id from drill.baselines as b)' }),
  )
})
test.after.each(() => place.remove())
test.after(() => db?.drop())

test('exit 2: all that is known is met, the retention is not known', async () => {
  const outcome = await place.spawn(['status', ...production], env)
  assertCode(outcome, 2)
  assert.is(outcome.stderr, '')
  assert.match(outcome.stdout, /^pgdrill status: target production \(SANDBOX\), postgresql:/)
  assert.match(outcome.stdout, /\n {2}as of 2026-11-23 12:00 UTC\n/)
  assert.match(
    outcome.stdout,
    /\n {2}met {6}regular drill .*d1 of 2026-10-05 12:00 UTC; the next is due before 2027-04-01 00:00 UTC/,
  )
  assert.match(outcome.stdout, /\n {2}UNKNOWN {2}retention +no backup is recorded\n/)
  assert.match(outcome.stdout, /\n {2}RTO {2}▅ {2}last 2 h 0 min, at most 4 h 0 min\n/)
  assert.match(outcome.stdout, /\n7 met, 0 due, 0 broken, 1 unknown of 8 \(exit 2\)\n$/)
})

test('exit 1: overdue, by how much', async () => {
  await db.run(`update drill.drills set started_at = '2026-04-05T08:00:00Z', finished_at = '2026-04-05T12:00:00Z'`)
  const late = await place.run(['status', ...production], env)
  assertCode(late, 1)
  assert.match(late.stdout, /BROKEN {3}regular drill .*before 2026-10-01 00:00 UTC and is overdue by 53 d 12 h\n/)
})

test('exit 1: a major schema change, which is listed', async () => {
  await db.run('alter table public.calls disable row level security')
  const outcome = await place.run(['status', ...production], env)
  await db.run('alter table public.calls enable row level security')
  assertCode(outcome, 1)
  assert.match(outcome.stdout, /DUE {6}drill after schema change +1 major schema change since the drill d1/)
  assert.match(
    outcome.stdout,
    /\nMajor schema changes since the baseline [0-9a-f-]+:\n {2}row level security: row level security public\.calls removed\n/,
  )
})

test('exit 1: an incident, until a good drill was started after it', async () => {
  const record = ['incident', ...production, '--at', '2026-11-01T04:30:00Z', '--what', 'rows of public.calls gone']
  const first = await place.spawn(record, env)
  assertCode(first, 0)
  assert.match(first.stdout, /^[0-9a-f-]{36}\n$/)
  assert.match(first.stderr, /^recorded in production: a drill is due/)
  assert.is((await place.run(record, env)).stdout, first.stdout)
  const due = await place.run(['status', ...production], env)
  assertCode(due, 1)
  assert.match(due.stdout, /DUE {6}drill after incident +no good drill was started since: 2026-11-01 04:30 UTC rows of/)
  const list = () => place.run(['incident', 'list', ...production], env)
  assert.is((await list()).stdout, '2026-11-01T04:30:00+00:00  a drill is due  rows of public.calls gone\n')
  await db.run(
    insertDrill({
      drill_id: `'d2'`,
      started_at: `'2026-11-02T08:00:00Z'`,
      finished_at: `'2026-11-02T09:00:00Z'`,
      baseline_id: '(select b.baseline_id from drill.baselines as b)',
    }),
  )
  assertCode(await place.run(['status', ...production], env), 2)
  assert.match((await list()).stdout, /good drill d2/)
  const json = await place.run(['incident', 'list', ...production, '--format', 'json'], env)
  assert.is(JSON.parse(json.stdout)[0].drill_id, 'd2')
})

test('incident: not in a copy of production; where nobody can tell, that is said; another production is one', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  const record = ['incident', '--target', 'restore', '--at', '2026-11-01T04:30:00Z', '--what', 'rows gone']
  const of = (change: NodeJS.Dict<string>) => place.run(record, { RESTORE_DATABASE_URL: urlOf(copy), ...change })
  const count = async () => (await copy.query('select from drill.incidents')).length
  try {
    const before = await count()
    assertRefused(
      await of(env),
      /the target restore is a copy of production: an incident .* lost/,
      /--target production/,
      [],
    )
    assert.is(await count(), before)
    const unknown = await of({ PRODUCTION_DATABASE_URL: 'postgresql://u@%2Fnowhere/x' })
    assertCode(unknown, 0)
    assert.match(unknown.stderr, /it is not known that restore is production and no copy: production cannot be asked/)
    assert.match((await of({})).stderr, /it is not known that restore is production .*: no production is configured/)
    assert.is(await count(), before + 1)
    // The same database by another name, and a database of another identity, are no copies.
    const same = await place.run(record, { RESTORE_DATABASE_URL: urlOf(db), ...env })
    assertCode(same, 0)
    assert.not.match(same.stderr, /not known/)
    await copy.run('update drill.installation set installation_id = gen_random_uuid()')
    const other = await of(env)
    assertCode(other, 0)
    assert.not.match(other.stderr, /not known/)
  } finally {
    await copy.drop()
  }
})

test('exit 0 when all is met, retention too', async () => {
  // What stores backups is tested elsewhere: here only that an answer of it counts.
  await db.run(`create or replace function drill._retention_facts() returns jsonb language sql stable set search_path = ''
    as $$ select '{"pass_count": 54, "fail_count": 0, "error_count": 0, "detail": null}'::jsonb $$`)
  const outcome = await place.run(['status', ...production], env)
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /8 met, 0 due, 0 broken, 0 unknown of 8 \(exit 0\)/)
})

test('JSON: only JSON, with what the text says', async () => {
  const outcome = await place.spawn(['status', ...production, '--format', 'json'], env)
  const document = JSON.parse(outcome.stdout)
  assert.is(document.format, 'pgdrill-status')
  assert.is(document.exit_code, outcome.code)
  assert.is(document.next_drill_due_at, '2027-04-01T00:00:00.000Z')
  assert.is(document.overdue_seconds, 0)
  assert.equal(document.last_good_drill, { drill_id: 'd1', finished_at: '2026-10-05T12:00:00.000Z' })
  assert.is(document.obligations.length, 8)
  assert.equal(document.trend, [
    {
      drill_id: 'd1',
      finished_at: '2026-10-05T12:00:00.000Z',
      verdict: 'verified',
      is_good: true,
      recovery_time: 7200,
      data_loss: 3600,
    },
  ])
})

test('Prometheus and JUnit', async () => {
  const metrics = (await place.run(['status', ...production, '--format', 'prometheus'], env)).stdout
  assert.match(
    metrics,
    /\npgdrill_obligation\{target="production",sandbox="true",obligation="baseline",standing="met"\} 1\n/,
  )
  assert.match(metrics, /\npgdrill_baseline_age_seconds\{.*\} 60\n/)
  assert.match(metrics, /\npgdrill_drill_overdue_seconds\{.*\} 0\n/)
  await db.run('delete from drill.heartbeats')
  const junit = (await place.run(['status', ...production, '--format', 'junit'], env)).stdout
  assert.match(junit, /^<\?xml /)
  assert.match(junit, /<testsuite name="Obligations" tests="8" failures="1"/)
  assert.match(junit, /<failure message="there is no heartbeat">/)
})

test('proofs beside production: equal is silent, a contradiction makes a drill count for nothing', async () => {
  const proofs = ['--proofs', place.path('proofs')]
  writeProofFolder(place.path('proofs'), drillOfProof({ drill_id: 'd1' }))
  const equal = await place.run(['status', ...production, ...proofs], env)
  assert.match(equal.stdout, /met {6}regular drill/)
  assert.not.match(equal.stdout, /WARN|FAIL/)
  writeProofFolder(place.path('proofs'), drillOfProof({ drill_id: 'd1', verdict: 'failed' }), 'd1', 'failed')
  writeProofFolder(place.path('proofs'), drillOfProof({ drill_id: 'd2' }))
  const differing = await place.run(['status', ...production, ...proofs], env)
  assertCode(differing, 1)
  assert.match(
    differing.stdout,
    /FAIL {5}the drill d1 .* does not count: production says finished, verified, its proof says/,
  )
  assert.match(differing.stdout, /WARN {5}the drill d2 .* has a proof, and is not recorded in production/)
})

test('a drill that was left open in this directory is told; a damaged journal is an error', async () => {
  const id = '20261101T080000Z-restore-1a2b'
  const started = {
    event: 'started',
    at: '2026-11-01T08:00:00.000Z',
    drill_id: id,
    ticket: 'OPS-2',
    owners: { lead: 'Ada', db_owner: 'Ben', app_owner: 'Cleo' },
    method: 'pitr',
    target_name: 'restore',
    is_sandbox: false,
    format: 'pgdrill-journal',
    format_version: 1,
    tool_version: '0.1.0',
    failure_point: null,
    restore_point: null,
  }
  mkdirSync(place.path('verify', 'drills', id), { recursive: true })
  writeFileSync(place.path('verify', 'drills', id, 'journal.jsonl'), `${JSON.stringify(started)}\n`)
  const left = await place.run(['status', ...production], env)
  assert.match(left.stdout, /WARN {5}the drill 20261101T080000Z-restore-1a2b .* was left open/)
  writeFileSync(place.path('verify', 'drills', id, 'journal.jsonl'), 'x\n')
  const damaged = await place.run(['status', ...production], env)
  assert.match(damaged.stdout, /ERROR {4}a record of a drill cannot be read: /)
})

test('proofs alone: the last good drill is known, production is not', async () => {
  writeProofFolder(place.path('proofs'), drillOfProof({ drill_id: 'd1' }))
  const outcome = await place.spawn(['status', '--proofs', 'proofs', ...now])
  assertCode(outcome, 2)
  assert.match(outcome.stdout, /met {6}regular drill .*d1 of 2026-10-05/)
  assert.match(outcome.stdout, /met {6}RTO/)
  assert.match(outcome.stdout, /UNKNOWN {2}heartbeat +production was not asked/)
  assert.match(outcome.stdout, /\n3 met, 0 due, 0 broken, 5 unknown of 8 \(exit 2\)\n$/)
})

const refusals: Record<string, [string[], RegExp]> = {
  'status of nothing': [['status'], /neither a target nor a folder/],
  'a folder that is not there': [['status', '--proofs', 'nowhere'], /no folder of proofs nowhere/],
  'a target that is not configured': [['status', '--target', 'nowhere'], /NOWHERE_DATABASE_URL is not set/],
  'an incident without a time': [['incident', '--target', 'production', '--what', 'x'], /needs its time/],
  'an incident without words': [['incident', '--target', 'production', '--at', '2026-11-01T00:00:00Z'], /needs words/],
  'an incident without a zone': [
    ['incident', ...production, '--at', '2026-11-01T00:00', '--what', 'x'],
    /no time zone/,
  ],
  'an incident on two lines': [
    ['incident', ...production, '--at', '2026-11-01T00:00:00Z', '--what', 'a\nb'],
    /not in one line/,
  ],
  'an incident after now': [
    [
      'incident',
      '--target',
      'production',
      '--now',
      '2026-10-01T00:00:00Z',
      '--at',
      '2026-11-01T00:00:00Z',
      '--what',
      'x',
    ],
    /has not come yet/,
  ],
}
for (const [name, [args, message]] of Object.entries(refusals)) {
  test(`refused: ${name}`, async () => assertRefused(await place.run(args, env), message))
}

test.run()
