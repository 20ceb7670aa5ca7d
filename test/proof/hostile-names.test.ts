// Names of a database that would like to be markup, terminal commands or lines of their own: shown, and harmless.

import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { assertCode, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('proof/hostile-names')
const place = new Workplace()
let source: Scratch
let copy: Scratch

// At most 63 bytes: longer names are cut.
const name = '<script>|\u001b[31m\u0007\n| PASS |\r\nPASS copy: 1\u202e`*[x](y)&lt;'

test.before(async () => {
  const { restore } = await sandboxClusters()
  source = await makeDatabase(restore)
  const quoted = `public."${name.replaceAll('"', '""')}"`
  await source.run(
    `create table ${quoted} (id integer, created_at timestamptz default now())`,
    `insert into ${quoted} select i, now() - interval '1 hour' from generate_series(1, 5) as i`,
  )
  const sql = source.cluster.connect(source.target.connection.database)
  await sql`select drill.register_critical_relation(${quoted}, 'created_at', false)`
  await sql.end()
  copy = await makeDatabase(restore, source.target.connection.database)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
  await source?.drop()
})

function assertHarmless(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.not.match(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  assert.not.match(text, /^\s*(\| )?PASS (copy|\|)/m, 'a line of its own')
}

function assertHarmlessMarkdown(report: string): void {
  assertHarmless(report)
  assert.not.match(report, /<script|\[x\]\(/)
  for (const line of report.split('\n').filter((text) => /script(>|&#62;)/.test(text))) {
    // The heading, or a row with the cells of its table: none was added.
    assert.ok(line.startsWith('# ') || [4, 5, 6, 7, 8].includes(line.split('|').length), line)
    assert.ok(line.includes('&#60;script&#62;&#124;'), 'shown')
  }
}

async function verify(...more: string[]): Promise<Outcome> {
  return await place.run(['verify', '-t', 'copy', ...more], { COPY_DATABASE_URL: urlOf(copy) })
}

test('a table', async () => {
  const env = { SOURCE_DATABASE_URL: urlOf(source) }
  const captured = await place.run(['baseline', 'capture', '-t', 'source', '--label', name, '--out', 'b.json'], env)
  assertCode(captured, 0)
  assertHarmless(captured.stdout)
  assert.match(captured.stdout, /<script>\|\\u001b\[31m/)
  const listed = await place.run(['baseline', 'list', '-t', 'source'], env)
  assertHarmless(listed.stdout)
  assert.is(listed.stdout.trimEnd().split('\n').length, 2, 'one line for each baseline')
  assert.is(
    JSON.parse((await place.run(['baseline', 'show', '-t', 'source', '--format', 'json'], env)).stdout).label,
    name,
  )

  await copy.run(`truncate public."${name}"`)
  const damaged = await verify('--baseline', 'b.json', '--out', 'damaged', '--verbose')
  assertCode(damaged, 1)
  assertHarmless(damaged.stdout)
  assert.match(damaged.stdout, /FAIL {2}row_counts .*<script>\|\\u001b\[31m.* is empty, baseline has 5 rows/)
  assertHarmlessMarkdown(place.read('damaged', 'report.md'))
  const proof = JSON.parse(place.read('damaged', 'proof.json')).verification
  assert.ok(
    proof.results.some((row: { object_name: string }) => row.object_name === `public."${name}"`),
    'as it is, in JSON',
  )

  await copy.run(`revoke all on public."${name}" from public`, `drop table public."${name}"`)
  const missing = await verify('--baseline', 'b.json', '--out', 'missing')
  assertCode(missing, 1)
  assertHarmless(missing.stdout)
  assertHarmlessMarkdown(place.read('missing', 'report.md'))
})

test('names in a baseline file', async () => {
  const document = JSON.parse(place.read('b.json'))
  document.label = name
  document.source.server_version = name
  for (const relation of document.relations) {
    relation.relation_name = `public."${relation.relation_name}${name}"`
    for (const bucket of relation.buckets) bucket.bucket_name = `${bucket.bucket_name}${name}`
  }
  writeFileSync(place.path('hostile.json'), JSON.stringify(document))
  const outcome = await verify('--baseline', 'hostile.json', '--out', 'hostile')
  assert.is.not(outcome.code, 0)
  assertHarmless(outcome.stdout)
  assertHarmlessMarkdown(place.read('hostile', 'report.md'))

  document.source.installation_id = '11111111-2222-4333-8444-555555555555'
  document.source.database_name = name
  writeFileSync(place.path('hostile.json'), JSON.stringify(document))
  const other = await verify('--baseline', 'hostile.json')
  assertCode(other, 2)
  assertHarmless(other.stderr)
  assert.is(other.stderr.trimEnd().split('\n').length, 2)
})

test('a file name, a target name and a database name', async () => {
  const file = await verify('--baseline', `no\u001b[2J${name}\nfile`)
  assertCode(file, 2)
  assertHarmless(file.stderr)
  const url = copy.cluster.url(name)
  const database = await place.run(['verify', '-t', 'copy'], { COPY_DATABASE_URL: url })
  assertCode(database, 2)
  assertHarmless(database.stderr)
})

test.run()
