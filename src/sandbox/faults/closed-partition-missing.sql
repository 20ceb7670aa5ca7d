-- imitates: a dump that left a partition out, or a retention job that dropped too much
-- damages: the partition of public.events of four months ago is gone, rows included
-- Of events, since the foreign key of events keeps a partition of sessions from being dropped.

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '4 months')::date;
  v_partition text := 'events_' || pg_catalog.to_char(v_month, 'YYYY_MM');
begin
  execute pg_catalog.format('drop table public.%I', v_partition);
end;
$$;
