// The program as a process: exit codes, what goes to stdout and what to stderr, the proof, and where targets come from.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { answerFiles, assertCode, assertRefused, type Outcome, proofFiles, urlOf, Workplace } from './program.ts'

const test = suite('cli/process')
let good: Scratch
let bad: Scratch
let places: Workplace[] = []

function workplace(): Workplace {
  const place = new Workplace()
  places.push(place)
  return place
}

function assertPlain(outcome: Outcome): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.not.match(outcome.stdout + outcome.stderr, /[\u0000-\u0008\u000b-\u001f\u007f]/, 'no colours, no cursor')
}

test.before(async () => {
  const { restore } = await sandboxClusters()
  good = await makeDatabase(restore)
  bad = await makeDatabase(restore)
  await bad.run('drop trigger sessions_set_created_month on public.sessions')
})
test.after(async () => {
  for (const place of places) place.remove()
  places = []
  await good?.drop()
  await bad?.drop()
})

test('a good copy: 0, the result alone on stdout, the proof whole and equal to it', async () => {
  const place = workplace()
  const args = ['verify', '--target', 'restore', '--format', 'json']
  const outcome = await place.spawn(args, { RESTORE_DATABASE_URL: urlOf(good) })
  assertCode(outcome, 0)
  assertPlain(outcome)
  const result = JSON.parse(outcome.stdout)
  assert.is(result.verdict.status, 'verified')
  const folder = `verify/proofs/${result.verification_id}`
  assert.equal(
    outcome.files,
    proofFiles.map((name) => `${folder}/${name}`),
  )
  assert.equal(JSON.parse(place.read(folder, 'proof.json')).verification, result)
  assert.match(place.read(folder, 'report.md'), /^# PASS/)
  assert.match(outcome.stderr, new RegExp(`^proof: ${folder}$`, 'm'))
})

test('a damaged copy: 1, the verdict last on stdout, without colours even when they are asked for', async () => {
  const place = workplace()
  const outcome = await place.spawn(['verify', '--target', 'restore', '--no-proof'], {
    RESTORE_DATABASE_URL: urlOf(bad),
    TERM: 'xterm-256color',
  })
  assertCode(outcome, 1)
  assertPlain(outcome)
  assert.match(outcome.stdout, /^FAIL \[sandbox\] restore: .*first: .*\(exit 1\)\n$/m)
  assert.match(outcome.stdout, /^ {2}FAIL {2}partition_triggers .*sessions_set_created_month/m)
  assert.not.match(outcome.stdout, /proof:|✓/)
  assert.equal(outcome.files, [])
})

test('a refusal: 2, and nothing on stdout, whatever the format', async () => {
  const place = workplace()
  const [text, json, unknown] = await Promise.all([
    place.spawn(['verify', '--target', 'restore']),
    place.spawn(['verify', '--target', 'restore', '--format', 'json']),
    place.spawn(['verify', '--what']),
  ])
  for (const outcome of [text, json]) {
    assertRefused(outcome as Outcome, /RESTORE_DATABASE_URL is not set/)
    assertPlain(outcome as Outcome)
  }
  assertCode(unknown as Outcome, 2)
  assert.is(unknown?.stdout, '')
  assert.match(unknown?.stderr ?? '', /unknown option '--what'/)
})

test('a reader that goes away does not change the verdict; a full disk is no success', async () => {
  const place = workplace()
  const env = { RESTORE_DATABASE_URL: urlOf(good) }
  const args = ['verify', '--target', 'restore', '--no-proof', '--format', 'json']
  const [early, full] = await Promise.all([
    place.spawn(args, env, '"$0" "$@" | head -c 1 > /dev/null'),
    existsSync('/dev/full') ? place.spawn(args, env, '"$0" "$@" > /dev/full') : undefined,
  ])
  assertCode(early as Outcome, 0)
  assert.not.match(early?.stderr ?? '', /EPIPE|^\s+at /m)
  if (full !== undefined) {
    assertCode(full, 2)
    assert.match(full.stderr, /ENOSPC/)
    assert.not.match(full.stderr, /^\s+at /m)
  }
})

test('targets: the environment wins over .env, and that over the sandbox', async () => {
  const place = workplace()
  mkdirSync(place.path('.sandbox'))
  const nowhere = 'postgresql://u@%2Fnowhere/'
  const who = async (env: Record<string, string>) => {
    const outcome = await place.run(['verify', '--target', 'restore'], env)
    return /restore \(postgresql:\/\/u@\/(\w+)\?/.exec(outcome.stderr)?.[1]
  }
  const from = async (env: Record<string, string>) =>
    /^to do: .*\(from (.*?)\)/m.exec((await place.run(['verify', '--target', 'restore'], env)).stderr)?.[1]

  writeFileSync(place.path('.sandbox', 'targets.env'), `RESTORE_DATABASE_URL=${nowhere}sandbox\n`)
  assert.is(await who({}), 'sandbox')
  assert.is(await from({}), 'the sandbox')
  writeFileSync(place.path('.env'), `# ours\nRESTORE_DATABASE_URL="${nowhere}file"\n`)
  assert.is(await who({}), 'file')
  assert.is(await from({}), '.env')
  const env = { RESTORE_DATABASE_URL: `${nowhere}environment` }
  assert.is(await who(env), 'environment')
  assert.is(await from(env), 'the environment')
  // An empty variable is as good as none, so that CI may pass a secret that is not there.
  assert.is(await who({ RESTORE_DATABASE_URL: '' }), 'file')
  writeFileSync(place.path('.env'), 'RESTORE_DATABASE_URL=\n')
  assert.is(await who({}), 'sandbox')
})

test('.env is read by the process in its working directory', async () => {
  const place = workplace()
  writeFileSync(place.path('.env'), `RESTORE_DATABASE_URL='${urlOf(good)}'\n`)
  const outcome = await place.spawn(['verify', '-t', 'restore', '--no-proof', '-d', 'quick'])
  assertCode(outcome, 0)
  assert.equal(outcome.files, ['.env'])
})

test('TARGET=sandbox: the whole job, named as such, and nothing left', async () => {
  const place = workplace()
  const outcome = await place.spawn(['verify', '--target', 'sandbox', '--out', 'rehearsal'])
  assertCode(outcome, 0)
  assertPlain(outcome)
  assert.match(outcome.stdout, /SANDBOX: this is no drill/)
  assert.match(outcome.stdout, /PASS \[sandbox\] sandbox: /)
  assert.match(outcome.stderr, /point-in-time restore .*s in all/)
  assert.equal(
    outcome.files,
    [...proofFiles, ...answerFiles].sort().map((name) => `rehearsal/${name}`),
  )
  const proof = JSON.parse(place.read('rehearsal', 'proof.json')).verification
  assert.is(proof.target.is_sandbox, true)
  assert.match(proof.app_url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  for (const check of ['app', 'app_health', 'app_sync', 'app_worker', 'app_page', 'app_keys']) {
    const rows = proof.results.filter((row: CheckResult) => row.check_name === check)
    assert.ok(rows.length > 0 && rows.every((row: CheckResult) => row.status === 'pass'), check)
  }
  assert.match(place.read('rehearsal', 'report.md'), /never counts as a drill/)
  const socket = decodeURIComponent(/host=([^&]+)/.exec(proof.target.url)?.[1] ?? '')
  assert.ok(socket.startsWith('/'))
  assert.not(existsSync(socket), 'the servers are gone')
})

test.run()
