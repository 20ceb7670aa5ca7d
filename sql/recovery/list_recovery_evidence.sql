-- A restore of a dump writes all rows anew, so that their commits are its own. Heartbeats
-- tell: production wrote each one at the moment that it says, whereas rows written anew
-- after the last of them are late by at least the time between the first and the last.
create or replace function drill.list_recovery_evidence(p_read_data boolean default true)
returns table (source text, relation_name text, reached_at timestamptz, remark text)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with tracking as materialized (
    select drill._is_commit_tracked() as is_tracked
  ),
  beat as materialized (
    select
      h.*,
      case when t.is_tracked then pg_catalog.pg_xact_commit_timestamp(h.writer) end as committed_at
    from drill._list_production_heartbeats() as h
    cross join tracking as t
  ),
  proof as (
    select
      coalesce(
        pg_catalog.max(b.beat_at) - pg_catalog.min(b.beat_at)
          > pg_catalog.max(greatest(b.committed_at - b.beat_at, b.beat_at - b.committed_at)),
        false
      ) as is_proved
    from beat as b
    where b.committed_at is not null
  ),
  row_end as materialized (
    select e.*
    from drill._list_row_ends() as e
    where p_read_data
  ),
  newest_commit as (
    select c.relation_name, c.committed_at
    from (
      select 'drill.heartbeats' as relation_name, pg_catalog.max(b.committed_at) as committed_at
      from beat as b
      union all
      select e.relation_name, e.committed_at
      from row_end as e
    ) as c
    where c.committed_at is not null
      and (select p.is_proved from proof as p)
    order by c.committed_at desc, c.relation_name collate "C"
    limit 1
  ),
  evidence as (
    select
      1 as place, 'heartbeat' as source, 'drill.heartbeats' as relation_name, r.heartbeat_at as reached_at,
      case
        when r.heartbeat_at is null then 'production recorded none'
        when r.is_exact then pg_catalog.format('regular: at most %s apart', r.heartbeat_interval)
        else 'too few or too rare to tell the recovery point exactly'
      end as remark
    from drill.recovery_point(false) as r
    union all
    select 2, 'data', e.relation_name, e.newest_at, e.remark
    from row_end as e
    union all
    select
      3, 'commit', n.relation_name, n.committed_at,
      case
        when not t.is_tracked then 'this server does not know: track_commit_timestamp is off'
        when n.committed_at is null then 'no heartbeats show that production itself committed these rows, and not a restore'
      end
    from tracking as t
    left join newest_commit as n on true
    union all
    -- Of the whole server, so it counts only for a database that came with the recovery: one with production's
    -- heartbeats of this system on another timeline, and not all written by one statement of a restore.
    select
      4, 'replay', null, case when o.is_of_recovery then pg_catalog.pg_last_xact_replay_timestamp() end,
      case
        when pg_catalog.pg_last_xact_replay_timestamp() is null then 'no recovery since this server started'
        when not o.is_of_recovery then 'no heartbeats show that this database came with the recovery'
      end
    from (
      select
        drill._own_rows_since() is not null
          and pg_catalog.count(distinct b.writer::text) filter (
            where b.system_identifier = i.system_identifier
              and b.timeline_id <> i.timeline_id
          ) >= 2 as is_of_recovery
      from drill.get_identity() as i
      left join beat as b on true
      group by i.system_identifier, i.timeline_id
    ) as o
    union all
    select 5, 'operator', null, a.asked_at, a.problem
    from drill._asked_restore_point() as a
  )
  select e.source, e.relation_name, e.reached_at, e.remark
  from evidence as e
  order by e.place, e.relation_name collate "C"
$$;

comment on function drill.list_recovery_evidence(boolean) is
  'Up to when the database reaches by each source: heartbeats, the newest row of each append-only relation (p_read_data => false: none), commits, the recovery of this server, and what the operator says (drill.restore_point); reached_at is null where a source does not tell, and the remark says why';

revoke all on function drill.list_recovery_evidence(boolean) from public;
