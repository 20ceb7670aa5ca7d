import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { findPassword } from '../../src/database/password-file.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/password-file')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-pgpass-'))
const file = join(directory, 'passwords')
const before = process.env['HOME']
const place = { host: 'db.example.org', port: 5432, database: 'shop', user: 'me' }

test.before(() => {
  process.env['HOME'] = directory
})
test.after(() => {
  process.env['HOME'] = before
  rmSync(directory, { recursive: true })
})

function found(lines: string[], where: Partial<typeof place> = {}): string | undefined {
  writeFileSync(file, lines.join('\n'), { mode: 0o600 })
  const { password, remark } = findPassword(file, { ...place, ...where })
  assert.is(remark, undefined)
  return password
}

test('the first line that fits, part by part', () => {
  assert.is(found(['db.example.org:5432:shop:me:one', '*:*:*:*:two']), 'one')
  assert.is(found(['*:*:*:*:two', 'db.example.org:5432:shop:me:one']), 'two')
  for (const line of ['db.example.com:5432:shop:me:x', '*:5433:*:*:x', '*:*:shops:*:x', '*:*:*:you:x', '*:*:*:m*:x']) {
    assert.is(found([line]), undefined, line)
  }
  assert.is(found(['# *:*:*:*:comment', '', 'nonsense', '*:*:*:me:right\r', '*:*:*:*:later']), 'right')
  assert.is(found([]), undefined)
})

test('colons and backslashes', () => {
  assert.is(found(['*:*:*:*:a\\:b\\\\c']), 'a:b\\c')
  assert.is(found(['*:*:*:*:a:b']), 'a:b')
  assert.is(found(['\\:\\:1:*:*:*:x'], { host: '::1' }), 'x')
  assert.is(found(['*:*:a\\:b:*:x'], { database: 'a:b' }), 'x')
})

test('a socket in the usual place is called localhost', () => {
  assert.is(found(['localhost:*:*:*:x'], { host: '/var/run/postgresql' }), 'x')
  assert.is(found(['/var/run/postgresql:*:*:*:x'], { host: '/var/run/postgresql' }), 'x')
  assert.is(found(['localhost:*:*:*:x'], { host: '/srv/socket' }), undefined)
  assert.is(found(['/srv/socket:*:*:*:x'], { host: '/srv/socket' }), 'x')
})

test('a file that others may read is not used, and it is said why', () => {
  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    writeFileSync(file, '*:*:*:*:s3cret')
    chmodSync(file, mode)
    const { password, remark = '' } = findPassword(file, place)
    assert.is(password, undefined)
    assert.match(remark, /passwords may be read by others: chmod 600 /)
  }
  for (const mode of [0o600, 0o400, 0o700]) {
    chmodSync(file, mode)
    assert.is(findPassword(file, place).password, 's3cret', mode.toString(8))
  }
  assert.match(findPassword(directory, place).remark ?? '', /is no plain file/)
  assert.match(findPassword(join(directory, 'nowhere'), place).remark ?? '', /does not exist/)
})

test('~/.pgpass is the usual one, and need not be there', () => {
  assert.equal(findPassword(undefined, place), { password: undefined, remark: undefined })
  mkdirSync(join(directory, 'home'))
  process.env['HOME'] = join(directory, 'home')
  writeFileSync(join(directory, 'home', '.pgpass'), '*:*:*:*:usual', { mode: 0o600 })
  assert.is(findPassword(undefined, place).password, 'usual')
  process.env['HOME'] = directory
})

test.run()
