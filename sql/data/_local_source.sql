-- What stands behind FROM to read a table without asking another server: the table itself, or, when some of what lies
-- below it is a foreign table, all the rest one by one. A foreign table's rows are in no backup of this server.
-- Not asked of pg_partition_tree, which locks every partition.
create or replace function drill._local_source(p_relation oid, p_columns text[])
returns text
language sql
stable
set search_path = ''
as $$
  with recursive below as (
    select p_relation as relation_oid
    union
    select i.inhrelid
    from below as b
    inner join pg_catalog.pg_inherits as i on i.inhparent = b.relation_oid
    where not i.inhdetachpending
  )
  select case
    when pg_catalog.bool_or(c.relkind = 'f') then '(' || pg_catalog.string_agg(
      pg_catalog.format(
        'select %s from only %s as t',
        (select pg_catalog.string_agg(pg_catalog.format('t.%I', u.name), ', ' order by u.ordinality) from pg_catalog.unnest(p_columns) with ordinality as u (name, ordinality)),
        drill._relation_name(c.oid)
      ),
      ' union all ' order by c.oid
    ) filter (where c.relkind <> 'f') || ')'
    else drill._relation_name(p_relation)
  end
  from below as b
  inner join pg_catalog.pg_class as c on c.oid = b.relation_oid
$$;

comment on function drill._local_source(oid, text[]) is
  'Internal: what to select these columns from so that no foreign partition is read: the table, or its other partitions';

revoke all on function drill._local_source(oid, text[]) from public;
