-- imitates: the job failed one month and worked again the next, so that a month has no partition
-- damages: the partition of public.events for the next month is gone, the one after it exists

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) + interval '1 month')::date;
  v_partition text := 'events_' || pg_catalog.to_char(v_month, 'YYYY_MM');
begin
  set local client_min_messages = warning;

  execute pg_catalog.format(
    'create table if not exists public.%I partition of public.events for values from (%L) to (%L)',
    'events_' || pg_catalog.to_char(v_month + interval '1 month', 'YYYY_MM'),
    (v_month + interval '1 month')::date,
    (v_month + interval '2 months')::date
  );

  execute pg_catalog.format('drop table public.%I', v_partition);
end;
$$;
