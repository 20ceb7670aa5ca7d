-- Regular heartbeats say exactly up to when the copy reaches. With rare ones
-- (written on captures only) the newest of them is only a lower bound, and rows of
-- append-only relations that came later prove more. Rows dated after now prove
-- nothing.
--
-- What a copy wrote itself, because its scheduled jobs run on or somebody tried the
-- application on it, says nothing about production.
create or replace function drill.recovery_point(p_read_data boolean default true)
returns table (
  recovery_point timestamptz,
  source text,
  is_exact boolean,
  heartbeat_at timestamptz,
  heartbeat_interval interval,
  newest_data_at timestamptz,
  newest_data_relation text
)
language sql
stable
set search_path = ''
as $$
  with newest as (
    select c.beat_at
    from drill._list_production_heartbeats() as c
    order by c.beat_at desc
    limit 11
  ),
  gap as (
    select n.beat_at, n.beat_at - pg_catalog.lag(n.beat_at) over (order by n.beat_at) as beat_gap
    from newest as n
  ),
  heartbeat as (
    select
      pg_catalog.max(g.beat_at) as beat_at,
      pg_catalog.max(g.beat_gap) as beat_interval,
      coalesce(
        pg_catalog.count(*) >= 3 and -- A job that starts each five minutes does so to the second, more or less.
        pg_catalog.max(g.beat_gap) <= drill.get_policy('heartbeat_interval') + interval '30 seconds',
        false
      ) as is_regular
    from gap as g
  ),
  data as (
    select n.newest_at, n.relation_name
    from drill.list_newest_timestamps() as n
    inner join drill.critical_relations as c on c.relation_name = n.relation_name
    where c.is_append_only
      and n.newest_at <= drill.get_now()
      and pg_catalog.isfinite(n.newest_at)
      -- But where production stands on the very same server, its rows are newer than that start, too.
      and n.newest_at < coalesce(drill._own_rows_since(), 'infinity')
      -- Scanning the data for a moment that heartbeats already tell would be waste.
      and p_read_data
      and not (select h.is_regular from heartbeat as h)
    order by n.newest_at desc
    limit 1
  )
  select
    case when h.is_regular then h.beat_at else greatest(h.beat_at, d.newest_at) end,
    case
      when d.newest_at > h.beat_at or h.beat_at is null and d.newest_at is not null then 'data'
      when h.beat_at is not null then 'heartbeat'
    end,
    h.is_regular,
    h.beat_at,
    h.beat_interval,
    d.newest_at,
    d.relation_name
  from heartbeat as h
  left join data as d on true
$$;

comment on function drill.recovery_point(boolean) is
  'Up to when the data reaches: the newest heartbeat when heartbeats are regular, else the later of heartbeat and newest append-only row (p_read_data => false leaves the rows out); null when there is no evidence';

revoke all on function drill.recovery_point(boolean) from public;
