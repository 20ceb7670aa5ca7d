// Encrypted backups, and a disk that is full.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { findOnPath } from '../../src/dump/client-programs.ts'
import { readBackup } from '../../src/dump/read-manifest.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { makeDatabase, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, startSmallProduction, system } from './own-production.ts'

const test = suite('encrypted backups')
const root = mkdtempSync(join(tmpdir(), 'pgdrill-crypt-'))
const home = join(root, 'gnupg')
const temporary = join(root, 'tmp')
const place = new Workplace()
const has = { age: findOnPath('age') !== undefined, gpg: findOnPath('gpg') !== undefined }
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const needs = (tool: 'age' | 'gpg') =>
  test.needs(system !== undefined && has[tool], `no ${tool}, or no pg_dump with a server of the same version`)
const disk = mountSmallDisk()
let production: OwnProduction

test.before(async () => {
  if (system === undefined) return
  production = await startSmallProduction(`create table public.marker as select 'plain words of a row' as text`)
  mkdirSync(home, { mode: 0o700 })
  mkdirSync(temporary)
})

test.after(async () => {
  if (disk !== undefined) execFileSync('umount', [disk])
  if (has.gpg) execFileSync('gpgconf', ['--kill', 'all'], { env: { ...process.env, GNUPGHOME: home } })
  rmSync(root, { recursive: true, force: true })
  place.remove()
  if (system !== undefined) await production.drop()
})

/** A disk of one megabyte; undefined where none can be had. */
function mountSmallDisk(): string | undefined {
  const directory = join(root, 'disk')
  mkdirSync(directory)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory], { stdio: 'ignore' })
    return directory
  } catch {
    return undefined
  }
}

const env = (database?: string) => ({ ...production.env(database), GNUPGHOME: home, TMPDIR: temporary })
const backup = (out: string, ...args: string[]) =>
  place.run(['backup', '--target', 'production', '--out', join(root, out), ...args], env())

async function roundTrip(tool: 'age' | 'gpg', encrypt: string[], decrypt: string[]): Promise<void> {
  const directory = join(root, tool)
  assertCode(await backup(tool, ...encrypt), 0)
  const { manifest } = await readBackup(directory, 'hashes')
  assert.is(manifest.encryption?.tool, tool)
  for (const { path } of manifest.files) {
    assert.is(path === 'baseline.json' || path.endsWith(`.${tool}`), true, path)
    assert.not.match(readFileSync(join(directory, path), 'latin1'), /plain words of a row|CREATE ROLE/)
  }
  const copy = await makeDatabase(production.cluster, null)
  const args = ['restore', '--from', directory, '--target', 'restore']
  const done = await place.run([...args, ...decrypt], env(copy.target.connection.database))
  assertCode(done, 0)
  assert.equal(readdirSync(temporary), [], 'what was decrypted is gone')
  const verification = await verify(copy.target, {
    production: production.target,
    baselineFile: join(directory, 'baseline.json'),
    depth: 'full',
  })
  for (const check of ['row_counts', 'fingerprints']) {
    const row = verification.results.find((one) => one.check_name === check && one.object_name === 'public.calls')
    assert.is(row?.status, 'pass', `${check}: ${row?.detail}`)
  }
  await copy.drop()
}

needs('age')('age: there and back', async () => {
  const key = join(root, 'key.txt')
  execFileSync('age-keygen', ['-o', key], { stdio: 'ignore' })
  const recipient = execFileSync('age-keygen', ['-y', key], { encoding: 'utf8' }).trim()
  await roundTrip('age', ['--encrypt-to', recipient], ['--identity', key])

  const target = await makeDatabase(production.cluster, null)
  const before = place.files()
  const args = ['restore', '--from', join(root, 'age'), '--target', 'restore']
  const own = env(target.target.connection.database)
  assertRefused(await place.run(args, own), /is encrypted with age/, /--identity FILE/, before)
  const other = join(root, 'other.txt')
  execFileSync('age-keygen', ['-o', other], { stdio: 'ignore' })
  assertRefused(
    await place.run([...args, '--identity', other], own),
    /age could not decrypt .*: .*identity/,
    undefined,
    before,
  )
  assert.equal(readdirSync(temporary), [])
  await target.drop()
})

needs('gpg')('gpg: there and back', async () => {
  const options = { env: { ...process.env, GNUPGHOME: home }, stdio: 'ignore' as const }
  const generate = [
    '--batch',
    '--passphrase',
    '',
    '--quick-generate-key',
    'drill@example.com',
    'default',
    'default',
    'never',
  ]
  execFileSync('gpg', generate, options)
  await roundTrip('gpg', ['--gpg-recipient', 'drill@example.com'], [])
})

needsDump('who cannot be encrypted for is known before any work', async () => {
  const before = place.files()
  const refused = async (args: string[], message: RegExp, own: NodeJS.Dict<string> = env()) => {
    const out = join(root, 'refused')
    assertRefused(
      await place.run(['backup', '--target', 'production', '--out', out, ...args], own),
      message,
      undefined,
      before,
    )
    assert.is(existsSync(out), false)
  }
  const nothing = { ...env(), PATH: root }
  await refused(['--encrypt-to', 'age1x'], /age is not installed/, nothing)
  await refused(['--gpg-recipient', 'x'], /gpg is not installed/, nothing)
  await refused(['--encrypt-to', `AGE-SECRET-KEY-1${'Q'.repeat(58)}`], /is a secret key/)
  if (has.age) await refused(['--encrypt-to', 'nobody'], /age cannot encrypt for these recipients: /)
  if (has.gpg) await refused(['--gpg-recipient', 'nobody@example.com'], /gpg cannot encrypt for these recipients: /)
})

needsDump('what a tool for encryption leaves half-done is no backup', async () => {
  const bin = join(root, 'bin')
  mkdirSync(bin)
  const script =
    '#!/bin/sh\nfor last; do :; done\n[ "$last" = /dev/null ] && exit 0\necho "age: error: no space left" >&2\nexit 1\n'
  writeFileSync(join(bin, 'age'), script)
  chmodSync(join(bin, 'age'), 0o755)
  const out = join(root, 'half')
  const done = await place.run(['backup', '--target', 'production', '--out', out, '--encrypt-to', 'age1x'], {
    ...env(),
    PATH: `${bin}:${process.env['PATH']}`,
  })
  assert.is(done.code, 2)
  assert.match(done.stderr, /age could not encrypt .*: no space left/)
  assert.equal(
    readdirSync(root).filter((name) => name.startsWith('half')),
    [],
  )
})

test.needs(system !== undefined && disk !== undefined, 'no pg_dump, or no disk can be mounted here')(
  'a full disk: exit 2, and nothing is left',
  async () => {
    // So little room that our own files do not fit, and so much that pg_dump begins.
    for (const kilobytes of [1000, 400]) {
      const filler = join(disk as string, 'filler')
      writeFileSync(filler, Buffer.alloc(kilobytes * 1024))
      const done = await backup(join('disk', 'one'))
      assert.is(done.code, 2, done.stdout)
      assert.match(done.stderr, /there is no room for it|No space left on device/)
      assert.equal(readdirSync(disk as string), ['filler'])
      rmSync(filler)
    }
  },
)

test.run()
