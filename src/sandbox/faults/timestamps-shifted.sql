-- imitates: local times were loaded as UTC
-- damages: created_at of public.events, in the partition of three months ago, is three hours late

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '3 months')::date;
  v_rows bigint;
begin
  update public.events as e
  set created_at = e.created_at + interval '3 hours'
  where e.session_month = v_month;

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events three months ago';
  end if;
end;
$$;
