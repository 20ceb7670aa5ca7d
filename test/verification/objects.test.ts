// Objects that are missing, changed or unexpected in a restored copy, each made on a
// clone of one; and what may rightly differ.

import * as assert from 'uvu/assert'
import { makeDatabase, type Scratch, sandboxClusters, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('objects')
let source: Scratch

// A copy of the sandbox's production with one of everything, and a baseline of it.
const everything = `
  create schema "o-o";
  create type "o-o".mood as enum ('good', 'bad');
  create domain "o-o".positive as integer check (value > 0);
  create type "o-o".pair as (a integer, b text);
  create table "o-o"."Ding ""x"" 漢字" (
    id bigint generated always as identity primary key,
    name text not null default 'none' check (name <> ''),
    half numeric generated always as (id / 2) stored,
    mood "o-o".mood
  );
  create table "o-o".child (
    id serial primary key,
    ding bigint references "o-o"."Ding ""x"" 漢字" on delete cascade,
    note text collate "C"
  );
  create index child_note on "o-o".child (lower(note)) where note is not null;
  create schema auth;
  create table auth.users (id integer);
  create function "o-o".on_user() returns trigger language plpgsql as 'begin return new; end';
  create trigger on_user after insert on auth.users for each row execute function "o-o".on_user();
  grant select on auth.users to authenticated;
  create statistics "o-o".child_stats (dependencies) on id, ding from "o-o".child;
  create view "o-o".names as select name from "o-o"."Ding ""x"" 漢字";
  create materialized view "o-o".counted as select count(*) from "o-o".child;
  create function "o-o".twice(n integer) returns integer language sql immutable as 'select n * 2';
  create procedure "o-o".nothing() language sql as 'select 1';
  create aggregate "o-o".total(integer) (sfunc = int4pl, stype = integer, initcond = '0');
  create function "o-o".touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touch before update on "o-o".child for each row execute function "o-o".touch();
  create function "o-o".watch() returns event_trigger language plpgsql as 'begin end';
  create event trigger watch on ddl_command_end when tag in ('DROP TABLE') execute function "o-o".watch();
  create rule no_delete as on delete to "o-o".child do instead nothing;
  alter table "o-o".child enable row level security;
  create policy own on "o-o".child for select to authenticated using (id > 0);
  grant select on "o-o".child to authenticated;
  grant update (note) on "o-o".child to authenticated;
  alter default privileges in schema "o-o" grant select on tables to authenticated;
  create publication everything for table "o-o".child;
  create text search configuration "o-o".simple_too (copy = simple);
  alter table "o-o".child alter column note set storage external;
  do $$ begin
    execute format('create index only_here on %s (id)', (
      select i.inhrelid::regclass from pg_inherits as i where i.inhparent = 'public.events'::regclass order by 1 limit 1
    ));
  end $$;
  select drill.record_heartbeat(), drill.capture_baseline()`

test.before(async () => {
  const { production } = await sandboxClusters()
  source = await makeDatabase(production)
  await source.run(everything)
})
test.after(() => source.drop())

async function findingsAfter(...statements: string[]): Promise<{ lines: string[]; code: number; rows: number }> {
  const copy = await makeDatabase(source.cluster, source.target.connection.database)
  try {
    await copy.run(...statements)
    const verification = await verify(copy.target, { depth: 'quick' })
    const rows = verification.results.filter((row) => row.check_name === 'objects')
    return {
      lines: rows
        .filter((row) => row.status !== 'pass')
        .map((row) => `${row.status} ${row.object_name}: ${row.detail}`),
      code: verification.verdict.exit_code,
      rows: rows.length,
    }
  } finally {
    await copy.drop()
  }
}

test('an untouched clone passes, with every kind counted', async () => {
  const { lines, code, rows } = await findingsAfter('select 1')
  assert.equal(lines, [])
  assert.is(code, 0)
  assert.ok(rows >= 22, `only ${rows} kinds`)
})

const faults: [name: string, statements: string[], expected: RegExp][] = [
  ['a view', ['drop view "o-o".names'], /fail "o-o"\.names: the view "o-o"\.names is missing/],
  [
    'a materialized view',
    ['drop materialized view "o-o".counted'],
    /fail "o-o"\.counted: the materialized view "o-o"\.counted is missing/,
  ],
  [
    'a sequence that is gone',
    ['alter table "o-o".child alter column id drop default', 'drop sequence "o-o".child_id_seq'],
    /fail "o-o"\.child_id_seq: the sequence "o-o"\.child_id_seq is missing/,
  ],
  [
    'a trigger on a table that the platform manages',
    ['drop trigger on_user on auth.users'],
    /fail auth\.users\.on_user: the trigger auth\.users\.on_user is missing/,
  ],
  [
    'a grant on a table that the platform manages',
    ['revoke select on auth.users from authenticated'],
    /fail table auth\.users to authenticated: the grant .* is missing/,
  ],
  [
    'a grant too many on a table that the platform manages',
    ['grant select on auth.users to anon'],
    /fail table auth\.users to anon: the grant .* not in production/,
  ],
  ['a schema', ['drop schema private cascade'], /fail private: the schema private is missing/],
  [
    'a table, told once',
    ['drop table "o-o".child cascade'],
    /^fail "o-o"\.child: the table "o-o"\.child is missing, and with it \d+ objects that are part of it/m,
  ],
  [
    'a column',
    ['alter table public.sites drop column domain cascade'],
    /fail public\.sites\.domain: the column public\.sites\.domain is missing/,
  ],
  [
    'a column’s type',
    ['alter table "o-o".child alter column note type varchar(10)'],
    /differs from production: - type: text; .*\+ type: character varying\(10\)/,
  ],
  [
    'a default',
    ['alter table public.calls alter column status drop default'],
    /the column public\.calls\.status differs from production: - default: 'new'::text/,
  ],
  ['not null', ['alter table public.sites alter column name drop not null'], /- not null/],
  [
    'an identity',
    ['alter table "o-o"."Ding ""x"" 漢字" alter column id set generated by default'],
    /\+ identity: by default/,
  ],
  [
    'a check',
    ['alter table public.calls drop constraint calls_status_check'],
    /the constraint public\.calls\.calls_status_check is missing/,
  ],
  [
    'a foreign key',
    ['alter table "o-o".child drop constraint child_ding_fkey'],
    /the constraint "o-o"\.child\.child_ding_fkey is missing/,
  ],
  [
    'a foreign key that is not enforced',
    ['alter table "o-o".child disable trigger all'],
    /child_ding_fkey differs from production: \+ its triggers are disabled/,
  ],
  ['an index', ['drop index "o-o".child_note'], /the index "o-o"\.child_note is missing/],
  ['an index of a partition alone', ['drop index public.only_here'], /the index public\.only_here is missing/],
  [
    'a view’s body',
    ['create or replace view "o-o".names as select name || \'\' as name from "o-o"."Ding ""x"" 漢字"'],
    /the view "o-o"\.names differs from production/,
  ],
  ['a materialized view’s rows', ['refresh materialized view "o-o".counted with no data'], /\+ not populated/],
  ['an enum’s value', [`alter type "o-o".mood add value 'ugly'`], /\+ value: ugly/],
  [
    'a domain’s constraint',
    ['alter domain "o-o".positive drop constraint positive_check'],
    /- constraint positive_check/,
  ],
  ['a sequence', ['alter sequence "o-o".child_id_seq increment 2'], /increment: 2/],
  [
    'a function’s body',
    [`create or replace function "o-o".twice(n integer) returns integer language sql immutable as 'select n * 3'`],
    /- AS \$function\$select n \* 2\$function\$; \+ AS \$function\$select n \* 3\$function\$/,
  ],
  ['a function’s security', ['alter function "o-o".twice(integer) security definer'], /SECURITY DEFINER/],
  [
    'a function’s owner',
    ['alter function "o-o".twice(integer) owner to pg_monitor'],
    /- owner: postgres; \+ owner: pg_monitor/,
  ],
  ['a trigger', ['drop trigger touch on "o-o".child'], /the trigger "o-o"\.child\.touch is missing/],
  ['a disabled trigger', ['alter table "o-o".child disable trigger touch'], /- enabled; \+ disabled/],
  [
    'an event trigger',
    ['alter event trigger watch disable'],
    /the event trigger watch differs from production: - enabled; \+ disabled/,
  ],
  ['a rule', ['drop rule no_delete on "o-o".child'], /the rule "o-o"\.child\.no_delete is missing/],
  [
    'row level security',
    ['alter table public.sites disable row level security'],
    /- row level security: on; \+ row level security: off/,
  ],
  ['a policy lost', ['drop policy own on "o-o".child'], /the policy "o-o"\.child\.own is missing/],
  ['a policy widened', ['alter policy own on "o-o".child using (true)'], /- using: \(id > 0\); \+ using: true/],
  [
    'a policy added',
    ['create policy all_of_it on public.sites for all to anon using (true)'],
    /fail public\.sites\.all_of_it: the policy .* is in the copy, but not in production/,
  ],
  [
    'a grant lost',
    ['revoke select on "o-o".child from authenticated'],
    /the grant table "o-o"\.child to authenticated is missing/,
  ],
  ['a grant widened', ['grant delete on "o-o".child to authenticated'], /- SELECT; \+ DELETE, SELECT/],
  ['a grant to anon', ['grant select on public.calls to anon'], /fail table public\.calls to anon: the grant/],
  ['a grant to everybody', ['grant execute on function public.is_site_member(uuid) to public'], /to public/],
  [
    'default privileges',
    ['alter default privileges in schema "o-o" revoke select on tables from authenticated'],
    /the default privilege .* is missing/,
  ],
  ['a publication’s table', ['alter publication everything drop table "o-o".child'], /- table: "o-o"\.child/],
  ['replica identity', ['alter table "o-o".child replica identity full'], /\+ replica identity: full/],
  ['an unlogged table', ['alter table public.calls set unlogged'], /\+ persistence: unlogged/],
  ['a statistics object', ['drop statistics "o-o".child_stats'], /the statistics "o-o"\.child_stats is missing/],
  ['a text search configuration', ['drop text search configuration "o-o".simple_too'], /is missing/],
  [
    'a setting of the database',
    [`do $$ begin execute format('alter database %I set statement_timeout = ''1s''', current_database()); end $$`],
    /warn this database statement_timeout/,
  ],
]
for (const [name, statements, expected] of faults) {
  test(`found: ${name}`, async () => {
    const { lines } = await findingsAfter(...statements)
    assert.match(lines.join('\n'), expected)
  })
}

test('new partitions bring no findings, nor does another order of columns', async () => {
  const { lines, code } = await findingsAfter(
    'select public.create_monthly_partitions(3)',
    'alter table public.site_members add column moved text',
    'alter table public.site_members drop column moved',
  )
  assert.equal(lines, [])
  assert.is(code, 0)
})

test('an unexpected table is a warning, not a failure', async () => {
  const { lines, code } = await findingsAfter('create table public.scratch (id integer)')
  assert.ok(lines.length > 0 && lines.every((line) => line.startsWith('warn ')))
  assert.is(code, 0)
})

test.run()
