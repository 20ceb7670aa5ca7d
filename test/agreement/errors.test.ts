// The SQLSTATEs of class RD stand in three places: where sql/ raises them, in a constant, and in the documentation.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { errorCodes } from '../../src/database/error-codes.ts'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { documentedCodes, raisedCodes, raisingProblems, recordProblems } from './problems.ts'
import { sourceFiles } from './project.ts'

const test = suite('agreement/errors')

const sources = sourceFiles()
const markdown = readFileSync(projectFile('docs/errors.md'), 'utf8')
const asRaised = (codes: readonly string[]) => Object.fromEntries(codes.map((code) => [code, true]))
const known = asRaised(Object.keys(errorCodes))

test('what sql/ raises is what the constant lists', () => {
  assert.ok(raisedCodes(sources).length > 5)
  assert.equal(recordProblems(known, asRaised(raisedCodes(sources))), [])
})

test('docs/errors.md has a filled-in row for each, with the same message', () => {
  const { codes, problems } = documentedCodes(markdown)
  assert.equal(problems, [])
  assert.equal(recordProblems(errorCodes, codes), [])
})

test('every exception of sql/ carries a SQLSTATE', () => {
  assert.equal(raisingProblems(sources), [])
})

test('a code that is raised and not listed, or listed and not raised, is found', () => {
  const more = new Map(sources).set('sql/x.sql', "raise exception using errcode = 'RD099', message = 'x';")
  assert.equal(recordProblems(known, asRaised(raisedCodes(more))), ['RD099: was not expected'])
  const less = new Map([...sources].filter(([, text]) => !text.includes("'RD008'")))
  assert.equal(recordProblems(known, asRaised(raisedCodes(less))), ['RD008: is missing'])
})

test('an exception without a code, a bad code, and a code that nothing raises are found', () => {
  const problems = (text: string) => raisingProblems(new Map(sources).set('sql/x.sql', text))
  assert.match(problems("  raise exception 'no code';\n").join('\n'), 'sql/x.sql: raises without an errcode')
  assert.match(problems("  raise exception using\n    message = 'no code';\n").join('\n'), 'raises without an errcode')
  assert.match(problems("raise exception using errcode = 'P0001';").join('\n'), 'raises without an errcode')
  assert.match(problems('-- raises RD077 when').join('\n'), 'sql/x.sql: speaks of RD077, which nothing raises')
  assert.match(problems("raise exception using errcode = 'RD000';").join('\n'), 'RD000 is no code')
  assert.match(problems('-- see RD0012').join('\n'), 'RD0012 is no code')
})

test('a row that is missing, added, doubled, unfilled or of another message is found', () => {
  const row = markdown.split('\n').find((line) => line.includes('RD004')) ?? ''
  const compare = (text: string) => {
    const { codes, problems } = documentedCodes(text)
    return [...problems, ...recordProblems(errorCodes, codes)]
  }
  assert.equal(compare(markdown.replace(row, '')), ['RD004: is missing'])
  assert.equal(compare(`${markdown}\n${row.replace('RD004', 'RD044')}`), ['RD044: was not expected'])
  assert.equal(compare(`${markdown}\n${row}`), ['docs/errors.md: RD004 is there twice'])
  assert.match(
    compare(markdown.replace(row, row.replace(errorCodes.RD004, 'x'))).join('\n'),
    'RD004: is "x" instead of',
  )
  assert.equal(compare(markdown.replace(row, `| RD004 | ${errorCodes.RD004} | | |`)), [
    'docs/errors.md: RD004 is not filled in',
  ])
})

test.run()
