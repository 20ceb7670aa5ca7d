create or replace function drill.list_row_counts()
returns table (relation_name text, partition_name text, row_count bigint, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, b.partition_name, pg_catalog.sum(b.row_count)::bigint, pg_catalog.min(b.problem)
  from drill.list_buckets() as b
  group by b.relation_name, b.partition_name
  order by b.relation_name collate "C", b.partition_name collate "C"
$$;

comment on function drill.list_row_counts() is
  'Exact row count of every critical relation, per partition';

revoke all on function drill.list_row_counts() from public;
