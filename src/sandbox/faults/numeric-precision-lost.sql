-- imitates: a detour through floating point numbers or a narrower type
-- damages: public.events.value, in the partition of three months ago, has lost its last decimals
-- depth: full

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
  set value = pg_catalog.round(e.value, 1)
  where e.session_month = v_month
    and e.value <> pg_catalog.round(e.value, 1);

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no values three months ago';
  end if;
end;
$$;
