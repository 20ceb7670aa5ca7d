-- imitates: a load that mixed up the columns of two rows
-- damages: two rows of public.events, in the partition of three months ago, have each other's label
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
  with pair as (
    select a.id, b.label
    from (
      select v.id, v.label
      from public.events as v
      where v.session_month = v_month
        and v.label is not null
      order by v.id
      limit 1
    ) as a
    cross join lateral (
      select v.id, v.label
      from public.events as v
      where v.session_month = v_month
        and v.label <> a.label
      order by v.id
      limit 1
    ) as b
    union all
    select b.id, a.label
    from (
      select v.id, v.label
      from public.events as v
      where v.session_month = v_month
        and v.label is not null
      order by v.id
      limit 1
    ) as a
    cross join lateral (
      select v.id, v.label
      from public.events as v
      where v.session_month = v_month
        and v.label <> a.label
      order by v.id
      limit 1
    ) as b
  )
  update public.events as e
  set label = p.label
  from pair as p
  where e.session_month = v_month
    and e.id = p.id;

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no two labels three months ago';
  end if;
end;
$$;
