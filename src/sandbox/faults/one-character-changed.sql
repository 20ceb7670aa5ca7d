-- imitates: a flipped byte that no checksum saw, or a hand that edited history
-- damages: one character of one url of public.events, in the partition of three months ago, is another
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
  set url = pg_catalog.overlay(e.url, case when pg_catalog.right(e.url, 1) = 'x' then 'y' else 'x' end, pg_catalog.length(e.url))
  where e.session_month = v_month
    and e.id = (
      select v.id
      from public.events as v
      where v.session_month = v_month
      order by v.id
      limit 1
    );

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no events three months ago';
  end if;
end;
$$;
