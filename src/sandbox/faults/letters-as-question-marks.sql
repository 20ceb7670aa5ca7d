-- imitates: a dump in a character set that does not know all letters
-- damages: the letters of public.sessions.city that are not ASCII, in the partition of three months ago, are question marks
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
  set city = pg_catalog.regexp_replace(s.city, '[^ -~]', '?', 'g')
  where s.created_month = v_month
    and s.city ~ '[^ -~]';

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no such letters three months ago';
  end if;
end;
$$;
