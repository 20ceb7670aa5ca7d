// pgdrill drill run: all in one go, and on from wherever it was stopped.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { isLiving } from '../../src/drill/living-process.ts'
import { projectFile } from '../../src/project-files.ts'
import { sha256 } from '../../src/proof/document.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/drill-run')
const people = [
  '--ticket',
  'DR-12',
  '--lead',
  'Ada',
  '--db-owner',
  'Grace',
  '--app-owner',
  'Edsger',
  '--method',
  'dump',
]
let place: Workplace
let production: Scratch
let copy: Scratch
let env: Record<string, string>

const run = (...args: string[]) => place.run(['drill', 'run', ...args], env)
const drills = () => place.path('verify', 'drills')
const id = () => (existsSync(drills()) ? readdirSync(drills()) : [])[0] ?? ''
const journal = () => {
  const file = place.path('verify', 'drills', id(), 'journal.jsonl')
  return id() !== '' && existsSync(file) ? readFileSync(file, 'utf8') : ''
}
const eventNames = () => [...journal().matchAll(/^\{"event":"(\w+)"/gm)].map(([, name]) => name)
const recorded = () => production.query<{ verdict: string }>('select verdict from drill.drills')

/** Starts the program as a process of its own, which may be killed. */
function begin(...args: string[]): { child: ChildProcess; ended: Promise<{ code: number | null; stderr: string }> } {
  const own = Object.entries(process.env).filter(([name]) => !/^PG|_DATABASE_URL$/.test(name))
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts'), 'drill', 'run', ...args],
    { cwd: place.directory, env: { ...Object.fromEntries(own), ...env }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return { child, ended: new Promise((done) => child.on('close', (code) => done({ code, stderr }))) }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 6000; attempt += 1) {
    if (isSo()) return
    await sleep(5)
  }
  assert.unreachable(`never: ${what}; the journal is\n${journal()}`)
}

test.before.each(async () => {
  const clusters = await sandboxClusters()
  place = new Workplace()
  production = await makeDatabase(clusters.production)
  copy = await makeDatabase(clusters.restore)
  await production.run('update drill.drill_policy set is_app_required = false')
  env = { RESTORE_DATABASE_URL: urlOf(copy), PRODUCTION_DATABASE_URL: urlOf(production) }
})
test.after.each(async () => {
  place.remove()
  await copy.drop()
  await production.drop()
})

test('a command restores: timed, its output kept without secrets, 0', async () => {
  env = { ...env, AWS_SECRET_ACCESS_KEY: 'canary/of the keys+1' }
  const command = [
    'echo "into $RESTORE_DATABASE_URL"',
    'echo "key $AWS_SECRET_ACCESS_KEY" >&2',
    'printf "\\033[31mred and no end"',
  ].join('; ')
  const outcome = await run(...people, '--restore-cmd', command)
  assertCode(outcome, 0)
  const log = place.read('verify', 'drills', id(), 'restore.log')
  assert.match(log, /into postgres:\/\/postgres:\*\*\*@|into postgresql:\/\/postgres:\*\*\*@/)
  assert.match(log, /key \*\*\*/)
  assert.match(log, /red and no end\n/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.not.match(outcome.stderr, /\u001b|canary/)
  assert.not.match(log + journal(), /canary/)
  assert.equal(eventNames(), [
    'started',
    'production_checked',
    'baseline_chosen',
    'restore_started',
    'restore_ended',
    'verify_started',
    'verified',
    'finishing',
    'proof_written',
    'recorded',
  ])
  assert.equal(await recorded(), [{ verdict: 'verified' }])
})

test('a command that fails is noted and leaves the drill open; it goes on with another: 2, then 0', async () => {
  const failed = await run(...people, '--restore-cmd', 'echo "disk full" >&2; exit 3')
  assertCode(failed, 2)
  assert.match(failed.stderr, /pgdrill: the restore did not succeed after .*: it ended with exit code 3/)
  assert.match(failed.stderr, /to do: Look at verify\/drills\/.*\/restore\.log/)
  assert.match(journal(), /"event":"restore_ended".*"exit_code":3.*"log":"restore\.log"/)
  assert.equal(await recorded(), [])
  assertRefused({ ...(await run()), stdout: '' }, /is not restored, and nothing says how to/, undefined, place.files())
  assertCode(await run('--restore-cmd', 'true'), 0)
  assert.equal(await recorded(), [{ verdict: 'verified' }])
})

test('Ctrl-C goes to all that the command started, and is noted: 2', async () => {
  const { child, ended } = begin(...people, '--restore-cmd', 'sleep 61 & echo "began $!"; wait')
  const log = () =>
    existsSync(place.path('verify', 'drills', id(), 'restore.log'))
      ? place.read('verify', 'drills', id(), 'restore.log')
      : ''
  await until('the command began', () => /began \d+/.test(log()))
  const started = Number(/began (\d+)/.exec(log())?.[1])
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.is(code, 2, stderr)
  assert.match(stderr, /the restore did not succeed .*interrupted by SIGINT/)
  assert.match(journal(), /"event":"restore_ended".*"problem":"interrupted by SIGINT"/)
  await sleep(100)
  assert.not.ok(isLiving(started, null), 'it runs on')
})

test('what the command leaves in the background is not waited for', async () => {
  const begun = Date.now()
  assertCode(await run(...people, '--restore-cmd', 'sleep 300 & echo $! > pid'), 0)
  process.kill(Number(place.read('pid')), 'SIGKILL')
  assert.ok(Date.now() - begun < 60_000)
})

test('killed at each step: the journal is read, nothing half-written looks complete, and it goes on: 0', async () => {
  const kill = async (event: string, ...args: string[]) => {
    const before = eventNames().filter((name) => name === event).length
    const { child, ended } = begin(...args)
    await until(event, () => eventNames().filter((name) => name === event).length > before || child.exitCode !== null)
    child.kill('SIGKILL')
    const { stderr } = await ended
    assert.is(child.signalCode, 'SIGKILL', stderr)
    const status = await place.run(['drill', 'status', '--format', 'json'], env)
    assertCode(status, 0)
    const [drill] = JSON.parse(status.stdout).drills
    assert.is(drill.state, 'open')
    for (const file of status.files.filter(
      (name) => name.startsWith('verify/proofs/') && name.endsWith('/proof.json'),
    )) {
      assert.ok(status.files.includes(file.replace('proof.json', 'SHA256SUMS')), file)
    }
    assert.equal(await recorded(), [])
    return drill.next as string
  }
  assert.is(await kill('started', ...people, '--restore-cmd', 'true'), 'restore')
  assert.is(await kill('restore_started', '--restore-cmd', 'exec sleep 3'), 'restore')
  // What was started lives on without us, and is not done twice at once.
  const held = await run('--restore-cmd', 'true')
  assertCode(held, 2)
  assert.match(held.stderr, /still runs, as process \d+/)
  process.kill(Number(/"restore_started".*"pid":(\d+)/.exec(journal())?.[1]), 'SIGKILL')
  await sleep(50)
  assert.is(await kill('verify_started', '--restore-cmd', 'true'), 'verify')
  const next = await kill('verified')
  assert.is(next, 'finish')
  const finished = await run()
  assertCode(finished, 0)
  assert.is(eventNames().filter((name) => name === 'verified').length, 1)
  assert.equal(await recorded(), [{ verdict: 'verified' }])
})

test('killed between any two lines at the end: finish makes up for what is missing, once', async () => {
  assertCode(await run(...people, '--restore-cmd', 'true'), 0)
  const name = id()
  const lines = journal().trimEnd().split('\n')
  const proof = place.read('verify', 'proofs', name, 'SHA256SUMS')
  // Without recorded; without proof_written too, while the proof is there; with half of that line.
  const cases = [lines.slice(0, -1), lines.slice(0, -2), [...lines.slice(0, -2), '{"event":"proof_wri']]
  for (const [index, kept] of cases.entries()) {
    const text = kept.join('\n') + (index === 2 ? '' : '\n')
    writeFileSync(place.path('verify', 'drills', name, 'journal.jsonl'), text)
    assertCode(await place.run(['drill', 'finish', '--drill', name], env), 0)
    assert.equal(eventNames().slice(-2), ['proof_written', 'recorded'])
    assert.is(place.read('verify', 'proofs', name, 'SHA256SUMS'), proof)
    assert.is((await recorded()).length, 1)
  }
})

test('what could not be verified afterwards is said before anything is restored', async () => {
  const command = ['--restore-cmd', 'touch ran']
  assertRefused(await run(...people, ...command, '-d', 'quick'), /not verified at depth quick/, /standard or full/, [])
  env = { ...env, RESTORE_APP_URL: 'ftp://restored.example.com' }
  assertRefused(await run(...people, ...command), /RESTORE_APP_URL/, undefined, [])
})

test('an app that the plan wants and nobody named is said before anything is restored', async () => {
  await production.run('update drill.drill_policy set is_app_required = true')
  const said = /no app will be probed, and the policy of production asks for it .*\n {2}to do: .*--app-url/
  const outcome = await run(...people, '--restore-cmd', 'echo restoring')
  assertCode(outcome, 2)
  assert.match(outcome.stderr, said)
  assert.ok(outcome.stderr.search(said) < outcome.stderr.indexOf('| restoring'), outcome.stderr)
  assert.match(outcome.stdout, /could_not_verify/)
  await production.run('update drill.drill_policy set is_app_required = false')
  const without = await run(...people, '--restore-cmd', 'echo restoring')
  assertCode(without, 0)
  assert.not.match(without.stderr, /no app will be probed/)
})

for (const [what, text] of [
  ['is signed', 'unsigned'],
  ['stays as it is', 'signed'],
] as const) {
  test(`killed between the proof and the journal, then finished with a key: an ${text} proof ${what}`, async () => {
    assertCode(await place.run(['report', 'keygen', '--out', 'key.pem'], env), 0)
    assertCode(await place.run(['report', 'keygen', '--out', 'other.pem'], env), 0)
    const sign = ['--sign-key', 'key.pem']
    assertCode(await run(...people, '--restore-cmd', 'true', ...(text === 'signed' ? sign : [])), 0)
    const name = id()
    const proof = `verify/proofs/${name}`
    const check = async (code: number) =>
      assertCode(await place.run(['report', 'verify', proof, '--public-key', 'key.pem.pub'], env), code)
    const before = place.read(proof, 'proof.json')
    await check(text === 'signed' ? 0 : 1)
    const finish = (...more: string[]) => place.run(['drill', 'finish', '--drill', name, ...more], env)
    // What is finished is known by its hash: nothing is added to it, and nobody is told that it was.
    if (text === 'unsigned') {
      assertRefused(
        await finish(...sign),
        /is finished, and its proof .* is not signed by the key given/,
        /--sign-key/,
        place.files(),
      )
    } else assertCode(await finish(...sign), 0)
    const cut = () =>
      writeFileSync(
        place.path('verify', 'drills', name, 'journal.jsonl'),
        `${journal().trimEnd().split('\n').slice(0, -2).join('\n')}\n`,
      )
    cut()
    rmSync(place.path('verify', 'proofs', 'index.jsonl'))
    await production.run('delete from drill.drills')
    assertCode(await finish(...sign), 0)
    await check(0)
    assert.is(place.read(proof, 'proof.json'), before)
    assert.not.ok(place.files().some((file) => file.includes('partial')))
    assert.is(
      JSON.parse(journal().trimEnd().split('\n').at(-2) as string).sha256,
      sha256(place.read(proof, 'SHA256SUMS')),
    )
    // Another key is no reason to take the first signature away.
    cut()
    assertRefused(
      await finish('--sign-key', 'other.pem'),
      /is signed, but not by the key given/,
      undefined,
      place.files(),
    )
    assertCode(await finish(), 0)
    await check(0)
  })
}

test('production is refused as a target before anything runs; usage', async () => {
  const command = ['--restore-cmd', 'touch ran']
  env = { ...env, RESTORE_DATABASE_URL: urlOf(production) }
  const refused = await run(...people, ...command)
  assertCode(refused, 2)
  assert.match(refused.stderr, /the target restore is production itself and is refused/)
  assert.not.ok(refused.files.includes('ran'))
  const files = place.files()
  assertRefused(await run(...people), /nothing says how to restore/, undefined, files)
  assertRefused(await run('--restore-cmd', 'a', '--from-dump', 'b'), /contradict each other/, undefined, files)
  assertRefused(await run('--drill', id(), ...people, ...command), /--ticket and --drill contradict/, undefined, files)
  assertRefused(await run('-t', 'sandbox', '-d', 'quick'), /not verified at depth quick/, undefined, files)
  assertRefused(await run('-t', 'sandbox', ...command), /the sandbox restores by itself/, undefined, files)
  assertRefused(await run('-t', 'sandbox', '--app-url', 'http://127.0.0.1:1'), /an app of its own/, undefined, files)
})

test.run()
