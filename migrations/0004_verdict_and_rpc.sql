-- Up Migration

-- begin copy of sql/verdict/verify_all.sql
-- Every check of a depth. The set of checks is itself checked: one that answers
-- with no row at all is an error row here, not a silent pass.
create or replace function drill.verify_all(p_depth text default 'standard')
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_check_name text;
  v_result drill.check_result;
  v_results drill.check_result[] := '{}';
  v_is_answered boolean;
begin
  if p_depth is null or p_depth not in ('quick', 'standard', 'full') then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are quick (catalog only), standard (counts and timestamps too) and full (every page of tables and indexes too).';
  end if;

  foreach v_check_name in array
    array['partition_triggers', 'partitions', 'critical_relations', 'recovery_point', 'access', 'indexes', 'physical', 'platform', 'isolation']
    || case when p_depth <> 'quick' then array['sequences', 'partition_keys', 'row_counts'] else array[]::text[] end
    || case when p_depth = 'full' then array['orphans', 'amcheck'] else array[]::text[] end
  loop
    v_is_answered := false;
    for v_result in
      execute case v_check_name
        when 'recovery_point' then 'select r.* from drill.verify_recovery_point(null, $1) as r'
        else pg_catalog.format('select r.* from drill.%I() as r', 'verify_' || v_check_name)
      end
      using p_depth <> 'quick'
    loop
      v_is_answered := true;
      v_results := v_results || v_result;
    end loop;

    if not v_is_answered then
      v_results := v_results || row(
        v_check_name, null, 'error',
        format('the check %s gave no answer', v_check_name),
        'A check answers with at least one row: install pgdrill again, something replaced it.',
        null, null
      )::drill.check_result;
    end if;
  end loop;

  return query
  select r.*
  from drill.verify_waivers(pg_catalog.to_jsonb(v_results)) as r;
end
$$;

comment on function drill.verify_all(text) is
  'Every check of a depth (quick: catalog only; standard: counts and timestamps too; full: every page too), one row per check and object, waivers applied; for a script use drill.assert_verified()';

revoke all on function drill.verify_all(text) from public;
-- end copy of sql/verdict/verify_all.sql

-- begin copy of sql/verdict/assert_verified.sql
-- Rows never fail a script; this does. Remember psql -v ON_ERROR_STOP=1: without
-- it psql -f returns 0 after an error.
create or replace function drill.assert_verified(p_depth text default 'standard')
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_summary record;
begin
  select
    pg_catalog.count(*) filter (where r.status = 'fail') as fail_count,
    pg_catalog.count(*) filter (where r.status = 'error') as error_count,
    pg_catalog.count(*) filter (where r.status = 'pass') as pass_count,
    pg_catalog.string_agg(
      pg_catalog.format('%s %s: %s', r.status, r.check_name, r.detail),
      E'\n' order by r.status desc, r.check_name, r.object_name
    ) filter (where r.status in ('fail', 'error')) as findings
  into v_summary
  from drill.verify_all(p_depth) as r;

  if v_summary.fail_count > 0 then
    raise exception using
      errcode = 'RD001',
      message = format('verification failed: %s wrong, %s could not be looked at', v_summary.fail_count, v_summary.error_count),
      detail = v_summary.findings,
      hint = format('Run: select * from drill.verify_all(%L) where status not in (''pass'', ''skip'').', p_depth);
  end if;

  -- No pass at all means that nothing was looked at.
  if v_summary.error_count > 0 or v_summary.pass_count = 0 then
    raise exception using
      errcode = 'RD002',
      message = format('could not verify: %s checks could not look', v_summary.error_count),
      detail = v_summary.findings,
      hint = format('Run: select * from drill.verify_all(%L) where status not in (''pass'', ''skip'').', p_depth);
  end if;
end
$$;

comment on function drill.assert_verified(text) is
  'Returns when everything at the depth was verified; raises RD001 when something is wrong, RD002 when something could not be looked at';

revoke all on function drill.assert_verified(text) from public;
-- end copy of sql/verdict/assert_verified.sql

-- begin copy of sql/guards/replaced_functions.sql
-- What stood at the address of a function that pgdrill took over, so that
-- removing pgdrill gives it back.
create table drill.replaced_functions (
  function_name text primary key,
  definition text not null,
  grants jsonb not null,
  description text
);

comment on table drill.replaced_functions is
  'Functions that existed where pgdrill put one of its own; removing pgdrill puts them back';
comment on column drill.replaced_functions.function_name is 'Signature of the function';
comment on column drill.replaced_functions.definition is 'The create or replace function statement of the old function';
comment on column drill.replaced_functions.grants is 'Roles that could execute it, each with whether it could pass the right on';
comment on column drill.replaced_functions.description is 'Its comment, or null';

revoke all on table drill.replaced_functions from public;
-- end copy of sql/guards/replaced_functions.sql

-- begin copy of sql/guards/save_replaced_functions.sql
-- Keeps the definition, grants and comment of an RPC that is there already, so
-- that removing pgdrill gives it back. Does nothing when ours stands there.
do $$
declare
  v_function record;
begin
  select
    p.oid,
    p.prorettype,
    p.proretset,
    pg_catalog.pg_get_functiondef(p.oid) as definition,
    pg_catalog.obj_description(p.oid, 'pg_proc') as description,
    (
      select coalesce(
        pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
          'grantee', case when a.grantee = 0 then null else pg_catalog.pg_get_userbyid(a.grantee) end,
          'is_grantable', a.is_grantable
        )),
        '[]'
      )
      from pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
    ) as grants
  into v_function
  from pg_catalog.pg_proc as p
  where p.oid = pg_catalog.to_regprocedure('public.verify_partition_triggers_exist()');

  if not found then
    return;
  end if;

  if v_function.prorettype <> 'boolean'::regtype or v_function.proretset then
    raise exception using
      errcode = 'RD009',
      message = 'public.verify_partition_triggers_exist() exists and does not return one boolean, so pgdrill cannot take its place',
      hint = 'Rename or drop that function, then install again.';
  end if;

  insert into drill.replaced_functions (function_name, definition, grants, description)
  values ('public.verify_partition_triggers_exist()', v_function.definition, v_function.grants, v_function.description)
  on conflict (function_name) do nothing;
end
$$;
-- end copy of sql/guards/save_replaced_functions.sql

-- begin copy of sql/guards/verify_partition_triggers_exist.sql
-- The plan's own RPC, at its old address. True only when every row of
-- drill.verify_partition_triggers() passes; no row at all is false.
create or replace function public.verify_partition_triggers_exist()
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(pg_catalog.bool_and(r.status = 'pass'), false)
  from drill.verify_partition_triggers() as r
$$;

comment on function public.verify_partition_triggers_exist() is
  'pgdrill: true only if every registered guard trigger exists, is enabled and unchanged, on its table and on every partition; for the reasons: select * from drill.verify_partition_triggers()';

revoke all on function public.verify_partition_triggers_exist() from public;
-- end copy of sql/guards/verify_partition_triggers_exist.sql

-- begin copy of sql/guards/grant_to_api_roles.sql
-- The RPC is called by OpsMantik's service role, with its own rights (security
-- invoker): it gets just what the call needs. Supabase grants new functions of
-- schema public to the browser's roles by default; they have no business here.
do $$
declare
  v_role name;
begin
  for v_role in
    select r.rolname
    from pg_catalog.pg_roles as r
    where r.rolname in ('anon', 'authenticated', 'service_role')
  loop
    -- Cascade: a role that could pass the right on may have done so.
    execute pg_catalog.format('revoke all on function public.verify_partition_triggers_exist() from %I cascade', v_role);
  end loop;

  if pg_catalog.to_regrole('service_role') is not null then
    grant usage on schema drill to service_role;
    grant select on table drill.guards to service_role;
    grant execute on function drill._relation_name(oid) to service_role;
    grant execute on function drill._fingerprint(text) to service_role;
    grant execute on function drill._trigger_definition(oid) to service_role;
    grant execute on function drill.verify_partition_triggers() to service_role;
    grant execute on function public.verify_partition_triggers_exist() to service_role;
  end if;
end
$$;
-- end copy of sql/guards/grant_to_api_roles.sql

-- begin copy of sql/core/schema_version.sql
-- Changed by every migration: the command line compares it with the migrations
-- it ships, so that an older or newer schema is seen before anything is believed.
create or replace function drill.schema_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0005'
$$;

comment on function drill.schema_version() is
  'The number of the newest migration that made this schema';

revoke all on function drill.schema_version() from public;
-- end copy of sql/core/schema_version.sql

-- For a restored copy: what production had, given by pgdrill migrate up --baseline.
-- In here, so that the installation is whole or not at all.
select drill.import_registrations(r.document::jsonb)
from (select nullif(pg_catalog.current_setting('drill.registrations', true), '')) as r (document)
where r.document is not null;

-- Down Migration

-- The RPC that stood here before comes back with its body, grants and comment.
do $$
declare
  v_old record;
  v_role record;
begin
  select r.*
  into v_old
  from drill.replaced_functions as r
  where r.function_name = 'public.verify_partition_triggers_exist()';

  if not found then
    drop function if exists public.verify_partition_triggers_exist();
    return;
  end if;

  -- It comes back as it was, even if what it speaks of is gone.
  perform pg_catalog.set_config('check_function_bodies', 'off', true);
  execute v_old.definition;
  perform pg_catalog.set_config('check_function_bodies', 'on', true);
  execute pg_catalog.format('comment on function public.verify_partition_triggers_exist() is %L', v_old.description);

  for v_role in
    select distinct a.grantee, pg_catalog.pg_get_userbyid(a.grantee) as role_name
    from pg_catalog.pg_proc as p
    cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
    where p.oid = 'public.verify_partition_triggers_exist()'::regprocedure
  loop
    execute pg_catalog.format(
      'revoke all on function public.verify_partition_triggers_exist() from %s cascade',
      case when v_role.grantee = 0 then 'public' else pg_catalog.quote_ident(v_role.role_name) end
    );
  end loop;

  for v_role in
    select
      g.entry ->> 'grantee' as role_name,
      (g.entry ->> 'is_grantable')::boolean as is_grantable
    from pg_catalog.jsonb_array_elements(v_old.grants) as g (entry)
  loop
    if v_role.role_name is null or pg_catalog.to_regrole(pg_catalog.quote_ident(v_role.role_name)) is not null then
      execute pg_catalog.format(
        'grant execute on function public.verify_partition_triggers_exist() to %s%s',
        case when v_role.role_name is null then 'public' else pg_catalog.quote_ident(v_role.role_name) end,
        case when v_role.is_grantable then ' with grant option' else '' end
      );
    end if;
  end loop;
end
$$;

drop function drill.schema_version();
drop table drill.replaced_functions;
drop function drill.assert_verified(text);
drop function drill.verify_all(text);

do $$
begin
  if pg_catalog.to_regrole('service_role') is not null then
    revoke all on function drill.verify_partition_triggers() from service_role;
    revoke all on function drill._relation_name(oid) from service_role;
    revoke all on table drill.guards from service_role;
    revoke all on schema drill from service_role;
  end if;
end
$$;
