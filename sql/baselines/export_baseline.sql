-- Counts leave as text: a JSON number beyond 2^53 would be rounded by many readers.
-- Whoever compares inside the database does without the objects: they are the most of it.
create or replace function drill.export_baseline(p_baseline_id uuid default null, p_with_objects boolean default true)
returns jsonb
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_baseline_id uuid := p_baseline_id;
  v_document jsonb;
begin
  if v_baseline_id is null then
    v_baseline_id := drill._newest_baseline();
  end if;

  select pg_catalog.jsonb_build_object(
    'format', 'pgdrill-baseline',
    'format_version', 1,
    'baseline_id', b.baseline_id,
    'captured_at', b.captured_at,
    'captured_lsn', b.captured_lsn,
    'label', b.label,
    'depth', b.depth,
    'is_exact', b.is_exact,
    'schema_version', b.schema_version,
    'source', pg_catalog.jsonb_build_object(
      'installation_id', b.installation_id,
      'system_identifier', b.system_identifier::text,
      'timeline_id', b.timeline_id,
      'started_at', b.started_at,
      'database_name', b.database_name,
      'server_version', b.server_version
    ),
    'policies', b.policies,
    'guards', b.guards,
    'partitioned_relations', b.partitioned_relations,
    'isolation_policy', b.isolation_policy,
    'waivers', b.waivers,
    'objects', (
      select coalesce(
        pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'object_kind', o.object_kind,
            'object_name', o.object_name,
            'definition', o.definition,
            'relation_name', o.relation_name,
            'is_of_partition', o.is_of_partition,
            'problem', o.problem
          )
          order by o.object_kind collate "C", o.object_name collate "C"
        ),
        '[]'
      )
      from drill.baseline_objects as o
      where o.baseline_id = b.baseline_id
        and p_with_objects
    ),
    'relations', (
      select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
          'relation_name', r.relation_name,
          'timestamp_column', r.timestamp_column,
          'is_append_only', r.is_append_only,
          'tolerance', r.tolerance::text,
          'tenant_column', r.tenant_column,
          'is_tenant_shown', r.is_tenant_shown,
          'is_secret', r.is_secret,
          'depth', r.depth,
          'recipe', r.recipe,
          -- A partitioned table without a partition has none.
          'buckets', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object(
                'partition_name', k.partition_name,
                'bucket_name', k.bucket_name,
                'grain', k.grain,
                'starts_at', k.starts_at,
                'ends_at', k.ends_at,
                'partition_starts_at', k.partition_starts_at,
                'partition_ends_at', k.partition_ends_at,
                'is_default', k.is_default,
                'row_count', k.row_count::text,
                'oldest_at', k.oldest_at,
                'newest_at', k.newest_at,
                'fingerprint', k.fingerprint::text,
                'is_carried', k.is_carried
              )
              order by k.partition_starts_at, k.partition_name collate "C", k.starts_at, k.bucket_name collate "C"
            ), '[]')
            from drill.baseline_buckets as k
            where k.baseline_id = r.baseline_id
              and k.relation_name = r.relation_name
          ),
          'tenants', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object('tenant_key', t.tenant_key, 'row_count', t.row_count::text, 'newest_at', t.newest_at)
              order by t.tenant_key collate "C"
            ), '[]')
            from drill.baseline_tenants as t
            where t.baseline_id = r.baseline_id
              and t.relation_name = r.relation_name
          )
        )
        order by r.relation_name collate "C"
      )
      from drill.baseline_relations as r
      where r.baseline_id = b.baseline_id
    )
  )
  into v_document
  from drill.baselines as b
  where b.baseline_id = v_baseline_id;

  if v_document is null then
    raise exception using
      errcode = case when p_baseline_id is null then 'RD003' else 'RD004' end,
      message = case
        when p_baseline_id is null then 'no baseline is stored in this database'
        else format('no baseline %s is stored in this database', p_baseline_id)
      end,
      hint = 'In production run: select drill.capture_baseline(); drill.list_baselines() shows what is stored.';
  end if;

  return v_document;
end
$$;

comment on function drill.export_baseline(uuid, boolean) is
  'One baseline (null: the newest), with or without its objects, as a JSON document, format pgdrill-baseline version 1; raises RD003 or RD004 when there is none';

revoke all on function drill.export_baseline(uuid, boolean) from public;
