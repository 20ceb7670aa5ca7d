-- imitates: a part of the data was loaded twice, with new keys
-- damages: one row of two hundred of public.events, in the partition of three months ago, is there twice

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '3 months')::date;
  v_rows bigint;
begin
  insert into public.events (
    session_id, session_month, site_id, url, category, action, label, value, metadata, created_at
  )
  select
    e.session_id, e.session_month, e.site_id, e.url, e.category, e.action, e.label, e.value, e.metadata, e.created_at
  from public.events as e
  where e.session_month = v_month
  order by pg_catalog.uuid_hash(e.id), e.id
  limit (
    select pg_catalog.ceil(pg_catalog.count(*) * 0.005)
    from public.events as a
    where a.session_month = v_month
  );

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events three months ago';
  end if;
end;
$$;
