-- imitates: a month had no partition when its rows came, so they went to the default one
-- damages: forty of the newest rows of public.events lie in public.events_default, under a month that has no partition

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_key date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) + interval '30 months')::date;
  v_rows bigint;
begin
  -- with triggers on, the key would be corrected, and the row refused
  set local session_replication_role = replica;

  update public.events as e
  set session_month = v_key
  where e.id in (
    select v.id
    from public.events as v
    where v.session_month <> v_key
    order by v.created_at desc, v.id
    limit 40
  );

  get diagnostics v_rows = row_count;
  set local session_replication_role = origin;

  if v_rows = 0 or not exists (select from public.events_default as d where d.session_month = v_key) then
    raise exception 'no row went to the default partition';
  end if;
end;
$$;
