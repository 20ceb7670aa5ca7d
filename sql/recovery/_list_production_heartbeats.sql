-- A copy's own heartbeats are known by the new timeline of a promoted copy, the other
-- server of a logical one, and the start of the server that runs now with the
-- database's name.
create or replace function drill._list_production_heartbeats()
returns table (beat_at timestamptz, system_identifier bigint, timeline_id integer, writer xid)
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      h.beat_at,
      h.system_identifier,
      h.timeline_id,
      h.xmin as writer,
      (h.system_identifier, h.timeline_id, h.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      drill._is_copy() and (h.started_at, h.database_name) = (i.started_at, i.database_name) as is_of_this_copy
    from drill.heartbeats as h
    cross join drill.get_identity() as i
  )
  select c.beat_at, c.system_identifier, c.timeline_id, c.writer
  from candidate as c
  where not c.is_of_this_copy
    and (
      not c.is_of_this_server
      or not exists (select from candidate as o where not o.is_of_this_server)
    )
$$;

comment on function drill._list_production_heartbeats() is
  'Internal: the heartbeats that production wrote, not the copy itself, with the transaction that wrote the row';

revoke all on function drill._list_production_heartbeats() from public;
