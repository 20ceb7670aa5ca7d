// A whole drill on a production that is made for it: restore, app and proof included.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { answerFiles, assertCode, Workplace } from './program.ts'

const test = suite('cli/drill-sandbox')
let place: Workplace

test.before.each(() => {
  place = new Workplace()
})
test.after.each(() => place.remove())

test('0: every stage, the app, the proof; a rehearsal everywhere', async () => {
  const begun = Date.now()
  const outcome = await place.spawn(['drill', 'run', '--target', 'sandbox', '--ticket', 'DR-12'])
  assertCode(outcome, 0)
  assert.ok(Date.now() - begun < 120_000)
  assert.match(
    outcome.stdout,
    /^drill \S+: verified \(SANDBOX: a rehearsal, which never counts\)\n {2}RTO {2}met: .*\n {2}RPO {2}met: /,
  )
  assert.match(outcome.stdout, /recorded {2}in drill\.drills of production/)
  const [id = ''] = readdirSync(place.path('verify', 'drills'))
  const proof = readdirSync(place.path('verify', 'proofs', id))
  for (const file of [...answerFiles, 'SHA256SUMS', 'proof.json', 'report.html', 'report.md']) {
    assert.ok(proof.includes(file), file)
  }
  const { drill, verification } = JSON.parse(place.read('verify', 'proofs', id, 'proof.json'))
  assert.is(drill.is_sandbox, true)
  assert.is(drill.scope, 'whole')
  assert.is(drill.verdict, 'verified')
  assert.equal(drill.stages.map((stage: { name: string }) => stage.name).slice(0, 3), ['prepare', 'restore', 'verify'])
  assert.ok(
    verification.results.some(
      (row: { check_name: string; status: string }) => row.check_name === 'app_health' && row.status === 'pass',
    ),
  )
  assert.match(place.read('verify', 'proofs', id, 'report.md'), /sandbox/i)
  // Nothing waits, though its production is gone.
  const status = await place.run(['drill', 'status'])
  assertCode(status, 0)
  assert.is(status.stdout, 'no drill is open here\n')
})

test('interrupted: the drill is aborted, for its databases are gone: 2', async () => {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts'), 'drill', 'run', '--target', 'sandbox'],
    { cwd: place.directory, stdio: 'ignore' },
  )
  const ended = new Promise<number | null>((done) => child.on('close', done))
  const journal = () => {
    const [id] = existsSync(place.path('verify', 'drills')) ? readdirSync(place.path('verify', 'drills')) : []
    const file = place.path('verify', 'drills', id ?? '', 'journal.jsonl')
    return id !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  for (
    let attempt = 0;
    !journal().includes('restore_started') && attempt < 12_000 && child.exitCode === null;
    attempt += 1
  ) {
    await sleep(5)
  }
  child.kill('SIGINT')
  assert.is(await ended, 2)
  assert.match(journal(), /"event":"aborted".*interrupted by SIGINT/)
})

test.run()
