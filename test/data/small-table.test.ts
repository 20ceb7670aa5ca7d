// A small critical table whose rows are an hour old is emptied in a copy without regular heartbeats: no verdict says that all is there.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { baselineOf, checkLines, makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('data/small-table')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-small-'))
let source: Scratch
let file: string

test.before(async () => {
  source = await makeDatabase((await sandboxClusters()).production)
  await source.run(
    'delete from drill.heartbeats',
    'create table public.small (id integer primary key, created_at timestamptz not null)',
    'create table public.notes (id integer primary key, created_at timestamptz not null)',
    "insert into public.small select i, now() - interval '1 hour' - i * interval '1 second' from generate_series(1, 50) as i",
    'insert into public.notes select * from public.small',
    "select drill.register_critical_relation('public.small', 'created_at', true)",
    "select drill.register_critical_relation('public.notes', 'created_at', false, 0.02)",
    'select drill.capture_baseline()',
  )
  file = join(directory, 'baseline.json')
  writeFileSync(file, await baselineOf(source.target))
})
test.after(async () => {
  rmSync(directory, { recursive: true })
  await source?.drop()
})

async function copied(statements: string[], look: (copy: Scratch) => Promise<void>): Promise<void> {
  const copy = await makeDatabase((await sandboxClusters()).production, source.target.connection.database)
  try {
    await copy.run(...statements)
    await look(copy)
  } finally {
    await copy.drop()
  }
}

const rowsOf = async (copy: Scratch, baselineFile?: string) =>
  (await verify(copy.target, { baselineFile })).results.flatMap((row) =>
    row.check_name === 'row_counts' && /^public\.(small|notes)$/.test(row.object_name ?? '')
      ? [`${row.status} ${row.object_name}`]
      : [],
  )

for (const how of ['truncate', 'delete from']) {
  for (const table of ['small', 'notes']) {
    const other = table === 'small' ? 'notes' : 'small'
    for (const [what, settings] of [
      ['only the heartbeat of the capture', []],
      ['no heartbeat at all', ['delete from drill.heartbeats']],
    ] as const) {
      test(`${how} ${table}, ${what}`, async () => {
        await copied([...settings, `${how} public.${table}`], async (copy) => {
          // Without heartbeats and rows to go by the recovery point may be unknown: then the other one is not judged.
          const inside = await rowsOf(copy)
          assert.ok(inside.includes(`fail public.${table}`), inside.join())
          assert.ok(
            inside.some((row) => RegExp(`(pass|error) public.${other}`).test(row)),
            inside.join(),
          )
          // Of a file nobody knows whether the copy is older than it; what is dated before the newest row must be there.
          const ofFile = await rowsOf(copy, file)
          assert.ok(ofFile.includes(`fail public.${table}`) || ofFile.includes(`warn public.${table}`), ofFile.join())
          assert.not.ok(ofFile.includes(`fail public.${other}`), ofFile.join())
          const lines = await checkLines(copy, 'drill.verify_row_counts()', ["set drill.is_copy = 'on'"])
          assert.ok(
            lines.some((line) => line.startsWith(`fail public.${table}: public.${table} is empty`)),
            lines.join('\n'),
          )
          const [shown] = await copy.query<{ lost: string }>(
            `select sum(difference)::text as lost from drill.compare_baseline() where relation_name = 'public.${table}'`,
          )
          assert.is(shown?.lost, '-50')
        })
      })
    }
  }
}

test('untouched: both pass', async () => {
  for (const settings of [[], ['delete from drill.heartbeats']]) {
    await copied(settings, async (copy) => {
      assert.equal((await rowsOf(copy)).sort(), ['pass public.notes', 'pass public.small'])
      assert.equal((await rowsOf(copy, file)).sort(), ['pass public.notes', 'pass public.small'])
    })
  }
})

test.run()
