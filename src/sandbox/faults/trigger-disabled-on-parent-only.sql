-- imitates: a trigger switched off with "only": today's partitions keep it, the ones made from now on get it disabled
-- damages: trigger sessions_set_created_month on public.sessions itself is disabled, on its partitions it is not

do $$
declare
  v_partition pg_catalog.regclass;
begin
  if not exists (
    select
    from pg_catalog.pg_trigger as t
    where t.tgrelid = 'public.sessions'::pg_catalog.regclass
      and t.tgname = 'sessions_set_created_month'
      and t.tgenabled <> 'D'
  ) then
    raise exception 'trigger is disabled already';
  end if;

  alter table only public.sessions disable trigger sessions_set_created_month;

  -- older versions recurse in spite of "only"
  for v_partition in
    select t.tgrelid
    from pg_catalog.pg_trigger as t
    join pg_catalog.pg_inherits as i on i.inhrelid = t.tgrelid
    where i.inhparent = 'public.sessions'::pg_catalog.regclass
      and t.tgname = 'sessions_set_created_month'
      and t.tgenabled = 'D'
  loop
    execute pg_catalog.format('alter table only %s enable trigger sessions_set_created_month', v_partition);
  end loop;
end;
$$;
