// Catalogs that nobody expects: names of every sort in every kind, a megabyte of a function, circles, roles that are gone.

import * as assert from 'uvu/assert'
import type { SchemaObject } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { after, compare, findingsAfter, lines, listObjects } from './support.ts'

const test = suite('objects/hostile')
const { major } = await findBinaries()
let own: OwnCluster
let sql: ReturnType<OwnCluster['cluster']['connect']>
let before: SchemaObject[]

test.before(async () => {
  own = await startOwnCluster('hostile')
  await own.createDatabase('hostile')
  await migrateUp(own.target('hostile'))
  sql = own.cluster.connect('hostile')
  await sql.unsafe(`
    create schema cron;
    create table cron.job (jobid bigint, schedule text, command text, database text, username text, active boolean, jobname text);
    create schema storage;
    create table storage.buckets (id text, name text, public boolean);
    create schema vault;
    create table vault.secrets (name text)`)
  before = await listObjects(sql)
})
test.after(async () => {
  await sql?.end()
  await own?.drop()
})

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** One of everything that has a name, called so. */
function everythingCalled(name: string): string {
  const n = quoted(name)
  return `
    set local check_function_bodies = off;
    create role ${n};
    create schema ${n};
    create schema types; create type types.${n} as enum (${literal(name)});
    create domain ${n}."d ${n.slice(1, -1).slice(0, 40)}" as integer constraint ${n} check (value > 0) default 1;
    create table ${n}.t (${n} integer primary key constraint ${n} check (${n} > 0), "b b" types.${n} default ${literal(name)});
    create table ${n}.${n} (id integer, ${n} text);
    create index "i ${n.slice(1, -1).slice(0, 40)}" on ${n}.${n} (${n}, (${n} || ${literal(name)}));
    create view ${n}.v as select ${n} from ${n}.${n};
    create materialized view ${n}.m as select ${n} from ${n}.${n};
    create sequence ${n}.s owned by ${n}.${n}.${n};
    create function ${n}.${n}(${n} types.${n}) returns integer language sql as 'nonsense';
    create procedure ${n}.p(${n} integer) language sql as 'nonsense';
    create aggregate ${n}.a(${n} integer) (sfunc = int4pl, stype = integer);
    create function ${n}.tr() returns trigger language plpgsql as 'nonsense';
    create function ${n}.ev() returns event_trigger language plpgsql as 'begin end';
    create trigger ${n} before update of ${n} on ${n}.${n} for each row execute function ${n}.tr(${literal(name)});
    create rule ${n} as on delete to ${n}.${n} do instead nothing;
    create policy ${n} on ${n}.${n} to ${n} using (${n} <> ${literal(name)});
    create statistics ${n}.st on id, ${n} from ${n}.${n};
    create event trigger ${n} on ddl_command_end when tag in ('COMMENT') execute function ${n}.ev();
    create publication ${n} for table ${n}.${n};
    create subscription ${n} connection 'host=x' publication ${n} with (connect = false, slot_name = none);
    create foreign data wrapper ${n};
    create server ${n} type ${literal(name)} foreign data wrapper ${n};
    create user mapping for ${n} server ${n};
    create foreign table ${n}.f (id integer) server ${n} options (x ${literal(name)});
    create collation ${n}.${n} (locale = 'C');
    create conversion ${n}.${n} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
    create operator ${n}.=== (function = int4eq, leftarg = integer, rightarg = integer);
    create operator family ${n}.${n} using hash;
    create operator class ${n}.${n} for type integer using hash family ${n}.${n} as operator 1 ${n}.=== (integer, integer);
    create access method ${n} type index handler bthandler;
    create cast (types.${n} as integer) with inout;
    create text search template ${n}.${n} (lexize = dsimple_lexize);
    create text search dictionary ${n}.${n} (template = ${n}.${n});
    create text search parser ${n}.${n} (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
    create text search configuration ${n}.${n} (parser = ${n}.${n});
    alter text search configuration ${n}.${n} add mapping for word with ${n}.${n};
    create language ${n} handler plpgsql_call_handler;
    grant select on ${n}.${n} to ${n};
    grant update (${n}) on ${n}.${n} to ${n};
    grant execute on function ${n}.${n} to ${n};
    grant usage on schema ${n} to ${n};
    grant usage on type types.${n} to ${n};
    grant usage on foreign server ${n} to ${n};
    grant pg_read_all_data to ${n};
    alter default privileges in schema ${n} grant select on tables to ${n};
    alter role ${n} in database hostile set work_mem = '1MB';
    select pg_catalog.lo_create(99); alter large object 99 owner to ${n};
    insert into cron.job values (1, '* * * * *', ${literal(name)}, 'hostile', ${literal(name)}, true, ${literal(name)}), (2, '* * * * *', '', 'hostile', 'x', true, ${literal(name)});
    insert into storage.buckets values (${literal(name)}, ${literal(name)}, true);
    insert into vault.secrets values (${literal(name)})`
}

const names = {
  quotes: `quo"te'd`,
  'a line break': 'new\nline',
  'what looks like ours': 'x\nnot valid\nenabled\nversion: 9',
  'other scripts': 'emoji 🦀 漢字 ü',
  '63 bytes': `${'ä'.repeat(31)}x`,
  'a reserved word': 'select',
  'a preposition': 'table a to b to c',
  dots: 'a.b.c',
  'a format': '%s %I %1$s',
  'a backslash': 'back\\slash\\n',
  'a role that is gone': 'unknown (OID=16999)',
  'right to left': 'שלום\u202e',
  tags: '<b>$$ $q$ --',
}
for (const [what, name] of Object.entries(names)) {
  test(`names: ${what}, in every kind`, async () => {
    const made = await after(sql, everythingCalled(name), listObjects)
    const known = new Set(before.map((object) => `${object.object_kind} ${object.object_name}`))
    const fresh = made.filter((object) => !known.has(`${object.object_kind} ${object.object_name}`))
    assert.is(new Set(made.map((object) => `${object.object_kind} ${object.object_name}`)).size, made.length)
    const kinds = new Set(fresh.map((object) => object.object_kind))
    assert.ok(kinds.size >= 38, `${kinds.size} kinds: ${[...kinds].sort().join(', ')}`)
    assert.ok(made.every((object) => object.problem === null))
    // The same once more, under other settings and with other oids.
    const again = await after(
      sql,
      `set search_path = 'public'; set quote_all_identifiers = on; ${everythingCalled(name)}`,
      listObjects,
    )
    assert.equal(again, made)
    // Each is missed, by itself or with its table, and none is found that was never gone.
    const rows = compare(made, before).filter((row) => row.status !== 'pass')
    const told = new Set(rows.map((row) => row.object_name))
    for (const object of fresh) {
      const isPart = object.relation_name !== null && told.has(object.relation_name)
      assert.ok(
        told.has(object.object_name) || isPart || object.object_kind === 'grant',
        `${object.object_kind} ${object.object_name}`,
      )
    }
    assert.ok(rows.every((row) => JSON.stringify(row).length < 20_000))
    assert.equal(
      compare(made, made).filter((row) => row.status !== 'pass'),
      [],
    )
  })
}

test('a function of a megabyte: its changed line is shown, and the row stays small', async () => {
  const make = (line: string) =>
    `create or replace function public.big() returns void language plpgsql as $f$begin\n${Array.from({ length: 20_000 }, (_, at) => (at === 7777 ? line : `  perform ${at}; -- ${'x'.repeat(35)}`)).join('\n')}\nend$f$`
  const production = await after(sql, make('  perform 1;'), listObjects)
  assert.ok((production.find((object) => object.object_name === 'public.big()')?.definition.length ?? 0) > 1_000_000)
  const rows = await findingsAfter(sql, production, make('  perform 2;'))
  assert.equal(lines(rows), [
    'fail public.big(): the function public.big() differs from production: - perform 1;; + perform 2;',
  ])
  assert.ok(JSON.stringify(rows).length < 20_000)
  const oneLine = (word: string) =>
    `create or replace function public.long() returns text language sql as $f$select '${'y'.repeat(500_000)}${word}${'z'.repeat(500_000)}'$f$`
  const [row] = await findingsAfter(sql, await after(sql, oneLine('before'), listObjects), oneLine('after'))
  assert.match(
    row?.detail ?? '',
    /- \(\d+ characters cut\) y+beforez+ \(\d+ characters cut\); \+ \(\d+ characters cut\) y+afterz+ /,
  )
  assert.ok(JSON.stringify(row).length < 20_000)
})

test('views that refer to each other', async () => {
  const statements = `create view public.a as select 1 as x; create view public.b as select x from public.a;
    create or replace view public.a as select x from public.b`
  const production = await after(sql, statements, listObjects)
  assert.match(production.find((object) => object.object_name === 'public.a')?.definition ?? '', /FROM public\.b/)
  assert.equal(await findingsAfter(sql, production, statements), [])
})

test('roles that are gone while their grants remain leave no oid in any text', async () => {
  const gone = await after(
    sql,
    `create role gone_1; create role gone_2; create role gone_3; create role kept;
     create table public.t (id integer, note text);
     create foreign data wrapper w; create server s foreign data wrapper w;
     create user mapping for gone_1 server s; create user mapping for gone_2 server s;
     grant select on public.t to gone_1; grant insert on public.t to gone_2; grant update (note) on public.t to gone_1;
     alter default privileges for role gone_3 grant select on tables to gone_1;
     alter default privileges for role gone_3 grant select on tables to gone_2;
     create policy p on public.t to gone_1, kept using (true);
     grant gone_1 to kept; grant kept to gone_2;
     alter role gone_2 in database hostile set work_mem = '1MB';
     create schema of_nobody authorization gone_3;
     select pg_catalog.lo_create(5); alter large object 5 owner to gone_1;
     delete from pg_catalog.pg_authid where rolname like 'gone\\_%'`,
    listObjects,
  )
  const text = JSON.stringify(gone)
  assert.not.match(text, 'OID=')
  assert.match(text, 'table public.t to \\"a dropped role\\"')
  assert.match(text, 'owner: a dropped role')
  assert.is(new Set(gone.map((object) => `${object.object_kind} ${object.object_name}`)).size, gone.length)
})

test('functions that nobody can run, a table of 1,600 columns, one of none, and heirs that are no partitions', async () => {
  const statements = `
    set local check_function_bodies = off;
    create function public.broken() returns integer language sql as 'select nothing from nowhere';
    create function public.broken_too() returns integer language plpgsql as 'this is no program';
    create table public.wide (${Array.from({ length: 1600 }, (_, at) => `c${at} "char"`).join(', ')});
    create table public.bare ();
    create table public.parent (id integer primary key, note text check (note <> ''));
    create table public.other_parent (id integer);
    create table public.child (extra integer) inherits (public.parent, public.other_parent);
    create type public.shell;
    create type public.row_type as (id integer);
    create table public.typed of public.row_type`
  const production = await after(sql, statements, listObjects)
  const named = (name: string) => production.find((object) => object.object_name === name)?.definition ?? ''
  assert.is(production.filter((object) => object.object_name.startsWith('public.wide.')).length, 1600)
  assert.match(named('public.broken()'), 'select nothing from nowhere')
  assert.match(named('public.child'), /inherits: public\.parent, public\.other_parent/)
  assert.ok(production.every((object) => !object.is_of_partition))
  assert.match(named('public.typed'), /of type: public\.row_type/)
  assert.match(named('public.bare'), /^kind: table/)
  assert.match(named('public.shell'), /^kind: shell/)
  const rows = await findingsAfter(
    sql,
    production,
    `${statements}; alter table public.wide drop column c1599; alter table public.child no inherit public.other_parent`,
  )
  assert.equal(lines(rows), [
    'fail public.wide.c1599: the column public.wide.c1599 is missing',
    'fail public.child: the table public.child differs from production: - inherits: public.parent, public.other_parent; + inherits: public.parent',
  ])
})

for (const encoding of ['SQL_ASCII', 'LATIN1']) {
  test(`a database in ${encoding}`, async () => {
    const name = `in_${encoding.toLowerCase()}`
    await own.use('postgres', (admin) =>
      admin.unsafe(`create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`),
    )
    await migrateUp(own.target(name))
    await own.use(name, async (other) => {
      const statements = (word: string) => `
        create table public."größe" (id integer);
        create function public.hook() returns trigger language plpgsql as 'begin return new; end';
        create trigger t after insert on public."größe" execute function public.hook('päss', 'wörd');
        create function public.f() returns text language sql as $f$select 'password=${word} é'$f$`
      const production = await after(other, statements('hünter2'), listObjects)
      assert.match(JSON.stringify(production), /EXECUTE FUNCTION public\.hook\(2 arguments, sha256 [0-9a-f]{12}\)/)
      assert.not.match(JSON.stringify(production), /hünter|päss/)
      assert.equal(await findingsAfter(other, production, statements('hünter2')), [])
      assert.match(lines(await findingsAfter(other, production, statements('hünter3'))).join(), /fail public\.f\(\): /)
    })
  })
}

if (major >= 18) {
  test('what 18 brought: virtual columns, NOT NULL as constraints, NOT ENFORCED, WITHOUT OVERLAPS', async () => {
    const statements = (more: string) => `
      create extension if not exists btree_gist;
      create table public.t (
        id integer, span int4range, note text not null, doubled integer generated always as (id * 2) virtual,
        primary key (id, span without overlaps),
        constraint loose check (id > 0) not enforced
      );
      create table public.child (id integer, span int4range, foreign key (id, period span) references public.t (id, period span));
      ${more}`
    const production = await after(sql, statements(''), listObjects)
    const text = JSON.stringify(production)
    for (const part of ['generated virtual: (id * 2)', 'WITHOUT OVERLAPS', 'NOT ENFORCED', 'PERIOD span'])
      assert.match(text, part)
    assert.not.match(text, 'not_null')
    assert.equal(
      await findingsAfter(
        sql,
        production,
        statements('alter table public.t rename constraint t_note_not_null to another'),
      ),
      [],
    )
    for (const [more, expected] of [
      ['alter table public.t alter note drop not null', /public\.t\.note: .*- not null/],
      [
        'alter table public.t drop constraint loose; alter table public.t add constraint loose check (id > 0)',
        /- .*NOT ENFORCED; \+ CHECK/,
      ],
      ['alter table public.t drop column doubled', /fail public\.t\.doubled: the column .* is missing/],
    ] as const)
      assert.match(lines(await findingsAfter(sql, production, statements(more))).join('\n'), expected)
  })
}

test.run()
