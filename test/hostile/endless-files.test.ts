// Files that never end, or that nobody writes into: each that the program reads is refused at once, and not waited for.

import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { isHandedOver, readOutside } from '../../src/outside-text.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { writeBackup } from '../dump/backups.ts'
import { suite } from '../support/suite.ts'
import { readableBaseline } from './baseline.ts'

const test = suite('hostile/endless files')
let place: Workplace

test.before.each(() => {
  place = new Workplace()
})
test.after.each(() => place.remove())

/** Makes a pipe that nobody writes into. Whoever opens it waits, and this file is stopped for taking too long. */
function pipe(...path: string[]): string {
  execFileSync('mkfifo', [place.path(...path)])
  return place.path(...path)
}

test('settings, passwords, certificates and keys', async () => {
  const url = 'postgresql://u@127.0.0.1:1/d'
  const endless = pipe('pipe')
  const verify = ['verify', '--target', 'restore']
  for (const path of [endless, '/dev/zero']) {
    const services = { RESTORE_DATABASE_URL: 'postgresql:///?service=x', PGSERVICEFILE: path }
    assertRefused(await place.run(verify, services), /the service file .* cannot be read: it is no plain file/)
    for (const name of ['sslrootcert', 'sslcert']) {
      const certificates = { RESTORE_DATABASE_URL: `${url}?sslmode=verify-ca&${name}=${path}` }
      assertRefused(
        await place.run(verify, certificates),
        /a certificate file .* cannot be read \(it is no plain file\)/,
      )
    }
    const signed = await place.run([...verify, '--sign-key', path], { RESTORE_DATABASE_URL: url })
    assertRefused(signed, /the key file .* cannot be read: it is no plain file/)
    const checked = await place.run(['report', 'verify', '.', '--public-key', path])
    assertRefused(checked, /the key file .* cannot be read: it is no plain file/)
  }
  pipe('.env')
  assertRefused(await place.run(verify), /\.env cannot be read: it is no plain file/)
})

test('a password file that is no file gives no password, as with libpq, and is not waited for', async () => {
  const env = { RESTORE_DATABASE_URL: 'postgresql://u@127.0.0.1:1/d', PGPASSFILE: pipe('pipe') }
  assertRefused(await place.run(['verify', '--target', 'restore'], env), /no server answers there/)
})

test('settings that are larger than anybody writes them', async () => {
  writeFileSync(place.path('.env'), '')
  truncateSync(place.path('.env'), 5_000_000)
  const large = await place.run(['verify', '--target', 'restore'])
  assertRefused(large, /\.env cannot be read: it is larger than 4 MiB/, undefined, ['.env'])
})

test('baselines, lists of targets, probes, inventories, backups and proofs', async () => {
  const endless = pipe('pipe')
  const env = { RESTORE_DATABASE_URL: 'postgresql://u@127.0.0.1:1/d' }
  writeBackup(place.path('backups', 'one'), null)
  pipe('backups', 'one', 'manifest.json')
  const files = ['baseline.json', 'database.json', 'dump/3001.dat.gz', 'dump/toc.dat'].map(
    (name) => `backups/one/${name}`,
  )
  for (const path of [endless, '/dev/zero']) {
    const lines = [
      ['verify', '--target', 'restore', '--baseline', path],
      ['baseline', 'diff', path, path],
      ['verify', '--targets', path],
      ['verify', '--target', 'restore', '--app-url', 'http://127.0.0.1:1', '--probes', path],
      ['retention', '--inventory', path],
      ['retention', '--inventory', `csv:${path}`],
    ]
    for (const args of lines) {
      assertRefused(await place.run(args, env), /it is no plain file|is no plain file$/, undefined, files)
    }
  }
  const restored = await place.run(['restore', '--from', 'backups/one', '--target', 'restore'], env)
  assertRefused(restored, /the manifest of .* cannot be read: it is no plain file/, undefined, files)
  mkdirSync(place.path('proof'))
  pipe('proof', 'SHA256SUMS')
  assertRefused(await place.run(['report', 'verify', 'proof']), /is no plain file/, undefined, files)
  // The index and the proofs of a folder: what cannot be read is told, and is no pass.
  mkdirSync(place.path('proofs', 'one'), { recursive: true })
  pipe('proofs', 'index.jsonl')
  pipe('proofs', 'one', 'proof.json')
  const status = await place.run(['status', '--proofs', 'proofs', '--now', '2026-11-23T12:00:00Z'])
  assert.ok(status.code === 1 || status.code === 2, status.stdout)
  assert.match(status.stdout, /index\.jsonl cannot be read: it is no plain file/)
  assert.match(status.stdout, /proof\.json: it is no plain file/)
})

test('what the shell hands over is read: a pipe that is open already, and stdin', async () => {
  writeFileSync(place.path('b.json'), JSON.stringify(readableBaseline))
  writeFileSync(place.path('l.csv'), 'name,time,size\na,2026-11-23T02:00:00Z,1000\n')
  const baselines = await place.start(['baseline', 'diff'], {}, '"$0" "$@" <(cat b.json) b.json').ended
  assertCode(baselines, 0)
  const inventory = ['retention', '--now', '2026-11-23T12:00:00Z', '--daily', '1', '--weekly', '0', '--monthly', '0']
  assertCode(await place.start(inventory, {}, '"$0" "$@" --inventory <(cat l.csv)').ended, 0)
  assert.equal(
    ['/dev/stdin', '/dev/fd/63', '/proc/self/fd/3', '/dev/zero', '/dev/fd/../zero', 'dev/fd/3'].map(isHandedOver),
    [true, true, true, false, false, false],
  )
  assert.throws(() => readOutside(place.directory), /^it is a folder$/)
})

test.run()
