// A drill that restores a backup of ours by itself, and is held to its exact baseline.

import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import { assertCode, assertRefused, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { type OwnProduction, startProduction, system } from './own-production.ts'

const test = suite('drill from a backup')
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const people = ['--ticket', 'DR-12', '--lead', 'Ada', '--db-owner', 'Grace', '--app-owner', 'Edsger']
const place = new Workplace()
let production: OwnProduction
let copy: Scratch
let env: NodeJS.Dict<string>

test.before(async () => {
  if (system === undefined) return
  production = await startProduction()
  const sql = production.cluster.connect(sandboxDatabase)
  await sql.unsafe('update drill.drill_policy set is_app_required = false')
  await sql.end()
  copy = await makeDatabase(production.cluster, null)
  env = production.env(copy.target.connection.database)
  assertCode(await place.run(['backup', '--target', 'production', '--out', 'backup'], env), 0)
})
test.after(async () => {
  place.remove()
  if (system !== undefined) await production.drop()
})

needsDump('restored, verified exactly, proved and recorded: 0', async () => {
  const files = place.files()
  assertRefused(await place.run(['drill', 'run', ...people, '--from-dump', 'verify'], env), /verify/, undefined, files)
  const outcome = await place.run(['drill', 'run', ...people, '--from-dump', 'backup', '--depth', 'full'], env)
  assertCode(outcome, 0)
  const name = outcome.files.find((file) => /^verify\/drills\/[^/]+\/restore\.json$/.test(file)) ?? ''
  assert.is(JSON.parse(place.read(name)).outcome, 'restored')
  const id = name.split('/')[2] ?? ''
  assert.match(place.read('verify', 'drills', id, 'journal.jsonl'), /"event":"restore_ended".*"log":"restore\.json"/)
  const proof = JSON.parse(place.read('verify', 'proofs', id, 'proof.json'))
  assert.is(proof.drill.method, 'dump')
  assert.is(proof.verification.baseline.document.is_exact, true)
  // It would have to be empty.
  const again = await place.run(['drill', 'run', ...people, '--from-dump', 'backup'], env)
  assertCode(again, 2)
  assert.match(again.stderr, /pgdrill: .*(not empty|has \d+)/)
  rmSync(place.path('backup', 'manifest.json'))
  const before = place.files()
  assertRefused(await place.run(['drill', 'run', ...people, '--from-dump', 'backup'], env), /backup/, undefined, before)
})

test.run()
