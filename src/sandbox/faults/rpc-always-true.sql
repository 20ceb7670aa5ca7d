-- imitates: somebody silenced a red alarm by making the guard function say yes
-- damages: function public.verify_partition_triggers_exist() is always true

do $$
begin
  if (
    select p.prosrc !~ 'trigger'
    from pg_catalog.pg_proc as p
    where p.oid = 'public.verify_partition_triggers_exist()'::pg_catalog.regprocedure
  ) then
    raise exception 'function looks at no trigger already';
  end if;
end;
$$;

create or replace function public.verify_partition_triggers_exist()
returns boolean
language sql
as $$
  select true
$$;
