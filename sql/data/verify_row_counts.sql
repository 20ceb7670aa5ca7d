-- For people with psql alone: the newest baseline that travelled with the copy
-- beside the counts of now. Judges only what needs no history: nothing that had
-- rows is empty, no bucket is missing, closed buckets of append-only relations are
-- equal, no append-only relation shrank since a baseline that the copy contains,
-- no other by more than its tolerance. Timestamps and growth are the command line's.
create or replace function drill.verify_row_counts()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
declare
  v_baseline record;
  v_partition record;
  v_result drill.check_result;
begin
  select b.baseline_id, b.captured_at
  into v_baseline
  from drill.baselines as b
  where b.baseline_id = drill._newest_baseline();

  if not found then
    return next row(
      'row_counts', null, 'error',
      'no baseline travelled with this database, so its row counts have nothing to be compared with',
      'Use the command line with a baseline file: pgdrill verify --target NAME --baseline FILE.',
      null, null
    )::drill.check_result;
    return;
  end if;

  for v_partition in
    select
      coalesce(f.partition_name, k.partition_name) as partition_name,
      r.relation_name is not null as is_in_baseline,
      r.is_append_only,
      greatest(1, r.tolerance * k.row_count) as tolerated_count,
      k.row_count as expected_count,
      f.row_count as actual_count,
      f.problem,
      coalesce(k.ends_at + drill.get_policy('settle_after') <= v_baseline.captured_at, false) as is_settled
    from (
      select b.relation_name, b.partition_name, pg_catalog.sum(b.row_count) as row_count, pg_catalog.min(b.problem) as problem
      from drill.list_buckets('standard', v_baseline.captured_at) as b
      group by b.relation_name, b.partition_name
    ) as f
    full join (
      select k.relation_name, k.partition_name, pg_catalog.sum(k.row_count) as row_count, pg_catalog.min(k.partition_ends_at) as ends_at
      from drill.baseline_buckets as k
      where k.baseline_id = v_baseline.baseline_id
      group by k.relation_name, k.partition_name
    ) as k
      on k.relation_name = f.relation_name
      and k.partition_name = f.partition_name
    left join drill.baseline_relations as r
      on r.baseline_id = v_baseline.baseline_id
      and r.relation_name = coalesce(k.relation_name, f.relation_name)
    -- Of a relation that cannot be looked at one row says so; its partitions are not missing.
    where f.partition_name is not null
      or not exists (
        select
        from drill.critical_relations as c
        where c.relation_name = k.relation_name
          and k.partition_name <> k.relation_name
          and drill._critical_relation_problem(c.relation_name, c.timestamp_column) <> 'does not exist'
      )
      -- A partitioned table that had no partition yet stood for itself.
      and not (k.partition_name = k.relation_name and k.row_count = 0 and exists (select from drill.list_partitions(k.relation_name)))
    order by coalesce(f.partition_name, k.partition_name) collate "C", coalesce(f.relation_name, k.relation_name) collate "C"
  loop
    v_result := row(
      'row_counts', v_partition.partition_name, 'pass',
      pg_catalog.format('%s has %s rows, the baseline of %s has %s', v_partition.partition_name, v_partition.actual_count, v_baseline.captured_at, coalesce(v_partition.expected_count::text, 'no such partition')),
      null,
      pg_catalog.to_jsonb(v_partition.expected_count::text), pg_catalog.to_jsonb(v_partition.actual_count::text)
    );

    if v_partition.problem is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s %s', v_partition.partition_name, v_partition.problem);
      v_result.hint := 'Make it readable for this role, then verify again.';
    elsif not v_partition.is_in_baseline then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('%s is critical, but the baseline of %s does not know it', v_partition.partition_name, v_baseline.captured_at);
      v_result.hint := 'Capture a new baseline in production: select drill.capture_baseline().';
    elsif v_partition.actual_count is null then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is missing: the baseline of %s has %s rows in it', v_partition.partition_name, v_baseline.captured_at, v_partition.expected_count);
      v_result.hint := pg_catalog.format('Restore or attach %s.', v_partition.partition_name);
    elsif v_partition.actual_count = 0 and v_partition.expected_count > 0 then
      v_result.status := 'fail';
      v_result.detail := pg_catalog.format('%s is empty, the baseline of %s has %s rows', v_partition.partition_name, v_baseline.captured_at, v_partition.expected_count);
      v_result.hint := pg_catalog.format('Restore the rows of %s.', v_partition.partition_name);
    elsif v_partition.is_append_only and v_partition.is_settled and v_partition.actual_count <> v_partition.expected_count
      or v_partition.is_append_only and v_partition.actual_count < v_partition.expected_count
      or not v_partition.is_append_only and v_partition.actual_count < v_partition.expected_count - v_partition.tolerated_count
    then
      v_result.status := 'fail';
      v_result.detail := v_result.detail || case
        when not v_partition.is_append_only then pg_catalog.format(': fewer than the tolerated %s', pg_catalog.trunc(v_partition.tolerated_count))
        when v_partition.is_settled then ': it is closed and append-only, so they must be equal'
        else ': an append-only relation cannot shrink'
      end;
      v_result.hint := pg_catalog.format('Find the lost or extra rows of %s; restore again if they are lost.', v_partition.partition_name);
    end if;

    return next v_result;
  end loop;
end
$$;

comment on function drill.verify_row_counts() is
  'Row counts of the critical relations against the newest baseline in this database: missing, emptied, shrunk, or changed although closed';

revoke all on function drill.verify_row_counts() from public;
