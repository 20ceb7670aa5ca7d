// The rules of CONTRIBUTING for SQL, asked of the catalog of an installed database: it knows what a reader of the files
// overlooks, such as a revoke that was forgotten.

import * as assert from 'uvu/assert'
import { migrateUp } from '../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from './support/own-cluster.ts'
import { suite } from './support/suite.ts'

const test = suite('conventions')

/** Rows of (object, rule): what breaks a rule, of schema drill and of the RPC in schema public. */
const query = `
with function as (
  select
    p.*,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name
  from pg_catalog.pg_proc as p
  inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
  where n.nspname = 'drill'
    or n.nspname = 'public' and p.proname = 'verify_partition_triggers_exist'
),
argument as (
  select f.name, a.name as argument_name
  from function as f
  cross join lateral rows from (
    pg_catalog.unnest(coalesce(f.proargnames, pg_catalog.array_fill(''::text, array[f.pronargs::integer]))),
    pg_catalog.unnest(coalesce(f.proargmodes, pg_catalog.array_fill('i'::"char", array[f.pronargs::integer])))
  ) as a (name, mode)
  where a.mode in ('i', 'b', 'v')
),
relation as (
  select c.*, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'drill'
    and c.relkind not in ('i', 'I', 't')
),
attribute as (
  select a.*, r.name || '.' || pg_catalog.quote_ident(a.attname) as name
  from relation as r
  inner join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  where r.relkind <> 'S'
)
select f.name, 'no comment' as rule from function as f where pg_catalog.obj_description(f.oid, 'pg_proc') is null
union all
select f.name, 'search_path is not pinned to nothing' from function as f
where not coalesce(f.proconfig @> array['search_path=""'], false)
union all
select f.name, 'PUBLIC may execute it' from function as f
where exists (
  select
  from pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as a
  where a.grantee = 0
)
union all
select f.name, 'security definer' from function as f where f.prosecdef
union all
select f.name, 'strict, so that a null argument gives no rows' from function as f where f.proisstrict and f.proretset
union all
select f.name, 'another language than sql and plpgsql' from function as f
inner join pg_catalog.pg_language as l on l.oid = f.prolang
where l.lanname not in ('sql', 'plpgsql')
union all
select f.name, 'its body is stored parsed (begin atomic, return)' from function as f where f.prosqlbody is not null
union all
select f.name, 'its name does not begin with a verb of the list' from function as f
where f.proname !~ '^(verify|capture|compare|suggest|assert|get|list|record|register|install|export|import)?_[a-z0-9_]+$'
  and f.proname not in ('schema_version', 'recovery_point')
union all
select a.name, pg_catalog.format('the argument "%s" is not called p_', a.argument_name) from argument as a
where a.argument_name !~ '^p_[a-z0-9_]+$'
union all
select pg_catalog.quote_ident(n.nspname), 'no comment' from pg_catalog.pg_namespace as n
where n.nspname = 'drill'
  and pg_catalog.obj_description(n.oid, 'pg_namespace') is null
union all
select pg_catalog.quote_ident(n.nspname), 'PUBLIC may use it' from pg_catalog.pg_namespace as n
where n.nspname = 'drill'
  and exists (select from pg_catalog.aclexplode(n.nspacl) as a where a.grantee = 0)
union all
select r.name, 'no comment' from relation as r
where r.relkind not in ('c', 'S')
  and pg_catalog.obj_description(r.oid, 'pg_class') is null
union all
select r.name, 'PUBLIC may ' || pg_catalog.lower(a.privilege_type) from relation as r
cross join lateral pg_catalog.aclexplode(r.relacl) as a
where a.grantee = 0
union all
select r.name, 'is not called in snake_case' from relation as r where r.relname !~ '^[a-z][a-z0-9_]*$'
union all
select a.name, 'no comment' from attribute as a where pg_catalog.col_description(a.attrelid, a.attnum) is null
union all
select a.name, 'PUBLIC may ' || pg_catalog.lower(x.privilege_type) from attribute as a
cross join lateral pg_catalog.aclexplode(a.attacl) as x
where x.grantee = 0
union all
select a.name, 'is not called in snake_case' from attribute as a where a.attname !~ '^[a-z][a-z0-9_]*$'
union all
select r.name || '.' || pg_catalog.quote_ident(k.conname), 'is not called <table>_..._pkey, _key, _fkey or _check'
from relation as r
inner join pg_catalog.pg_constraint as k on k.conrelid = r.oid
where not pg_catalog.starts_with(k.conname, r.relname || '_')
  or k.conname !~ '_(pkey|key|fkey|check|not_null)$'
union all
select t.oid::regtype::text, 'no comment' from pg_catalog.pg_type as t
left join pg_catalog.pg_class as c on c.oid = t.typrelid
where t.typnamespace = 'drill'::regnamespace
  and t.typcategory <> 'A'
  and coalesce(c.relkind = 'c', true)
  and pg_catalog.obj_description(t.oid, 'pg_type') is null
union all
select t.oid::regtype::text, 'is an enum' from pg_catalog.pg_type as t
where t.typnamespace = 'drill'::regnamespace
  and t.typtype = 'e'
order by 1, 2`

let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('conventions')
  await own.createDatabase('installed')
  await migrateUp(own.target('installed'))
})

test.after(() => own?.drop())

async function findings(damage: string): Promise<string[]> {
  return await own.use('installed', async (sql) => {
    await sql.unsafe(`begin; ${damage}`)
    const rows = await sql.unsafe<{ name: string; rule: string }[]>(query)
    await sql.unsafe('rollback')
    return rows.map(({ name, rule }) => `${name}: ${rule}`)
  })
}

test('what is installed keeps the rules', async () => {
  assert.equal(await findings(''), [])
})

/** A function that keeps every rule. */
const good = {
  name: 'drill.list_things',
  argument: 'p_limit integer',
  returns: 'setof text',
  properties: "language sql stable security invoker set search_path = ''",
  body: "as 'select null::text limit p_limit'",
}

function make(bad: Partial<typeof good>): string {
  const { name, argument, returns, properties, body } = { ...good, ...bad }
  return `create function ${name}(${argument}) returns ${returns} ${properties} ${body};
    revoke all on function ${name} from public;
    comment on function ${name} is 'A function made by a test';`
}

test('a good function, table and type keep the rules', async () => {
  assert.equal(await findings(make({})), [])
  assert.equal(await findings(make({ name: 'drill._internal' })), [])
  assert.equal(await findings(make({ returns: 'table (thing text)' })), [])
  assert.equal(await findings(make({ argument: '', body: "as 'select null::text'" })), [])
  assert.equal(
    await findings(`create table drill.things (thing_id integer primary key); create domain drill.kind as text;
      comment on table drill.things is 'x'; comment on column drill.things.thing_id is 'x'; comment on domain drill.kind is 'x'`),
    [],
  )
})

const list = 'drill.list_things(integer)'
const bad: Record<string, [string, ...string[]]> = {
  'a function without a comment': [`${make({})}; comment on function drill.list_things is null`, `${list}: no comment`],
  'a search_path that is not pinned': [
    make({ properties: 'language sql stable' }),
    `${list}: search_path is not pinned to nothing`,
  ],
  'a search_path pinned to a schema': [
    make({ properties: 'language sql stable set search_path = public' }),
    `${list}: search_path is not pinned to nothing`,
  ],
  'a forgotten revoke': [
    `${make({})}; grant execute on function drill.list_things to public`,
    `${list}: PUBLIC may execute it`,
  ],
  'a function as it is made, with nothing said about it': [
    "create function drill.list_things(p_limit integer) returns text language sql as 'select null::text'",
    `${list}: PUBLIC may execute it`,
    `${list}: no comment`,
    `${list}: search_path is not pinned to nothing`,
  ],
  'the RPC open to PUBLIC': [
    'grant execute on function public.verify_partition_triggers_exist() to public',
    'public.verify_partition_triggers_exist(): PUBLIC may execute it',
  ],
  'security definer': [
    make({ properties: good.properties.replace('invoker', 'definer') }),
    `${list}: security definer`,
  ],
  'a strict set-returning function': [
    make({ properties: `strict ${good.properties}` }),
    `${list}: strict, so that a null argument gives no rows`,
  ],
  'another language': [
    make({
      properties: good.properties.replace('sql', 'internal'),
      body: "as 'pg_ls_logdir'",
      returns: 'setof record',
    }),
    `${list}: another language than sql and plpgsql`,
  ],
  'a parsed body': [
    make({ returns: 'integer', body: 'return p_limit' }),
    `${list}: its body is stored parsed (begin atomic, return)`,
  ],
  'a name without a verb': [
    make({ name: 'drill.things' }),
    'drill.things(integer): its name does not begin with a verb of the list',
  ],
  'another verb': [
    make({ name: 'drill.check_things' }),
    'drill.check_things(integer): its name does not begin with a verb of the list',
  ],
  'an argument without p_': [
    make({ argument: 'things integer', body: "as 'select null::text'" }),
    `${list}: the argument "things" is not called p_`,
  ],
  'an argument without a name': [
    make({ argument: 'integer', body: "as 'select null::text'" }),
    `${list}: the argument "" is not called p_`,
  ],
  'an argument without p_ beside columns': [
    make({ argument: 'things integer', returns: 'table (thing text)', body: "as 'select null::text'" }),
    `${list}: the argument "things" is not called p_`,
  ],
  'a table without comments': [
    'create table drill.things (thing_id integer)',
    'drill.things.thing_id: no comment',
    'drill.things: no comment',
  ],
  'a table that PUBLIC may read': ['grant select on drill.policy to public', 'drill.policy: PUBLIC may select'],
  'a column that PUBLIC may read': [
    'grant select (label) on drill.baselines to public',
    'drill.baselines.label: PUBLIC may select',
  ],
  'a schema that PUBLIC may use': ['grant usage on schema drill to public', 'drill: PUBLIC may use it'],
  'a schema without a comment': ['comment on schema drill is null', 'drill: no comment'],
  'a type without comments': [
    'create type drill.pair as (a text)',
    'drill.pair.a: no comment',
    'drill.pair: no comment',
  ],
  'a domain without a comment': ['comment on domain drill.check_status is null', 'drill.check_status: no comment'],
  'an enum': ["create type drill.mood as enum ('good'); comment on type drill.mood is 'x'", 'drill.mood: is an enum'],
  'names that need quotes': [
    `alter table drill.policy rename to "Policy"; alter table drill."Policy" rename column description to "Text"`,
    'drill."Policy"."Text": is not called in snake_case',
    'drill."Policy": is not called in snake_case',
    'drill."Policy".policy_pkey: is not called <table>_..._pkey, _key, _fkey or _check',
    'drill."Policy".policy_policy_value_check: is not called <table>_..._pkey, _key, _fkey or _check',
  ],
  'a constraint with a name of its own': [
    'alter table drill.policy add constraint positive check (true)',
    'drill.policy.positive: is not called <table>_..._pkey, _key, _fkey or _check',
  ],
}

for (const [name, [damage, ...expected]] of Object.entries(bad)) {
  test(`found: ${name}`, async () => {
    const found = await findings(damage)
    // PostgreSQL 18 gives "not null" a name, too.
    assert.equal(found.filter((finding) => !finding.includes('_not_null')).sort(), expected.sort())
  })
}

test.run()
