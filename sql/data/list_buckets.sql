-- What a baseline stores and what a verification states again: the same function
-- on both sides, so that both have the same shape.
create or replace function drill.list_buckets(p_measure boolean default true)
returns table (
  relation_name text,
  bucket_name text,
  starts_at timestamptz,
  ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  problem text
)
language sql
stable
set search_path = ''
as $$
  select b.*
  from drill._measure_buckets(p_measure, p_measure) as b
$$;

comment on function drill.list_buckets(boolean) is
  'Facts of every critical relation, one row per partition (or the whole table): exact row count, oldest and newest timestamp; problem says why a bucket could not be measured; p_measure => false leaves the tables alone and gives names and bounds';

revoke all on function drill.list_buckets(boolean) from public;
