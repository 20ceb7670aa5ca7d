// Of the columns of a partition only those are listed that are not as the parent's, and nothing goes unseen by that.

import * as assert from 'uvu/assert'
import type { SchemaObject } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { after, compare, findingsAfter, lines, listObjects } from './support.ts'

const test = suite('objects/partitions')
let own: OwnCluster
let sql: ReturnType<OwnCluster['cluster']['connect']>
let before: SchemaObject[]
const { major } = await findBinaries()

// Made with its table, attached with its columns in another order, a partition of a partition, and one elsewhere.
const statements = `
  create schema p;
  create table p.t (
    id integer not null default 7, half integer generated always as (id / 2) stored, note text collate "C", day date not null,
    "Über ""x""" text default 'x'
  ) partition by list (id);
  create table p.made partition of p.t for values in (1);
  create table p.attached (
    day date not null, "Über ""x""" text default 'x', gone integer, note text collate "C", id integer not null default 7,
    half integer generated always as (id / 2) stored
  );
  alter table p.attached drop column gone;
  alter table p.t attach partition p.attached for values in (2);
  create table p."deep
er" partition of p.t for values in (3) partition by list (day);
  create table p.deepest partition of p."deep
er" default;
  create foreign data wrapper w;
  create server s foreign data wrapper w;
  create foreign table p.elsewhere partition of p.t for values in (4) server s`

test.before(async () => {
  own = await startOwnCluster('partitions')
  await own.createDatabase('partitions')
  await migrateUp(own.target('partitions'))
  sql = own.cluster.connect('partitions')
  await sql.unsafe(statements)
  before = await listObjects(sql)
})
test.after(async () => {
  await sql?.end()
  await own?.drop()
})

test('columns that are as the parent’s are not listed', () => {
  const columns = before.filter((object) => object.object_kind === 'column')
  assert.equal(
    columns.map((object) => object.object_name),
    ['p.t."Über ""x"""', 'p.t.day', 'p.t.half', 'p.t.id', 'p.t.note'],
  )
})

const changes: [string, RegExp, number?][] = [
  ['alter table only P alter id set default 8', /NAME\.id: .* - default: 7; \+ default: 8/],
  ['alter table only P alter id drop default', /NAME\.id: .* - default: 7$/],
  ['alter table only P alter note set default 1', /NAME\.note: .* \+ default: .*1/],
  ['alter table only P alter note set not null', /NAME\.note: .* \+ not null/],
  ['alter table only P alter note set statistics 700', /NAME\.note: .* \+ statistics target: 700/],
  ['alter table only P alter note set storage external', /NAME\.note: .* \+ storage: e/],
  ['alter table only P alter note set (n_distinct = 5)', /NAME\.note: .* \+ options: n_distinct=5/],
  ['alter table only P alter note set compression pglz', /NAME\.note: .* \+ compression: p/],
  ['alter table P add constraint nn not null note not valid', /NAME\.note: .* \+ not null, not valid/, 18],
]
for (const name of ['made', 'attached', '"deep\ner"', 'deepest', 'elsewhere']) {
  for (const [statement, expected, from = 14] of changes) {
    if (major < from) continue
    if (name === 'elsewhere' && statement.includes('compression')) continue
    // A partition of it has to have what it has.
    if (name.includes('deep\n') && statement.includes('not null')) continue
    test(`found: ${statement.replace(' P ', ` p.${name} `).replace('\n', ' ')}`, async () => {
      const alter = statement.replace(' P ', ` p.${name} `)
      const actual = await after(sql, alter, listObjects)
      const found = (one: SchemaObject[], other: SchemaObject[]) =>
        lines(compare(one, other).filter((row) => row.status !== 'pass'))
      const pattern = new RegExp(expected.source.replace('NAME', `^fail p\\.${name}`), 's')
      const rows = found(before, actual)
      assert.is(rows.length, 1)
      assert.match(rows[0] ?? '', pattern)
      // The other way round: production has it, the copy lost it.
      assert.is(found(actual, before).length, 1)
      assert.is(found(actual, actual).length, 0)
    })
  }
}

test('found: options of a column of a foreign partition', async () => {
  const rows = lines(
    await findingsAfter(sql, before, "alter foreign table p.elsewhere alter note options (add name 'n')"),
  )
  assert.equal(rows, [
    'fail p.elsewhere.note: the column p.elsewhere.note differs from production: + foreign options: name=n',
  ])
})

// Older versions hold expressions equal, too.
if (major >= 16) {
  test('found: another expression, of a table that was attached with it', async () => {
    const attach = (expression: string) => `
      create table p.other (
        half integer generated always as (${expression}) stored, note text collate "C", id integer not null default 7,
        "Über ""x""" text default 'x', day date not null
      );
      alter table p.t attach partition p.other for values in (5)`
    const equal = await after(sql, attach('id / 2'), listObjects)
    const rows = lines(await findingsAfter(sql, equal, attach('id / 3')))
    assert.equal(rows, [
      'fail p.other.half: the column p.other.half differs from production: - generated stored: (id / 2); + generated stored: (id / 3)',
    ])
  })
}

test('indexes that are as the one that they are part of, and those that sort otherwise', async () => {
  const made = (columns: string, more = '') => `
    create index by_note on only p.t (note);
    create index made_note on p.made (${columns}) ${more};
    alter index p.by_note attach partition p.made_note`
  const plain = await after(sql, made('note'), listObjects)
  const definition = plain.find((object) => object.object_name === 'p.made_note')?.definition
  assert.is(definition, 'part of: p.by_note\nas the index that it is part of')
  for (const [columns, more, expected] of [
    ['note desc', '', /\+ CREATE INDEX .*note DESC/],
    ['note nulls first', '', /\+ CREATE INDEX .*note NULLS FIRST/],
    ['note', 'with (fillfactor = 70)', /\+ options: fillfactor=70/],
  ] as const) {
    assert.match(lines(await findingsAfter(sql, plain, made(columns, more))).join('\n'), expected)
  }
  const rows = await findingsAfter(sql, plain, 'create index by_note on only p.t (note)')
  assert.is(
    rows.find((row) => row.object_name === 'p.made_note')?.hint,
    'Create it on p.made with the columns and options of p.by_note, then run: alter index p.by_note attach partition p.made_note.',
  )
})

test('the index of a constraint has its columns there, and its own state here', async () => {
  const made = (more = '') =>
    `create table p.u (id integer, note text, constraint u_key unique (id) include (note)); ${more}`
  const plain = await after(sql, made(), listObjects)
  assert.is(plain.find((object) => object.object_name === 'p.u_key')?.definition, 'as its constraint')
  for (const [more, expected] of [
    ['alter index p.u_key set (fillfactor = 70)', /\+ options: fillfactor=70/],
    ['alter table p.u cluster on u_key', /p\.u_key .*\+ clustered/],
    [
      'alter table p.u drop constraint u_key, add constraint u_key unique (id)',
      /fail p\.u\.u_key: the constraint .*INCLUDE/,
    ],
    [
      'alter table p.u drop constraint u_key; create unique index u_key on p.u (id) include (note)',
      /fail p\.u_key: .*CREATE UNIQUE INDEX/,
    ],
  ] as const)
    assert.match(lines(await findingsAfter(sql, plain, made(more))).join('\n'), expected)
})

test('found on the parent alone, not once more on each partition: what changes on all', async () => {
  for (const [statement, column] of [
    ['alter table p.t alter note set not null', 'note'],
    ['alter table p.t alter id set default 9', 'id'],
    ['alter table p.t alter note type varchar(20)', 'note'],
  ] as const) {
    assert.equal(
      (await findingsAfter(sql, before, statement)).map((row) => `${row.status} ${row.object_name}`),
      [`fail p.t.${column}`],
    )
  }
})

test('found: a partition that was detached, by itself, and what of its columns was changed then', async () => {
  const detach = 'alter table p.t detach partition p.made'
  assert.equal(
    (await findingsAfter(sql, before, detach)).map((row) => `${row.status} ${row.object_name}`),
    ['fail p.made'],
  )
  assert.equal(
    (await findingsAfter(sql, before, `${detach}; alter table p.made alter note type varchar(20)`)).map(
      (row) => `${row.status} ${row.object_name}`,
    ),
    ['fail p.made', 'fail p.made.note'],
  )
})

test('passes: a baseline that lists every column of every partition', async () => {
  const all = before.filter((object) => object.object_kind === 'column')
  const partitions = before.filter((object) => object.object_kind === 'table' && object.is_of_partition)
  const listed = partitions.flatMap((partition) =>
    all.map((column) => ({
      ...column,
      object_name: column.object_name.replace('p.t.', `${partition.object_name}.`),
      relation_name: partition.object_name,
      is_of_partition: true,
    })),
  )
  assert.is(listed.length, 25)
  const rows = compare([...before, ...listed], before)
  assert.equal(
    rows.filter((row) => row.status !== 'pass'),
    [],
  )
  assert.is(rows.find((row) => row.object_name === 'column')?.detail, '30 columns as in production')
})

test.run()
