-- imitates: a trigger was created again from an older script that knew updates only
-- damages: trigger sessions_set_created_month on public.sessions no longer fires on insert

do $$
begin
  -- bit 2 of the type is "insert"
  if exists (
    select
    from pg_catalog.pg_trigger as t
    where t.tgrelid = 'public.sessions'::pg_catalog.regclass
      and t.tgname = 'sessions_set_created_month'
      and t.tgtype & 4 = 0
  ) then
    raise exception 'trigger does not fire on insert already';
  end if;
end;
$$;

drop trigger sessions_set_created_month on public.sessions;

create trigger sessions_set_created_month
  before update of created_at, created_month on public.sessions
  for each row execute function public.trg_sessions_set_created_month();
