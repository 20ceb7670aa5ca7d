-- imitates: recovery did not stop where it should, or the copy was written to by a machine with a wrong clock
-- damages: twenty rows of public.events in the newest month are two days ahead of now

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_rows bigint;
begin
  insert into public.events (
    session_id, session_month, site_id, url, category, action, label, value, metadata, created_at
  )
  select
    e.session_id, e.session_month, e.site_id, e.url, e.category, e.action, e.label, e.value, e.metadata,
    v_now + interval '2 days'
  from public.events as e
  order by e.created_at desc, e.id
  limit 20;

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events';
  end if;
end;
$$;
