create or replace function drill.list_baselines()
returns table (
  baseline_id uuid,
  captured_at timestamptz,
  captured_lsn pg_lsn,
  label text,
  depth text,
  database_name text,
  relation_count bigint,
  bucket_count bigint,
  row_count numeric
)
language sql
stable
set search_path = ''
as $$
  select
    b.baseline_id,
    b.captured_at,
    b.captured_lsn,
    b.label,
    b.depth,
    b.database_name,
    (select pg_catalog.count(*) from drill.baseline_relations as r where r.baseline_id = b.baseline_id),
    pg_catalog.count(k.bucket_name),
    coalesce(pg_catalog.sum(k.row_count), 0)
  from drill.baselines as b
  left join drill.baseline_buckets as k on k.baseline_id = b.baseline_id
  group by b.baseline_id
  order by b.captured_at desc, b.baseline_id
$$;

comment on function drill.list_baselines() is
  'Stored baselines, newest first, with how much each holds';

revoke all on function drill.list_baselines() from public;
