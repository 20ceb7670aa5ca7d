// What production keeps of a drill: once, unchanged, and never more than it was.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { withDatabase } from '../../src/database/connect.ts'
import { lastProof, recordDrill } from '../../src/database/drills.ts'
import { foldDrill } from '../../src/drill/state.ts'
import { projectFile } from '../../src/project-files.ts'
import { events, sum } from '../drill/fixture.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.record_drill')
let db: Scratch
const document = { ...foldDrill(events).record, tool_version: '0.1.0', proof_sha256: sum }
const record = (one: object) => withDatabase(db.target, {}, (database) => recordDrill(database, one))
const code = (one: object) =>
  record(one).then(
    () => 'none',
    (error) => (error as { code?: string }).code,
  )

test.before.each(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
})
test.after.each(() => db.drop())

test('everything of the record is there, once', async () => {
  assert.ok(await record(document))
  assert.not.ok(await record(document))
  const [row] = await db.query<Record<string, unknown>>(`
    select d.*, extract(epoch from d.recovery_time)::integer as rto, extract(epoch from d.data_loss)::numeric::text as rpo
    from drill.drills as d`)
  assert.is(row?.['ticket'], 'DR-12')
  assert.is(row?.['lead'], 'Ada')
  assert.is(row?.['db_owner'], 'Grace')
  assert.is(row?.['app_owner'], 'Edsger')
  assert.is(row?.['verdict'], 'verified')
  assert.is(row?.['rto'], 5400)
  assert.match(String(row?.['rpo']), /^1859\.87/)
  assert.is(row?.['proof_sha256'], sum)
  assert.is(row?.['previous_proof_sha256'], sum)
  // The server of the test is a sandbox, whatever the document says.
  assert.is(row?.['is_sandbox'], true)
})

test('another document under the same name is refused, and changes nothing', async () => {
  await record(document)
  assert.is(await code({ ...document, proof_sha256: 'b'.repeat(64) }), 'RD012')
  assert.is(await code({ ...document, state: 'aborted' }), 'RD012')
  assert.equal(await db.query('select state, proof_sha256 from drill.drills'), [
    { state: 'finished', proof_sha256: sum },
  ])
})

test('the statement of the documents works', async () => {
  const text = readFileSync(projectFile('docs', 'drill.md'), 'utf8')
  const statement = /select drill\.record_drill\('[\s\S]*?'\);/.exec(text)?.[0] ?? ''
  await db.run(statement)
  assert.equal(await db.query('select scope, verdict, recovery_time::text from drill.drills'), [
    { scope: 'database_only', verdict: 'verified', recovery_time: '01:30:00' },
  ])
})

test('what is no drill is refused', async () => {
  for (const one of [
    {},
    { ...document, drill_id: '../x' },
    { ...document, drill_id: null },
    [],
    { ...document, state: null },
  ]) {
    assert.is(await code(one), 'RD011', JSON.stringify(one).slice(0, 80))
  }
  assert.is(await code({ ...document, verdict: 'splendid' }), '23514')
  assert.is(await code({ ...document, verdict: null }), '23514')
  assert.is(await code({ ...document, started_at: 'x' }), '22007')
})

test('times that are not known stay unknown', async () => {
  const unknown = { status: 'error', seconds: null, budget_seconds: null, detail: '' }
  await record({ ...document, rto: unknown, rpo: unknown, state: 'aborted', verdict: null, proof_sha256: null })
  assert.equal(await db.query('select recovery_time, data_loss, verdict from drill.drills'), [
    { recovery_time: null, data_loss: null, verdict: null },
  ])
})

test('the proof before: the last finished one of the same kind', async () => {
  const ask = (isSandbox: boolean) => withDatabase(db.target, {}, (database) => lastProof(database, isSandbox))
  assert.is(await ask(true), null)
  const second = {
    ...document,
    drill_id: '20261124T043000Z-restore-1a2b',
    finished_at: '2026-11-24T06:40:00Z',
    proof_sha256: 'c'.repeat(64),
  }
  await record(second)
  await record(document)
  await record({
    ...document,
    drill_id: '20261125T043000Z-restore-1a2b',
    state: 'aborted',
    proof_sha256: null,
    finished_at: '2026-11-25T06:40:00Z',
  })
  assert.equal(await ask(true), {
    drill_id: second.drill_id,
    proof_sha256: second.proof_sha256,
    finished_at: '2026-11-24T06:40:00+00:00',
  })
  assert.is(await ask(false), null)
})

test.run()
