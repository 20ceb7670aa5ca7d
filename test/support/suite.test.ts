// The wrapper is only worth something if each of uvu's silent passes makes it fail: every case runs in a process of its own.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from './suite.ts'

const fixture = fileURLToPath(new URL('fixtures/suite.fixture.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-suite-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

function run(name: string, env: Record<string, string> = {}) {
  const child = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), fixture, name], {
    encoding: 'utf8',
    // CI is not inherited: the cases mean it to be absent unless they set it.
    env: { ...process.env, CI: '', ...env },
    timeout: 60_000,
  })
  return { status: child.status, output: child.stdout + child.stderr }
}

function file(name: string, content: string): string {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

const test = suite('suite')

test('a good file passes, and its hooks run in order', () => {
  const { status, output } = run('good')
  assert.is(status, 0, output)
  assert.match(output, 'calls: before 1, before each, first, after each, before each, second, after each')
})

test('two suites in one file pass', () => {
  const { status, output } = run('two suites')
  assert.is(status, 0, output)
})

/** Case, and what its output must hold. */
const bad: [string, ...string[]][] = [
  ['before throws', 'FAIL case: a before hook failed: database down', 'FAIL case: a test: was never started'],
  ['after throws', 'FAIL case: an after hook failed: not cleaned up', 'the other after hook', 'the next suite'],
  ['before each throws', 'no row', 'after each ran'],
  ['after each throws', 'first reason', 'and then: not rolled back', 'the next one ran'],
  ['run forgotten', 'FAIL case: .run() was never called', 'FAIL case: a test: was never started'],
  ['test behind run', 'FAIL case: left out: was never started'],
  ['no error', "threw something that is no Error: 'a string'", 'no Error: undefined', 'the next one ran'],
  ['error that uvu cannot print', 'strange', 'code: RD001', 'detail: the detail', 'the next one ran'],
  ['no suite', 'FAIL no suite was made'],
  ['no test', 'FAIL case: has no tests'],
  ['no test in one of two', 'FAIL case: has no tests'],
  ['only skipped', 'FAIL every test was skipped'],
  ['all needs missing', 'FAIL every test was skipped'],
  ['never settles', 'FAIL case: waits for ever: did not finish', 'FAIL case: the next one: was never started'],
  ['exits in a test', 'FAIL case: leaves: did not finish', 'FAIL case: the next one: was never started'],
  ['throws later', 'nobody waits for this'],
  ['throws at import', 'broken file', 'FAIL case: a test: was never started'],
]
for (const [name, ...expected] of bad) {
  test(`fails: ${name}`, () => {
    const { status, output } = run(name)
    assert.is(status, 1, output)
    for (const text of expected) assert.ok(output.includes(text), `expected "${text}" in:\n${output}`)
  })
}

test('a skipped test and a missing need pass outside CI, and are shown', () => {
  const marked = run('one skipped')
  assert.is(marked.status, 0, marked.output)
  assert.match(marked.output, 'skipped: case: left out: marked with test.skip')
  const missing = run('need missing')
  assert.is(missing.status, 0, missing.output)
  assert.match(missing.output, 'skipped: case: left out: no such tool')
})

test('a skip fails in CI', () => {
  for (const name of ['one skipped', 'need missing']) {
    const { status, output } = run(name, { CI: 'true' })
    assert.is(status, 1, output)
    assert.match(output, /FAIL case: left out: skipped in CI \(.*\) and not listed/)
  }
})

test('a listed skip passes in CI; one with another name does not', () => {
  const list = (entry: object) => ({
    CI: 'true',
    PGDRILL_TEST_ALLOWED_SKIPS: file('list.json', JSON.stringify([entry])),
  })
  const allowed = run('need missing', list({ suite: 'case', test: 'left out', why: 'not packaged' }))
  assert.is(allowed.status, 0, allowed.output)
  assert.match(allowed.output, 'skipped: case: left out: no such tool; allowed in CI: not packaged')
  const other = run('need missing', list({ suite: 'case', test: 'another', why: 'not packaged' }))
  assert.is(other.status, 1, other.output)
})

test('a list of skips without reasons, or that is no list, fails', () => {
  for (const content of ['[{"suite":"case","test":"left out","why":" "}]', '{}', '[null]', 'not JSON']) {
    const env = { CI: 'true', PGDRILL_TEST_ALLOWED_SKIPS: file('wrong.json', content) }
    const { status, output } = run('need missing', env)
    assert.is(status, 1, output)
  }
})

test('test.only works outside CI and shows what it left out', () => {
  const { status, output } = run('only')
  assert.is(status, 0, output)
  assert.match(output, 'skipped: case: left out: another test of the suite is marked with test.only')
})

test('test.only is refused in CI', () => {
  const { status, output } = run('only', { CI: 'true' })
  assert.is(status, 1, output)
  assert.match(output, 'test.only is refused in CI: case: a test')
})

test('a listing names what would run, without running it', () => {
  const answer = join(directory, 'answer.json')
  const below = relative(fileURLToPath(new URL('..', import.meta.url)), directory)
  file('package.json', '{ "type": "module" }')
  file(
    'listed.test.ts',
    `import { suite } from '${new URL('suite.ts', import.meta.url).href}'
     const test = suite('case')
     for (const name of ['one', 'two']) test(name, async () => { throw new Error('it ran') })
     test('empty', () => {})
     test.skip('skipped', () => {})
     test.needs(false, 'it is not here')('elsewhere', () => {})
     test.run()`,
  )
  const child = spawnSync(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('list-tests.ts', import.meta.url)),
      answer,
      join(below, 'listed'),
    ],
    { encoding: 'utf8', timeout: 60_000 },
  )
  assert.is(child.status, 0, child.stderr)
  assert.equal(Object.values(JSON.parse(readFileSync(answer, 'utf8'))), [['one', 'two', 'elsewhere']])
})

test('reports every state at once, so that nothing is lost when the process dies', () => {
  const report = join(directory, 'report.jsonl')
  const { status } = run('no error', { PGDRILL_TEST_REPORT: report })
  assert.is(status, 1)
  const lines = readFileSync(report, 'utf8').trimEnd().split('\n')
  const states = lines.map((line) => JSON.parse(line)).map((line) => line.test?.state ?? Object.keys(line)[0])
  const one = ['started', 'failed']
  assert.equal(states, ['registered', 'registered', 'registered', ...one, ...one, 'started', 'passed', 'end'])
})

test.run()
