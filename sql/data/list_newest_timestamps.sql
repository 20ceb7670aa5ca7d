create or replace function drill.list_newest_timestamps()
returns table (relation_name text, timestamp_column text, newest_at timestamptz, problem text)
language sql
stable
set search_path = ''
as $$
  select b.relation_name, c.timestamp_column, pg_catalog.max(b.newest_at), pg_catalog.min(b.problem)
  from drill._measure_buckets(false, true) as b
  inner join drill.critical_relations as c on c.relation_name = b.relation_name
  group by b.relation_name, c.timestamp_column
  order by b.relation_name collate "C"
$$;

comment on function drill.list_newest_timestamps() is
  'Newest timestamp of every critical relation, to hold against the recovery point';

revoke all on function drill.list_newest_timestamps() from public;
