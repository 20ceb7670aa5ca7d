// The runner's totals must be true and its exit code 1 whatever a file does. Each case is a small test directory of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from './support/suite.ts'

const runner = fileURLToPath(new URL('run.ts', import.meta.url))
const honest = `import { suite } from ${JSON.stringify(new URL('support/suite.ts', import.meta.url).href)}\n`
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-run-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

/** A file of tests, by their names: each passes unless its body says otherwise. */
const file = (name: string, tests: Record<string, string>, more = '') =>
  `${honest}const test = suite('${name}')\n${more}\n${Object.entries(tests)
    .map(([title, body]) => `test('${title}', async () => { ${body} })`)
    .join('\n')}\ntest.run()\n`
const good = file('good', { one: '', two: '' })

let made = 0
function project(files: Record<string, string>): string {
  const project = join(directory, String(++made))
  mkdirSync(join(project, 'test'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(project, 'test', name)), { recursive: true })
    writeFileSync(join(project, 'test', name), content)
  }
  return project
}

interface Outcome {
  status: number | null
  output: string
  last: string
}

function start(
  project: string,
  args: string[],
  env: Record<string, string>,
): { child: ChildProcess; ended: Promise<Outcome> } {
  const command = ['--import', import.meta.resolve('tsx'), runner, '--root', join(project, 'test'), ...args]
  const child = spawn(process.execPath, command, { env: { ...process.env, CI: '', ...env } })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    output += text
  })
  const ended = new Promise<Outcome>((done) => {
    child.on('close', (status) => done({ status, output, last: output.trimEnd().split('\n').at(-1) ?? '' }))
  })
  return { child, ended }
}

const run = (files: Record<string, string>, args: string[] = [], env: Record<string, string> = {}) =>
  start(project(files), args, env).ended

async function waitFor(file: string): Promise<void> {
  for (const end = Date.now() + 20_000; !existsSync(file); ) {
    if (Date.now() > end) throw new Error(`${file} did not appear`)
    await sleep(50)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (const end = Date.now() + 10_000; isAlive(pid) && Date.now() < end; ) await sleep(50)
  return !isAlive(pid)
}

const test = suite('run')

test('good files pass; the total is the last line; times are kept for the next order', async () => {
  const here = project({ 'a.test.ts': good, 'deep/b.test.ts': file('b', { three: '' }), 'c.ts': 'throw new Error()' })
  const { status, output, last } = await start(here, [], {}).ended
  assert.is(status, 0, output)
  assert.is(last, '3 passed, 0 failed')
  assert.match(output, /^ok {3}test\/deep\/b\.test\.ts {2}\(\d+\.\d s\)$/m)
  const times = JSON.parse(readFileSync(join(here, 'build', 'test-times.json'), 'utf8'))
  assert.equal(Object.keys(times).sort(), ['test/a.test.ts', 'test/deep/b.test.ts'])
})

test('a filter picks files by a part of their path', async () => {
  const files = { 'a.test.ts': good, 'deep/b.test.ts': file('b', { three: 'throw new Error()' }) }
  const { status, output, last } = await run(files, ['test/a'])
  assert.is(status, 0, output)
  assert.is(last, '2 passed, 0 failed')
})

/** The files, the total, and what else the output must hold. */
const bad: Record<string, [Record<string, string>, string, ...string[]]> = {
  'a failed test': [
    { 'a.test.ts': good, 'b.test.ts': file('b', { fine: '', wrong: "throw new Error('the reason')" }) },
    '3 passed, 1 failed',
    'FAIL test/b.test.ts: b: wrong\n    the reason',
  ],
  'a file that dies in the middle': [
    { 'b.test.ts': file('b', { fine: '', dies: "process.kill(process.pid, 'SIGKILL')", after: '' }) },
    '1 passed, 2 failed',
    'died before it could report (killed by SIGKILL)',
    'b: dies\n    did not finish',
    'b: after\n    was never started',
  ],
  'a file that leaves with 0': [
    { 'b.test.ts': file('b', { fine: '', leaves: 'process.exit(0)' }) },
    '1 passed, 1 failed',
    'b: leaves\n    did not finish',
  ],
  'a file that reports nothing': [
    { 'b.test.ts': "console.log('no suite here')" },
    '0 passed, 1 failed',
    'reported nothing',
  ],
  'a file that cannot be loaded': [
    { 'b.test.ts': "import './missing.ts'" },
    '0 passed, 1 failed',
    'FAIL test/b.test.ts: died before it could report (exit code 1)',
    'ERR_MODULE_NOT_FOUND',
  ],
  'a file without tests': [{ 'b.test.ts': `${honest}suite('b').run()` }, '0 passed, 1 failed', 'b: has no tests'],
  'a file without a suite': [
    { 'b.test.ts': honest.replace('{ suite } from', '') },
    '0 passed, 1 failed',
    'no suite was made',
  ],
  'a forgotten run': [
    { 'b.test.ts': file('b', { fine: '' }).replace('test.run()', '') },
    '0 passed, 1 failed',
    '.run() was never called',
  ],
  'a before hook that throws': [
    { 'b.test.ts': file('b', { one: '', two: '' }, "test.before(() => { throw 'down' })") },
    '0 passed, 2 failed',
    "a before hook failed: threw something that is no Error: 'down'",
  ],
  'an after hook that throws': [
    { 'b.test.ts': file('b', { one: '' }, "test.after(() => { throw new Error('left behind') })") },
    '1 passed, 1 failed',
    'an after hook failed: left behind',
  ],
  'an exit code that no test explains': [
    { 'b.test.ts': file('b', { one: '' }, "process.on('exit', () => { process.exitCode = 3 })") },
    '1 passed, 1 failed',
    'FAIL test/b.test.ts: exit code 3',
  ],
  'a setup that fails': [
    { 'a.test.ts': good, 'support/global-setup.ts': "export default async () => { throw new Error('no server') }" },
    '0 passed, 1 failed',
    'FAIL the global setup failed: Error: no server',
  ],
  'a setup that cannot be loaded': [
    { 'a.test.ts': good, 'support/global-setup.ts': "import './missing.ts'" },
    '0 passed, 1 failed',
  ],
  'a teardown that fails': [
    {
      'a.test.ts': good,
      'support/global-setup.ts':
        "export default async () => ({ env: {}, teardown: async () => { throw new Error('still up') } })",
    },
    '2 passed, 1 failed',
    'FAIL the teardown failed: Error: still up',
  ],
}
for (const [name, [files, total, ...expected]] of Object.entries(bad)) {
  test(`fails: ${name}`, async () => {
    const { status, output, last } = await run(files)
    assert.is(status, 1, output)
    assert.is(last, total, output)
    for (const text of expected) assert.ok(output.includes(text), `expected "${text}" in:\n${output}`)
  })
}

test('fails: a file that takes too long is killed with what it started', async () => {
  const pidFile = join(directory, 'sleeper.pid')
  const body = `const { spawn } = await import('node:child_process'); const { writeFileSync } = await import('node:fs');
    writeFileSync(${JSON.stringify(pidFile)}, String(spawn('sleep', ['600'], { stdio: 'inherit' }).pid)); await new Promise(() => {})`
  const started = Date.now()
  const { status, output, last } = await run({ 'b.test.ts': file('b', { hangs: body }) }, [], {
    PGDRILL_TEST_TIMEOUT: '3',
  })
  assert.is(status, 1, output)
  assert.is(last, '0 passed, 1 failed')
  assert.match(output, 'took longer than 3 s and was killed')
  assert.ok(Date.now() - started < 20_000)
  assert.ok(await isGone(Number(readFileSync(pidFile, 'utf8'))))
})

test('fails: no file matches, no file at all, wrong options', async () => {
  const none = await run({ 'a.test.ts': good }, ['missing'])
  assert.is(none.status, 1)
  assert.is(none.last, '0 passed, 1 failed')
  assert.match(none.output, 'no test file matches missing')
  assert.is((await run({})).status, 1)
  for (const args of [['--jobs', '0'], ['--jobs', 'two'], ['--unknown']]) {
    const { status, last } = await run({ 'a.test.ts': good }, args)
    assert.is(status, 1)
    assert.is(last, '0 passed, 1 failed')
  }
})

const needy = `${honest}const test = suite('needy')\ntest.needs(false, 'no such tool')('left out', () => {})\ntest.run()\n`

test('skipped tests are shown with their reason and counted', async () => {
  const { status, output, last } = await run({ 'a.test.ts': good, 'b.test.ts': needy })
  assert.is(status, 0, output)
  assert.is(last, '2 passed, 0 failed, 1 skipped')
  assert.match(output, 'skipped test/b.test.ts: needy: left out: no such tool')
})

test('fails: nothing but skipped tests in the whole run', async () => {
  const { status, output, last } = await run({ 'b.test.ts': needy })
  assert.is(status, 1, output)
  assert.is(last, '0 passed, 1 failed, 1 skipped')
  assert.match(output, 'FAIL no test ran')
})

test('fails: a skipped test in CI', async () => {
  const { status, output, last } = await run({ 'a.test.ts': good, 'b.test.ts': needy }, [], { CI: 'true' })
  assert.is(status, 1, output)
  assert.is(last, '2 passed, 1 failed')
  assert.match(output, 'left out\n    skipped in CI (no such tool)')
})

const setup = (mark: string) => `import { writeFileSync } from 'node:fs'
export default async () => ({
  env: { PGDRILL_RUN_TEST: 'from setup' },
  teardown: async () => writeFileSync(${JSON.stringify(mark)}, 'torn down'),
})`

test('the setup runs once, gives its environment to every file, and is torn down', async () => {
  const mark = join(directory, 'setup.mark')
  const uses = file('uses', { env: "if (process.env.PGDRILL_RUN_TEST !== 'from setup') throw new Error('not set')" })
  const files = { 'a.test.ts': uses, 'b.test.ts': uses, 'support/global-setup.ts': setup(mark) }
  const { status, output, last } = await run(files, ['--jobs', '1'])
  assert.is(status, 0, output)
  assert.is(last, '2 passed, 0 failed')
  assert.is(readFileSync(mark, 'utf8'), 'torn down')
})

/** A run that hangs in a test, which has written its process id. */
async function hanging(name: string) {
  const pidFile = join(directory, `${name}.pid`)
  const mark = join(directory, `${name}.mark`)
  const body = `(await import('node:fs')).writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); await new Promise(() => setInterval(() => {}, 1000))`
  const here = project({ 'b.test.ts': file('b', { hangs: body }), 'support/global-setup.ts': setup(mark) })
  const { child, ended } = start(here, [], {})
  await waitFor(pidFile)
  await sleep(200)
  return { child, ended, mark, pid: Number(readFileSync(pidFile, 'utf8')) }
}

test('an interrupted run fails, ends its files, and tears the setup down', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { child, ended, mark, pid } = await hanging(signal)
    child.kill(signal)
    const { status, output } = await ended
    assert.is(status, 1, output)
    assert.match(output, `interrupted by ${signal}`)
    assert.is(readFileSync(mark, 'utf8'), 'torn down')
    assert.ok(await isGone(pid))
  }
})

test('a killed runner leaves no test behind', async () => {
  const { child, ended, pid } = await hanging('killed')
  child.kill('SIGKILL')
  assert.is((await ended).status, null)
  assert.ok(await isGone(pid))
})

test.run()
