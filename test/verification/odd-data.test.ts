// Critical tables of every odd kind, through a whole verification at depth full: what is odd but right passes, what cannot
// be looked at is an error of that table, and the rest goes on.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  baselineOf,
  makeBareDatabase,
  makeDatabase,
  type Scratch,
  sandboxClusters,
  verify,
} from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('odd data')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-odd-'))
const baselineFile = join(directory, 'baseline.json')
const dataChecks = ['critical_relations', 'row_counts', 'newest_timestamps', 'fingerprints', 'tenants']
const moment = '2026-11-20T12:00:00Z'
let source: Scratch
let copy: Scratch

/** What is said of the tables, by table: the statuses that are no pass, with their checks. */
async function judged(): Promise<Record<string, string[]>> {
  const verification = await verify(copy.target, { baselineFile, now: '2026-11-20T12:10:00Z', depth: 'full' })
  const rows = verification.results.filter(({ check_name }) => dataChecks.includes(check_name))
  // Each table is looked at, whatever befell another one.
  for (const name of ['s.plain', 's.wide', 's.odd', 's.kinds', 's.p_old'])
    assert.ok(
      rows.some(({ object_name }) => object_name === name),
      name,
    )
  const found: Record<string, string[]> = {}
  for (const { status, check_name, object_name } of rows.filter((row) => !['pass', 'skip'].includes(row.status))) {
    found[object_name ?? ''] = [...(found[object_name ?? ''] ?? []), `${status} ${check_name}`]
  }
  return found
}

test.before(async () => {
  const { production } = await sandboxClusters()
  source = await makeBareDatabase(production)
  await source.run(
    'create schema s',
    'create extension hstore schema public; create extension citext schema public',
    'create table s.plain (at timestamptz, n integer, tenant integer)',
    `insert into s.plain select '2026-09-01T00:10Z'::timestamptz + i * interval '1 hour', i, i % 3 from generate_series(1, 1900) as i`,
    `create table s.wide (at timestamptz, ${Array.from({ length: 1599 }, (_, i) => `c${i} "char"`).join(', ')})`,
    `insert into s.wide (at, c0, c1598) select '2026-09-01T00:10Z'::timestamptz + i * interval '1 day', 'a', 'z' from generate_series(1, 80) as i`,
    'create table s.odd (at timestamptz, x text)',
    `insert into s.odd values ('infinity', 'a'), ('-infinity', 'b'), ('0044-03-15 BC', 'c'), ('12026-01-01', 'd'), (null, 'e'), ('2026-11-20T11:00Z', 'f')`,
    `create table s.kinds (
       id integer generated always as identity, at timestamptz, j json, x xml, p point, h public.hstore, c public.citext,
       double integer generated always as (id * 2) stored, gone integer
     )`,
    'alter table s.kinds drop column gone',
    `insert into s.kinds (at, j, x, p, h, c)
     select '2026-09-01T00:10Z'::timestamptz + i * interval '1 day', '{"a": 1}', '<a/>', '(1,2)', 'a=>1', 'Citext' from generate_series(1, 80) as i`,
    'create table s.p (at timestamptz not null, n integer) partition by range (at)',
    `create table s.p_old partition of s.p for values from ('2026-05-01Z') to ('2026-06-01Z')`,
    `create table s.p_new partition of s.p for values from ('2026-11-01Z') to ('2026-12-01Z')`,
    `insert into s.p select '2026-05-05T10:00Z', i from generate_series(1, 1000) as i`,
    `insert into s.p select '2026-11-20T11:00Z', i from generate_series(1, 10) as i`,
    `select drill.register_critical_relation('s.plain', 'at', true, p_tenant_column => 'tenant'),
       drill.register_critical_relation('s.wide', 'at', true), drill.register_critical_relation('s.odd', 'at', true),
       drill.register_critical_relation('s.kinds', 'at', true), drill.register_critical_relation('s.p', 'at', true)`,
    'delete from drill.heartbeats',
    `set drill.now = '${moment}'; select drill.capture_baseline(p_depth => 'full')`,
  )
  writeFileSync(baselineFile, await baselineOf(source.target))
})
test.before.each(async () => {
  copy = await makeDatabase(source.cluster, source.target.connection.database)
})
test.after.each(() => copy.drop())
test.after(async () => {
  await source.drop()
  rmSync(directory, { recursive: true })
})

test('1,600 columns, infinite and ancient times, types of extensions, json, xml, points, identity: an exact copy passes', async () => {
  assert.equal(await judged(), {})
})

const contents: [name: string, statement: string, table: string][] = [
  ['the last of 1,600 columns', `update s.wide set c1598 = 'y' where at < '2026-09-20'`, 's.wide'],
  ['a value of json', `update s.kinds set j = '{"a":1}' where at < '2026-09-20'`, 's.kinds'],
  ['a point', `update s.kinds set p = '(2,1)' where at < '2026-09-20'`, 's.kinds'],
  ['a value of an extension', `update s.kinds set h = 'a=>null' where at < '2026-09-20'`, 's.kinds'],
  ['an identity', `update s.kinds set id = default where at < '2026-09-20'`, 's.kinds'],
]
for (const [name, statement, table] of contents) {
  test(`must fail: ${name} changed`, async () => {
    await copy.run(statement)
    assert.equal((await judged())[table], ['fail fingerprints'])
  })
}

test('must fail: an infinite row, and one of 44 BC, gone', async () => {
  await copy.run(`delete from s.odd where x = 'c'`)
  assert.ok((await judged())['s.odd']?.includes('fail row_counts'))
  await copy.run(`insert into s.odd values ('0044-03-15 BC', 'c')`, `delete from s.odd where x = 'b'`)
  assert.ok((await judged())['s.odd']?.includes('fail row_counts'))
})

const obstacles: [name: string, statements: string[]][] = [
  ['its timestamp column does not exist', ['alter table s.plain rename column at to other']],
  ['its timestamp column is text', ['alter table s.plain alter column at type text']],
  [
    'a view is in its place',
    ['alter table s.plain rename to plain_table', 'create view s.plain as table s.plain_table'],
  ],
  [
    'a foreign table is in its place',
    [
      'create extension postgres_fdw schema public',
      'create server odd_of_the_test foreign data wrapper postgres_fdw',
      'drop table s.plain',
      'create foreign table s.plain (at timestamptz, n integer, tenant integer) server odd_of_the_test',
    ],
  ],
]
for (const [name, statements] of obstacles) {
  test(`could not verify, and the rest goes on: ${name}`, async () => {
    await copy.run(...statements)
    const { 's.plain': plain, ...others } = await judged()
    assert.equal(others, {})
    assert.ok(plain?.includes('error row_counts'), plain?.join())
    assert.ok(plain?.every((line) => !line.startsWith('fail row_counts')))
  })
}

test('a loss is told with its days, its tenant, and the last and first good rows', async () => {
  await copy.run(
    `delete from s.plain where at >= '2026-10-04Z' and at < '2026-10-06Z'`,
    'delete from s.plain where tenant = 1',
  )
  const verification = await verify(copy.target, { baselineFile, now: '2026-11-20T12:10:00Z', depth: 'full' })
  const said = (check: string) =>
    verification.results
      .filter(
        ({ check_name, object_name, status }) =>
          check_name === check && /plain/.test(object_name ?? '') && status === 'fail',
      )
      .map(({ detail }) => detail)
      .join('\n')
  assert.match(said('row_counts'), /s\.plain: [\d,]+ rows, baseline has 1,900 .*missing .*2026-10-0[45]/)
  assert.match(said('tenants'), /tenant [0-9a-f]{16} of s\.plain: no row, baseline has \d+/)
})

test.run()
