// A released migration is never edited: the runner does not notice when one was, so the recorded checksums do.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { checksumProblems } from './problems.ts'
import { migrationChecksums } from './project.ts'

const test = suite('agreement/immutability')

const recorded = readFileSync(projectFile('migrations.sha256'), 'utf8')
const checksums = migrationChecksums()
const [path = ''] = checksums.keys()

test('migrations.sha256 records every migration as it is', () => {
  assert.ok(checksums.size > 3)
  assert.equal(checksumProblems(recorded, checksums), [])
})

test('a changed migration is found', () => {
  const changed = new Map(checksums).set(path, '0'.repeat(64))
  assert.equal(checksumProblems(recorded, changed), [
    `${path}: was changed after it was recorded; write a new migration instead`,
  ])
})

test('a missing migration is found', () => {
  const missing = new Map(checksums)
  missing.delete(path)
  assert.equal(checksumProblems(recorded, missing), [`${path}: is recorded, and missing`])
})

test('an unrecorded migration is found', () => {
  const added = new Map(checksums).set('migrations/9999_new.sql', '0'.repeat(64))
  assert.equal(checksumProblems(recorded, added), ['migrations/9999_new.sql: is not recorded (make manifest)'])
  assert.is(checksumProblems('', checksums).length, checksums.size)
})

test('a damaged record is found', () => {
  const [line = ''] = recorded.split('\n')
  assert.match(checksumProblems(recorded.replace(line, line.slice(1)), checksums).join('\n'), 'not a checksum')
  assert.equal(checksumProblems(`${recorded}${line}\n`, checksums), [`${path}: is recorded twice`])
})

test.run()
