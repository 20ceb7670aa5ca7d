-- Two shapes of a branch: where an index leads with the timestamp column, oldest
-- and newest are read at its ends and the count stays a bare count(*); elsewhere
-- one scan gives all three.
create or replace function drill._measure_query(
  p_bucket_names text[],
  p_timestamp_column text,
  p_with_counts boolean,
  p_with_times boolean
)
returns text
language sql
stable
set search_path = ''
as $$
  select
    'select pg_catalog.array_agg(b.n order by b.position), pg_catalog.array_agg(b.oldest order by b.position),'
    ' pg_catalog.array_agg(b.newest order by b.position) from ('
    || pg_catalog.string_agg(
      pg_catalog.format(
        case
          when not p_with_times or p_timestamp_column is null
            then 'select %1$s as position, pg_catalog.count(*) as n, null::timestamptz as oldest, null::timestamptz as newest from %2$s as t'
          when drill._has_index_on(drill._relation_oid(u.bucket_name), p_timestamp_column)
            then
              'select %1$s as position, %4$s as n,'
              ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I limit 1) as oldest,'
              ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I desc limit 1) as newest'
              || case when p_with_counts then ' from %2$s as t' else '' end
          else
            'select %1$s as position, %4$s as n, pg_catalog.min(t.%3$I)::timestamptz as oldest,'
            ' pg_catalog.max(t.%3$I)::timestamptz as newest from %2$s as t'
        end,
        u.position,
        u.bucket_name,
        p_timestamp_column,
        case when p_with_counts then 'pg_catalog.count(*)' else 'null::bigint' end
      ),
      ' union all ' order by u.position
    )
    || ') as b'
  from pg_catalog.unnest(p_bucket_names) with ordinality as u (bucket_name, position)
$$;

comment on function drill._measure_query(text[], text, boolean, boolean) is
  'Internal: the query that measures some buckets of one relation, giving arrays of counts, oldest and newest timestamps in their order; bucket names are quoted already';

revoke all on function drill._measure_query(text[], text, boolean, boolean) from public;
