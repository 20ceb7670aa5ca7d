-- The first half of a capture: everything but what has to be measured. Closed
-- partitions that nobody wrote into since an earlier capture are taken over from it.
create or replace function drill._begin_baseline(p_label text, p_depth text, p_is_complete boolean)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_baseline_id uuid;
  v_previous_id uuid;
  v_marks jsonb;
  v_tenant_names text[] := '{}';
begin
  if not exists (select from drill.critical_relations) then
    raise exception using
      errcode = 'RD005',
      message = 'cannot capture a baseline: no critical relation is registered',
      hint = 'Register what must be recoverable: select drill.register_critical_relation(''public.orders'', ''created_at'', true).';
  end if;
  if p_depth is null or p_depth not in ('standard', 'full') or p_is_complete is null then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth of a baseline', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are standard (counts and timestamps) and full (fingerprints and tenants too).';
  end if;
  -- Needed at the end: a long measurement must not be for nothing.
  perform drill.get_policy('baseline_retention');

  insert into drill.baselines (
    captured_at, captured_lsn, label, depth, schema_version, installation_id, system_identifier, timeline_id,
    started_at, database_name, server_version, policies, guards, partitioned_relations, isolation_policy, waivers
  )
  select
    drill.get_now(),
    pg_catalog.pg_current_wal_insert_lsn(),
    p_label,
    p_depth,
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
    baseline_id, relation_name, timestamp_column, is_append_only, tolerance, tenant_column, is_tenant_shown, is_secret, depth,
    recipe
  )
  select
    v_baseline_id, c.relation_name, c.timestamp_column, c.is_append_only, c.tolerance, c.tenant_column, c.is_tenant_shown,
    c.is_secret, c.depth, case when p_depth = 'full' then f.recipe end
  from drill.critical_relations as c
  inner join drill.list_fingerprint_recipes() as f on f.relation_name = c.relation_name;

  -- Marks of this moment, which no snapshot is newer than: nobody wrote until now.
  v_marks := drill._list_change_marks();

  -- A standard one in between does not matter: equal marks bridge any time.
  select b.baseline_id
  into v_previous_id
  from drill.baselines as b
  inner join drill.baselines as n on n.baseline_id = v_baseline_id
  where b.baseline_id <> v_baseline_id
    and (b.system_identifier, b.timeline_id, b.started_at, b.database_name)
      = (n.system_identifier, n.timeline_id, n.started_at, n.database_name)
    and (p_depth = 'standard' or b.depth = 'full')
    and not p_is_complete
  order by b.captured_at desc, b.baseline_id
  limit 1;

  if v_previous_id is not null then
    perform drill._carry_buckets(v_baseline_id, v_previous_id, v_marks);
    if p_depth = 'full' then
      v_tenant_names := drill._carry_tenants(v_baseline_id, v_previous_id);
    end if;
  end if;

  return (
    select pg_catalog.jsonb_build_object(
      'baseline_id', b.baseline_id,
      'captured_at', b.captured_at,
      'carried_names', (
        select coalesce(pg_catalog.jsonb_agg(distinct k.relation_name || ' ' || k.partition_name), '[]')
        from drill.baseline_buckets as k
        where k.baseline_id = b.baseline_id
      ),
      'carried_tenant_names', pg_catalog.to_jsonb(v_tenant_names)
    )
    from drill.baselines as b
    where b.baseline_id = v_baseline_id
  );
end
$$;

comment on function drill._begin_baseline(text, text, boolean) is
  'Internal: begins a baseline with what need not be measured, and tells its id, its moment, and the relations and partitions that were taken over from an earlier one, as buckets and as tenants';

revoke all on function drill._begin_baseline(text, text, boolean) from public;
