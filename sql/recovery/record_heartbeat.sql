-- Rows that another session is removing are left to it: a heartbeat must never wait.
create or replace function drill.record_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  delete from drill.heartbeats as h
  where h.beat_at in (
    select o.beat_at
    from drill.heartbeats as o
    where o.beat_at < drill.get_now() - drill.get_policy('heartbeat_retention')
    for update skip locked
  );

  select drill._write_heartbeat()
$$;

comment on function drill.record_heartbeat() is
  'Writes that production is alive now, and forgets heartbeats older than the policy; call it once a minute';

revoke all on function drill.record_heartbeat() from public;
