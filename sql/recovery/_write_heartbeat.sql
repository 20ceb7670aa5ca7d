create or replace function drill._write_heartbeat()
returns timestamptz
language sql
volatile
set search_path = ''
as $$
  insert into drill.heartbeats (beat_at, lsn, system_identifier, timeline_id, started_at, database_name)
  select drill.get_now(), pg_catalog.pg_current_wal_insert_lsn(), i.system_identifier, i.timeline_id, i.started_at,
    i.database_name
  from drill.get_identity() as i
  on conflict (beat_at) do nothing;

  select drill.get_now()
$$;

comment on function drill._write_heartbeat() is
  'Internal: writes a heartbeat and forgets none';

revoke all on function drill._write_heartbeat() from public;
