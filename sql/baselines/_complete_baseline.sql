-- The second half of a capture: stores what was measured. A baseline with a hole would
-- later pass for "production had nothing there", so anything that could not be
-- measured ends the capture.
create or replace function drill._complete_baseline(p_baseline_id uuid, p_facts jsonb, p_marks jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_retention interval := drill.get_policy('baseline_retention');
  v_captured_at timestamptz := (select b.captured_at from drill.baselines as b where b.baseline_id = p_baseline_id);
  v_problem text;
begin
  select f.problem
  into v_problem
  from (
    select b.relation_name as name, pg_catalog.format('%s %s', b.bucket_name, b.problem) as problem
    from pg_catalog.jsonb_to_recordset(p_facts -> 'buckets') as b (relation_name text, bucket_name text, problem text)
    where b.problem is not null
    union all
    select t.relation_name, pg_catalog.format('the tenants of %s %s', t.relation_name, t.problem)
    from pg_catalog.jsonb_to_recordset(p_facts -> 'tenants') as t (relation_name text, problem text)
    where t.problem is not null
  ) as f
  order by f.name collate "C", f.problem collate "C"
  limit 1;

  if v_problem is not null then
    raise exception using
      errcode = 'RD005',
      message = format('cannot capture a baseline: %s', v_problem),
      hint = 'Correct that, or remove the relation from drill.critical_relations if it need not be recoverable.';
  end if;

  insert into drill.baseline_buckets (
    baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
    partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, is_closed, change_mark
  )
  select
    p_baseline_id, b.relation_name, b.partition_name, b.bucket_name, b.grain, b.starts_at, b.ends_at, b.partition_starts_at,
    b.partition_ends_at, b.is_default, b.row_count, b.oldest_at, b.newest_at, b.fingerprint,
    drill._is_closed(b.partition_ends_at, v_captured_at), p_marks ->> b.partition_name
  from pg_catalog.jsonb_to_recordset(p_facts -> 'buckets') as b (
    relation_name text, partition_name text, bucket_name text, grain text, starts_at timestamptz, ends_at timestamptz,
    partition_starts_at timestamptz, partition_ends_at timestamptz, is_default boolean, row_count bigint,
    oldest_at timestamptz, newest_at timestamptz, fingerprint bigint
  );

  -- What they have in closed partitions may be there already, taken over from an earlier baseline.
  insert into drill.baseline_tenants as o (
    baseline_id, relation_name, tenant_key, row_count, newest_at, closed_row_count, closed_newest_at
  )
  select
    p_baseline_id,
    t.relation_name,
    t.tenant_key,
    pg_catalog.sum(t.row_count),
    pg_catalog.max(t.newest_at),
    coalesce(pg_catalog.sum(t.row_count) filter (where t.is_closed), 0),
    pg_catalog.max(t.newest_at) filter (where t.is_closed)
  from pg_catalog.jsonb_to_recordset(p_facts -> 'tenants') as t (
    relation_name text, tenant_key text, is_closed boolean, row_count bigint, newest_at timestamptz
  )
  group by t.relation_name, t.tenant_key
  on conflict on constraint baseline_tenants_pkey do update
  set
    row_count = o.row_count + excluded.row_count,
    newest_at = greatest(o.newest_at, excluded.newest_at),
    closed_row_count = o.closed_row_count + excluded.closed_row_count,
    closed_newest_at = greatest(o.closed_newest_at, excluded.closed_newest_at);

  insert into drill.baseline_objects (
    baseline_id, object_kind, object_name, definition, relation_name, is_of_partition, problem
  )
  select p_baseline_id, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
  from drill.list_objects() as o;

  -- The newest of each server, timeline, database and depth stays, however old: it may be the only one to compare with.
  delete from drill.baselines as b
  where b.baseline_id in (
    select o.baseline_id
    from drill.baselines as o
    where o.captured_at < drill.get_now() - v_retention
      and exists (
        select
        from drill.baselines as n
        where (n.system_identifier, n.timeline_id, n.database_name, n.depth)
          = (o.system_identifier, o.timeline_id, o.database_name, o.depth)
          and (n.captured_at, n.baseline_id) > (o.captured_at, o.baseline_id)
      )
    for update skip locked
  );

  -- Last: what it locks, it locks but for a moment.
  perform drill._write_heartbeat();
end
$$;

comment on function drill._complete_baseline(uuid, jsonb, jsonb) is
  'Internal: stores the measured buckets and tenants of a baseline that was begun, and its objects, with a heartbeat; deletes baselines beyond their retention; raises RD005 when something could not be measured';

revoke all on function drill._complete_baseline(uuid, jsonb, jsonb) from public;
