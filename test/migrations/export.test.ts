// The exported file is for people with psql and for other migration tools: it must stand on its own there.

import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { exportMigrations, migrateDown, migrateUp, shippedMigrations } from '../../src/database/migrations.ts'
import { compareCatalogs } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { application, ask, catalogOf, refusal, rpc } from './application.ts'

const test = suite('migrations/export')
const shipped = shippedMigrations()
const run = promisify(execFile)
const hasPsql = await run('psql', ['--version']).then(
  () => true,
  () => false,
)

let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('export')
  await own.createDatabase('application')
  await own.use('application', (sql) => sql.unsafe(application))
  await own.createDatabase('migrated', 'application')
  await migrateUp(own.target('migrated'))
})

test.after(() => own?.drop())

/** Runs a text through psql as the file says to; gives the exit code and what psql said. */
async function psql(database: string, text: string, ...options: string[]) {
  const file = join(own.cluster.directory, 'export.sql')
  await writeFile(file, text)
  const args = ['-X', '-q', ...options, '-v', 'ON_ERROR_STOP=1', '-f', file, own.cluster.url(database)]
  return await run('psql', args).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )
}

test.needs(hasPsql, 'psql is not installed')('through psql it gives the catalog of migrate up', async () => {
  await own.createDatabase('by_psql', 'application')
  const before = await catalogOf(own, 'by_psql')
  assert.equal((await psql('by_psql', exportMigrations(undefined), '-1')).code, 0)
  assert.equal(compareCatalogs(await catalogOf(own, 'migrated'), await catalogOf(own, 'by_psql')), [])
  assert.is(await ask(own, 'by_psql', `select ${rpc}`), true)

  const installed = await catalogOf(own, 'by_psql')
  const again = await psql('by_psql', exportMigrations(undefined), '-1')
  assert.is(again.code, 3)
  assert.match(again.stderr, 'pgdrill is installed already')
  assert.equal(compareCatalogs(installed, await catalogOf(own, 'by_psql')), [])

  assert.equal(await migrateUp(own.target('by_psql')), [])
  assert.equal(await migrateDown(own.target('by_psql'), false), shipped.toReversed())
  assert.equal(compareCatalogs(before, await catalogOf(own, 'by_psql')), [])
})

test.needs(hasPsql, 'psql is not installed')('without -1 its guard still comes before anything else', async () => {
  const before = await catalogOf(own, 'migrated')
  assert.is((await psql('migrated', exportMigrations(undefined))).code, 3)
  assert.equal(compareCatalogs(before, await catalogOf(own, 'migrated')), [])
})

test('a second time it is refused by its own guard, and nothing is changed', async () => {
  const before = await catalogOf(own, 'migrated')
  const installation = 'select installation_id from drill.installation'
  const identity = await ask(own, 'migrated', installation)
  const error = await refusal(own.use('migrated', (sql) => sql.unsafe(exportMigrations(undefined))))
  assert.match(error.message, 'pgdrill is installed already')
  assert.match(error.hint ?? '', 'migrate up')
  assert.equal(compareCatalogs(before, await catalogOf(own, 'migrated')), [])
  assert.is(await ask(own, 'migrated', installation), identity)
})

test('an update is refused where its part is there already', async () => {
  const error = await refusal(own.use('migrated', (sql) => sql.unsafe(exportMigrations(shipped[1]))))
  assert.match(error.message, 'pgdrill is installed already')
})

test('it holds every migration once, the ways up only, in order', () => {
  const text = exportMigrations(undefined)
  const places = shipped.map((name) => text.indexOf(`\n-- ${name}\n`))
  assert.equal(
    places,
    places.toSorted((a, b) => a - b),
  )
  assert.not.ok(places.includes(-1))
  assert.is(text.match(/^-- begin copy of sql\/core\/schema\.sql$/gm)?.length, 1)
  assert.not.match(text, /^\s*--[\s-]*(up|down)\s+migration/im)
  assert.not.match(text, /^drop /m)
  assert.not.match(text, /^\\/m, 'no command that only psql knows')
  assert.not.match(text, /^(begin|commit|rollback)( transaction)?;$/im, 'the transaction is the caller’s')
})

test('what is after a migration comes alone', () => {
  const text = exportMigrations(shipped[0])
  assert.not.match(text, 'create schema drill;')
  assert.match(text, `-- ${shipped[1]}`)
})

test('a migration that does not exist, or has nothing after it, is refused', () => {
  assert.throws(() => exportMigrations('0000_nothing'), /there is no migration 0000_nothing/)
  assert.throws(() => exportMigrations(shipped.at(-1)), /is the newest migration/)
})

test.run()
