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
