-- Bounds are stored as an expression, so they are read as text; the settings of
-- this function fix how that text looks. With several key columns the first
-- one, time, decides. MINVALUE and MAXVALUE become infinity.
create or replace function drill.list_partitions(p_relation_name text)
returns table (
  partition_name text,
  is_default boolean,
  starts_at timestamptz,
  ends_at timestamptz,
  is_detach_pending boolean
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
  select
    drill._relation_name(c.oid),
    b.expression = 'DEFAULT',
    case
      when b.lower_bound = 'MINVALUE' then '-infinity'::timestamptz
      when b.lower_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.lower_bound, '''')::timestamptz
    end,
    case
      when b.upper_bound = 'MAXVALUE' then 'infinity'::timestamptz
      when b.upper_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.upper_bound, '''')::timestamptz
    end,
    i.inhdetachpending
  from pg_catalog.pg_inherits as i
  inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
  inner join pg_catalog.pg_partitioned_table as p on p.partrelid = i.inhparent
  cross join lateral (
    select
      e.expression,
      pg_catalog.substring(e.expression, 'FROM \((MINVALUE|''[^'']*'')') as lower_bound,
      pg_catalog.substring(e.expression, 'TO \((MAXVALUE|''[^'']*'')') as upper_bound
    from (select pg_catalog.pg_get_expr(c.relpartbound, c.oid) as expression) as e
  ) as b
  where i.inhparent = drill._relation_oid(p_relation_name)
  order by b.expression = 'DEFAULT', 3, drill._relation_name(c.oid) collate "C"
$$;

comment on function drill.list_partitions(text) is
  'The direct partitions of a table with their bounds as points in time (null when they are not times)';

revoke all on function drill.list_partitions(text) from public;
