-- imitates: a feature switch became part of the trigger, and was switched off
-- damages: trigger events_set_session_month_from_session on public.events has a condition that is never true

do $$
begin
  if exists (
    select
    from pg_catalog.pg_trigger as t
    where t.tgrelid = 'public.events'::pg_catalog.regclass
      and t.tgname = 'events_set_session_month_from_session'
      and t.tgqual is not null
  ) then
    raise exception 'trigger has a condition already';
  end if;
end;
$$;

drop trigger events_set_session_month_from_session on public.events;

create trigger events_set_session_month_from_session
  before insert or update of session_id, session_month, site_id on public.events
  for each row
  when (false)
  execute function public.trg_events_set_session_month_from_session();
