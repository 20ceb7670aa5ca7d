-- How long a relation may rightly be quiet is what its own days show. One bit per
-- day and no grouping: a group by day would be planned as a sort on disk, while
-- bit_or runs in parallel. Partitions that ended before the first day are left out.
create or replace function drill._recent_days(p_relation_name text, p_timestamp_column text)
returns bit(60)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set row_security = off
as $$
declare
  v_query text;
  v_days bigint;
begin
  if p_timestamp_column is null then
    return null;
  end if;

  select pg_catalog.string_agg(
    pg_catalog.format(
      'select pg_catalog.bit_or(1::bigint << ($1::date - t.%2$I::date)) as days from %1$s as t'
      ' where t.%2$I >= $1 - interval ''59 days'' and t.%2$I < $1 + interval ''1 day''',
      b.bucket_name, p_timestamp_column
    ),
    ' union all '
  )
  into v_query
  from (
    select p.partition_name
    from drill.list_partitions(p_relation_name) as p
    where p.ends_at is null
      or p.ends_at >= drill.get_now() - interval '60 days'
    union all
    select p_relation_name
    where not exists (
      select
      from pg_catalog.pg_partitioned_table as t
      where t.partrelid = drill._relation_oid(p_relation_name)
    )
  ) as b (bucket_name);

  if v_query is null then
    return 0::bit(60);
  end if;

  execute 'select pg_catalog.bit_or(d.days) from (' || v_query || ') as d'
  into v_days
  using pg_catalog.date_trunc('day', drill.get_now());

  return coalesce(v_days, 0)::bit(60);
end
$$;

comment on function drill._recent_days(text, text) is
  'Internal: which of the last 60 UTC days have rows, one bit per day, today''s the last';

revoke all on function drill._recent_days(text, text) from public;
