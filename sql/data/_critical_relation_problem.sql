create or replace function drill._critical_relation_problem(p_relation_name text, p_timestamp_column text)
returns text
language sql
stable
set search_path = ''
as $$
  select case
    when r.relation_oid is null
      then 'does not exist'
    -- A materialized view is computed, and a foreign table is another server's: both could look like the table they replaced.
    when c.relkind not in ('r', 'p')
      then 'is not a table'
    when not pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
      then pg_catalog.format('cannot be read: grant usage on schema %s to %I', c.relnamespace::regnamespace, current_user)
    when not pg_catalog.has_table_privilege(r.relation_oid, 'select')
      then pg_catalog.format('cannot be read: grant select on %s to %I', p_relation_name, current_user)
    -- A policy would hide rows from the count without a word.
    when pg_catalog.row_security_active(r.relation_oid)
      then pg_catalog.format('cannot be counted: row level security hides rows from %I, which needs bypassrls', current_user)
    -- Direct partitions are measured one by one, so those can be left out; what lies deeper would be read with its parent.
    when deep.foreign_oid is not null
      then pg_catalog.format(
        'cannot be counted without reading another server: %s, a foreign table, is below %s; register the other partitions one by one instead',
        drill._relation_name(deep.foreign_oid), drill._relation_name(deep.parent_oid)
      )
    when p_timestamp_column is null
      then null
    when a.attnum is null
      then pg_catalog.format('has no column %I', p_timestamp_column)
    when a.atttypid not in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
      then pg_catalog.format('has a column %I of type %s, which is not a timestamp', p_timestamp_column, pg_catalog.format_type(a.atttypid, a.atttypmod))
  end
  from (select drill._relation_oid(p_relation_name) as relation_oid) as r
  left join pg_catalog.pg_class as c on c.oid = r.relation_oid
  left join pg_catalog.pg_attribute as a
    on a.attrelid = r.relation_oid
    and a.attname = p_timestamp_column
    and not a.attisdropped
  left join lateral (
    with recursive below as (
      select i.inhrelid, i.inhparent, 1 as level
      from pg_catalog.pg_inherits as i
      where i.inhparent = r.relation_oid
      union all
      select i.inhrelid, i.inhparent, b.level + 1
      from below as b
      inner join pg_catalog.pg_inherits as i on i.inhparent = b.inhrelid
    )
    select b.inhrelid as foreign_oid, b.inhparent as parent_oid
    from below as b
    inner join pg_catalog.pg_foreign_table as f on f.ftrelid = b.inhrelid
    where b.level > 1
      or c.relkind = 'r'
    order by b.inhrelid
    limit 1
  ) as deep on true
$$;

comment on function drill._critical_relation_problem(text, text) is
  'Internal: why a critical relation cannot be measured by the present role, or null when it can';

revoke all on function drill._critical_relation_problem(text, text) from public;
