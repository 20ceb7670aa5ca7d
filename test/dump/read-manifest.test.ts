// Whether a folder is a whole backup.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { listBackups, readBackup } from '../../src/dump/read-manifest.ts'
import { suite } from '../support/suite.ts'
import { files, manifestOf, writeBackup } from './backups.ts'

const test = suite('read a backup folder')
const root = mkdtempSync(join(tmpdir(), 'pgdrill-folders-'))
let count = 0
const folder = () => join(root, `backup-${++count}`)

test.after(() => rmSync(root, { recursive: true }))

async function refusal(directory: string, check: 'sizes' | 'hashes'): Promise<string> {
  try {
    await readBackup(directory, check)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    assert.not.match((error as Error).message, /\n/)
    return (error as Error).message
  }
  return 'accepted'
}

test('a whole backup is read, by sizes and by hashes', async () => {
  const directory = writeBackup(folder())
  assert.equal((await readBackup(directory, 'sizes')).manifest, manifestOf())
  const told: string[] = []
  assert.equal((await readBackup(directory, 'hashes', (text) => told.push(text))).manifest, manifestOf())
  assert.is(told.at(-1), '16 bytes of 16 bytes')
})

test('look-alikes: files besides, such as those of a file manager, and names with blanks', async () => {
  const directory = writeBackup(folder())
  writeFileSync(join(directory, '.DS_Store'), 'x')
  assert.is(await refusal(directory, 'hashes'), 'accepted')
})

test('a folder without a manifest is no backup', async () => {
  assert.match(await refusal(writeBackup(folder(), null), 'sizes'), /is no backup: it has no manifest\.json/)
  assert.match(await refusal(join(root, 'nowhere'), 'sizes'), /does not exist$/)
})

test('a manifest that is cut off, of another program, of another version or damaged', async () => {
  const text = JSON.stringify(manifestOf())
  const cases: [object | string, RegExp][] = [
    [text.slice(0, -20), /is not JSON, or is cut off/],
    ['', /is not JSON/],
    ['null', /is not a backup of pgdrill/],
    [{ ...manifestOf(), format: 'other' }, /is not a backup of pgdrill/],
    [{ ...manifestOf(), format_version: 2 }, /has format version 2, this pgdrill reads version 1/],
    [manifestOf({ files: [] }), /is damaged: files must name at least one file/],
    [manifestOf({ roles: undefined }), /is damaged: roles /],
  ]
  for (const path of ['../secret', '/etc/passwd', 'dump/../../x', 'dump//x', 'dump\\x', '']) {
    cases.push([manifestOf({ files: [{ path, bytes: 1, sha256: 'a'.repeat(64) }] }), /must be a path below the folder/])
  }
  const [one] = manifestOf().files
  cases.push([manifestOf({ files: [one, one] }), /must not name a file twice/])
  for (const [manifest, message] of cases)
    assert.match(await refusal(writeBackup(folder(), manifest), 'sizes'), message)
})

test('files that are missing, cut off, or no plain files are found by their size', async () => {
  const missing = writeBackup(folder())
  rmSync(join(missing, 'dump/toc.dat'))
  assert.match(await refusal(missing, 'sizes'), /not as it was written: dump\/toc\.dat is missing/)
  const short = writeBackup(folder())
  writeFileSync(join(short, 'dump/toc.dat'), 'content')
  assert.match(await refusal(short, 'sizes'), /dump\/toc\.dat has 7 bytes instead of 8/)
  const linked = writeBackup(folder())
  renameSync(join(linked, 'dump/toc.dat'), join(linked, 'elsewhere'))
  symlinkSync('../elsewhere', join(linked, 'dump/toc.dat'))
  assert.match(await refusal(linked, 'sizes'), /dump\/toc\.dat is no plain file/)
})

test('one changed byte is found by the hashes, and only by them', async () => {
  for (const [path, text] of Object.entries(files)) {
    const directory = writeBackup(folder())
    writeFileSync(join(directory, path), `X${text.slice(1)}`)
    assert.is(await refusal(directory, 'sizes'), 'accepted')
    assert.match(await refusal(directory, 'hashes'), new RegExp(`the content of ${path} changed$`))
  }
})

test('a directory of backups: the whole ones by their moment, and why the others are none', async () => {
  const directory = join(root, 'many')
  mkdirSync(directory)
  const at = (taken_at: string) => manifestOf({ snapshot: { ...manifestOf().snapshot, taken_at } })
  writeBackup(join(directory, 'a'), at('2026-11-23T04:30:00+00:00'))
  writeBackup(join(directory, 'b'), at('2026-11-22T04:30:00+00:00'))
  writeBackup(join(directory, 'c.partial'), at('2026-11-24T04:30:00+00:00'))
  writeBackup(join(directory, 'd'), null)
  writeFileSync(join(directory, 'notes.txt'), 'x')
  const { backups, others } = await listBackups(directory, 'sizes')
  assert.equal(
    backups.map((one) => one.directory),
    [join(directory, 'b'), join(directory, 'a')],
  )
  assert.is(others.length, 2)
  assert.match(others[0]?.why ?? '', /c\.partial is being written, or was never finished/)
  assert.match(others[1]?.why ?? '', /d is no backup/)
})

test.run()
