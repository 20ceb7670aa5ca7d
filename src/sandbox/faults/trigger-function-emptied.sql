-- imitates: a hotfix commented the body of a trigger function out, and was never taken back
-- damages: function public.trg_sessions_set_created_month() does nothing

do $$
begin
  if (
    select p.prosrc !~ 'created_month'
    from pg_catalog.pg_proc as p
    where p.oid = 'public.trg_sessions_set_created_month()'::pg_catalog.regprocedure
  ) then
    raise exception 'function is empty already';
  end if;
end;
$$;

create or replace function public.trg_sessions_set_created_month()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  return new;
end;
$$;
