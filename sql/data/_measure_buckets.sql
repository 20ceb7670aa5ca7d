-- Exact counts, never statistics: n_live_tup is 0 in a physical copy.
-- Stable, so that all of its queries see the one snapshot of the calling
-- statement, whatever the isolation level. A relation that cannot be measured
-- gives a row with its problem, and the rest goes on. Takes ACCESS SHARE locks, those
-- of a hundred partitions at a time.
--
-- The partitions of a relation are measured by one query, a hundred at a time:
-- as branches of a union all they are spread over parallel workers, which one
-- query per partition cannot use and a group by tableoid uses badly. When that query
-- fails, each partition of it is measured alone, so that the problem is laid at the
-- right door.
create or replace function drill._measure_buckets(
  p_depth text,
  p_as_of timestamptz,
  p_carried_names text[] default '{}',
  p_relation_name text default null,
  p_partition_names text[] default null
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
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
#variable_conflict use_column
declare
  c_batch_size constant integer := 100;
  v_relation record;
  v_partitions jsonb;
  v_has_partitions boolean;
  v_batch jsonb;
  v_names text[];
  v_are_sliced boolean[];
  v_with_fingerprint boolean;
  v_slices jsonb;
  v_more jsonb;
  v_problem text;
  v_partition jsonb;
begin
  if p_depth is null or p_depth not in ('quick', 'standard', 'full') then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are quick (names and bounds), standard (counts and timestamps too) and full (fingerprints too).';
  end if;

  for v_relation in
    select
      c.relation_name,
      c.timestamp_column,
      c.depth,
      c.is_secret,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    where p_relation_name is null
      or c.relation_name = p_relation_name
    order by c.relation_name collate "C"
  loop
    if v_relation.problem is not null then
      return query
        select
          v_relation.relation_name, v_relation.relation_name, v_relation.relation_name, 'table', null::timestamptz, null::timestamptz,
          null::timestamptz, null::timestamptz, false, null::bigint, null::timestamptz, null::timestamptz, null::bigint,
          v_relation.problem;
      continue;
    end if;

    v_with_fingerprint := p_depth = 'full' and v_relation.depth = 'full' and not v_relation.is_secret;

    -- Once for each relation, not for each batch. What ended before the days begin is closed: one bucket.
    -- A foreign partition is another server's, so it is in no backup of this one.
    v_problem := null;
    begin
      select
        coalesce(
          pg_catalog.jsonb_agg(
            pg_catalog.jsonb_build_object(
              'partition_name', p.partition_name,
              'starts_at', p.starts_at,
              'ends_at', p.ends_at,
              'is_default', p.is_default,
              'is_partition', true,
              'is_sliced', v_relation.timestamp_column is not null
                and not coalesce(p.ends_at <= pg_catalog.date_trunc('month', p_as_of) - interval '2 months', false)
            )
            order by p.position
          ) filter (
            where v_relation.relation_name || ' ' || p.partition_name <> all (p_carried_names || f.names)
              and (p_partition_names is null or p.partition_name = any (p_partition_names))
          ),
          '[]'
        ),
        pg_catalog.count(p.partition_name) > 0
      into v_partitions, v_has_partitions
      from (
        select coalesce(
          pg_catalog.array_agg(pg_catalog.format('%s %I.%I', v_relation.relation_name, n.nspname, c.relname)),
          '{}'
        ) as names
        from pg_catalog.pg_inherits as i
        inner join pg_catalog.pg_class as c on c.oid = i.inhrelid and c.relkind = 'f'
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where i.inhparent = drill._relation_oid(v_relation.relation_name)
      ) as f
      left join drill.list_partitions(v_relation.relation_name) with ordinality
        as p (partition_name, is_default, starts_at, ends_at, is_detach_pending, position) on true;
    exception
      -- Not swallowed: bounds are read under a lock, and somebody may hold one partition.
      when others then
        v_problem := pg_catalog.format('has partitions that cannot be looked at: %s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
    if v_problem is not null then
      return query
        select
          v_relation.relation_name, v_relation.relation_name, v_relation.relation_name, 'table', null::timestamptz, null::timestamptz,
          null::timestamptz, null::timestamptz, false, null::bigint, null::timestamptz, null::timestamptz, null::bigint, v_problem;
      continue;
    end if;

    -- A plain table, or a partitioned one that has no partition.
    if not v_has_partitions then
      v_partitions := pg_catalog.jsonb_build_array(
        pg_catalog.jsonb_build_object(
          'partition_name', v_relation.relation_name,
          'is_default', false,
          'is_partition', false,
          'is_sliced', v_relation.timestamp_column is not null
        )
      );
    end if;

    for v_start in 0..pg_catalog.jsonb_array_length(v_partitions) - 1 by c_batch_size loop
      select
        pg_catalog.jsonb_agg(e.value order by e.ordinality),
        pg_catalog.array_agg(e.value ->> 'partition_name' order by e.ordinality),
        pg_catalog.array_agg((e.value ->> 'is_sliced')::boolean order by e.ordinality)
      into v_batch, v_names, v_are_sliced
      from pg_catalog.jsonb_array_elements(v_partitions) with ordinality as e
      where e.ordinality between v_start + 1 and v_start + c_batch_size;

      v_slices := case when p_depth = 'quick' then '[]'::jsonb end;
      if v_slices is null then
        begin
          -- Whole and cut buckets in one query without fingerprints would be measured without parallel workers.
          select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)), '[]')
          into v_slices
          from (
            select
              pg_catalog.array_agg(n.name order by n.position) as names,
              pg_catalog.array_agg(n.is_sliced order by n.position) as are_sliced
            from rows from (pg_catalog.unnest(v_names), pg_catalog.unnest(v_are_sliced)) with ordinality as n (name, is_sliced, position)
            group by case when not v_with_fingerprint then n.is_sliced end
          ) as g
          cross join lateral drill._measure_slices(
            g.names, g.are_sliced, v_relation.timestamp_column, v_with_fingerprint, p_as_of
          ) as s;
          -- What was measured is in a variable, which stays; the locks go. All of them together, one for
          -- each partition and each of its indexes, would be more than the server has room for.
          raise exception using errcode = 'transaction_rollback', message = 'measured';
        exception
          -- Not swallowed: each partition is tried alone below, and says its problem.
          when others then
            null;
        end;
      end if;

      if v_slices is null then
        v_slices := '[]';
        for v_partition in
          select e.value
          from pg_catalog.jsonb_array_elements(v_batch) as e
        loop
          v_more := null;
          v_problem := null;
          begin
            select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s)), '[]')
            into v_more
            from drill._measure_slices(
              array[v_partition ->> 'partition_name'], array[(v_partition ->> 'is_sliced')::boolean],
              v_relation.timestamp_column, v_with_fingerprint, p_as_of
            ) as s;
          exception
            -- Not swallowed: the row says that this partition could not be looked at.
            when others then
              v_problem := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
          end;
          v_slices := v_slices || case
            when v_problem is null then v_more
            else pg_catalog.jsonb_build_array(
              pg_catalog.jsonb_build_object('bucket_name', v_partition ->> 'partition_name', 'slice_name', 'all', 'problem', v_problem)
            )
          end;
        end loop;
      end if;

      return query
        select
          v_relation.relation_name,
          p.partition_name,
          case
            when s.slice_name is null or s.slice_name = 'all' then p.partition_name
            when s.starts_at is null then p.partition_name || ' undated ' || s.slice_name
            else p.partition_name || ' ' || s.slice_name
          end,
          case
            when s.slice_name is null or s.slice_name = 'all'
              then case when p.is_partition or v_relation.timestamp_column is not null then 'partition' else 'table' end
            when s.starts_at is null then 'undated'
            when s.ends_at - s.starts_at = interval '1 day' then 'day'
            else 'month'
          end,
          case when s.slice_name is null or s.slice_name = 'all' then p.starts_at else s.starts_at end,
          case when s.slice_name is null or s.slice_name = 'all' then p.ends_at else s.ends_at end,
          p.starts_at,
          p.ends_at,
          p.is_default,
          case
            when p_depth = 'quick' or s.problem is not null then null
            -- A partition that is cut and gave nothing has no row.
            else coalesce(s.row_count, 0)
          end,
          s.oldest_at,
          s.newest_at,
          case when v_with_fingerprint and s.problem is null then coalesce(s.fingerprint, 0) end,
          s.problem
        from pg_catalog.jsonb_array_elements(v_batch) with ordinality as e
        cross join lateral pg_catalog.jsonb_to_record(e.value) as p (
          partition_name text, starts_at timestamptz, ends_at timestamptz, is_default boolean, is_partition boolean
        )
        left join lateral (
          select r.*
          from pg_catalog.jsonb_to_recordset(v_slices) as r (
            bucket_name text, slice_name text, starts_at timestamptz, ends_at timestamptz, row_count bigint,
            oldest_at timestamptz, newest_at timestamptz, fingerprint bigint, problem text
          )
          where r.bucket_name = p.partition_name
        ) as s on true
        order by e.ordinality, s.starts_at nulls last, s.slice_name collate "C";
    end loop;
  end loop;
end
$$;

comment on function drill._measure_buckets(text, timestamptz, text[], text, text[]) is
  'Internal: the buckets of every critical relation at a depth (quick: names and bounds, no table is read), cut relative to a moment; partitions that are carried over give no row; or of one relation, or of some of its partitions';

revoke all on function drill._measure_buckets(text, timestamptz, text[], text, text[]) from public;
