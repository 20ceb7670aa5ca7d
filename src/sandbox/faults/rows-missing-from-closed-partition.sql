-- imitates: a restore that lost a few pages, or a load that skipped rows it could not take
-- damages: one row of two hundred of public.events, in the partition of three months ago, is gone

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '3 months')::date;
  v_rows bigint;
begin
  delete from public.events as e
  where e.session_month = v_month
    and e.id in (
      select v.id
      from public.events as v
      where v.session_month = v_month
      order by pg_catalog.uuid_hash(v.id), v.id
      limit (
        select pg_catalog.ceil(pg_catalog.count(*) * 0.005)
        from public.events as a
        where a.session_month = v_month
      )
    );

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events three months ago';
  end if;
end;
$$;
