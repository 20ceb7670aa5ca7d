// Each check has a page, a test that it must fail and one that it must pass; each known failure mode is covered or it
// is said why not. docs/checks/coverage.md claims it, this test holds the page to the files that it names.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { dataChecks, sqlChecks, wholeChecks } from '../src/database/facts.ts'
import { projectFile } from '../src/project-files.ts'
import { suite } from './support/suite.ts'

const test = suite('completeness')

const read = (...path: string[]) => readFileSync(projectFile(...path), 'utf8')
const coverage = read('docs', 'checks', 'coverage.md')
/** Cells of the rows of a Markdown table whose first cell matches. */
function rowsOf(text: string, first: RegExp): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter((cells) => first.test(cells[0] ?? ''))
}
const unquoted = (cell: string) => cell.replaceAll('`', '')

const checks = rowsOf(coverage, /^`[a-z_]+`$/)
const modes = rowsOf(coverage, /^F\d\d$/)
// What the verdict rests on: no check of its own data, hence not waivable.
const unwaivable = [
  'not_production',
  'identity',
  'attestation',
  'all_other_checks',
  'proof',
  'transport',
  'waivers',
  'rto',
  'rpo',
  'clocks',
  'restore',
  'app',
]

/** Names of the tests that each file would run, as the file itself says it: made in loops, too, and none that is switched off. */
const testNames: Record<string, string[]> = {}
test.before(() => {
  const directory = mkdtempSync(join(tmpdir(), 'pgdrill-completeness-'))
  const answer = join(directory, 'tests.json')
  const named = [...coverage.matchAll(/`([a-z_/-]+): [^`]+`/g)].map(([, file = '']) => file)
  const modeFiles = readdirSync(projectFile('test', 'modes')).flatMap((name) =>
    name.endsWith('.test.ts') ? [`modes/${name.slice(0, -'.test.ts'.length)}`] : [],
  )
  const files = [...new Set([...named, ...modeFiles])].filter((file) =>
    existsSync(projectFile('test', `${file}.test.ts`)),
  )
  execFileSync(
    process.execPath,
    ['--import', 'tsx', projectFile('test', 'support', 'list-tests.ts'), answer, ...files],
    // What the files put aside when they are read goes with the directory.
    { cwd: projectFile(), env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  Object.assign(testNames, JSON.parse(readFileSync(answer, 'utf8')))
  rmSync(directory, { recursive: true })
})

/** What is wrong with a cell such as `verification/faults: trigger-disabled`: a test file, and the beginning of a test's name. */
function referenceProblems(cell: string): string[] {
  const references = [...cell.matchAll(/`([a-z_/-]+): ([^`]+)`/g)]
  if (references.length === 0) return [`names no test: ${cell}`]
  return references.flatMap(([, file = '', name = '']) => {
    const names = testNames[file]
    if (names === undefined) return [`there is no test/${file}.test.ts`]
    return names.some((other) => other.startsWith(name)) ? [] : [`test/${file}.test.ts runs nothing named '${name}'`]
  })
}

/** What must fail and what must pass cannot be one test. */
function sameTwice(mustFail: string, mustPass: string): string[] {
  const references = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, reference]) => reference)
  return references(mustPass).flatMap((one) =>
    references(mustFail).includes(one) ? [`${one} stands for what must fail and for what must pass`] : [],
  )
}

/** Problems of the page's two tables. */
function problemsOf(checkRows: string[][], modeRows: string[][]): string[] {
  const names = checkRows.map(([name = '']) => unquoted(name))
  return [
    ...checkRows.flatMap(([name, page = '', mustFail = '', mustPass = '']) => {
      const file = /\(([a-z-]+\.md)(#[a-z-]+)?\)/.exec(page)?.[1]
      const isThere = file !== undefined && existsSync(projectFile('docs', 'checks', file))
      return [
        ...(isThere ? [] : [`${name}: no page ${page}`]),
        ...[mustFail, mustPass].flatMap((cell) => referenceProblems(cell).map((problem) => `${name}: ${problem}`)),
        ...sameTwice(mustFail, mustPass).map((problem) => `${name}: ${problem}`),
      ]
    }),
    ...modeRows.flatMap(([id, words = '', how = '', mustFail = '', mustPass = '']) => {
      if (words === '') return [`${id}: it is not said what it is`]
      if (/^not covered: \S/.test(how)) return []
      const named = [...how.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? '')
      return [
        ...(named.length > 0 ? [] : [`${id}: names no check and no reason: ${how}`]),
        ...named.filter((name) => !names.includes(name)).map((name) => `${id}: there is no check ${name}`),
        ...[mustFail, mustPass].flatMap((cell) => referenceProblems(cell).map((problem) => `${id}: ${problem}`)),
        ...sameTwice(mustFail, mustPass).map((problem) => `${id}: ${problem}`),
      ]
    }),
  ]
}

test('every check has a page, a test that must fail, and a look-alike that must pass', () => {
  assert.equal(problemsOf(checks, []), [])
})

test('every failure mode is covered by a check and tests that exist, or it is said why not', () => {
  assert.equal(
    modes.map(([id]) => id),
    Array.from({ length: 58 }, (_, index) => `F${String(index + 1).padStart(2, '0')}`),
  )
  assert.equal(problemsOf(checks, modes), [])
})

test('every test of a failure mode is named by its row', () => {
  const named = Object.entries(testNames).flatMap(([file, names]) =>
    file.startsWith('modes/') ? names.map((name) => ({ file, name })) : [],
  )
  assert.ok(named.length > 80)
  for (const { file, name } of named) {
    const row = modes.find(([id]) => id === name.slice(0, 3)) ?? []
    const references = [...row.join(' ').matchAll(/`([a-z_/-]+): ([^`]+)`/g)]
    assert.ok(
      references.some(([, other, beginning = '']) => other === file && name.startsWith(beginning)),
      `no row names ${file}: ${name}`,
    )
  }
})

test('the checks that there are, no more and no fewer', () => {
  const listed = checks.map(([name = '']) => unquoted(name)).sort()
  const waivable = [
    ...(/check_name in \(([^)]*)\)/.exec(read('sql', 'policy', 'waivers.sql'))?.[1] ?? '').matchAll(/'([a-z_]+)'/g),
  ]
  assert.equal(listed, [...waivable.map(([, name]) => name ?? ''), ...unwaivable].sort())
  const called = [
    ...Object.keys({ ...sqlChecks, ...dataChecks, ...wholeChecks }),
    ...[...read('sql', 'verdict', 'verify_all.sql').matchAll(/array\[([^\]]*)\]/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name ?? ''),
    ),
  ]
  assert.ok(called.length > 15)
  assert.equal(
    called.filter((name) => !listed.includes(name)),
    [],
  )
})

test('every page is of a check, and every check is in the overviews', () => {
  const pages = new Set(checks.map(([, page = '']) => /\(([a-z-]+\.md)/.exec(page)?.[1] ?? ''))
  assert.equal(
    readdirSync(projectFile('docs', 'checks'))
      .filter((file) => !['README.md', 'coverage.md'].includes(file))
      .sort(),
    [...pages].sort(),
  )
  for (const [name = '', page = ''] of checks) {
    const file = /\(([a-z-]+\.md)/.exec(page)?.[1] ?? ''
    assert.ok(
      rowsOf(read('docs', 'checks', 'README.md'), /^`/).some(
        ([names = '', where = '']) => names.includes(name) && where.includes(`(${file})`),
      ),
      `docs/checks/README.md does not have ${name} with ${file}`,
    )
    // No check of its own, so without a cost.
    if (['`all_other_checks`', '`proof`'].includes(name)) continue
    assert.ok(
      rowsOf(read('README.md'), /^\[/).some(([link = '']) =>
        link.startsWith(`[${unquoted(name)}](docs/checks/${file}`),
      ),
      `README.md does not have ${name} with ${file}`,
    )
  }
})

test('every page has the parts that a reader looks for', () => {
  const pages = new Set(checks.map(([, page = '']) => /\(([a-z-]+\.md)/.exec(page)?.[1] ?? ''))
  for (const page of pages) {
    const text = read('docs', 'checks', page)
    for (const part of ['What it proves', 'What it cannot', 'Cost and lock level', 'How to fix']) {
      assert.ok(text.includes(`\n## ${part}`), `docs/checks/${page} has no part '${part}'`)
    }
    assert.match(text, /\n## (Known l|L)ook-alikes that pass/, `docs/checks/${page} names no look-alikes`)
  }
})

test('must fail: what is missing is found', () => {
  const row = checks[0] ?? []
  const [name, page, mustFail, mustPass] = row
  assert.is(problemsOf([[name ?? '', '[x](nowhere.md)', mustFail ?? '', mustPass ?? '']], []).length, 1)
  assert.is(problemsOf([[name ?? '', page ?? '', 'none', mustPass ?? '']], []).length, 1)
  assert.is(problemsOf([[name ?? '', page ?? '', '`nowhere: x`', '`verification/faults: no such test`']], []).length, 2)
  assert.is(problemsOf([[name ?? '', page ?? '', mustFail ?? '', mustFail ?? '']], []).length, 1)
  assert.is(problemsOf(checks, [['F01', 'x', '`no_such_check`', mustFail ?? '', mustPass ?? '']]).length, 1)
  assert.is(problemsOf(checks, [['F01', 'x', 'not covered:', mustFail ?? '', mustPass ?? '']]).length, 1)
  assert.is(problemsOf(checks, [['F01', '', 'not covered: only a real restore shows it', '', '']]).length, 1)
  assert.is(problemsOf(checks, [['F01', 'x', 'not covered: only a real restore shows it', '', '']]).length, 0)
})

test.run()
