-- Up Migration

-- begin copy of sql/core/schema_version.sql
-- Changed by every migration: the command line compares it with the migrations
-- it ships, so that an older or newer schema is seen before anything is believed.
create or replace function drill.schema_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0009'
$$;

comment on function drill.schema_version() is
  'The number of the newest migration that made this schema';

revoke all on function drill.schema_version() from public;
-- end copy of sql/core/schema_version.sql

-- begin copy of sql/roles/list_missing_grants.sql
-- What a role still needs to verify this database with every check, as statements
-- for an administrator; no rows: nothing. A role that does not exist lacks
-- everything. Rights of membership count. What only one check needs says so: without
-- it that check, and no other, cannot look.
create or replace function drill.list_missing_grants(p_role_name text default current_user)
returns table (needed_by text, object_name text, statement text)
language sql
stable
set search_path = ''
as $$
  with asked as (
    select
      (select r.oid from pg_catalog.pg_roles as r where r.rolname = p_role_name) as role_oid,
      pg_catalog.format('%I', p_role_name) as role_name,
      coalesce(
        (select r.rolsuper or r.rolbypassrls from pg_catalog.pg_roles as r where r.rolname = p_role_name), false
      ) as is_above_policies
  ),
  registered as (
    select c.relation_name, 'row_counts' as needed_by, true as is_read_whole from drill.critical_relations as c
    union all
    select p.relation_name, 'partitions', false from drill.partitioned_relations as p
    union all
    select g.relation_name, 'guards_fire', false from drill.guards as g
  ),
  -- Each with its partitions: a grant on a partitioned table does not reach those that are read by name.
  registered_table as (
    select distinct r.relation_name, r.needed_by, r.is_read_whole, coalesce(t.relid::oid, drill._relation_oid(r.relation_name)) as oid
    from registered as r
    left join lateral pg_catalog.pg_partition_tree(drill._relation_oid(r.relation_name)::regclass) as t on true
  ),
  -- The other ends of foreign keys, and what sequences feed.
  other_table as (
    select 'orphans' as needed_by, e.oid
    from pg_catalog.pg_constraint as k
    cross join lateral (values (k.conrelid), (k.confrelid)) as e (oid)
    where k.contype = 'f'
      and k.conparentid = 0
      and (
        k.conrelid in (select t.oid from registered_table as t where t.is_read_whole)
        or k.confrelid in (select t.oid from registered_table as t where t.is_read_whole)
      )
    union
    select 'sequences', f.oid
    from (
      select s.oid as sequence_oid, x.adrelid as oid
      from pg_catalog.pg_class as s
      inner join pg_catalog.pg_depend as d
        on d.refobjid = s.oid
        and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.classid = 'pg_catalog.pg_attrdef'::regclass
      inner join pg_catalog.pg_attrdef as x on x.oid = d.objid
      where s.relkind = 'S'
      union
      select s.oid, d.refobjid
      from pg_catalog.pg_class as s
      inner join pg_catalog.pg_depend as d
        on d.objid = s.oid
        and d.classid = 'pg_catalog.pg_class'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjsubid > 0
        and d.deptype in ('a', 'i')
      where s.relkind = 'S'
    ) as f
    inner join pg_catalog.pg_class as c on c.oid = f.oid and c.relkind in ('r', 'p') and c.relpersistence <> 't'
  ),
  sequence as (
    select distinct d.oid
    from pg_catalog.pg_class as d
    where d.relkind = 'S'
      and d.relpersistence <> 't'
      and (
        exists (
          select from pg_catalog.pg_depend as x
          where x.refobjid = d.oid
            and x.refclassid = 'pg_catalog.pg_class'::regclass
            and x.classid = 'pg_catalog.pg_attrdef'::regclass
        )
        or exists (
          select from pg_catalog.pg_depend as x
          where x.objid = d.oid
            and x.classid = 'pg_catalog.pg_class'::regclass
            and x.refclassid = 'pg_catalog.pg_class'::regclass
            and x.refobjsubid > 0
            and x.deptype in ('a', 'i')
        )
      )
  ),
  needed as (
    select t.needed_by, t.oid, 'select' as privilege from registered_table as t where t.oid is not null
    union
    select o.needed_by, o.oid, 'select' from other_table as o
    union
    select 'guards_fire', drill._relation_oid(g.relation_name), 'insert'
    from drill.guards as g
    where drill._relation_oid(g.relation_name) is not null
    union
    select 'sequences', s.oid, 'select' from sequence as s
  ),
  -- Each right once, under the check that needs it first.
  missing as (
    select distinct on (c.oid, m.privilege)
      m.needed_by, m.privilege, c.oid, c.relkind, c.relnamespace, n.nspname,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as name
    from needed as m
    inner join pg_catalog.pg_class as c on c.oid = m.oid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join asked as a
    where n.nspname not in ('drill', 'drill_migrations')
      and not coalesce(
        case
          when c.relkind = 'S' then pg_catalog.has_sequence_privilege(a.role_oid, c.oid, m.privilege)
          else pg_catalog.has_table_privilege(a.role_oid, c.oid, m.privilege)
        end,
        false
      )
    order by
      c.oid, m.privilege,
      pg_catalog.array_position(array['row_counts', 'partitions', 'sequences', 'orphans', 'guards_fire'], m.needed_by)
  ),
  unused_schema as (
    select distinct n.oid, n.nspname
    from needed as m
    inner join pg_catalog.pg_class as c on c.oid = m.oid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join asked as a
    where n.nspname not in ('drill', 'drill_migrations')
      and not coalesce(pg_catalog.has_schema_privilege(a.role_oid, n.oid, 'usage'), false)
  ),
  found as (
    select
      0 as position, 'every check' as needed_by, a.role_name as object_name,
      pg_catalog.format('create role %s nologin', a.role_name) as statement
    from asked as a
    where a.role_oid is null
    union all
    select
      1, 'every check', a.role_name,
      case
        when a.role_name in ('drill_reader', 'drill_owner') then pg_catalog.format('grant usage on schema drill to %s', a.role_name)
        else pg_catalog.format('grant drill_reader to %s', a.role_name)
      end
    from asked as a
    where not coalesce(pg_catalog.has_schema_privilege(a.role_oid, 'drill', 'usage'), false)
    union all
    select 2, 'row_counts', pg_catalog.format('%I', s.nspname), pg_catalog.format('grant usage on schema %I to %s', s.nspname, a.role_name)
    from unused_schema as s
    cross join asked as a
    union all
    select
      case m.needed_by when 'guards_fire' then 5 else 3 end, m.needed_by, m.name,
      pg_catalog.format('grant %s on %s%s to %s', m.privilege, case m.relkind when 'S' then 'sequence ' else '' end, m.name, a.role_name)
    from missing as m
    cross join asked as a
    union all
    -- A policy would hide rows from a count: where there is one, whoever counts must stand above it.
    select
      4, 'row_counts', pg_catalog.min(t.name collate "C"), pg_catalog.format('alter role %s bypassrls', a.role_name)
    from (
      select c.relowner, c.relforcerowsecurity, drill._relation_name(c.oid) as name
      from registered_table as r
      inner join pg_catalog.pg_class as c on c.oid = r.oid
      where c.relrowsecurity
        and (r.is_read_whole or r.needed_by = 'guards_fire')
    ) as t
    cross join asked as a
    where not a.is_above_policies
      and (t.relforcerowsecurity or not coalesce(pg_catalog.pg_has_role(a.role_oid, t.relowner, 'usage'), false))
    group by a.role_name
  )
  select f.needed_by, f.object_name, f.statement
  from found as f
  order by f.position, f.needed_by collate "C", f.statement collate "C"
$$;

comment on function drill.list_missing_grants(text) is
  'What a role, the present one unless named, still lacks to verify with every check: statements for an administrator, none when nothing is missing';

revoke all on function drill.list_missing_grants(text) from public;
-- end copy of sql/roles/list_missing_grants.sql

-- begin copy of sql/roles/create_drill_roles.sql
-- drill_reader verifies, drill_owner captures. Roles belong to the whole server and
-- may be there already, of another database; whoever installs may lack the right to
-- make them. Then an administrator does: pgdrill migrate roles prints what to run.
-- They cannot log in by themselves. Removing pgdrill leaves them, for another database
-- may use them.
do $$
declare
  v_role record;
begin
  for v_role in
    select *
    from (values
      ('drill_reader', 'pgdrill: may verify a restored copy and read what pgdrill stored'),
      ('drill_owner', 'pgdrill: may capture baselines, record drills, and change registrations and policy')
    ) as r (name, description)
    where pg_catalog.to_regrole(r.name) is null
  loop
    begin
      execute pg_catalog.format('create role %I nologin', v_role.name);
      execute pg_catalog.format('comment on role %I is %L', v_role.name, v_role.description);
    exception
      -- Not allowed, or another database of this server was faster.
      when insufficient_privilege or duplicate_object or unique_violation then
        null;
    end;
  end loop;
end
$$;
-- end copy of sql/roles/create_drill_roles.sql

-- begin copy of sql/roles/grant_to_drill_roles.sql
-- The one place that grants anything to drill_reader and drill_owner, by rule and
-- not by list: run again at the end of each migration that makes a function or table.
-- The reader reads every table and calls what stores nothing, told by the verb of
-- its name. The owner may call everything and change every row. Both act with their
-- own rights (security invoker): of the application's tables they see nothing that
-- an administrator did not grant; drill.list_missing_grants() says what is needed.
do $$
declare
  v_role name;
  v_functions text;
begin
  for v_role in
    select r.rolname
    from pg_catalog.pg_roles as r
    where r.rolname in ('drill_reader', 'drill_owner')
  loop
    execute pg_catalog.format('revoke all on all functions in schema drill from %I', v_role);
    execute pg_catalog.format('revoke all on all tables in schema drill from %I', v_role);
    execute pg_catalog.format('grant usage on schema drill to %I', v_role);
    execute pg_catalog.format(
      'grant %s on all tables in schema drill to %I',
      case v_role when 'drill_owner' then 'select, insert, update, delete' else 'select' end,
      v_role
    );
    select pg_catalog.string_agg(p.oid::regprocedure::text, ', ' order by p.oid::regprocedure::text)
    into v_functions
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'drill'::regnamespace
      and p.prokind = 'f'
      and (v_role = 'drill_owner' or p.proname !~ '^_?(capture|record|register|install|import|begin|carry|complete|write)_');
    execute pg_catalog.format('grant execute on function %s to %I', v_functions, v_role);
    -- Somebody may have dropped it.
    if pg_catalog.to_regprocedure('public.verify_partition_triggers_exist()') is not null then
      execute pg_catalog.format('grant execute on function public.verify_partition_triggers_exist() to %I', v_role);
    end if;
  end loop;
end
$$;
-- end copy of sql/roles/grant_to_drill_roles.sql

-- Down Migration

-- The roles stay: they belong to the whole server.
do $$
declare
  v_role name;
begin
  for v_role in
    select r.rolname
    from pg_catalog.pg_roles as r
    where r.rolname in ('drill_reader', 'drill_owner')
  loop
    execute pg_catalog.format('revoke all on all functions in schema drill from %I', v_role);
    execute pg_catalog.format('revoke all on all tables in schema drill from %I', v_role);
    execute pg_catalog.format('revoke all on schema drill from %I', v_role);
    -- Somebody may have dropped it.
    if pg_catalog.to_regprocedure('public.verify_partition_triggers_exist()') is not null then
      execute pg_catalog.format('revoke all on function public.verify_partition_triggers_exist() from %I', v_role);
    end if;
  end loop;
end
$$;

drop function drill.list_missing_grants(text);
