// One of every kind through a pg_dump of an older server into a newer one: it has the same definitions there.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { availableMajors, makeRoles, withServer } from '../support/other-servers.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'
import { fixture } from './fixture.ts'
import { compareMajors, lines, listObjects } from './support.ts'

const test = suite('objects/cross-major')
const system = findSystemPostgres()
const majors = await availableMajors(14, 15, 17, 18)
const files = mkdtempSync(join(tmpdir(), 'pgdrill-objects-'))
test.after(() => rmSync(files, { recursive: true }))

const program = (name: string, ...args: string[]) =>
  execFileSync(join(system?.bin ?? '', name), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** What the versions say in other words, or keep in other places; in their syntax of 14. */
const more = `
  create role k_maintainer;
  grant all on k.t to k_maintainer;
  grant all on k.t to k_other with grant option;
  grant insert on k.t to k_reader;
  alter default privileges in schema k grant all on tables to k_maintainer;
  create table k.strict (a integer not null, b text constraint b_there check (b is not null), c text not null default 'x',
    primary key (a), unique (b), exclude using btree (c with =));
  create table k.strict_child (d integer not null) inherits (k.strict);
  create table k.parted (at timestamptz not null, id bigint not null, v text not null, primary key (id, at)) partition by range (at);
  create table k.parted_1 partition of k.parted for values from ('2026-01-01Z') to ('2026-02-01Z');
  create table k.parted_2 (id bigint not null, gone text, v text not null, at timestamptz not null);
  alter table k.parted_2 drop column gone;
  alter table k.parted attach partition k.parted_2 for values from ('2026-02-01Z') to ('2026-03-01Z');
  create table k.refers (id bigint, at timestamptz, foreign key (id, at) references k.parted on delete set null);
  create table k.computed (a integer, b integer generated always as (a * 2) stored, c varchar(10) collate "C", d timestamp(3), e interval day to second);
  create publication k_rows for table k.t, k.strict with (publish = 'insert, update');
  create publication k_every for all tables;
  create view k.words as select coalesce(a.b, 'x') as b, a.c || '!' as c, (a.a = any (array[1, 2, 3])) as d, extract(year from current_timestamp) as y,
    substring(a.c from 1 for 2) as s, a.c like 'a%' as l, position('a' in a.c) as p, trim(both from a.c) as t, now() at time zone 'UTC' as z, current_user as u
    from k.strict as a left join k.t as b on b.id = a.a where a.c is not null;
  create view k.joined with (security_barrier) as select s.a, c.b, s.b as word from k.strict s join k.computed c using (a) where exists (select 1 from k.t where t.id = a) order by 1;
  create view k.aliased as select s.a, t.id from k.strict s, lateral (select id from k.t where t.id > s.a limit 1) t union all select 1, 2;
  create view k.counted_by as select a, count(*) filter (where c > 'a') over (partition by b order by a) as n, sum(a) as total from k.strict group by a, b, c having sum(a) > 1;
  create materialized view k.kept as select a, max(c) as c from k.strict group by a with no data;
  create index kept_a on k.kept (a) include (c) with (fillfactor = 70);
  create unique index strict_c on k.strict (lower(c) text_pattern_ops desc nulls last) where b <> 'x';
  create index strict_gin on k.strict using gin (to_tsvector('simple', c));
  create function k.old_sql(integer, out b integer, variadic c text[] default '{}') language sql stable strict parallel safe cost 7 as 'select $1';
  create function k.standard_sql(a integer, b text default 'it''s') returns text language sql immutable return a::text || b;
  create function k.rows() returns table (a integer, b text) language sql rows 5 set search_path = 'k' security definer begin atomic select s.a, s.b from k.strict s; end;
  create function k.poly(anyelement, anycompatiblearray) returns anyelement language sql as 'select $1';
  create function k.on_row() returns trigger language plpgsql as 'begin return null; end';
  create trigger on_parted after insert or update of v on k.parted for each row when (new.v <> 'x') execute function k.on_row();
  create trigger on_statement after update on k.strict referencing new table as n old table as o for each statement execute function k.on_row();
  create constraint trigger late after insert on k.t deferrable initially deferred for each row execute function k.on_row();
  create rule notify_rule as on insert to k.strict do also select 1;
  create policy kept_rows on k.strict as restrictive for all to public using (a > 0 and b is not null) with check (c = current_user);
  alter table k.strict enable row level security;
  alter table k.strict force row level security;
  create statistics k.more_stats on a, lower(c) from k.strict;
  alter table k.strict alter column c set statistics 500, alter column c set storage external, alter column a set (n_distinct = 5);
  create sequence k.small as smallint increment by -1 minvalue -5 maxvalue -1 cycle owned by k.strict.a;
  create collation k.insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create collation k.german (provider = icu, locale = 'de-DE');
  create type k.many as range (subtype = timestamptz, multirange_type_name = k.manies);
  create domain k.short as varchar(20) collate "C" default 'x' not null constraint no_y check (value <> 'y');
  create view k."a.b""c" as select "strict".a as "strict.a", 'strict.a' as t, E'\\\\strict.a' as e, strict as whole, (strict).c, strict.b from k.strict;
  create view k.same_name as select strict.c as strict, strict.a from k.strict strict order by strict.c, 2 desc;
  create view k.nested as with w as (select a from k.strict where a > 0) select a, (select max(w2.a) from w w2 where w2.a < w.a) as b from w;
  create view k.valued as select column1 from (values (1), (2)) as v;
  create view k.chain as with recursive c (n) as (select 1 union all select n + 1 from c where n < 5) select n from c;
  create view k.windowed as select a, rank() over w from k.strict window w as (partition by b order by a desc nulls last)`

const damages = `
  create or replace view k.names as select upper(name) as name from k.t;
  create or replace view k.same_name as select strict.c as strict, strict.a from k.strict strict order by strict.a, 2 desc;
  revoke grant option for select on k.t from k_other;
  revoke delete on k.refers from k_maintainer;
  alter table k.strict alter column c drop not null`

for (const [from, to] of [
  [14, 18],
  [14, 17],
  [15, 18],
] as const) {
  const has = system !== undefined && majors.has(from) && majors.has(to)
  test.needs(has, `needs pg_dump, and PostgreSQL ${from} and ${to}: make postgres PG=${from}, PG=${to}`)(
    `every kind, dumped from ${from} and restored into ${to}, but for what a dump leaves out`,
    () =>
      withServer({ major: from }, async (older) => {
        await older.createDatabase('kinds')
        await migrateUp(older.target('kinds'))
        const before = await older.use('kinds', async (sql) => {
          for (const statement of `${fixture};${more}`.split(/;\s*\n/)) await sql.unsafe(statement)
          // A dump knows no language but as an extension.
          await sql.unsafe('drop language k_language')
          // By its baselines a copy knows how production was called, and so which jobs are its own.
          await sql.unsafe(`
            insert into drill.baselines (captured_at, captured_lsn, schema_version, installation_id, system_identifier, timeline_id, started_at, database_name, server_version, policies, guards, partitioned_relations)
            values (now(), '0/1', '1', gen_random_uuid(), 1, 1, now(), 'kinds', '14', '{}', '[]', '[]')`)
          return await listObjects(sql)
        })
        const dump = join(files, `${from}-${to}`)
        const globals = program('pg_dumpall', '--roles-only', '--dbname', older.cluster.url('postgres'))
        program('pg_dump', '--format=custom', '--file', dump, older.cluster.url('kinds'))
        await withServer({ major: to }, async (newer) => {
          await newer.createDatabase('restored')
          await makeRoles(newer, globals)
          program('pg_restore', '--exit-on-error', '--dbname', newer.cluster.url('restored'), dump)
          const after = await newer.use('restored', listObjects)
          assert.is(after.length, before.length - 1)
          const rows = compareMajors([before, from], [after, to])
          const findings = (all: typeof rows) => lines(all.filter((row) => row.status !== 'pass'))
          // Settings of a database are in a dump with --create only.
          const left = [
            'fail this database role k_reader statement_timeout: the setting this database role k_reader statement_timeout is missing',
          ]
          assert.equal(findings(rows), left)
          assert.match(
            lines(rows).join('\n'),
            new RegExp(`objects differ only as PostgreSQL ${to} differs from ${from} `),
          )

          const damaged = await newer.use('restored', async (sql) => {
            for (const statement of damages.split(/;\s*\n/)) await sql.unsafe(statement)
            return await listObjects(sql)
          })
          const said = findings(compareMajors([before, from], [damaged, to])).filter((line) => !left.includes(line))
          const names = said.map((line) => /^(\w+ .*?): the (?:\w+ )+?\S/.exec(line)?.[1])
          assert.equal(names.sort(), [
            'fail k.names',
            'fail k.same_name',
            'fail k.strict.c',
            'fail k.strict_child.c',
            'fail table k.refers to k_maintainer',
            'fail table k.t to k_other',
          ])
        })
      }),
  )
}

test.run()
