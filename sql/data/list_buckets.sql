-- What a baseline stores and what a verification states again: the same function
-- on both sides, so that both have the same shape. p_as_of says where days begin and
-- partitions count as closed; a verification gives the moment of its baseline.
create or replace function drill.list_buckets(p_depth text default 'standard', p_as_of timestamptz default null)
returns table (
  relation_name text,
  partition_name text,
  bucket_name text,
  grain text,
  starts_at timestamptz,
  ends_at timestamptz,
  partition_starts_at timestamptz,
  partition_ends_at timestamptz,
  is_default boolean,
  row_count bigint,
  oldest_at timestamptz,
  newest_at timestamptz,
  fingerprint bigint,
  problem text
)
language sql
stable
set search_path = ''
as $$
  select b.*
  from drill._measure_buckets(p_depth, coalesce(p_as_of, drill.get_now())) as b
$$;

comment on function drill.list_buckets(text, timestamptz) is
  'Facts of every critical relation: a closed partition is one bucket, newer ones and whole tables are cut into UTC days, older rows into months; exact row count, oldest and newest timestamp, at depth full a fingerprint of the content; problem says why a bucket could not be measured';

revoke all on function drill.list_buckets(text, timestamptz) from public;
