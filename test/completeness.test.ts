// Each check has a page, a test that it must fail and one that it must pass; each known failure mode is covered or it
// is said why not. docs/checks/coverage.md claims it, this test holds the page to the files that it names.

import { existsSync, readFileSync } from 'node:fs'
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
const unwaivable = ['not_production', 'identity', 'attestation', 'all_other_checks', 'proof', 'waivers']

/** What is wrong with a cell such as `verification/faults: trigger-disabled`: a test file, and what is named in it. */
function referenceProblems(cell: string): string[] {
  const references = [...cell.matchAll(/`([a-z_/-]+): ([^`]+)`/g)]
  if (references.length === 0) return [`names no test: ${cell}`]
  return references.flatMap(([, file, name]) => {
    if (!existsSync(projectFile('test', `${file}.test.ts`))) return [`there is no test/${file}.test.ts`]
    const text = read('test', `${file}.test.ts`)
    const isThere = [`'${name}`, `"${name}`, `\`${name}`].some((quoted) => text.includes(quoted))
    return isThere ? [] : [`test/${file}.test.ts has nothing named '${name}'`]
  })
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
      ]
    }),
    ...modeRows.flatMap(([id, , how = '', mustFail = '', mustPass = '']) => {
      if (/^not covered: \S/.test(how)) return []
      const named = [...how.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? '')
      return [
        ...(named.length > 0 ? [] : [`${id}: names no check and no reason: ${how}`]),
        ...named.filter((name) => !names.includes(name)).map((name) => `${id}: there is no check ${name}`),
        ...[mustFail, mustPass].flatMap((cell) => referenceProblems(cell).map((problem) => `${id}: ${problem}`)),
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
  assert.is(problemsOf([[name ?? '', page ?? '', '`nowhere: x`', '`completeness: no such test`']], []).length, 2)
  assert.is(problemsOf(checks, [['F01', '', '`no_such_check`', mustFail ?? '', mustPass ?? '']]).length, 1)
  assert.is(problemsOf(checks, [['F01', '', 'not covered:', mustFail ?? '', mustPass ?? '']]).length, 1)
  assert.is(problemsOf(checks, [['F01', '', 'not covered: only a real restore shows it', '', '']]).length, 0)
})

test.run()
