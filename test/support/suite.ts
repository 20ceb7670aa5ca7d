// uvu made honest. uvu 0.5.6 exits 0 when a before hook throws, when .run() was forgotten, when every test is skipped, when a
// test throws something that is no Error (and then drops the tests behind it), and when nothing was registered at all.
// This wrapper keeps its own books and judges them when the process ends: whatever uvu believes, a test that was
// registered and did not finish is a failure.
//
// Tests import `suite` from here and never from uvu. Under test/run.ts every event is also appended to a file, at once, so
// that the runner's totals are true even if this process is killed in the middle of a test.

import { appendFileSync, readFileSync } from 'node:fs'
import { inspect, types } from 'node:util'
import { suite as uvuSuite } from 'uvu'
import { Assertion } from 'uvu/assert'

export type Callback<T> = (context: T) => unknown

export interface Hook<T> {
  (hook: Callback<T>): void
  each(hook: Callback<T>): void
}

export interface Test<T> {
  (name: string, fn: Callback<T>): void
  /** Refused in CI: there it would silently leave the other tests out. */
  only(name: string, fn: Callback<T>): void
  /** Counted and shown; in CI a failure, unless test/support/allowed-skips.json lists it. */
  skip(name: string, fn?: Callback<T>): void
  /** A test that needs something from outside: `test.needs(hasPgDump, 'pg_dump is not installed')('restores', fn)`. */
  needs(condition: unknown, reason: string): (name: string, fn: Callback<T>) => void
  before: Hook<T>
  after: Hook<T>
  run(): void
}

/** What became of one test. A test that is still `registered` or `started` when the process ends has failed. */
export interface TestRecord {
  id: number
  suite: string
  name: string
  state: 'registered' | 'started' | 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  why?: string
}

/** One line of the file that the runner reads: a test's new state, a problem of the whole file, or the orderly end. */
export type ReportLine = { test: TestRecord } | { problem: string } | { end: true }

/** Names the file to report to. Taken out of the environment, so that what the tests spawn does not write to it as well. */
const reportFile = process.env['PGDRILL_TEST_REPORT']
delete process.env['PGDRILL_TEST_REPORT']

/** Under support/list-tests.ts nothing runs: what would run is asked for. */
const isListing = process.env['PGDRILL_TEST_LIST'] === '1'

const inCI = !['', '0', 'false'].includes(process.env['CI'] ?? '')

const records: TestRecord[] = []
const problems: string[] = []
const suites: { name: string; ran: boolean }[] = []
/** A skip that does not name a missing need; such skips alone do not make a good file. */
let plainSkips = 0

function report(line: ReportLine): void {
  if (reportFile !== undefined) appendFileSync(reportFile, `${JSON.stringify(line)}\n`)
}

function problem(text: string): void {
  problems.push(text)
  report({ problem: text })
}

function register(suiteName: string, name: string): TestRecord {
  const record: TestRecord = { id: records.length, suite: suiteName, name, state: 'registered' }
  records.push(record)
  report({ test: record })
  return record
}

function move(record: TestRecord, state: TestRecord['state'], why?: string): void {
  record.state = state
  if (why !== undefined) record.why = why
  report({ test: record })
}

/** All tests registered so far in this process: for support/list-tests.ts. */
export function registeredTests(): readonly TestRecord[] {
  return records
}

interface AllowedSkip {
  suite: string
  test: string
  why: string
}

function allowedSkips(): AllowedSkip[] {
  // The variable is there for the tests of this wrapper.
  const file = process.env['PGDRILL_TEST_ALLOWED_SKIPS'] ?? new URL('allowed-skips.json', import.meta.url)
  const list: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const text = (value: unknown) => typeof value === 'string' && value.trim() !== ''
  if (!Array.isArray(list) || !list.every((skip) => text(skip?.suite) && text(skip?.test) && text(skip?.why))) {
    throw new Error(`${file}: must be an array of {suite, test, why}, none of them empty`)
  }
  return list
}

function skip(record: TestRecord, reason: string): void {
  const allowed = inCI && allowedSkips().find((entry) => entry.suite === record.suite && entry.test === record.name)
  if (!inCI) move(record, 'skipped', reason)
  else if (allowed) move(record, 'skipped', `${reason}; allowed in CI: ${allowed.why}`)
  else move(record, 'failed', `skipped in CI (${reason}) and not listed in test/support/allowed-skips.json`)
}

/**
 * An Error that uvu can print. Its formatter throws on anything else, and on some contents of AssertionError, and an
 * exception there loses every test behind it. Also shows what a plain message hides: the cause and the fields of a
 * PostgreSQL error.
 */
function printable(thrown: unknown): Error {
  if (thrown instanceof Assertion) return thrown
  if (!types.isNativeError(thrown)) return new Error(`threw something that is no Error: ${inspect(thrown)}`)
  const lines = [String(thrown.message)]
  for (const field of ['code', 'detail', 'hint', 'where']) {
    const value: unknown = Reflect.get(thrown, field)
    if (typeof value === 'string' && value !== '') lines.push(`${field}: ${value}`)
  }
  for (const inner of thrown instanceof AggregateError ? thrown.errors : []) lines.push(`- ${inspect(inner)}`)
  if (thrown.cause !== undefined) lines.push(`cause: ${inspect(thrown.cause)}`)
  const error = new Error(lines.join('\n    '))
  const frames = String(thrown.stack ?? '').match(/^\s+at .*$/gm) ?? []
  error.stack = [String(thrown.name), ...frames].join('\n')
  return error
}

/** What the runner repeats at its end. */
function describe(error: Error): string {
  const details: unknown = Reflect.get(error, 'details')
  const frame = /\n\s+at .*\.test\.ts:\d+.*/.exec(error.stack ?? '')?.[0] ?? ''
  return error.message + (typeof details === 'string' ? `\n${details.trimEnd()}` : '') + frame
}

export function suite<T extends object = Record<string, unknown>>(name: string, context?: T): Test<T> {
  const uvu = uvuSuite<T>(name, context)
  const status = { name, ran: false }
  suites.push(status)

  /** What the next run() will take along, as uvu forgets hooks and tests at every run(). */
  const fresh = () => ({
    records: [] as TestRecord[],
    only: [] as TestRecord[],
    beforeEach: [] as Callback<T>[],
    afterEach: [] as Callback<T>[],
  })
  let group = fresh()

  // The each hooks are called here and not by uvu: an exception of its own after.each loses the tests behind it.
  function wrap(record: TestRecord, fn: Callback<T>) {
    const { beforeEach, afterEach } = group
    return async (state: T) => {
      move(record, 'started')
      const errors: unknown[] = []
      try {
        for (const hook of beforeEach) await hook(state)
        await fn(state)
      } catch (thrown) {
        errors.push(thrown)
      }
      for (const hook of afterEach) {
        try {
          await hook(state)
        } catch (thrown) {
          errors.push(thrown)
        }
      }
      const [first, ...others] = errors.map(printable)
      if (first === undefined) return move(record, 'passed')
      for (const other of others) first.message += `\n    and then: ${other.message}`
      move(record, 'failed', describe(first))
      throw first
    }
  }

  function add(title: string): TestRecord {
    const record = register(name, title)
    group.records.push(record)
    return record
  }

  const test = ((title, fn) => {
    const record = add(title)
    if (isListing && isEmpty(fn)) move(record, 'skipped', 'it has nothing to run')
    uvu(title, wrap(record, fn))
  }) as Test<T>

  test.only = (title, fn) => {
    if (inCI) throw new Error(`test.only is refused in CI: ${name}: ${title}`)
    const record = add(title)
    group.only.push(record)
    uvu.only(title, wrap(record, fn))
  }

  test.skip = (title) => {
    plainSkips++
    skip(register(name, title), 'marked with test.skip')
    uvu.skip()
  }

  test.needs = (condition, reason) => (title, fn) => {
    if (reason.trim() === '') throw new Error(`test.needs without a reason: ${name}: ${title}`)
    if (condition) return test(title, fn)
    skip(register(name, title), reason)
    uvu.skip()
  }

  test.before = ((hook) =>
    uvu.before(async (state) => {
      try {
        await hook(state)
      } catch (thrown) {
        problem(`${name}: a before hook failed: ${describe(printable(thrown))}`)
        throw thrown // uvu then leaves the tests out, which is right: they count as not finished
      }
    })) as Hook<T>

  // Not thrown on: uvu would lose the other after hooks, and with them the cleaning up, and every later suite.
  test.after = ((hook) =>
    uvu.after(async (state) => {
      try {
        await hook(state)
      } catch (thrown) {
        problem(`${name}: an after hook failed: ${describe(printable(thrown))}`)
      }
    })) as Hook<T>

  test.before.each = (hook) => void group.beforeEach.push(hook)
  test.after.each = (hook) => void group.afterEach.push(hook)

  test.run = () => {
    status.ran = true
    if (group.only.length > 0) {
      for (const record of group.records) {
        if (!group.only.includes(record)) skip(record, 'another test of the suite is marked with test.only')
      }
    }
    group = fresh()
    if (!isListing) uvu.run()
  }

  return test
}

function isEmpty(fn: unknown): boolean {
  return /^(async\s*)?(\(\w*\)|\w+)\s*=>\s*\{\s*\}$/.test(String(fn))
}

process.on('exit', () => {
  if (isListing) return
  for (const { name, ran } of suites) {
    if (!ran) problem(`${name}: .run() was never called`)
    else if (!records.some((record) => record.suite === name)) problem(`${name}: has no tests`)
  }
  if (suites.length === 0) problem('no suite was made')

  const lost = records.filter(({ state }) => state === 'registered' || state === 'started')
  for (const record of lost) {
    const how = record.state === 'started' ? 'did not finish' : 'was never started'
    problems.push(`${record.suite}: ${record.name}: ${how}`) // the runner sees it from the state
  }

  // A file whose tests all miss something from outside is no failure of that file, but a run of nothing else is one; without
  // the runner this file is the whole run.
  const ran = records.some(({ state }) => state === 'passed' || state === 'failed')
  if (!ran && lost.length === 0 && records.length > 0 && (plainSkips > 0 || reportFile === undefined)) {
    problem('every test was skipped')
  }

  for (const { suite, name, state, why } of records) {
    if (state === 'skipped') console.log(`skipped: ${suite}: ${name}: ${why}`)
    // uvu does not know of these: it was told nothing but "one skipped"
    if (state === 'failed' && why?.startsWith('skipped in CI')) problems.push(`${suite}: ${name}: ${why}`)
  }
  for (const text of problems) console.error(`FAIL ${text}`)

  const failed = problems.length > 0 || records.some(({ state }) => state === 'failed')
  if (failed && !process.exitCode) process.exitCode = 1
  report({ end: true })
})

// The runner holds the other end of a channel. When it is gone (killed), nobody waits for this file any more, and what the
// tests have started must not outlive them.
if (reportFile !== undefined && process.channel) {
  process.on('disconnect', () => process.exit(1))
  process.channel.unref()
}
