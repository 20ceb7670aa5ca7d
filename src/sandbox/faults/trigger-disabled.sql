-- imitates: triggers switched off for a bulk load and never switched on again
-- damages: trigger events_set_session_month_from_session on public.events and all its partitions is disabled

do $$
declare
  v_partition pg_catalog.regclass;
begin
  if not exists (
    select
    from pg_catalog.pg_trigger as t
    where t.tgrelid = 'public.events'::pg_catalog.regclass
      and t.tgname = 'events_set_session_month_from_session'
      and t.tgenabled <> 'D'
  ) then
    raise exception 'trigger is disabled already';
  end if;

  alter table public.events disable trigger events_set_session_month_from_session;

  -- recursion depends on the version
  for v_partition in
    select t.tgrelid
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_inherits as i on i.inhrelid = t.tgrelid
    where i.inhparent = 'public.events'::pg_catalog.regclass
      and t.tgname = 'events_set_session_month_from_session'
      and t.tgenabled <> 'D'
  loop
    execute pg_catalog.format('alter table %s disable trigger events_set_session_month_from_session', v_partition);
  end loop;
end;
$$;
