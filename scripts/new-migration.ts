// make migration NAME=...: writes the next migration with verbatim copies of every
// file of sql/ that changed since the migrations last embedded it. What create or
// replace cannot do (a table's new column, a dropped signature) and the way down
// are left for a person, and a test fails until they are written.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { embed, installOrder, newestCopies } from './embedded-copies.ts'

const root = join(import.meta.dirname, '..')
const name = process.argv.slice(2).filter((argument) => argument !== '--')[0] ?? ''
if (!/^[a-z][a-z0-9_]*$/.test(name)) {
  console.error('new-migration: a name in snake_case is needed: make migration NAME=add_something')
  process.exit(2)
}

const last = readdirSync(join(root, 'migrations')).sort().at(-1) ?? '0000'
const number = String(Number.parseInt(last, 10) + 1).padStart(4, '0')
const copies = newestCopies(join(root, 'migrations'))
// Last, in every migration: what is new is granted by it.
const grants = 'sql/roles/grant_to_drill_roles.sql'
const changed = installOrder(root).filter(
  (path) => path === grants || copies.get(path)?.text !== readFileSync(join(root, path), 'utf8'),
)
if (changed.length === 1 && copies.get(grants)?.text === readFileSync(join(root, grants), 'utf8')) {
  console.error('new-migration: sql/ agrees with migrations/ already, there is nothing to write')
  process.exit(2)
}

const text = [
  '-- Up Migration\n',
  ...changed.map((path) => embed(path, readFileSync(join(root, path), 'utf8'))),
  '-- Down Migration\n',
  "do $$ begin raise exception using message = 'the way down of this migration is not written'; end $$;\n",
].join('\n')
const file = join(root, 'migrations', `${number}_${name}.sql`)
writeFileSync(file, text, { flag: 'wx' })
console.error(`wrote migrations/${number}_${name}.sql with ${changed.length} copies: ${changed.join(', ')}`)
console.error(`Now: write its way down, set drill.schema_version() to '${number}', and record it in migrations.sha256.`)
