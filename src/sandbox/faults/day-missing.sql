-- imitates: a daily export or a page of the load was left out
-- damages: the tenth day of public.events, in the partition of last month, is gone

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '1 month')::date;
  v_rows bigint;
begin
  delete from public.events as e
  where e.session_month = v_month
    and e.created_at >= pg_catalog.timezone('UTC', v_month + interval '9 days')
    and e.created_at < pg_catalog.timezone('UTC', v_month + interval '10 days');

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events on that day';
  end if;
end;
$$;
