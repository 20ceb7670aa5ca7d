-- A baseline with a hole would later pass for "production had nothing there", so
-- anything that cannot be measured ends the capture.
create or replace function drill.capture_baseline(p_label text default null)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_baseline_id uuid;
  v_bucket record;
begin
  if not exists (select from drill.critical_relations) then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: no critical relation is registered',
      hint = 'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).';
  end if;

  insert into drill.baselines (
    captured_at, captured_lsn, label, schema_version, installation_id, system_identifier, timeline_id,
    started_at, database_name, server_version, policies, guards, partitioned_relations,
    isolation_policy, waivers
  )
  select
    drill.get_now(),
    pg_catalog.pg_current_wal_insert_lsn(),
    p_label,
    drill.schema_version(),
    i.installation_id,
    i.system_identifier,
    i.timeline_id,
    i.started_at,
    i.database_name,
    i.server_version,
    r.registrations -> 'policies',
    r.registrations -> 'guards',
    r.registrations -> 'partitioned_relations',
    r.registrations -> 'isolation_policy',
    r.registrations -> 'waivers'
  from drill.get_identity() as i
  cross join (select drill.export_registrations() as registrations) as r
  where i.installation_id is not null
  returning baseline_id into v_baseline_id;

  if v_baseline_id is null then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: drill.installation has no row',
      hint = 'Install pgdrill again: its identity of this database is gone.';
  end if;

  insert into drill.baseline_relations (
    baseline_id, relation_name, timestamp_column, is_append_only, tolerance, recent_days
  )
  select
    v_baseline_id, c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance,
    case
      when drill._critical_relation_problem(c.relation_name, c.timestamp_column) is null
        then drill._recent_days(c.relation_name, c.timestamp_column)
    end
  from drill.critical_relations as c;

  -- One statement, hence one snapshot for all counts.
  for v_bucket in
    select b.*
    from drill.list_buckets() as b
  loop
    if v_bucket.problem is not null then
      raise exception using
        errcode = 'RD005',
        message = format('cannot capture a baseline: %s %s', v_bucket.bucket_name, v_bucket.problem),
        hint = 'Correct that, or remove the relation from drill.critical_relations if it need not be recoverable.';
    end if;

    insert into drill.baseline_buckets (
      baseline_id, relation_name, bucket_name, starts_at, ends_at, is_default, row_count, oldest_at, newest_at
    )
    values (
      v_baseline_id, v_bucket.relation_name, v_bucket.bucket_name, v_bucket.starts_at, v_bucket.ends_at,
      v_bucket.is_default, v_bucket.row_count, v_bucket.oldest_at, v_bucket.newest_at
    );
  end loop;

  insert into drill.baseline_objects (
    baseline_id, object_kind, object_name, definition, relation_name, is_of_partition, problem
  )
  select v_baseline_id, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
  from drill.list_objects() as o;

  -- Last: what it locks, it locks but for a moment.
  perform drill._write_heartbeat();

  return v_baseline_id;
end
$$;

comment on function drill.capture_baseline(text) is
  'Measures every critical relation, lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text) from public;
