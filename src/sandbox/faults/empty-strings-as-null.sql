-- imitates: a detour through CSV, which does not tell empty from null
-- damages: the empty texts of public.sessions.utm_content, in the partition of three months ago, are null
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
  update public.sessions as s
  set utm_content = null
  where s.created_month = v_month
    and s.utm_content = '';

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no empty texts three months ago';
  end if;
end;
$$;
