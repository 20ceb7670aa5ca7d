-- Catalog only. Judges what is wrong in any database; what is merely wider than
-- in production, a comparison with the baseline must tell. Members of extensions
-- and what Supabase's own roles own are theirs to answer for.
--
-- No nested loops over common table expressions, whose size the planner cannot know, and
-- no compiling, which the price put on them would call for.
create or replace function drill.verify_access()
returns setof drill.check_result
language sql
stable
set search_path = ''
set enable_nestloop = off
set jit = off
as $$
  with recursive api_role as (
    select r.oid as role_oid, r.rolname::text as role_name
    from pg_catalog.pg_roles as r
    where r.rolname in ('anon', 'authenticated')
    union all
    select 0, 'public'
  ),
  -- Whose rights an API role has: its own, those of roles whose member it is, and PUBLIC's.
  acting as (
    select r.role_name, g.oid as grantee, r.role_name as shown_name, pg_catalog.quote_ident(g.rolname) as grantee_name
    from api_role as r
    inner join pg_catalog.pg_roles as g on pg_catalog.pg_has_role(r.role_oid, g.oid, 'usage')
    where r.role_oid <> 0
    union all
    select r.role_name, 0, 'PUBLIC', 'public'
    from api_role as r
  ),
  platform_role as (
    select r.oid as role_oid
    from pg_catalog.pg_roles as r
    where r.rolname ~ '^supabase_|^pgbouncer$'
  ),
  namespace as (
    select
      n.oid as namespace_oid, n.nspname,
      coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl
    from pg_catalog.pg_namespace as n
    where n.nspname !~ '^pg_'
      and n.nspname <> 'information_schema'
  ),
  schema_right as (
    select distinct n.namespace_oid, a.role_name, a.shown_name, a.grantee_name, x.privilege_type
    from namespace as n
    cross join lateral pg_catalog.aclexplode(n.acl) as x
    inner join acting as a on a.grantee = x.grantee
  ),
  relation as (
    select
      c.oid as relation_oid, c.relnamespace, n.nspname, c.relkind, c.relispartition, c.relrowsecurity,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
      exists (select from pg_catalog.pg_policy as p where p.polrelid = c.oid) as has_policies
    from pg_catalog.pg_class as c
    inner join namespace as n on n.namespace_oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f')
      and not exists (select from platform_role as p where p.role_oid = c.relowner)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = c.oid
          and d.deptype = 'e'
      )
  ),
  -- On the table or on some of its columns, and only where the role may use the schema: a right to a table in
  -- a closed schema is worth nothing.
  relation_right as (
    select distinct r.relation_oid, a.role_name, a.shown_name, a.grantee_name, pg_catalog.lower(x.privilege_type) as privilege
    from relation as r
    inner join pg_catalog.pg_class as c on c.oid = r.relation_oid
    cross join lateral (
      select c.relacl as acl
      union all
      select t.attacl
      from pg_catalog.pg_attribute as t
      where t.attrelid = c.oid
        and t.attacl is not null
        and not t.attisdropped
    ) as l
    cross join lateral pg_catalog.aclexplode(l.acl) as x
    inner join acting as a on a.grantee = x.grantee
    where exists (
        select
        from schema_right as s
        where s.namespace_oid = r.relnamespace
          and s.role_name = a.role_name
          and s.privilege_type = 'USAGE'
      )
      and x.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  ),
  -- Every partition below a table with row security, at any depth.
  secured_partition as (
    select i.inhrelid as relation_oid, r.relation_name as parent_name
    from relation as r
    inner join pg_catalog.pg_inherits as i on i.inhparent = r.relation_oid
    where r.relkind = 'p'
      and r.relrowsecurity
    union
    select i.inhrelid, p.parent_name
    from secured_partition as p
    inner join pg_catalog.pg_inherits as i on i.inhparent = p.relation_oid
  ),
  policy_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format('row level security is off on %s, which has policies: nobody obeys them', r.relation_name) as detail,
      pg_catalog.format('Run: alter table %s enable row level security.', r.relation_name) as hint,
      pg_catalog.to_jsonb('on'::text) as expected, pg_catalog.to_jsonb('off'::text) as actual
    from relation as r
    where r.has_policies
      and not r.relrowsecurity
  ),
  partition_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format(
        'the partition %s has no row level security of its own, and %s may %s it directly, past the policies of %s',
        r.relation_name,
        pg_catalog.string_agg(distinct x.shown_name, ', '),
        pg_catalog.string_agg(distinct x.privilege, ', '),
        (select pg_catalog.min(p.parent_name) from secured_partition as p where p.relation_oid = r.relation_oid)
      ) as detail,
      pg_catalog.format('Run: revoke all on %s from %s.', r.relation_name, pg_catalog.string_agg(distinct x.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('no privilege'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct x.shown_name || ': ' || x.privilege)) as actual
    from relation as r
    inner join relation_right as x on x.relation_oid = r.relation_oid
    where not r.relrowsecurity
      and exists (select from secured_partition as p where p.relation_oid = r.relation_oid)
    group by r.relation_oid, r.relation_name
  ),
  open_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format(
        '%s may %s the table %s, which has no row level security',
        pg_catalog.string_agg(distinct x.shown_name, ', '), pg_catalog.string_agg(distinct x.privilege, ', '), r.relation_name
      ) as detail,
      case
        when r.relkind = 'f' then ''
        else pg_catalog.format('Run: alter table %s enable row level security. ', r.relation_name)
      end || pg_catalog.format(
        'Or, if nobody has to write there, run: revoke insert, update, delete, truncate on %s from %s.',
        r.relation_name, pg_catalog.string_agg(distinct x.grantee_name, ', ')
      ) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct x.shown_name || ': ' || x.privilege)) as actual
    from relation as r
    inner join relation_right as x on x.relation_oid = r.relation_oid
    where r.nspname = 'public'
      and not r.relrowsecurity
      and (x.role_name = 'anon' or x.shown_name = 'PUBLIC')
      and x.privilege <> 'select'
      and not exists (select from secured_partition as p where p.relation_oid = r.relation_oid)
    group by r.relation_oid, r.relation_name, r.relkind
  ),
  definer as (
    select
      p.oid as function_oid, p.pronamespace, p.proacl, p.proowner,
      pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as function_name,
      exists (
        select from pg_catalog.unnest(p.proconfig) as e (setting) where e.setting like 'search\_path=%'
      ) as is_pinned,
      -- A trigger's function refuses to be called by hand.
      p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.namespace_oid = p.pronamespace
    where p.prosecdef
      and not exists (select from platform_role as r where r.role_oid = p.proowner)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_proc'::regclass
          and d.objid = p.oid
          and d.deptype = 'e'
      )
  ),
  path_finding as (
    select
      f.function_name as object_name, 'warn' as status,
      pg_catalog.format('the security definer function %s has no pinned search_path: its caller decides which objects it finds', f.function_name) as detail,
      pg_catalog.format('Run: alter routine %s set search_path = ''''. Before that, name the objects in its body with their schemas.', f.function_name) as hint,
      pg_catalog.to_jsonb('pinned'::text) as expected, pg_catalog.to_jsonb('not pinned'::text) as actual
    from definer as f
    where not f.is_pinned
  ),
  execute_finding as (
    select
      f.function_name as object_name, 'warn' as status,
      pg_catalog.format('%s may execute the security definer function %s, which runs with the rights of its owner', pg_catalog.string_agg(distinct a.shown_name, ', '), f.function_name) as detail,
      pg_catalog.format('If that is not intended, run: revoke execute on routine %s from %s.', f.function_name, pg_catalog.string_agg(distinct a.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct a.shown_name)) as actual
    from definer as f
    cross join lateral pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as x
    inner join acting as a on a.grantee = x.grantee
    where exists (
        select
        from schema_right as s
        where s.namespace_oid = f.pronamespace
          and s.role_name = a.role_name
          and s.privilege_type = 'USAGE'
      )
      and not f.is_trigger
      and (a.role_name = 'anon' or a.shown_name = 'PUBLIC')
    group by f.function_oid, f.function_name
  ),
  private_finding as (
    select
      pg_catalog.quote_ident(n.nspname) as object_name, 'warn' as status,
      pg_catalog.format('the schema private is open to %s', pg_catalog.string_agg(distinct s.shown_name, ', ')) as detail,
      pg_catalog.format('Run: revoke all on schema private from %s.', pg_catalog.string_agg(distinct s.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct s.shown_name || ': ' || pg_catalog.lower(s.privilege_type))) as actual
    from namespace as n
    inner join schema_right as s on s.namespace_oid = n.namespace_oid
    where n.nspname = 'private'
    group by n.nspname
  ),
  -- What each rule looked at, and what it says when nothing is wrong.
  looked_at as (
    select 1 as rule, pg_catalog.count(*) as n, 'row level security is on for all %s tables with policies' as good, 'no table has policies' as none
    from relation as r
    where r.has_policies
    union all
    select 2, pg_catalog.count(distinct p.relation_oid), 'none of %s partitions lets API roles or PUBLIC past the policies of its parent', 'no partitioned table has row level security'
    from secured_partition as p
    union all
    select 3, pg_catalog.count(*), 'anon and PUBLIC may write none of the %s tables of schema public without row level security', 'schema public has no table'
    from relation as r
    where r.nspname = 'public'
    union all
    select 4, pg_catalog.count(*), 'all %s security definer functions have a pinned search_path', 'there is no security definer function'
    from definer as f
    union all
    select 5, pg_catalog.count(*), 'anon and PUBLIC may execute none of %s security definer functions', 'there is no security definer function to call'
    from definer as f
    where not f.is_trigger
    union all
    select 6, pg_catalog.count(*), 'the schema private is closed to API roles and PUBLIC', 'there is no schema private'
    from namespace as n
    where n.nspname = 'private'
  ),
  finding as (
    select 1 as rule, f.* from policy_finding as f
    union all
    select 2, f.* from partition_finding as f
    union all
    select 3, f.* from open_finding as f
    union all
    select 4, f.* from path_finding as f
    union all
    select 5, f.* from execute_finding as f
    union all
    select 6, f.* from private_finding as f
    union all
    select
      l.rule, null, case when l.n > 0 then 'pass' else 'skip' end,
      case when l.n > 0 then pg_catalog.format(l.good, l.n) else l.none end,
      null, null, pg_catalog.to_jsonb(l.n::text)
    from looked_at as l
  )
  select 'access', f.object_name, f.status, f.detail, f.hint, f.expected, f.actual
  from finding as f
  -- A rule that found something has no pass.
  where f.object_name is not null
    or not exists (select from finding as o where o.rule = f.rule and o.object_name is not null)
  order by f.rule, f.object_name collate "C"
$$;

comment on function drill.verify_access() is
  'Whether row level security, partitions, security definer functions, open tables and schema private let the API roles or PUBLIC further than they should';

revoke all on function drill.verify_access() from public;
