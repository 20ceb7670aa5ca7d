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
