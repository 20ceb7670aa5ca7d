-- A baseline with a hole would later pass for "production had nothing there", so
-- anything that cannot be measured ends the capture. A closed partition that nobody
-- wrote into since an earlier capture is taken over from it, unless all is asked for.
create or replace function drill.capture_baseline(
  p_label text default null,
  p_depth text default 'standard',
  p_is_complete boolean default false
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_baseline_id uuid;
  v_previous_id uuid;
  v_retention interval := drill.get_policy('baseline_retention');
  v_fact record;
  v_types text;
  v_marks jsonb;
  v_carried_names text[];
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

  -- Counters that this transaction has read before would not change any more.
  perform pg_catalog.pg_stat_clear_snapshot();

  -- The text of a value changes with its type, in a table that nobody wrote into.
  select pg_catalog.md5(coalesce(pg_catalog.string_agg(d.part, ' ' order by d.part collate "C"), ''))
  into v_types
  from (
    select pg_catalog.format('%s %L', e.enumtypid, e.enumlabel) as part
    from pg_catalog.pg_enum as e
    union all
    select pg_catalog.format('%s %s %s', a.attrelid, a.attnum, a.atttypid)
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid and c.relkind = 'c'
  ) as d;

  -- Before anything is measured: what is written afterwards gives another mark, and is measured next time.
  select coalesce(
    pg_catalog.jsonb_object_agg(p.partition_name, v_types || ' ' || drill._change_mark(drill._relation_oid(p.partition_name))),
    '{}'
  )
  into v_marks
  from drill.critical_relations as c
  cross join lateral drill.list_partitions(c.relation_name) as p;

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

  insert into drill.baseline_buckets (
    baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
    partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, is_carried, change_mark
  )
  select
    v_baseline_id, k.relation_name, k.partition_name, k.bucket_name, k.grain, k.starts_at, k.ends_at, k.partition_starts_at,
    k.partition_ends_at, k.is_default, k.row_count, k.oldest_at, k.newest_at,
    case when r.recipe is not null then k.fingerprint end, true, k.change_mark
  from drill.baseline_buckets as k
  inner join drill.baseline_relations as r
    on r.baseline_id = v_baseline_id
    and r.relation_name = k.relation_name
  inner join drill.baseline_relations as o
    on o.baseline_id = v_previous_id
    and o.relation_name = k.relation_name
  inner join drill.list_partitions(k.relation_name) as p on p.partition_name = k.partition_name
  where k.baseline_id = v_previous_id
    and k.grain = 'partition'
    and k.change_mark = v_marks ->> k.partition_name
    and (k.partition_starts_at, k.partition_ends_at, k.is_default) is not distinct from (p.starts_at, p.ends_at, p.is_default)
    and p.ends_at <= (pg_catalog.date_trunc('month', drill.get_now() at time zone 'UTC') - interval '2 months') at time zone 'UTC'
    and o.timestamp_column is not distinct from r.timestamp_column
    and (r.recipe is null or r.recipe = o.recipe and k.fingerprint is not null);

  select coalesce(pg_catalog.array_agg(k.relation_name || ' ' || k.partition_name), '{}')
  into v_carried_names
  from drill.baseline_buckets as k
  where k.baseline_id = v_baseline_id;

  -- One statement, hence one snapshot for all counts, those of the tenants too.
  for v_fact in
    select b.*, null::text as tenant_key
    from drill._measure_buckets(p_depth, drill.get_now(), v_carried_names) as b
    union all
    select
      t.relation_name, t.relation_name, 'the tenants of ' || t.relation_name, null, null, null, null, null, null, t.row_count, null,
      t.newest_at, null, t.problem, coalesce(t.tenant_key, 'unknown')
    from drill.list_tenants() as t
    where p_depth = 'full'
  loop
    if v_fact.problem is not null then
      raise exception using
        errcode = 'RD005',
        message = format('cannot capture a baseline: %s %s', v_fact.bucket_name, v_fact.problem),
        hint = 'Correct that, or remove the relation from drill.critical_relations if it need not be recoverable.';
    end if;

    if v_fact.tenant_key is not null then
      insert into drill.baseline_tenants (baseline_id, relation_name, tenant_key, row_count, newest_at)
      values (v_baseline_id, v_fact.relation_name, v_fact.tenant_key, v_fact.row_count, v_fact.newest_at);
      continue;
    end if;

    insert into drill.baseline_buckets (
      baseline_id, relation_name, partition_name, bucket_name, grain, starts_at, ends_at, partition_starts_at,
      partition_ends_at, is_default, row_count, oldest_at, newest_at, fingerprint, change_mark
    )
    values (
      v_baseline_id, v_fact.relation_name, v_fact.partition_name, v_fact.bucket_name, v_fact.grain, v_fact.starts_at,
      v_fact.ends_at, v_fact.partition_starts_at, v_fact.partition_ends_at, v_fact.is_default, v_fact.row_count,
      v_fact.oldest_at, v_fact.newest_at, v_fact.fingerprint,
      -- In a transaction with one snapshot the marks are newer than what is counted: the next capture would
      -- take over a count without what was written in between.
      case
        when v_fact.grain = 'partition' and pg_catalog.current_setting('transaction_isolation') = 'read committed'
          then v_marks ->> v_fact.partition_name
      end
    );
  end loop;

  insert into drill.baseline_objects (
    baseline_id, object_kind, object_name, definition, relation_name, is_of_partition, problem
  )
  select v_baseline_id, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
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

  return v_baseline_id;
end
$$;

comment on function drill.capture_baseline(text, text, boolean) is
  'Measures every critical relation (depth standard: counts and timestamps; full: fingerprints and tenants too), lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; closed partitions that did not change are taken over from an earlier baseline unless p_is_complete; baselines older than the policy baseline_retention are deleted; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text, text, boolean) from public;
