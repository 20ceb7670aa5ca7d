-- For people with psql alone: the facts side by side, without a judgement. The
-- copy is cut into days as the baseline was.
create or replace function drill.compare_baseline(p_depth text default 'standard')
returns table (
  relation_name text,
  bucket_name text,
  row_count_then bigint,
  row_count_now bigint,
  difference bigint,
  newest_then timestamptz,
  newest_now timestamptz,
  is_same_content boolean,
  problem text
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_baseline record;
begin
  select b.baseline_id, b.captured_at
  into v_baseline
  from drill.baselines as b
  where b.baseline_id = drill._newest_baseline();

  if not found then
    raise exception using
      errcode = 'RD003',
      message = 'no baseline is stored in this database',
      hint = 'Baselines are captured in production and travel with each backup: select drill.capture_baseline().';
  end if;

  return query
  with fact as materialized (
    select b.*
    from drill.list_buckets(p_depth, v_baseline.captured_at) as b
  ),
  -- What could not be looked at is not lost: its buckets have no difference.
  obstacle as (
    select f.relation_name, f.partition_name, pg_catalog.min(f.problem) as problem
    from fact as f
    where f.problem is not null
      and f.problem <> 'does not exist'
    group by f.relation_name, f.partition_name
  )
  select
    coalesce(f.relation_name, k.relation_name),
    coalesce(f.bucket_name, k.bucket_name),
    k.row_count,
    f.row_count,
    case
      when p_depth <> 'quick' and o.problem is null and (f.problem is null or k.bucket_name is not null)
        then coalesce(f.row_count, 0) - coalesce(k.row_count, 0)
    end,
    k.newest_at,
    f.newest_at,
    -- Only fingerprints that are made alike say anything.
    case when r.recipe = n.recipe then f.fingerprint = k.fingerprint end,
    coalesce(f.problem, o.problem)
  from fact as f
  full join (
    select b.*
    from drill.baseline_buckets as b
    where b.baseline_id = v_baseline.baseline_id
  ) as k
    on k.relation_name = f.relation_name
    and k.bucket_name = f.bucket_name
  left join obstacle as o
    on o.relation_name = coalesce(f.relation_name, k.relation_name)
    and o.partition_name in (coalesce(f.partition_name, k.partition_name), coalesce(f.relation_name, k.relation_name))
  left join drill.baseline_relations as r
    on r.baseline_id = v_baseline.baseline_id
    and r.relation_name = f.relation_name
  left join drill.list_fingerprint_recipes() as n on n.relation_name = f.relation_name
  order by
    coalesce(f.relation_name, k.relation_name) collate "C",
    coalesce(f.partition_starts_at, k.partition_starts_at),
    coalesce(f.partition_name, k.partition_name) collate "C",
    coalesce(f.starts_at, k.starts_at),
    coalesce(f.bucket_name, k.bucket_name) collate "C";
end
$$;

comment on function drill.compare_baseline(text) is
  'The newest baseline that travelled with this database beside the counts of now, bucket by bucket, with the difference; at depth full also whether the content is the same; raises RD003';

revoke all on function drill.compare_baseline(text) from public;
