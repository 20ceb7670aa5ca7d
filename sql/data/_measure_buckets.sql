-- Exact counts, never statistics: n_live_tup is 0 in a physical copy.
-- Stable, so that all of its queries see the one snapshot of the calling
-- statement, whatever the isolation level. A relation that cannot be measured
-- gives a row with its problem, and the rest goes on. Takes ACCESS SHARE locks.
--
-- Two shapes of query: where an index leads with the timestamp column, oldest
-- and newest come from its ends and the count is a bare count(*); elsewhere one
-- scan gives all three.
create or replace function drill._measure_buckets(p_with_counts boolean, p_with_times boolean)
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
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_relation record;
  v_bucket record;
  v_column text;
  v_query text;
begin
  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      pg_catalog.to_regclass(c.relation_name)::oid as relation_oid
    from drill.critical_relations as c
    order by c.relation_name collate "C"
  loop
    _measure_buckets.relation_name := v_relation.relation_name;
    _measure_buckets.bucket_name := v_relation.relation_name;
    _measure_buckets.starts_at := null;
    _measure_buckets.ends_at := null;
    _measure_buckets.is_default := false;
    _measure_buckets.row_count := null;
    _measure_buckets.oldest_at := null;
    _measure_buckets.newest_at := null;
    _measure_buckets.problem := drill._critical_relation_problem(v_relation.relation_name, v_relation.timestamp_column);

    if _measure_buckets.problem is not null then
      return next;
      continue;
    end if;

    for v_bucket in
      select p.partition_name, p.starts_at, p.ends_at, p.is_default
      from drill.list_partitions(v_relation.relation_name) as p
      union all
      select v_relation.relation_name, null, null, false
      where not exists (select from pg_catalog.pg_partitioned_table as p where p.partrelid = v_relation.relation_oid)
    loop
      _measure_buckets.bucket_name := v_bucket.partition_name;
      _measure_buckets.starts_at := v_bucket.starts_at;
      _measure_buckets.ends_at := v_bucket.ends_at;
      _measure_buckets.is_default := v_bucket.is_default;
      _measure_buckets.row_count := null;
      _measure_buckets.oldest_at := null;
      _measure_buckets.newest_at := null;
      _measure_buckets.problem := null;

      if not p_with_counts and not p_with_times then
        return next;
        continue;
      end if;

      v_column := pg_catalog.quote_ident(v_relation.timestamp_column);
      v_query := case
        when not p_with_times or v_column is null
          then 'select pg_catalog.count(*), null::timestamptz, null::timestamptz from %1$s'
        when not p_with_counts
          then 'select null::bigint, pg_catalog.min(b.%2$s)::timestamptz, pg_catalog.max(b.%2$s)::timestamptz from %1$s as b'
        when drill._has_index_on(pg_catalog.to_regclass(v_bucket.partition_name), v_relation.timestamp_column)
          then
            'select (select pg_catalog.count(*) from %1$s),'
            ' (select b.%2$s::timestamptz from %1$s as b where b.%2$s is not null order by b.%2$s limit 1),'
            ' (select b.%2$s::timestamptz from %1$s as b where b.%2$s is not null order by b.%2$s desc limit 1)'
        else 'select pg_catalog.count(*), pg_catalog.min(b.%2$s)::timestamptz, pg_catalog.max(b.%2$s)::timestamptz from %1$s as b'
      end;

      begin
        execute pg_catalog.format(v_query, v_bucket.partition_name, v_column)
        into _measure_buckets.row_count, _measure_buckets.oldest_at, _measure_buckets.newest_at;
      exception
        -- Not swallowed: the row says that this bucket could not be looked at.
        when others then
          _measure_buckets.problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
      end;

      return next;
    end loop;
  end loop;
end
$$;

comment on function drill._measure_buckets(boolean, boolean) is
  'Internal: the buckets of every critical relation, with counts and times as asked for (with neither: names and bounds, no table is read)';

revoke all on function drill._measure_buckets(boolean, boolean) from public;
