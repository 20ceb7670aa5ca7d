create or replace function drill.list_incidents()
returns table (incident_id uuid, occurred_at timestamptz, what text, recorded_at timestamptz, recorded_by text, drill_id text)
language sql
stable
set search_path = ''
as $$
  with good as (
    select d.drill_id, d.started_at, d.finished_at
    from drill._list_counted_drills(drill.get_cadence_facts()) as d
    where d.is_good
  )
  select
    i.incident_id, i.occurred_at, i.what, i.recorded_at, i.recorded_by,
    (
      select g.drill_id
      from good as g
      where g.started_at > i.occurred_at
      order by g.finished_at, g.drill_id collate "C"
      limit 1
    )
  from drill.incidents as i
  order by i.occurred_at desc, i.what collate "C"
$$;

comment on function drill.list_incidents() is
  'Recorded incidents, newest first, each with the first good drill that was started after it, or null while one is due';

revoke all on function drill.list_incidents() from public;
