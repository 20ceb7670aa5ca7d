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
  -- Materialized, or the expression would be deparsed anew at each of the ten places
  -- that look at it. Joined, for a call of drill._relation_name per partition is as dear.
  with partition as materialized (
    select
      pg_catalog.format('%I.%I', n.nspname, c.relname) as partition_name,
      pg_catalog.pg_get_expr(c.relpartbound, c.oid) as expression,
      i.inhdetachpending
    from pg_catalog.pg_inherits as i
    inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_partitioned_table as p on p.partrelid = i.inhparent
    where i.inhparent = drill._relation_oid(p_relation_name)
  ),
  bound as materialized (
    select
      p.*,
      pg_catalog.substring(p.expression, 'FROM \((MINVALUE|''[^'']*'')') as lower_bound,
      pg_catalog.substring(p.expression, 'TO \((MAXVALUE|''[^'']*'')') as upper_bound
    from partition as p
  )
  select
    b.partition_name,
    b.expression = 'DEFAULT',
    case
      when b.lower_bound = 'MINVALUE' then '-infinity'::timestamptz
      when b.lower_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.lower_bound, '''')::timestamptz
    end,
    case
      when b.upper_bound = 'MAXVALUE' then 'infinity'::timestamptz
      when b.upper_bound ~ '^''-?(\d+-\d+-\d+|infinity)' then pg_catalog.btrim(b.upper_bound, '''')::timestamptz
    end,
    b.inhdetachpending
  from bound as b
  order by b.expression = 'DEFAULT', 3, b.partition_name collate "C"
$$;

comment on function drill.list_partitions(text) is
  'The direct partitions of a table with their bounds as points in time (null when they are not times)';

revoke all on function drill.list_partitions(text) from public;
