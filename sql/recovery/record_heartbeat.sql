create or replace function drill.record_heartbeat()
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_beat_at timestamptz := drill.get_now();
begin
  insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id)
  select v_beat_at, pg_catalog.pg_current_wal_insert_lsn(), i.system_identifier, i.timeline_id
  from drill.get_identity() as i
  on conflict (beat_at) do nothing;

  delete from drill.heartbeats as h
  where h.beat_at < v_beat_at - drill.get_policy('heartbeat_retention');

  return v_beat_at;
end
$$;

comment on function drill.record_heartbeat() is
  'Writes that production is alive now, and forgets heartbeats older than the policy; call it once a minute';

revoke all on function drill.record_heartbeat() from public;
