-- A baseline that a copy captured of itself would approve of any damage in it.
create or replace function drill._newest_baseline()
returns uuid
language sql
stable
set search_path = ''
as $$
  with candidate as (
    select
      b.baseline_id,
      b.captured_at,
      (b.system_identifier, b.timeline_id, b.database_name)
        = (i.system_identifier, i.timeline_id, i.database_name) as is_of_this_server,
      (b.started_at, b.database_name) = (i.started_at, i.database_name) as is_of_this_start
    from drill.baselines as b
    cross join drill.get_identity() as i
  )
  select c.baseline_id
  from candidate as c
  where not drill._is_copy()
    or not c.is_of_this_start
    and (
      not c.is_of_this_server
      or not exists (select from candidate as o where not o.is_of_this_server)
    )
  order by c.captured_at desc, c.baseline_id
  limit 1
$$;

comment on function drill._newest_baseline() is
  'Internal: the newest stored baseline; in a copy (setting drill.is_copy) those that it captured of itself left out';

revoke all on function drill._newest_baseline() from public;
