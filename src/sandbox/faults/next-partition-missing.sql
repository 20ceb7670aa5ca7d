-- imitates: the job that makes partitions was not scheduled again after the restore
-- damages: the partition of public.events for the next month is gone, and any later one

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now))::date;
  v_partition text;
  v_dropped integer := 0;
begin
  for v_ahead in 1..24 loop
    v_partition := 'events_' || pg_catalog.to_char(v_month + pg_catalog.make_interval(months => v_ahead), 'YYYY_MM');

    if pg_catalog.to_regclass(pg_catalog.format('public.%I', v_partition)) is not null then
      execute pg_catalog.format('drop table public.%I', v_partition);
      v_dropped := v_dropped + 1;
    end if;
  end loop;

  if v_dropped = 0 then
    raise exception 'there is no partition after this month';
  end if;
end;
$$;
