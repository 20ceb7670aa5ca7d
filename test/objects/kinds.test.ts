// Every kind of object: one that is dropped, one that is changed, one too many, each found by its name. The kinds are
// taken from the SQL, so that a kind without these cases is a failure of this file.

import { readdirSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { SchemaObject } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { fixture } from './fixture.ts'
import { after, compare, findingsAfter, lines, listObjects } from './support.ts'

const test = suite('objects/kinds')
let own: OwnCluster
let sql: ReturnType<OwnCluster['cluster']['connect']>
let before: SchemaObject[]
const { major } = await findBinaries()

interface Cases {
  /** The object of the fixture that is dropped and changed. */
  name: string
  /** null: it cannot be missing. */
  drop: string | null
  /** null: only its presence is compared. */
  change: string | null
  /** What the difference must say. */
  says?: RegExp
  /** Statement and name; null: there can be but one. */
  add: [statement: string, name: string] | null
  missing?: 'warn'
  unexpected?: 'fail'
}

const cases: Record<string, Cases> = {
  schema: {
    name: 'k2',
    drop: 'drop schema k2 cascade',
    change: 'alter schema k2 owner to k_owner',
    says: /- owner: postgres; \+ owner: k_owner/,
    add: ['create schema k3', 'k3'],
  },
  extension: {
    name: 'hstore',
    drop: 'drop extension hstore',
    change: 'alter extension hstore set schema k',
    says: /- schema: k2; \+ schema: k/,
    add: ['create extension citext', 'citext'],
  },
  type: {
    name: 'k.mood',
    drop: 'drop type k.mood cascade',
    change: "alter type k.mood rename value 'bad' to 'worse'",
    says: /- value: bad; \+ value: worse/,
    add: ['create type k.nothing as ()', 'k.nothing'],
  },
  table: {
    name: 'k.extra',
    drop: 'drop table k.extra',
    change: 'alter table k.extra set unlogged',
    says: /\+ persistence: unlogged/,
    add: ['create table k.another ()', 'k.another'],
  },
  column: {
    name: 'k.child.note',
    drop: 'alter table k.child drop column note',
    change: "alter table k.child alter note set default 'x'",
    says: /\+ default: 'x'::text/,
    add: ['alter table k.child add column more integer', 'k.child.more'],
  },
  constraint: {
    name: 'k.child.child_t_id_fkey',
    drop: 'alter table k.child drop constraint child_t_id_fkey',
    change: 'alter table k.child alter constraint child_t_id_fkey deferrable',
    says: /\+ .* DEFERRABLE/,
    add: ['alter table k.child add constraint more check (id > 0)', 'k.child.more'],
  },
  index: {
    name: 'k.note',
    drop: 'drop index k.note',
    change: 'drop index k.note; create index note on k.child (note)',
    says: /\+ CREATE INDEX note ON k\.child USING btree \(note\)/,
    add: ['create index more on k.child (note)', 'k.more'],
  },
  view: {
    name: 'k.names',
    drop: 'drop view k.names',
    change: "create or replace view k.names as select name || '' as name from k.t",
    add: ['create view k.more as select 1', 'k.more'],
  },
  'materialized view': {
    name: 'k.counted',
    drop: 'drop materialized view k.counted',
    change: 'refresh materialized view k.counted with no data',
    says: /\+ not populated/,
    add: ['create materialized view k.more as select 1', 'k.more'],
  },
  sequence: {
    name: 'k.numbers',
    drop: 'drop sequence k.numbers',
    change: 'alter sequence k.numbers increment 5 owned by k.child.id',
    says: /owned by: k\.child\.id/,
    add: ['create sequence k.more', 'k.more'],
  },
  function: {
    name: 'k.twice(n integer)',
    drop: 'drop function k.twice',
    change: 'alter function k.twice security definer',
    says: /\+ IMMUTABLE SECURITY DEFINER/,
    add: ["create function k.more() returns integer language sql as 'select 1'", 'k.more()'],
  },
  procedure: {
    name: 'k.nothing()',
    drop: 'drop procedure k.nothing',
    change: "create or replace procedure k.nothing() language sql as 'select 2'",
    add: ["create procedure k.more() language sql as 'select 1'", 'k.more()'],
  },
  aggregate: {
    name: 'k.total(integer)',
    drop: 'drop aggregate k.total(integer)',
    change: "create or replace aggregate k.total(integer) (sfunc = int4pl, stype = integer, initcond = '7')",
    says: /- initial: 0; \+ initial: 7/,
    add: ['create aggregate k.more(integer) (sfunc = int4pl, stype = integer)', 'k.more(integer)'],
  },
  trigger: {
    name: 'k.child.touch',
    drop: 'drop trigger touch on k.child',
    change: 'alter table k.child disable trigger touch',
    says: /- enabled; \+ disabled/,
    add: ['create trigger more before insert on k.child for each row execute function k.touch()', 'k.child.more'],
    unexpected: 'fail',
  },
  'event trigger': {
    name: 'k_watch',
    drop: 'drop event trigger k_watch',
    change: 'alter event trigger k_watch disable',
    says: /- enabled; \+ disabled/,
    add: ['create event trigger k_more on ddl_command_end execute function k.watch()', 'k_more'],
    unexpected: 'fail',
  },
  rule: {
    name: 'k.child.no_delete',
    drop: 'drop rule no_delete on k.child',
    change: 'alter table k.child disable rule no_delete',
    says: /- enabled; \+ disabled/,
    add: ['create rule more as on update to k.child do also nothing', 'k.child.more'],
    unexpected: 'fail',
  },
  policy: {
    name: 'k.child.own',
    drop: 'drop policy own on k.child',
    change: 'alter policy own on k.child to public using (true)',
    says: /- roles: k_reader; - using: \(id > 0\); \+ roles: public; \+ using: true/,
    add: ['create policy more on k.child using (true)', 'k.child.more'],
    unexpected: 'fail',
  },
  grant: {
    name: 'table k.child to k_reader',
    drop: 'revoke select on k.child from k_reader',
    change: 'grant select on k.child to k_reader with grant option',
    says: /- SELECT; \+ SELECT\*/,
    add: ['grant select on k.t to k_reader', 'table k.t to k_reader'],
    unexpected: 'fail',
  },
  'default privilege': {
    name: 'of k_owner tables in k to k_reader',
    drop: 'alter default privileges for role k_owner in schema k revoke all on tables from k_reader',
    change: 'alter default privileges for role k_owner in schema k grant insert on tables to k_reader',
    says: /- SELECT; \+ INSERT, SELECT/,
    add: [
      'alter default privileges for role k_owner in schema k grant usage on sequences to k_reader',
      'of k_owner sequences in k to k_reader',
    ],
    unexpected: 'fail',
  },
  statistics: {
    name: 'k.stats',
    drop: 'drop statistics k.stats',
    change: 'alter statistics k.stats set statistics 500',
    says: /\+ statistics target: 500/,
    add: ['create statistics k.more on id, note from k.child', 'k.more'],
  },
  setting: {
    name: 'this database role k_reader statement_timeout',
    drop: 'alter role k_reader in database kinds reset statement_timeout',
    change: "alter role k_reader in database kinds set statement_timeout = '2min'",
    says: /- 1min; \+ 2min/,
    add: ["alter database kinds set work_mem = '8MB'", 'this database work_mem'],
  },
  publication: {
    name: 'k_all',
    drop: 'drop publication k_all',
    change: 'alter publication k_all add table k.t',
    says: /\+ table: k\.t/,
    add: ['create publication k_more', 'k_more'],
  },
  subscription: {
    name: 'k_in',
    drop: 'drop subscription k_in',
    change: 'alter subscription k_in set publication a, c with (refresh = false)',
    says: /- publications: a, b; \+ publications: a, c/,
    add: [
      "create subscription k_more connection 'host=x' publication a with (connect = false, slot_name = none)",
      'k_more',
    ],
    missing: 'warn',
  },
  'foreign data wrapper': {
    name: 'k_wrapper',
    drop: 'drop foreign data wrapper k_wrapper cascade',
    change: 'alter foreign data wrapper k_wrapper validator postgresql_fdw_validator',
    says: /\+ validator: postgresql_fdw_validator/,
    add: ['create foreign data wrapper k_more', 'k_more'],
  },
  'foreign server': {
    name: 'k_server',
    drop: 'drop server k_server cascade',
    change: "alter server k_server version '2'",
    says: /\+ version: 2/,
    add: ['create server k_more foreign data wrapper k_wrapper', 'k_more'],
  },
  'user mapping': {
    name: 'k_server for k_reader',
    drop: 'drop user mapping for k_reader server k_server',
    change: null,
    add: ['create user mapping for public server k_server', 'k_server for public'],
    missing: 'warn',
    unexpected: 'fail',
  },
  collation: {
    name: 'k.plain',
    drop: 'drop collation k.plain',
    change: "drop collation k.plain; create collation k.plain (locale = 'POSIX')",
    says: /- locale: C; .*\+ locale: POSIX/,
    add: ["create collation k.more (locale = 'C')", 'k.more'],
  },
  conversion: {
    name: 'k.conv',
    drop: 'drop conversion k.conv',
    change: 'alter conversion k.conv owner to k_owner',
    add: ["create conversion k.more for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1", 'k.more'],
  },
  operator: {
    name: 'k.===(integer, integer)',
    drop: 'drop operator k.=== (integer, integer)',
    change: 'alter operator k.=== (integer, integer) set (restrict = eqsel)',
    says: /\+ restriction: eqsel/,
    add: ['create operator k.!!! (function = int4um, rightarg = integer)', 'k.!!!(none, integer)'],
  },
  'operator class': {
    name: 'k.class using btree',
    drop: 'drop operator class k.class using btree',
    change: 'alter operator class k.class using btree owner to k_owner',
    add: ['create operator class k.more for type integer using hash as operator 1 =', 'k.more using hash'],
  },
  'operator family': {
    name: 'k.family using btree',
    drop: 'drop operator family k.family using btree cascade',
    change: 'alter operator family k.family using btree add operator 1 < (integer, bigint)',
    says: /\+ operator 1: <\(integer,bigint\)/,
    add: ['create operator family k.more using btree', 'k.more using btree'],
  },
  'access method': {
    name: 'k_method',
    drop: 'drop access method k_method',
    change: 'drop access method k_method; create access method k_method type index handler hashhandler',
    says: /- handler: bthandler\(internal\); \+ handler: hashhandler\(internal\)/,
    add: ['create access method k_more type table handler heap_tableam_handler', 'k_more'],
  },
  cast: {
    name: 'k.mood as integer',
    drop: 'drop cast (k.mood as integer)',
    change: 'drop cast (k.mood as integer); create cast (k.mood as integer) with inout as implicit',
    says: /- context: assignment; \+ context: implicit/,
    add: ['create cast (k.mood as bigint) with inout', 'k.mood as bigint'],
  },
  'text search configuration': {
    name: 'k.config',
    drop: 'drop text search configuration k.config',
    change: 'alter text search configuration k.config drop mapping for email',
    says: /- email: simple/,
    add: ['create text search configuration k.more (copy = simple)', 'k.more'],
  },
  'text search dictionary': {
    name: 'k.dictionary',
    drop: 'drop text search dictionary k.dictionary',
    change: 'alter text search dictionary k.dictionary (accept = false)',
    add: ['create text search dictionary k.more (template = simple)', 'k.more'],
  },
  'text search parser': {
    name: 'k.parser',
    drop: 'drop text search parser k.parser',
    change:
      'drop text search parser k.parser; create text search parser k.parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline)',
    says: /\+ headline: prsd_headline/,
    add: [
      'create text search parser k.more (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)',
      'k.more',
    ],
  },
  'text search template': {
    name: 'k.template',
    drop: 'drop text search template k.template',
    change:
      'drop text search template k.template; create text search template k.template (init = dsimple_init, lexize = dsimple_lexize)',
    says: /\+ init: dsimple_init/,
    add: ['create text search template k.more (lexize = dsimple_lexize)', 'k.more'],
  },
  language: {
    name: 'k_language',
    drop: 'drop language k_language',
    change: 'alter language k_language owner to k_other',
    add: ['create language k_more handler plpgsql_call_handler', 'k_more'],
  },
  role: {
    name: 'k_member',
    drop: 'drop role k_member',
    change: 'alter role k_member bypassrls connection limit 3',
    says: /\+ bypasses row level security; \+ connection limit: 3/,
    add: ['create role k_more; alter table k.extra owner to k_more', 'k_more'],
  },
  membership: {
    name: 'k_reader to k_member',
    drop: 'revoke k_reader from k_member',
    change: 'grant k_reader to k_member with admin option',
    says: /\+ admin option/,
    add: ['grant k_owner to k_member', 'k_owner to k_member'],
    unexpected: 'fail',
  },
  database: {
    name: 'this database',
    drop: null,
    change: 'alter database kinds owner to k_owner',
    says: /this database differs from production: - owner: postgres; \+ owner: k_owner/,
    add: null,
  },
  'large objects': {
    name: 'of k_owner',
    drop: 'select pg_catalog.lo_unlink(4712)',
    change: null,
    add: ['select pg_catalog.lo_create(4713); alter large object 4713 owner to k_reader', 'of k_reader'],
  },
  'replication slot': {
    name: 'k_slot',
    drop: "select pg_catalog.pg_drop_replication_slot('k_slot')",
    change:
      "select pg_catalog.pg_drop_replication_slot('k_slot'); select pg_catalog.pg_create_logical_replication_slot('k_slot', 'test_decoding')",
    says: /- plugin: pgoutput; \+ plugin: test_decoding/,
    add: ["select pg_catalog.pg_create_logical_replication_slot('k_more', 'pgoutput')", 'k_more'],
    missing: 'warn',
  },
  'cron job': {
    name: 'nightly',
    drop: "delete from cron.job where jobname = 'nightly'",
    change: "update cron.job set command = 'select 4' where jobname = 'nightly'",
    says: /- command: sha256 [0-9a-f]{12}; \+ command: sha256 [0-9a-f]{12}/,
    add: [
      "insert into cron.job values (9, '* * * * *', 'select 9', 'localhost', 5432, 'kinds', 'postgres', true, 'more')",
      'more',
    ],
  },
  'storage bucket': {
    name: 'avatars',
    drop: 'delete from storage.buckets',
    change: 'update storage.buckets set public = true',
    says: /- public: false; \+ public: true/,
    add: ["insert into storage.buckets values ('more', 'more', true, null, null)", 'more'],
  },
  'vault secret': {
    name: 'api_key',
    drop: 'delete from vault.secrets',
    change: null,
    add: ["insert into vault.secrets values (gen_random_uuid(), 'more', 'cipher')", 'more'],
  },
}

/** Slots know no rollback. */
const resetSlots = `
  select pg_catalog.pg_drop_replication_slot(slot_name) from pg_catalog.pg_replication_slots where slot_name in ('k_slot', 'k_more');
  select pg_catalog.pg_create_logical_replication_slot('k_slot', 'pgoutput')`

test.before(async () => {
  own = await startOwnCluster('kinds')
  await own.cluster.stop()
  await own.cluster.start({ settings: { wal_level: 'logical' } })
  await own.createDatabase('kinds')
  await migrateUp(own.target('kinds'))
  sql = own.cluster.connect('kinds')
  for (const statement of fixture.split(/;\s*\n/)) await sql.unsafe(statement)
  await sql.unsafe(resetSlots)
  before = await listObjects(sql)
})
test.after(async () => {
  await sql?.end()
  await own?.drop()
})

/** What the source can give, whatever is in a database. */
function kindsInSource(): string[] {
  const folder = projectFile('sql', 'objects')
  const kinds = new Set<string>()
  for (const file of readdirSync(folder).filter((name) => name.startsWith('_list_'))) {
    const text = readFileSync(projectFile('sql', 'objects', file), 'utf8').replaceAll("''", "'")
    for (const [, expression = ''] of text.matchAll(/select\s+(case\b[^;]*?\bend|'[a-z ]+') as object_kind/g)) {
      const literals = [...expression.matchAll(/(?:^|then |else )'([a-z ]+)'/g)]
      assert.ok(literals.length > 0, `${file}: ${expression}`)
      for (const [, kind = ''] of literals) kinds.add(kind)
    }
    for (const [, kind = ''] of text.matchAll(/\n\s+'([a-z ]+)', '\w+', '\w+', array\[/g)) kinds.add(kind)
  }
  return [...kinds].sort()
}

test('every kind of the SQL is in the fixture, and has its cases here', () => {
  const kinds = kindsInSource()
  assert.ok(kinds.length > 40, kinds.join(', '))
  assert.equal(Object.keys(cases).sort(), kinds)
  assert.equal([...new Set(before.map((object) => object.object_kind))].sort(), kinds)
  for (const [kind, { name }] of Object.entries(cases))
    assert.ok(
      before.some((object) => object.object_kind === kind && object.object_name === name),
      `${kind} ${name} is not in the fixture`,
    )
})

test('unchanged, every kind passes', async () => {
  const rows = compare(before, await listObjects(sql))
  assert.equal(
    rows.map((row) => `${row.status} ${row.object_name}`).sort(),
    [...new Set(before.map((object) => `pass ${object.object_kind}`))].sort(),
  )
})

test('no password, connection or command is in any definition', () => {
  for (const secret of ['hunter2', 'production.example', 'cipher']) assert.not.match(JSON.stringify(before), secret)
  for (const job of before.filter((object) => object.object_kind === 'cron job'))
    assert.match(job.definition, /^schedule: .*\nusername: postgres\ncommand: sha256 [0-9a-f]{12}$/)
})

for (const [kind, { name, drop, change, says, add, missing, unexpected }] of Object.entries(cases)) {
  const look = async (statements: string) => {
    const rows = await findingsAfter(sql, before, statements)
    if (kind === 'replication slot') await sql.unsafe(resetSlots)
    return rows
  }
  const find = (rows: Awaited<ReturnType<typeof look>>, object: string) => {
    const row = rows.find((other) => other.object_name === object && isOf(other.detail, kind))
    assert.ok(row, `${kind} ${object} is not among: ${lines(rows).join('\n')}`)
    return row
  }
  if (drop !== null)
    test(`${kind}: a missing one`, async () => {
      const row = find(await look(drop), name)
      assert.is(row.status, missing ?? 'fail')
      assert.match(row.detail, / missing|any more/)
      assert.match(row.hint ?? '', /\.$/)
    })
  if (change !== null)
    test(`${kind}: a changed one`, async () => {
      const row = find(await look(change), name)
      assert.is(row.status, 'fail')
      assert.match(row.detail, says ?? /differs from production: (- |\+ )/)
    })
  if (add !== null)
    test(`${kind}: one too many`, async () => {
      const row = find(await look(add[0]), add[1])
      assert.is(row.status, unexpected ?? 'warn')
      assert.match(row.detail, /(is|are) in the copy, but not in production's baseline/)
    })
}

function isOf(detail: string, kind: string): boolean {
  return kind === 'database' ? detail.startsWith('this database ') : detail.includes(`${kind} `)
}

// What a kind has besides: each line once was, or could be, overlooked.
const more: [name: string, statements: string, expected: RegExp, from?: number][] = [
  [
    'what was taken from PUBLIC by default',
    'alter default privileges for role k_owner grant execute on functions to public',
    /fail of k_owner functions to public: the default privilege .* is missing/,
  ],
  [
    'who may connect',
    'revoke connect on database kinds from public',
    /fail database this database to public: .* - CONNECT, TEMPORARY; \+ TEMPORARY/,
  ],
  [
    'a setting for everybody',
    "alter role all set work_mem = '9MB'",
    /warn all roles work_mem: the setting all roles work_mem is in the copy/,
  ],
  [
    'a setting of a role that this database needs',
    "alter role k_reader set work_mem = '9MB'",
    /warn role k_reader work_mem/,
  ],
  [
    'a role that rules',
    'alter role k_owner superuser',
    /fail k_owner: the role k_owner differs from production: \+ superuser/,
  ],
  [
    'a role that rules and is new',
    'create role k_more bypassrls; grant select on k.t to k_more',
    /fail k_more: the role k_more is in the copy/,
  ],
  [
    'a membership in a predefined role',
    'grant pg_read_all_data to k_reader',
    /fail pg_read_all_data to k_reader: the membership/,
  ],
  [
    'a foreign key without triggers',
    'alter table k.child disable trigger all',
    /fail k\.child\.child_t_id_fkey: .* \+ its triggers are disabled: not enforced/,
  ],
  [
    'a constraint that is not valid',
    'alter table k.child drop constraint child_t_id_fkey; alter table k.child add constraint child_t_id_fkey foreign key (t_id) references k.t not valid',
    /\+ .*NOT VALID/,
  ],
  ['the default of a domain', 'alter domain k.positive set default 7', /k\.positive: .*\+ default: 7/],
  ['the default of a view', "alter view k.names alter column name set default 'x'", /\+ default of name: 'x'::text/],
  ['a typed attribute', 'alter type k.pair add attribute c integer', /k\.pair: .*\+ attribute c: integer/],
  [
    'the statistics target of a column',
    'alter table k.child alter note set statistics 700',
    /\+ statistics target: 700/,
  ],
  [
    'an option of the toast table',
    'alter table k.child set (toast.autovacuum_enabled = false)',
    /\+ toast options: autovacuum_enabled=false/,
  ],
  [
    'an index that replicas identify rows by',
    'alter table k.child replica identity using index child_pkey',
    /k\.child_pkey: .*\+ replica identity/,
  ],
  ['the order of a subscription', 'alter subscription k_in set (binary = true)', /k_in: .*\+ binary/],
  [
    'a grant on a composite type',
    'revoke usage on type k.pair from public',
    /fail type k\.pair to public: the grant .* is missing/,
  ],
  [
    'columns of a publication',
    'alter publication k_all set table k.child (id, note)',
    /- table: k\.child; \+ table: k\.child \(id, note\)/,
    15,
  ],
  [
    'rows of a publication',
    'alter publication k_all set table k.child where (id > 5)',
    /\+ table: k\.child where \(id > 5\)/,
    15,
  ],
  ['schemas of a publication', 'alter publication k_all add tables in schema k2', /\+ schema: k2/, 15],
  [
    'a grant on a parameter',
    'grant set on parameter log_statement to k_reader',
    /fail parameter log_statement to k_reader: the grant/,
    15,
  ],
  [
    'inheritance of a membership',
    'grant k_reader to k_member with inherit false',
    /k_reader to k_member: .*\+ does not inherit/,
    16,
  ],
  [
    'a constraint that is not enforced',
    'alter table k.child alter constraint child_t_id_fkey not enforced',
    /\+ .*NOT ENFORCED/,
    18,
  ],
  [
    'NOT NULL that is not valid',
    'alter table k.child add constraint nn not null note not valid',
    /k\.child\.note: .*\+ not null, not valid/,
    18,
  ],
  [
    'generated columns of a publication',
    'alter publication k_all set (publish_generated_columns = stored)',
    /\+ generated columns: stored/,
    18,
  ],
]
for (const [name, statements, expected, from = 14] of more) {
  if (major < from) continue
  test(`found: ${name}`, async () => {
    assert.match(lines(await findingsAfter(sql, before, statements)).join('\n'), expected)
  })
}

test('another locale of the database is a warning; another encoding, too', async () => {
  const rows = await findingsAfter(
    sql,
    before,
    "update pg_catalog.pg_database set datcollate = 'de_DE.UTF-8' where datname = 'kinds'",
  )
  assert.equal(lines(rows), [
    'warn this database: this database differs from production: - collate: C; + collate: de_DE.utf8',
  ])
})

test('one locale under two names is one', async () => {
  const set = (locale: string) =>
    after(
      sql,
      `update pg_catalog.pg_database set datcollate = '${locale}', datctype = '${locale}' where datname = 'kinds'`,
      listObjects,
    )
  const [one, other] = [await set('en_US.UTF-8'), await set('en_US.utf8')]
  assert.equal(
    compare(one, other).filter((row) => row.status !== 'pass'),
    [],
  )
  assert.equal(await set('POSIX'), before)
})

test('what PostgreSQL and others do by themselves changes nothing', async () => {
  for (const statements of [
    // The other order of creation, other oids.
    'drop index k.note; create index note on k.child (lower(note)) where note is not null',
    // Spelled out and null grants are equal.
    'grant select on k.t to k_reader; revoke select on k.t from k_reader',
    'grant all on function k.twice to postgres',
    'refresh materialized view k.counted',
    "alter subscription k_in connection 'host=elsewhere'",
    "alter server k_server options (set host 'elsewhere')",
    'update cron.job set active = false',
    "update cron.job set jobid = 77 where jobname = 'nightly'",
    "set search_path = k, public; set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set quote_all_identifiers = on; set standard_conforming_strings = off",
    'create temp table t (id integer)',
    "create role k_stranger superuser; alter role k_stranger set work_mem = '1GB'",
    'analyze',
  ])
    assert.equal(lines(await findingsAfter(sql, before, statements)), [], statements)
})

test('jobs of a copy that is called differently are still the jobs', async () => {
  const rows = await findingsAfter(
    sql,
    before,
    `update cron.job set database = 'production' where database = 'kinds';
     insert into drill.baselines (captured_at, captured_lsn, schema_version, installation_id, system_identifier, timeline_id, started_at, database_name, server_version, policies, guards, partitioned_relations)
     values (now(), '0/1', '1', gen_random_uuid(), 1, 1, now(), 'production', '17', '{}', '[]', '[]')`,
  )
  assert.equal(lines(rows), [])
})

test('roles of a platform that manages schemas here are its own; the same name elsewhere is a role like others', async () => {
  const roles = async (schema: string) =>
    (
      await after(
        sql,
        `create role supabase_x_admin superuser; create schema ${schema} authorization supabase_x_admin;
         create table ${schema}.users (); alter table ${schema}.users owner to supabase_x_admin`,
        listObjects,
      )
    ).filter((object) => object.object_kind === 'role' && object.object_name === 'supabase_x_admin').length
  assert.is(await roles('auth'), 0)
  assert.is(await roles('another'), 1)
})

test('roles that only the checks need are not compared', async () => {
  const rows = await findingsAfter(
    sql,
    before,
    'create role k_auditor login; grant usage on schema drill to k_auditor; grant select on all tables in schema drill to k_auditor; grant execute on all functions in schema drill to k_auditor',
  )
  assert.equal(lines(rows), [])
})

test('who creates roles is a member of those it made, from 16 on: no finding', async () => {
  const rows = await findingsAfter(
    sql,
    before,
    'alter role k_owner createrole; set local role k_owner; create role k_made; reset role; grant select on k.t to k_made',
  )
  assert.equal(
    lines(rows).filter((line) => line.includes('membership')),
    [],
  )
})

test.run()
