-- Exact counts, never statistics: n_live_tup is 0 in a physical copy.
-- Stable, so that all of its queries see the one snapshot of the calling
-- statement, whatever the isolation level. A relation that cannot be measured
-- gives a row with its problem, and the rest goes on. Takes ACCESS SHARE locks, those
-- of a hundred partitions at a time.
--
-- The partitions of a relation are measured by one query, a hundred at a time:
-- as branches of a union all they are spread over parallel workers, which one
-- query per partition cannot use and a group by tableoid uses badly. A cursor
-- would run without workers, hence arrays. With row_security off a policy that would
-- hide rows, of a partition too, is an error and not a smaller count. When that query fails, each partition
-- of it is measured alone, so that the problem is laid at the right door.
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
set row_security = off
as $$
declare
  c_batch_size constant integer := 100;
  v_relation record;
  v_bucket record;
  v_names text[];
  v_starts timestamptz[];
  v_ends timestamptz[];
  v_defaults boolean[];
  v_batch text[];
  v_row_counts bigint[];
  v_oldest timestamptz[];
  v_newest timestamptz[];
  v_is_measured boolean;
begin
  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      drill._relation_oid(c.relation_name) as relation_oid,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    order by c.relation_name collate "C"
  loop
    _measure_buckets.relation_name := v_relation.relation_name;
    _measure_buckets.row_count := null;
    _measure_buckets.oldest_at := null;
    _measure_buckets.newest_at := null;

    if v_relation.problem is not null then
      _measure_buckets.bucket_name := v_relation.relation_name;
      _measure_buckets.starts_at := null;
      _measure_buckets.ends_at := null;
      _measure_buckets.is_default := false;
      _measure_buckets.problem := v_relation.problem;
      return next;
      continue;
    end if;

    -- Once for each relation, not for each batch.
    select
      coalesce(pg_catalog.array_agg(p.partition_name order by p.position), array[v_relation.relation_name]),
      pg_catalog.array_agg(p.starts_at order by p.position),
      pg_catalog.array_agg(p.ends_at order by p.position),
      pg_catalog.array_agg(p.is_default order by p.position)
    into v_names, v_starts, v_ends, v_defaults
    from drill.list_partitions(v_relation.relation_name) with ordinality
      as p (partition_name, is_default, starts_at, ends_at, is_detach_pending, position);

    for v_start in 1..pg_catalog.cardinality(v_names) by c_batch_size loop
      v_batch := v_names[v_start:v_start + c_batch_size - 1];
      v_is_measured := false;
      if p_with_counts or p_with_times then
        begin
          execute drill._measure_query(v_batch, v_relation.timestamp_column, p_with_counts, p_with_times)
          into v_row_counts, v_oldest, v_newest;
          v_is_measured := true;
          -- What was measured is in variables, which stay; the locks go. All of them together, one for
          -- each partition and each of its indexes, would be more than the server has room for.
          raise exception using errcode = 'transaction_rollback', message = 'measured';
        exception
          -- Not swallowed: each bucket is tried alone below, and says its problem.
          when others then
            null;
        end;
      end if;

      for v_bucket in
        select b.bucket_name, b.position::integer as position
        from pg_catalog.unnest(v_batch) with ordinality as b (bucket_name, position)
        order by b.position
      loop
        _measure_buckets.bucket_name := v_bucket.bucket_name;
        _measure_buckets.starts_at := v_starts[v_start + v_bucket.position - 1];
        _measure_buckets.ends_at := v_ends[v_start + v_bucket.position - 1];
        _measure_buckets.is_default := coalesce(v_defaults[v_start + v_bucket.position - 1], false);
        _measure_buckets.problem := null;
        if v_is_measured then
          _measure_buckets.row_count := v_row_counts[v_bucket.position];
          _measure_buckets.oldest_at := v_oldest[v_bucket.position];
          _measure_buckets.newest_at := v_newest[v_bucket.position];
        elsif p_with_counts or p_with_times then
          _measure_buckets.row_count := null;
          _measure_buckets.oldest_at := null;
          _measure_buckets.newest_at := null;
          begin
            execute drill._measure_query(array[v_bucket.bucket_name], v_relation.timestamp_column, p_with_counts, p_with_times)
            into v_row_counts, v_oldest, v_newest;
            _measure_buckets.row_count := v_row_counts[1];
            _measure_buckets.oldest_at := v_oldest[1];
            _measure_buckets.newest_at := v_newest[1];
          exception
            -- Not swallowed: the row says that this bucket could not be looked at.
            when others then
              _measure_buckets.problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
          end;
        end if;
        return next;
      end loop;
    end loop;
  end loop;
end
$$;

comment on function drill._measure_buckets(boolean, boolean) is
  'Internal: the buckets of every critical relation, with counts and times as asked for (with neither: names and bounds, no table is read)';

revoke all on function drill._measure_buckets(boolean, boolean) from public;
