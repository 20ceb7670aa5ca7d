-- imitates: the whole database was loaded with local times taken for UTC
-- damages: created_at of every row of public.sessions and public.events is three hours late

do $$
declare
  v_rows bigint;
begin
  -- As a load does: no triggers, so that the rows stay where they are.
  set local session_replication_role = replica;

  update public.events as e
  set created_at = e.created_at + interval '3 hours';

  update public.sessions as s
  set created_at = s.created_at + interval '3 hours';

  get diagnostics v_rows = row_count;

  if v_rows = 0 then
    raise exception 'no sessions';
  end if;

  set local session_replication_role = origin;
end;
$$;
