create or replace function drill.list_row_counts()
returns table (relation_name text, bucket_name text, row_count bigint, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, b.bucket_name, b.row_count, b.problem
  from drill._measure_buckets(true, false) as b
$$;

comment on function drill.list_row_counts() is
  'Exact row count of every critical relation, per partition';

revoke all on function drill.list_row_counts() from public;
