-- imitates: jobs of the copy went on writing after the recovery
-- damages: twenty rows of public.events in the newest month are of a quarter of an hour after the newest heartbeat

do $$
declare
  v_from timestamptz;
  v_rows bigint;
begin
  select pg_catalog.max(h.beat_at)
  into v_from
  from drill.heartbeats as h;

  insert into public.events (
    session_id, session_month, site_id, url, category, action, label, value, metadata, created_at
  )
  select
    e.session_id, e.session_month, e.site_id, e.url, e.category, e.action, e.label, e.value, e.metadata,
    v_from + interval '15 minutes'
  from public.events as e
  order by e.created_at desc, e.id
  limit 20;

  get diagnostics v_rows = row_count;

  if v_rows = 0 or v_from is null then
    raise exception 'no events, or no heartbeat';
  end if;
end;
$$;
