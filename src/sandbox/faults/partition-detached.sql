-- imitates: an archiving job detached a partition: the table is there, its rows are not in the parent
-- damages: the partition of public.events of five months ago is detached

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '5 months')::date;
  v_partition text := 'events_' || pg_catalog.to_char(v_month, 'YYYY_MM');
begin
  execute pg_catalog.format('alter table public.events detach partition public.%I', v_partition);
end;
$$;
