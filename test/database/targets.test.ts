import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { findTarget, lookUpTarget, targetVariable } from '../../src/database/targets.ts'
import { suite } from '../support/suite.ts'

const test = suite('database/targets')
const before = process.cwd()
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-targets-'))
const variable = 'T_ONE_DATABASE_URL'

test.before.each(() => process.chdir(directory))
test.after.each(() => {
  process.chdir(before)
  delete process.env[variable]
  for (const name of ['.env', '.sandbox']) rmSync(join(directory, name), { recursive: true, force: true })
})
test.after(() => rmSync(directory, { recursive: true }))

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    return (error as CouldNotVerify).message
  }
  throw new Error('was not refused')
}

test('the variable of a target', () => {
  assert.is(targetVariable('restore'), 'RESTORE_DATABASE_URL')
  assert.is(targetVariable('t-one'), variable)
  assert.is(targetVariable('Pitr_2'), 'PITR_2_DATABASE_URL')
})

test('environment, .env, sandbox, in this order, and which it was', () => {
  const found = () => {
    const target = lookUpTarget('t-one')
    return [target?.configuredBy, target?.connection.database]
  }
  assert.equal(found(), [undefined, undefined])
  mkdirSync('.sandbox')
  writeFileSync('.sandbox/targets.env', `${variable}=postgresql://h/sandbox\n`)
  assert.equal(found(), ['the sandbox', 'sandbox'])
  writeFileSync('.env', `export ${variable}='postgresql://h/file' # comment\r\n`)
  assert.equal(found(), ['.env', 'file'])
  process.env[variable] = 'postgresql://h/environment'
  assert.equal(found(), ['the environment', 'environment'])
  process.env[variable] = ''
  assert.equal(found(), ['.env', 'file'])
})

test('no name, a wrong one, one that is not configured; a URL is not repeated', () => {
  assert.match(
    refusal(() => findTarget(undefined)),
    /no target was named/,
  )
  assert.match(
    refusal(() => findTarget('')),
    /no target was named/,
  )
  assert.match(
    refusal(() => findTarget('t-one')),
    /T_ONE_DATABASE_URL is not set/,
  )
  for (const name of ['-x', '1a', 'a b', 'a/b', 'a=b', 'a\n', '__proto__', 'ä', '$(x)']) {
    assert.match(
      refusal(() => lookUpTarget(name)),
      /is not the name of a target/,
    )
  }
})

test('a .env that cannot be read is said, not skipped', () => {
  mkdirSync('.env')
  assert.match(
    refusal(() => lookUpTarget('t-one')),
    /\.env cannot be read/,
  )
})

test.run()
