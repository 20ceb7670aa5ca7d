// Runs the test files: node --import tsx test/run.ts [--jobs N] [--root DIR] [part of a path ...]
//
// Each file runs in a process of its own and tells what happens, line by line, through a file (see support/suite.ts), so
// that the totals hold even when it dies midway. A file that dies, reports nothing or takes longer than its time is a failure,
// and so is a run in which no test ran. The last line is the total; the exit code is 0 or 1.
//
// Environment: PGDRILL_TEST_TIMEOUT, seconds for one file (180).

import { type ChildProcess, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { ReportLine, TestRecord } from './support/suite.ts'

/** What test/support/global-setup.ts exports by default: run once before all files. */
export type GlobalSetup = () => Promise<{ env: Record<string, string>; teardown: () => Promise<void> }>

interface FileResult {
  file: string
  seconds: number
  tests: TestRecord[]
  /** What is wrong with the file as a whole. */
  problems: string[]
  output: string
}

const passed = (result: FileResult) => result.tests.filter(({ state }) => state === 'passed').length
const skipped = (result: FileResult) => result.tests.filter(({ state }) => state === 'skipped').length
/** A test that was registered and did not come to an end has failed. A file with a problem has at least one failure. */
function failed(result: FileResult): number {
  const tests = result.tests.length - passed(result) - skipped(result)
  return tests > 0 ? tests : Math.min(result.problems.length, 1)
}

const colour = process.stdout.isTTY && !process.env['NO_COLOR']
const red = (text: string) => (colour ? `\x1b[31m${text}\x1b[39m` : text)
const green = (text: string) => (colour ? `\x1b[32m${text}\x1b[39m` : text)
const indent = (text: string) => text.replace(/^(?=.)/gm, '    ')
const message = (thrown: unknown) => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))

function readReport(file: string): { tests: TestRecord[]; problems: string[]; ended: boolean } {
  const tests = new Map<number, TestRecord>()
  const problems: string[] = []
  let ended = false
  for (const text of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    let line: ReportLine
    try {
      line = JSON.parse(text)
    } catch {
      continue // the last line of a killed process may be cut; it then has no end line either
    }
    if ('test' in line) tests.set(line.test.id, line.test)
    else if ('problem' in line) problems.push(line.problem)
    else ended = true
  }
  return { tests: [...tests.values()], problems, ended }
}

/** Each file leads a process group, so that what it started goes with it. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // already gone
  }
}

const running = new Set<ChildProcess>()

async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise((done) => child.once('exit', done))
  if (child.exitCode !== null || child.signalCode !== null) return
  killGroup(child, 'SIGTERM')
  const hard = setTimeout(() => killGroup(child, 'SIGKILL'), 5000)
  await gone
  clearTimeout(hard)
  killGroup(child, 'SIGKILL') // those of the group that ignored the first signal
}

async function runFile(
  file: string,
  options: { cwd: string; scratch: string; env: Record<string, string>; timeout: number },
): Promise<FileResult> {
  const id = file.replaceAll(/[^\w.-]/g, '_')
  const outputFile = join(options.scratch, `${id}.log`)
  const reportFile = join(options.scratch, `${id}.jsonl`)
  const started = performance.now()

  // Output goes to a file and not through a pipe: a server that a test left behind would hold a pipe open for ever.
  const output = openSync(outputFile, 'w')
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), resolve(options.cwd, file)], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, PGDRILL_TEST_REPORT: reportFile },
    stdio: ['ignore', output, output, 'ipc'],
    detached: true,
  })
  closeSync(output)
  running.add(child)

  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    void stop(child)
  }, options.timeout * 1000)
  const ending = await new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => done(signal ? `killed by ${signal}` : code ? `exit code ${code}` : undefined))
  })
  clearTimeout(timer)
  running.delete(child)

  const { tests, problems, ended } = readReport(reportFile)
  if (timedOut) problems.push(`took longer than ${options.timeout} s and was killed`)
  else if (!ended && ending === undefined) problems.push('reported nothing: does it use test/support/suite.ts?')
  else if (!ended) problems.push(`died before it could report (${ending})`)
  // A failed test explains exit code 1. Otherwise something failed that no test knows of.
  else if (ending && problems.length === 0 && !tests.some(({ state }) => state === 'failed')) problems.push(ending)
  if (ended && tests.length === 0 && problems.length === 0) problems.push('registered no test')

  const seconds = (performance.now() - started) / 1000
  return { file, seconds, tests, problems, output: readFileSync(outputFile, 'utf8') }
}

function showFile(result: FileResult): void {
  const title = failed(result) > 0 ? red('FAIL') : green('ok  ')
  console.log(`${title} ${result.file}  (${result.seconds.toFixed(1)} s)`)
  const output = result.output.replaceAll(/\n\s*\n/g, '\n').trimEnd()
  if (output !== '') console.log(indent(output))
}

function showFailure(result: FileResult): void {
  for (const { suite, name, state, why } of result.tests) {
    if (state === 'passed' || state === 'skipped') continue
    console.log(`  ${red('FAIL')} ${result.file}: ${suite}: ${name}`)
    console.log(indent(why ?? (state === 'started' ? 'did not finish' : 'was never started')))
  }
  for (const problem of result.problems) console.log(`  ${red('FAIL')} ${result.file}: ${problem}`)
  // Nothing else tells why: no test failed, so the reason is in what the file printed, if anywhere.
  if (result.tests.length === 0) console.log(indent(result.output.trimEnd().split('\n').slice(-20).join('\n')))
}

function findFiles(root: string, cwd: string): string[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.split(sep).includes('node_modules'))
    .map((file) => relative(cwd, join(root, file)))
    .sort()
}

/** Seconds per file of earlier runs: only an order of starting, so a broken file is as good as none. */
function readTimes(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}

function writeTimes(file: string, times: Record<string, number>): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(times, null, 2)}\n`)
  renameSync(`${file}.${process.pid}`, file)
}

function total(results: FileResult[], more = 0): boolean {
  const sum = (count: (result: FileResult) => number) => results.map(count).reduce((a, b) => a + b, 0)
  const failures = sum(failed) + more
  const skips = sum(skipped)
  console.log(`${sum(passed)} passed, ${failures} failed${skips > 0 ? `, ${skips} skipped` : ''}`)
  return failures === 0
}

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    options: { jobs: { type: 'string' }, root: { type: 'string' } },
    allowPositionals: true,
  })
  const jobs = Number(values.jobs ?? Math.min(2, availableParallelism()))
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs must be a whole number from 1 on: ${values.jobs}`)
  const timeout = Number(process.env['PGDRILL_TEST_TIMEOUT'] ?? 180)
  if (!(timeout > 0)) throw new Error('PGDRILL_TEST_TIMEOUT must be a number of seconds')
  const root = resolve(values.root ?? dirname(fileURLToPath(import.meta.url)))
  const cwd = dirname(root)

  const filters = positionals.filter((filter) => filter !== '')
  const all = findFiles(root, cwd)
  const files = filters.length === 0 ? all : all.filter((file) => filters.some((filter) => file.includes(filter)))
  if (files.length === 0) throw new Error(`no test file matches ${filters.join(' ') || join(root, '**/*.test.ts')}`)

  const timesFile = join(cwd, 'build', 'test-times.json')
  const times = readTimes(timesFile)
  // The slowest first, and files not seen yet before them: a long one started last would be waited for alone.
  const seconds = (file: string) => times[file] ?? Number.MAX_VALUE
  const queue = files.toSorted((a, b) => seconds(b) - seconds(a))

  const results: FileResult[] = []
  const broken: string[] = []
  const scratch = mkdtempSync(join(tmpdir(), 'pgdrill-test-'))
  let teardown: (() => Promise<void>) | undefined

  async function cleanUp(): Promise<void> {
    queue.length = 0
    await Promise.all([...running].map(stop))
    const ending = teardown
    teardown = undefined
    try {
      await ending?.()
    } catch (thrown) {
      broken.push(`the teardown failed: ${message(thrown)}`)
    }
    rmSync(scratch, { recursive: true, force: true })
  }

  // A signal during the setup is obeyed when the setup has ended: only then is there something to tear down.
  let interrupted: NodeJS.Signals | undefined
  let ready = false
  async function leave(signal: NodeJS.Signals): Promise<void> {
    await cleanUp()
    for (const text of broken) console.log(`  ${red('FAIL')} ${text}`)
    console.log(`  ${red('FAIL')} interrupted by ${signal}`)
    total(results, 1 + broken.length)
    process.exit(1)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interrupted !== undefined) process.exit(1) // asked twice: at once, without the teardown
      interrupted = signal
      if (ready) void leave(signal)
    })
  }

  let env: Record<string, string> = {}
  const setupFile = join(root, 'support', 'global-setup.ts')
  if (existsSync(setupFile)) {
    try {
      const setup: { default: GlobalSetup } = await import(pathToFileURL(setupFile).href)
      ;({ env, teardown } = await setup.default())
    } catch (thrown) {
      broken.push(`the global setup failed: ${message(thrown)}`)
      queue.length = 0
    }
  }
  ready = true
  if (interrupted !== undefined) await leave(interrupted)

  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, { cwd, scratch, env, timeout })
      if (interrupted !== undefined) return
      results.push(result)
      times[file] = Math.round(result.seconds * 10) / 10
      showFile(result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  if (interrupted !== undefined) return new Promise(() => {}) // leave() ends the process
  await cleanUp()

  if (results.length > 0)
    writeTimes(timesFile, Object.fromEntries(Object.entries(times).filter(([file]) => all.includes(file))))
  const ran = results.some(({ tests }) => tests.some(({ state }) => state !== 'skipped'))
  if (!ran && broken.length === 0 && !results.some((result) => failed(result) > 0)) broken.push('no test ran')

  console.log()
  for (const { file, tests } of results) {
    for (const { suite, name, state, why } of tests) {
      if (state === 'skipped') console.log(`  skipped ${file}: ${suite}: ${name}: ${why}`)
    }
  }
  for (const result of results) if (failed(result) > 0) showFailure(result)
  for (const text of broken) console.log(`  ${red('FAIL')} ${text}`)
  return total(results, broken.length)
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (thrown) {
  console.log(`  ${red('FAIL')} ${thrown instanceof Error ? thrown.message : thrown}`)
  total([], 1)
  process.exitCode = 1
}
