// Several targets at once: each as when alone, one verdict, one proof that stands for all of them.

import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/verify-several')
const place = new Workplace()
let good: Scratch
let damaged: Scratch
let environment: Record<string, string>

test.before(async () => {
  const { production, restore } = await sandboxClusters()
  good = await makeDatabase(restore)
  damaged = await makeDatabase(restore)
  await damaged.run('alter table public.sessions disable trigger sessions_set_created_month')
  environment = {
    PRODUCTION_DATABASE_URL: urlOf({ cluster: production, name: sandboxDatabase }),
    EU_DATABASE_URL: urlOf(good),
    US_DATABASE_URL: urlOf(damaged),
    GONE_DATABASE_URL: 'postgresql://postgres@127.0.0.1:1/none',
  }
})
test.after(async () => {
  place.remove()
  await good?.drop()
  await damaged?.drop()
})
test.before.each(() => rmSync(place.path('verify'), { recursive: true, force: true }))

const verify = (...args: string[]) => place.run(['verify', '--depth', 'quick', ...args], environment)
const proofIn = (stderr: string) => /proof: (\S+)/.exec(stderr)?.[1] as string

test('all good ones pass, with the proof of each in the one of all', async () => {
  writeFileSync(place.path('targets'), 'eu # Frankfurt\n\n# the others follow\n')
  const outcome = await verify('--targets', 'targets')
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /^ {2}PASS \[sandbox\] eu/m)
  assert.match(outcome.stdout, /^PASS 1 target \(exit 0\)$/m)
  const proof = proofIn(outcome.stderr)
  assert.ok(outcome.files.includes(`${proof}/eu/proof.json`))
  assertCode(await place.run(['report', 'verify', proof]), 0)
  rmSync(place.path('targets'))
})

test('a damaged one fails all, and the message names it and its object', async () => {
  const outcome = await verify('--target', 'eu,us,gone')
  assertCode(outcome, 1)
  assert.match(outcome.stdout, 'public.sessions.sessions_set_created_month')
  assert.match(outcome.stdout, /^ {2}PASS \[sandbox\] eu/m)
  assert.match(outcome.stdout, /^ {2}FAIL \[sandbox\] us/m)
  assert.match(outcome.stdout, /^ {2}COULD NOT VERIFY gone: cannot connect .*no server answers there/m)
  assert.match(outcome.stdout, /^FAIL 3 targets, not verified: us, gone \(exit 1\)$/m)
})

test('one that cannot be reached is not taken for fine', async () => {
  const outcome = await verify('--target', 'eu,gone', '--format', 'json')
  assertCode(outcome, 2)
  const fleet = JSON.parse(outcome.stdout)
  assert.equal(fleet.verdict, { status: 'could_not_verify', exit_code: 2 })
  assert.equal(
    fleet.members.map(({ target, verification, problem }: Record<string, object>) => [
      target,
      verification === null,
      problem === null,
    ]),
    [
      ['eu', false, true],
      ['gone', true, false],
    ],
  )
})

test('production among them is refused by itself', async () => {
  const outcome = await verify('--target', 'eu,production')
  assertCode(outcome, 2)
  assert.match(outcome.stdout, /COULD NOT VERIFY production: .*production itself/)
})

test('whatever is changed in the proof is found', async () => {
  const outcome = await verify('--target', 'eu,us')
  const proof = proofIn(outcome.stderr)
  const names = ['fleet.json', 'SHA256SUMS', 'eu/SHA256SUMS', 'us/proof.json', 'eu/report.html']
  for (const name of names) {
    const path = place.path(proof, name)
    const before = readFileSync(path)
    const changed = Buffer.from(before)
    changed[changed.length - 4] = changed.readUInt8(changed.length - 4) ^ 1
    writeFileSync(path, changed)
    const found = await place.run(['report', 'verify', proof])
    assert.not.equal(found.code, 0, name)
    writeFileSync(path, before)
  }
  writeFileSync(place.path(proof, 'eu', 'more.txt'), 'x')
  const added = await place.run(['report', 'verify', proof])
  assertCode(added, 1)
  assert.match(added.stdout, 'eu: more.txt was added')
  rmSync(place.path(proof, 'eu', 'more.txt'))
  writeFileSync(place.path(proof, 'more.txt'), 'x')
  assertCode(await place.run(['report', 'verify', proof]), 1)
  rmSync(place.path(proof, 'more.txt'))
  rmSync(place.path(proof, 'us'), { recursive: true })
  const missing = await place.run(['report', 'verify', proof])
  assertCode(missing, 1)
  assert.match(missing.stdout, 'us/SHA256SUMS is missing')
})

test('signed: nothing that holds the proofs together can be changed, left out or made anew without the key', async () => {
  assertCode(await place.run(['report', 'keygen', '--out', 'key.pem']), 0)
  const outcome = await verify('--target', 'eu,us', '--sign-key', 'key.pem')
  assertCode(outcome, 1)
  const proof = proofIn(outcome.stderr)
  const check = (...more: string[]) => place.run(['report', 'verify', proof, '--public-key', 'key.pem.pub', ...more])
  assertCode(await check(), 0)
  // The one that failed is taken out, and the rest is written as if it had been alone.
  const forge = (change: (fleet: { verdict: object; members: { proof_sha256: string }[] }) => object) => {
    const forged = `${JSON.stringify(change(JSON.parse(place.read(proof, 'fleet.json'))), null, 2)}\n`
    const { members } = JSON.parse(forged)
    writeFileSync(place.path(proof, 'fleet.json'), forged)
    const lines = [
      [createHash('sha256').update(forged).digest('hex'), 'fleet.json'],
      ...members.map((one: { target: string; proof_sha256: string }) => [one.proof_sha256, `${one.target}/SHA256SUMS`]),
      ...(place.files().includes(`${proof}/public-key.pem`)
        ? [[createHash('sha256').update(place.read(proof, 'public-key.pem')).digest('hex'), 'public-key.pem']]
        : []),
    ]
    writeFileSync(place.path(proof, 'SHA256SUMS'), lines.map(([hash, name]) => `${hash}  ${name}\n`).join(''))
  }
  const verified = { status: 'verified', exit_code: 0 }
  forge((fleet) => ({ ...fleet, verdict: verified }))
  const better = await check()
  assertCode(better, 1)
  assert.match(better.stdout, 'verdict does not follow')
  assert.match(better.stdout, 'is a signature of another proof')
  // Who can write the files can write their hashes, too: the verdict at least has to follow.
  assertCode(await place.run(['report', 'verify', proof]), 1)
  rmSync(place.path(proof, 'us'), { recursive: true })
  forge((fleet) => ({ ...fleet, verdict: verified, members: fleet.members.slice(0, 1) }))
  const alone = await check()
  assertCode(alone, 1)
  assert.match(alone.stdout, 'is a signature of another proof')
  rmSync(place.path(proof, 'signature.dsse.json'))
  rmSync(place.path(proof, 'public-key.pem'))
  forge((fleet) => fleet)
  const stripped = await check()
  assertCode(stripped, 1)
  assert.match(stripped.stdout, 'it is not signed, or no longer')
  for (const name of ['key.pem', 'key.pem.pub']) rmSync(place.path(name))
})

test('what makes no sense for several is refused before anything is asked', async () => {
  assertRefused(await verify('--target', 'eu,'), /one of the targets has no name/)
  assertRefused(await verify('--target', 'eu,us,EU'), /the target "EU" is named twice/)
  assertRefused(await verify('--target', 'eu,sandbox'), /the sandbox is no target among others/)
  assertRefused(await verify('--target', 'eu,nowhere'), /nowhere is not configured/)
  assertRefused(await verify('--target', 'eu,us', '--format', 'junit'), /--format junit is of one target/)
  assertRefused(await verify('--target', 'eu,us', '--app-url', 'https://x.example'), /--app-url is of one target/)
  assertRefused(await verify('--targets', 'missing'), /the targets file missing does not exist/)
})

test.run()
