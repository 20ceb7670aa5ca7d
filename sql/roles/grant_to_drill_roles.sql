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
