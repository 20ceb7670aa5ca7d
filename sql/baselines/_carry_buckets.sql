-- Closed partitions that nobody wrote into since an earlier capture are taken over from
-- it. Their slices are made what a measurement of now would give: days that have become
-- older than two months are put together to months, and those of a partition that has to
-- another to one bucket. What would have to be cut finer is not taken over.
create or replace function drill._carry_buckets(p_baseline_id uuid, p_previous_id uuid, p_marks jsonb)
returns void
language sql
volatile
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with captured as (
    select
      b.captured_at,
      pg_catalog.date_trunc('month', b.captured_at) - interval '2 months' as days_start_at,
      pg_catalog.date_trunc('month', b.captured_at) + interval '2 months' as days_end_at
    from drill.baselines as b
    where b.baseline_id = p_baseline_id
  ),
  -- Materialized, or the partitions would be listed anew for each bucket.
  partition as materialized (
    select r.relation_name, p.*, r.timestamp_column is null or p.ends_at <= c.days_start_at as is_whole
    from drill.baseline_relations as r
    cross join captured as c
    cross join lateral drill.list_partitions(r.relation_name) as p
    where r.baseline_id = p_baseline_id
      and drill._is_closed(p.ends_at, c.captured_at)
  ),
  slice as (
    select
      k.*,
      p.is_whole,
      r.recipe is not null as has_fingerprint,
      -- What it becomes; null when it would have to be cut finer.
      case
        when p.is_whole or k.grain = 'partition' and k.row_count = 0 then 'partition'
        when k.grain = 'undated' then 'undated'
        when k.grain = 'day' and k.starts_at >= c.days_start_at and k.starts_at < c.days_end_at then 'day'
        when k.grain = 'day' then 'month'
        when k.grain = 'month' and (k.starts_at < c.days_start_at or k.starts_at >= c.days_end_at) then 'month'
      end as new_grain,
      -- Of one baseline all are made alike, but an earlier version may have left some out.
      r.recipe is null or r.recipe = o.recipe and k.fingerprint is not null as is_made_alike
    from drill.baseline_buckets as k
    cross join captured as c
    inner join partition as p
      on p.relation_name = k.relation_name
      and p.partition_name = k.partition_name
    inner join drill.baseline_relations as r
      on r.baseline_id = p_baseline_id
      and r.relation_name = k.relation_name
    inner join drill.baseline_relations as o
      on o.baseline_id = p_previous_id
      and o.relation_name = k.relation_name
    where k.baseline_id = p_previous_id
      and k.change_mark = p_marks ->> k.partition_name
      and (k.partition_starts_at, k.partition_ends_at, k.is_default) is not distinct from (p.starts_at, p.ends_at, p.is_default)
      and o.timestamp_column is not distinct from r.timestamp_column
  ),
  named as (
    select
      s.*,
      case s.new_grain
        when 'partition' then s.partition_name
        when 'month' then pg_catalog.format('%s %s', s.partition_name, pg_catalog.to_char(s.starts_at, 'YYYY-MM'))
        else s.bucket_name
      end as new_name,
      pg_catalog.bool_and(s.new_grain is not null and s.is_made_alike) over (partition by s.relation_name, s.partition_name) as can_be_taken
    from slice as s
  )
  insert into drill.baseline_buckets (
    baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
    partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, is_carried, is_closed, change_mark
  )
  select
    p_baseline_id,
    n.relation_name,
    n.partition_name,
    n.new_name,
    n.new_grain,
    case n.new_grain
      when 'partition' then pg_catalog.min(n.partition_starts_at)
      when 'month' then pg_catalog.date_trunc('month', pg_catalog.min(n.starts_at))
      else pg_catalog.min(n.starts_at)
    end,
    case n.new_grain
      when 'partition' then pg_catalog.min(n.partition_ends_at)
      when 'month' then pg_catalog.date_trunc('month', pg_catalog.min(n.starts_at)) + interval '1 month'
      else pg_catalog.min(n.ends_at)
    end,
    pg_catalog.min(n.partition_starts_at),
    pg_catalog.min(n.partition_ends_at),
    pg_catalog.bool_or(n.is_default),
    pg_catalog.sum(n.row_count),
    pg_catalog.min(n.oldest_at),
    pg_catalog.max(n.newest_at),
    case when pg_catalog.bool_and(n.has_fingerprint) then drill._fold_fingerprint(pg_catalog.sum(n.fingerprint)) end,
    true,
    true,
    pg_catalog.min(n.change_mark)
  from named as n
  where n.can_be_taken
  group by n.relation_name, n.partition_name, n.new_name, n.new_grain
$$;

comment on function drill._carry_buckets(uuid, uuid, jsonb) is
  'Internal: takes over from an earlier baseline the buckets of closed partitions whose change marks are still the same, cut as a measurement at the new moment would cut them';

revoke all on function drill._carry_buckets(uuid, uuid, jsonb) from public;
