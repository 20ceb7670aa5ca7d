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
