// Names that would like to be paths: of drills, tickets, targets, members of a fleet, files of a proof and of a backup.

import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { lookUpTarget } from '../../src/database/targets.ts'
import { makeDrillId, requireDrillId } from '../../src/drill/drill-id.ts'
import { parseJournal } from '../../src/drill/journal.ts'
import { parseManifest } from '../../src/dump/manifest.ts'
import { readBackup } from '../../src/dump/read-manifest.ts'
import { readProof } from '../../src/proof/read-proof.ts'
import { verifyFleetProof } from '../../src/proof/verify-fleet-proof.ts'
import { verifyProof } from '../../src/proof/verify-proof.ts'
import { fleetFile } from '../../src/proof/write-fleet-proof.ts'
import { writeProof } from '../../src/proof/write-proof.ts'
import { Workplace } from '../cli/program.ts'
import { drillId, events, started, textOf, verified } from '../drill/fixture.ts'
import { manifestOf, writeBackup } from '../dump/backups.ts'
import { good } from '../proof/fixture.ts'
import { suite } from '../support/suite.ts'
import { takesOrRefuses } from './fuzz.ts'

const test = suite('hostile/paths')
const place = new Workplace()
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-paths-'))
const secret = join(directory, 'secret.txt')
writeFileSync(secret, 'C4nary: what somebody else must not read')
test.after(() => {
  place.remove()
  rmSync(directory, { recursive: true, force: true })
})

const ways = [
  '../secret.txt',
  '..',
  '.',
  '',
  '/etc/passwd',
  secret,
  'a/../../secret.txt',
  './secret.txt',
  'a//b',
  'a\0b',
  '..\\secret.txt',
  '~/x',
  '-rf',
  '%2e%2e%2fsecret.txt',
  'a\nb',
  '\u2025/secret.txt',
]

async function refused(read: () => unknown): Promise<void> {
  assert.is(await takesOrRefuses(async () => (await read()) ?? 'taken'), undefined, 'it was taken')
}

test('ids of drills and names of targets', async () => {
  for (const way of ways) {
    await refused(() => requireDrillId(way))
    await refused(() => requireDrillId(`${drillId}/${way}`))
    await refused(() => requireDrillId(`20261123T043000Z-${way}-1a2b`))
    await refused(() => lookUpTarget(way))
  }
  assert.match(makeDrillId(new Date(0), 'a'.repeat(500)), /^[\w-]{10,80}$/)
})

test('a journal that was edited leads nowhere', async () => {
  const journalWith = (event: object) => textOf([started, event as typeof started])
  for (const way of ways) {
    for (const event of [
      { ...verified, verification_id: way },
      { ...verified, file: way },
      { ...verified, attachments: [{ path: way, sha256: 'a'.repeat(64) }] },
      { ...events[2], file: way },
      { ...events[4], log: way },
      { ...events[7], previous: { drill_id: way, proof_sha256: 'a'.repeat(64) } },
    ]) {
      await refused(() => parseJournal(journalWith(event), drillId, 'j'))
    }
    await refused(() => parseJournal(textOf([{ ...started, target_name: way }]), drillId, 'j'))
    await refused(() => parseJournal(textOf([{ ...started, drill_id: way }]), way, 'j'))
  }
})

test('a ticket is text, never a path', async () => {
  for (const ticket of ['../../etc/x', '/tmp/x', '..']) {
    const args = [
      'drill',
      'start',
      '-t',
      'nowhere',
      '--ticket',
      ticket,
      '--lead',
      'A',
      '--db-owner',
      'B',
      '--app-owner',
      'C',
    ]
    const outcome = await place.run([...args, '--method', 'dump'])
    assert.is(outcome.code, 2)
    assert.equal(outcome.files, [])
  }
})

test('files that a proof names, and links in it', async () => {
  const folder = join(directory, 'proof')
  writeProof(folder, { ...good(), attachments: [{ path: 'shots/page.png', bytes: Buffer.from('x') }] })
  assert.is(readProof(folder).attachments.length, 1)
  for (const [index, path] of ways.entries()) {
    await refused(() =>
      writeProof(join(directory, `new${index}`), { ...good(), attachments: [{ path, bytes: Buffer.from('x') }] }),
    )
    const edited = join(directory, `edited${index}`)
    cpSync(folder, edited, { recursive: true })
    const document = JSON.parse(readFileSync(join(edited, 'proof.json'), 'utf8'))
    document.attachments[0].path = path
    writeFileSync(join(edited, 'proof.json'), JSON.stringify(document))
    await refused(() => readProof(edited))
  }
  const file = join(directory, 'link-to-file')
  cpSync(folder, file, { recursive: true })
  rmSync(join(file, 'shots', 'page.png'))
  symlinkSync(secret, join(file, 'shots', 'page.png'))
  const whole = join(directory, 'link-to-folder')
  cpSync(folder, whole, { recursive: true })
  rmSync(join(whole, 'shots'), { recursive: true })
  mkdirSync(join(directory, 'elsewhere'))
  writeFileSync(join(directory, 'elsewhere', 'page.png'), 'C4nary')
  symlinkSync(join(directory, 'elsewhere'), join(whole, 'shots'))
  for (const linked of [file, whole]) {
    await refused(() => readProof(linked))
    await refused(() => verifyProof({ directory: linked, publicKey: undefined, previous: null }))
    const shown = await place.run(['report', 'show', linked, '--format', 'html'])
    assert.is(shown.code, 2)
  }
  assert.equal(
    readdirSync(directory).filter((name) => name.startsWith('new')),
    [],
  )
})

test('members of a fleet', async () => {
  for (const [index, target] of ways.entries()) {
    const folder = join(directory, `fleet${index}`)
    mkdirSync(folder)
    const members = [{ target, proof_sha256: 'a'.repeat(64) }]
    writeFileSync(join(folder, fleetFile), JSON.stringify({ format: 'pgdrill-fleet', format_version: 1, members }))
    await refused(() => verifyFleetProof({ directory: folder, publicKey: undefined, previous: null }))
    const outcome = await place.run(['verify', '--target', `a,${target}`])
    assert.is(outcome.code, 2)
    assert.equal(outcome.files, [])
  }
})

test('files that the manifest of a backup names, and links to them', async () => {
  const sha256 = createHash('sha256').update('x').digest('hex')
  for (const path of ways.filter(
    (way) => !['~/x', '-rf', '%2e%2e%2fsecret.txt', 'a\nb', '\u2025/secret.txt'].includes(way),
  )) {
    await refused(() => parseManifest(JSON.stringify(manifestOf({ files: [{ path, bytes: 1, sha256 }] })), 'b'))
  }
  const folder = writeBackup(join(directory, 'backup'))
  const { manifest } = await readBackup(folder, 'hashes')
  const [first] = manifest.files
  const path = first?.path ?? ''
  cpSync(join(folder, path), join(directory, 'same'))
  rmSync(join(folder, path))
  symlinkSync(join(directory, 'same'), join(folder, path))
  await refused(() => readBackup(folder, 'hashes'))
})

test.run()
