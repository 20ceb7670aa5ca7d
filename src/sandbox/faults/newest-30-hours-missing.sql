-- imitates: the backup is 30 hours old, six more than allowed
-- damages: the newest 30 hours of public.sessions, events and calls, of drill.heartbeats and baselines are gone

do $$
declare
  v_now timestamptz := coalesce(
    nullif(pg_catalog.current_setting('drill.now', true), '')::timestamptz,
    pg_catalog.now()
  );
  v_from timestamptz := v_now - interval '30 hours';
  v_rows bigint;
begin
  delete from public.events as e
  where e.created_at > v_from;

  delete from public.sessions as s
  where s.created_at > v_from;

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no sessions in the newest 30 hours';
  end if;

  delete from public.calls as c
  where c.created_at > v_from;

  -- what was settled since had not been settled then
  update public.calls as c
  set
    status = case when c.matched_session_id is null then 'new' else 'matched' end,
    updated_at = c.created_at
  where c.updated_at > v_from;

  if pg_catalog.to_regclass('drill.heartbeats') is not null then
    execute 'delete from drill.heartbeats as h where h.beat_at > $1' using v_from;
  end if;

  if pg_catalog.to_regclass('drill.baselines') is not null then
    execute 'delete from drill.baselines as b where b.captured_at > $1' using v_from;
  end if;
end;
$$;
