-- What the program asks for piece by piece: then several connections can share the
-- work, and it is known how far it is.
create or replace function drill.list_buckets_of(
  p_relation_name text,
  p_partition_names text[],
  p_depth text default 'standard',
  p_as_of timestamptz default null
)
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
  -- A null would mean every relation.
  select b.*
  from drill._measure_buckets(
    p_depth, coalesce(p_as_of, drill.get_now()), '{}', coalesce(p_relation_name, ''), coalesce(p_partition_names, '{}')
  ) as b
$$;

comment on function drill.list_buckets_of(text, text[], text, timestamptz) is
  'As drill.list_buckets, of the named partitions of one critical relation, or of a relation without partitions';

revoke all on function drill.list_buckets_of(text, text[], text, timestamptz) from public;
