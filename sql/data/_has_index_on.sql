create or replace function drill._has_index_on(p_relation oid, p_column_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
    inner join pg_catalog.pg_am as m on m.oid = c.relam
    inner join pg_catalog.pg_attribute as a
      on a.attrelid = i.indrelid
      and a.attnum = i.indkey[0]
    where i.indrelid = p_relation
      and i.indisvalid
      and i.indpred is null
      and m.amname = 'btree'
      and a.attname = p_column_name
  )
$$;

comment on function drill._has_index_on(oid, text) is
  'Internal: whether a valid, complete btree index begins with the column, so that its ends are cheap to read';

revoke all on function drill._has_index_on(oid, text) from public;
