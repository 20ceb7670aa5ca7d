-- imitates: one month was repaired by hand with its trigger off, and the trigger was forgotten
-- damages: trigger sessions_set_created_month on the partition of public.sessions of three months ago is disabled

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_month date := (pg_catalog.date_trunc('month', pg_catalog.timezone('UTC', v_now)) - interval '3 months')::date;
  v_partition text := 'sessions_' || pg_catalog.to_char(v_month, 'YYYY_MM');
  v_disabled boolean;
begin
  select t.tgenabled = 'D'
  into strict v_disabled
  from pg_catalog.pg_trigger as t
  where t.tgrelid = pg_catalog.to_regclass(pg_catalog.format('public.%I', v_partition))
    and t.tgname = 'sessions_set_created_month';

  if v_disabled then
    raise exception 'trigger is disabled already on %', v_partition;
  end if;

  execute pg_catalog.format('alter table public.%I disable trigger sessions_set_created_month', v_partition);
end;
$$;
