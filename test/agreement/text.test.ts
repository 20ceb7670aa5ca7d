// sql/ is the present, migrations/ is what happened: what the newest copies in migrations/ say is what sql/ says.

import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { installOrder } from '../../scripts/embedded-copies.ts'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { embeddingProblems, markerProblems, numberingProblems } from './problems.ts'
import { readFiles, sourceFiles } from './project.ts'

const test = suite('agreement/text')

const order = installOrder(projectFile())
const sources = sourceFiles()
const migrations = readFiles('migrations', '.sql')
const names = readdirSync(projectFile('migrations'))
const schemaVersion = /select '(\d{4})'/.exec(sources.get('sql/core/schema_version.sql') ?? '')?.[1]

const path = 'sql/core/get_now.sql'
const text = sources.get(path) ?? ''
const [first = ''] = migrations.keys()
const oldest = migrations.get(first) ?? ''

function found(problems: string[], ...parts: string[]): void {
  assert.is(problems.length, parts.length, problems.join('\n'))
  for (const [index, part] of parts.entries()) assert.match(problems[index] ?? '', part)
}

test('the newest copy of each file of sql/ in migrations/ holds the same bytes', () => {
  assert.ok(order.length > 40 && sources.size > 40 && migrations.size > 3, 'there is something to compare')
  assert.equal(embeddingProblems(order, sources, migrations), [])
})

test('a change of sql/ that no migration carries is found', () => {
  const changed = new Map(sources).set(path, text.replace('stable', 'volatile'))
  found(embeddingProblems(order, changed, migrations), `${path}: differs from its copy in ${first}`)
  const longer = new Map(sources).set(path, `${text}\n`)
  found(embeddingProblems(order, longer, migrations), `${path}: differs from its copy in ${first}`)
})

test('a change in a migration that sql/ does not carry is found', () => {
  const changed = new Map(migrations).set(first, oldest.replace('statement_timestamp()', 'now()'))
  found(embeddingProblems(order, sources, changed), `${path}: differs from its copy`)
})

test('the newest copy counts, not the first or any', () => {
  const newer = `-- Up Migration\n\n-- begin copy of ${path}\n${text}-- line\n-- end copy of ${path}\n\n-- Down Migration\n`
  const later = new Map(migrations).set('migrations/9999_later.sql', newer)
  found(embeddingProblems(order, sources, later), `${path}: differs from its copy in migrations/9999_later.sql`)
  assert.equal(embeddingProblems(order, new Map(sources).set(path, `${text}-- line\n`), later), [])
})

test('a file that install.sql does not name, or names twice, or that is gone, is found', () => {
  const unnamed = order.filter((name) => name !== path)
  found(embeddingProblems(unnamed, sources, migrations), `${path}: sql/install.sql does not name it`)
  found(embeddingProblems([...order, path], sources, migrations), `${path}: sql/install.sql names it twice`)
  const gone = new Map(sources)
  gone.delete(path)
  found(embeddingProblems(order, gone, migrations), `${path}: sql/install.sql names it, and it does not exist`)
})

test('a file that no migration embeds is found', () => {
  const added = 'sql/core/added.sql'
  const problems = embeddingProblems([...order, added], new Map(sources).set(added, 'select 1;\n'), migrations)
  found(problems, `${added}: no migration embeds it`)
})

test('a copy that lost its end is found', () => {
  const cut = new Map(migrations).set(first, oldest.replace(`-- end copy of ${path}\n`, ''))
  found(embeddingProblems(order, sources, cut), 'has no beginning or no end', `${path}: no migration embeds it`)
})

test('migrations/ holds only migrations, numbered without a gap, and schema_version() tells the newest', () => {
  assert.equal(numberingProblems(names, schemaVersion), [])
})

test('a stranger in migrations/, a gap, a number given twice and a forgotten version are found', () => {
  found(
    numberingProblems([...names, 'README.md'], schemaVersion),
    'README.md: is not called',
    'is missing',
    'schema_version',
  )
  found(numberingProblems(['0001_a.sql', '0003_c.sql'], '0003'), 'number 0002 is missing')
  found(numberingProblems(['0001_a.sql', '0001_b.sql', '0002_c.sql'], '0002'), 'number 0002', 'number 0003')
  found(
    numberingProblems(['0001_a.sql', '0002_b.sql'], '0001'),
    'schema_version() says 0001, the newest migration is 0002',
  )
  found(numberingProblems(['0001_a.sql'], undefined), 'schema_version() says undefined')
})

test('each migration has its two markers and no other line that would cut it', () => {
  for (const [name, migration] of migrations) assert.equal(markerProblems(name, migration), [])
})

test('a line that would cut a migration is found', () => {
  const cut = (from: string, to: string) => markerProblems('m', oldest.replace(from, to))
  const copy = '-- begin copy of sql/core/get_now.sql\n'
  const [up, down] = ['-- Up Migration\n', '-- Down Migration\n']
  found(cut(copy, `${copy}-- up migration of the clock\n`), 'cuts the file in two: -- up migration of the clock')
  found(cut(copy, `${copy}    ---- Down   Migration\n`), 'cuts the file in two: ---- Down   Migration')
  found(cut(copy, `${copy}--\n\ndown migration\n`), 'cuts the file in two: --')
  found(cut(copy, `${copy}${down}`), 'cuts the file in two: -- Down Migration')
  found(cut(up, `\n${up}`), 'm:2: cuts the file in two: -- Up Migration', 'm:1: is not')
  found(cut(up, `${up}${up}`), 'm:2: cuts the file in two: -- Up Migration')
  found(cut(down, ''), 'has no "-- Down Migration"')
  found(cut(down, down.toLowerCase()), 'cuts the file in two: -- down migration', 'has no "-- Down Migration"')
  found(markerProblems('m', oldest.replace(down, '').replace(copy, `${down}${copy}`)), 'the way down begins before')
  assert.equal(cut(copy, `${copy}-- This migration goes up and down.\n`), [])
})

test.run()
