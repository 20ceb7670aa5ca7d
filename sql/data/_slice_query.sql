-- One scan of a bucket, whole or cut into slices: days near p_moment, months
-- before and after. p_moment is the baseline's own on both sides, so that the
-- slices of a copy are those of production.
--
-- The innermost query ends in "offset '0'" so that the planner does not look
-- through it: it then expects 200 days and hashes them in parallel, instead of a
-- group per row and a sort on disk. With the plain number 0 it would give up
-- parallelism. Days are cut by date_bin, which is mere arithmetic; months are put
-- together from the few days that come out, above the union: a second grouping
-- within a branch would keep the branches from being spread over workers.
--
-- Partitions of one table have the same columns, so one expression serves them all.
--
-- Without fingerprints an index that begins with the column spares the rows:
-- they are counted slice by slice between its bounds.
create or replace function drill._slice_query(
  p_bucket_names text[],
  p_are_sliced boolean[],
  p_timestamp_column text,
  p_with_fingerprint boolean,
  p_moment timestamptz
)
returns text
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  with expression as materialized (
    select case when p_with_fingerprint then drill._fingerprint_expression(drill._relation_oid(p_bucket_names[1]), 't') end as fingerprint
  )
  select
    'select g.position, n.slice_name, pg_catalog.date_trunc(u.unit, g.day) as starts_at,'
    ' pg_catalog.date_trunc(u.unit, g.day) + (''1 '' || u.unit)::interval as ends_at,'
    ' pg_catalog.sum(g.row_count)::bigint as row_count, pg_catalog.min(g.oldest_at) as oldest_at, pg_catalog.max(g.newest_at) as newest_at,'
    || case when p_with_fingerprint then ' drill._fold_fingerprint(pg_catalog.sum(g.fingerprint))' else ' null::bigint' end
    || ' as fingerprint from ('
    || pg_catalog.string_agg(
      pg_catalog.format(
        case
          when not b.is_sliced or p_timestamp_column is null
            then
              'select %1$s as position, true as is_whole, null::timestamptz as day, pg_catalog.count(*) as row_count,'
              || case
                when p_timestamp_column is null
                  then ' null::timestamptz as oldest_at, null::timestamptz as newest_at,'
                when b.has_index and not p_with_fingerprint
                  then
                    ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I limit 1) as oldest_at,'
                    ' (select t.%3$I::timestamptz from %2$s as t where t.%3$I is not null order by t.%3$I desc limit 1) as newest_at,'
                else ' pg_catalog.min(t.%3$I)::timestamptz as oldest_at, pg_catalog.max(t.%3$I)::timestamptz as newest_at,'
              end
              || case when p_with_fingerprint then ' pg_catalog.sum(%9$s)' else ' null::numeric' end
              || ' as fingerprint from %2$s as t'
          when b.has_index and not p_with_fingerprint
            then
              'select %1$s as position, false as is_whole, s.starts_at as day, c.row_count, c.oldest_at::timestamptz, c.newest_at::timestamptz,'
              ' null::numeric as fingerprint'
              ' from ('
              'select (select t.%3$I from %2$s as t where t.%3$I > ''-infinity'' and t.%3$I < ''infinity'' order by t.%3$I limit 1)::timestamptz as first_at,'
              ' (select t.%3$I from %2$s as t where t.%3$I > ''-infinity'' and t.%3$I < ''infinity'' order by t.%3$I desc limit 1)::timestamptz as last_at'
              ') as e'
              ' cross join lateral ('
              'select d as starts_at, d + interval ''1 day'' as ends_at'
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''day'', e.first_at), %6$L::timestamptz),'
              ' least(e.last_at, %7$L::timestamptz - interval ''1 microsecond''), interval ''1 day'') as d'
              ' union all select m, m + interval ''1 month'''
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''month'', e.first_at), ''0001-01-01''::timestamptz),'
              ' least(e.last_at, %6$L::timestamptz - interval ''1 microsecond''), interval ''1 month'') as m'
              ' union all select m, m + interval ''1 month'''
              ' from pg_catalog.generate_series(greatest(pg_catalog.date_trunc(''month'', e.first_at), %7$L::timestamptz),'
              ' least(e.last_at, ''9999-12-31''::timestamptz), interval ''1 month'') as m'
              ') as s'
              ' cross join lateral ('
              'select pg_catalog.count(*) as row_count,'
              ' (select t.%3$I from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s order by t.%3$I limit 1) as oldest_at,'
              ' (select t.%3$I from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s order by t.%3$I desc limit 1) as newest_at'
              ' from %2$s as t where t.%3$I >= s.starts_at::%4$s and t.%3$I < s.ends_at::%4$s'
              ') as c'
              ' where c.row_count > 0'
              ' union all select %1$s, false, x.day::timestamptz, x.row_count, x.oldest_at::timestamptz, x.newest_at::timestamptz, null::numeric'
              ' from ('
              'select null::%4$s as day, pg_catalog.count(*) as row_count, null::%4$s as oldest_at, null::%4$s as newest_at from %2$s as t where t.%3$I is null'
              ' union all select ''-infinity'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t where t.%3$I = ''-infinity'''
              ' union all select ''0001-12-31 BC'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t'
              ' where t.%3$I > ''-infinity'' and t.%3$I < %5$L'
              ' union all select %8$L, pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t'
              ' where t.%3$I >= %8$L and t.%3$I < ''infinity'''
              ' union all select ''infinity'', pg_catalog.count(*), pg_catalog.min(t.%3$I), pg_catalog.max(t.%3$I) from %2$s as t where t.%3$I = ''infinity'''
              ') as x'
              ' where x.row_count > 0'
          else
            'select %1$s as position, false as is_whole, d.day::timestamptz as day, pg_catalog.count(*) as row_count,'
            ' pg_catalog.min(d.at)::timestamptz as oldest_at, pg_catalog.max(d.at)::timestamptz as newest_at,'
            || case when p_with_fingerprint then ' pg_catalog.sum(d.fingerprint)' else ' null::numeric' end
            || ' as fingerprint from ('
            'select case when t.%3$I >= %5$L and t.%3$I < %8$L then '
            || case b.type_name when 'date' then 't.%3$I' else 'pg_catalog.date_bin(interval ''1 day'', t.%3$I, %5$L)' end
            || ' when t.%3$I > ''-infinity'' and t.%3$I < %5$L then ''0001-12-31 BC'' when t.%3$I >= %8$L and t.%3$I < ''infinity'' then %8$L'
            ' else t.%3$I end as day, t.%3$I as at'
            || case when p_with_fingerprint then ', %9$s as fingerprint' else '' end
            || ' from %2$s as t offset ''0'''
            ') as d group by d.day'
        end,
        b.position,
        b.bucket_name,
        p_timestamp_column,
        b.type_name,
        case b.type_name when 'timestamptz' then '0001-01-01 00:00:00+00' else '0001-01-01' end,
        w.starts_at,
        w.ends_at,
        case b.type_name when 'timestamptz' then '10000-01-01 00:00:00+00' else '10000-01-01' end,
        x.fingerprint
      ),
      ' union all ' order by b.position
    )
    || pg_catalog.format(
      ') as g'
      ' cross join lateral ('
      'select case when g.day >= %1$L and g.day < %2$L then ''day'''
      ' when g.day >= ''0001-01-01 00:00:00+00'' and g.day < ''10000-01-01 00:00:00+00'' then ''month'' end as unit'
      ') as u'
      ' cross join lateral ('
      'select case when u.unit = ''day'' then pg_catalog.to_char(g.day, ''YYYY-MM-DD'') when u.unit = ''month'' then pg_catalog.to_char(g.day, ''YYYY-MM'')'
      ' when g.is_whole then ''all'' when g.day is null then ''null'' when not pg_catalog.isfinite(g.day) then g.day::text'
      ' when g.day < ''0001-01-01 00:00:00+00'' then ''before 0001'' else ''from 10000'' end as slice_name'
      ') as n'
      ' group by g.position, n.slice_name, pg_catalog.date_trunc(u.unit, g.day), pg_catalog.date_trunc(u.unit, g.day) + (''1 '' || u.unit)::interval',
      pg_catalog.min(w.starts_at),
      pg_catalog.min(w.ends_at)
    )
  from (
    select
      u.bucket_name,
      u.is_sliced,
      u.position,
      drill._has_index_on(r.relation_oid, p_timestamp_column) as has_index,
      (
        select t.typname
        from pg_catalog.pg_attribute as a
        inner join pg_catalog.pg_type as t on t.oid = a.atttypid
        where a.attrelid = r.relation_oid
          and a.attname = p_timestamp_column
          and not a.attisdropped
      ) as type_name
    from rows from (
      pg_catalog.unnest(p_bucket_names),
      pg_catalog.unnest(p_are_sliced)
    ) with ordinality as u (bucket_name, is_sliced, position)
    cross join lateral (select drill._relation_oid(u.bucket_name) as relation_oid) as r
  ) as b
  cross join expression as x
  cross join (
    select
      pg_catalog.date_trunc('month', p_moment) - interval '2 months' as starts_at,
      pg_catalog.date_trunc('month', p_moment) + interval '2 months' as ends_at
  ) as w
$$;

comment on function drill._slice_query(text[], boolean[], text, boolean, timestamptz) is
  'Internal: the query that measures some buckets of one relation, each whole or in slices of time: position, slice, its bounds, count, oldest, newest, fingerprint; bucket names are quoted already';

revoke all on function drill._slice_query(text[], boolean[], text, boolean, timestamptz) from public;
