-- regclass::text leaves out the schema when it is on the search_path; names that
-- are stored and compared must not depend on who asks.
create or replace function drill._relation_name(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.oid = p_relation
$$;

comment on function drill._relation_name(oid) is
  'Internal: schema and name of a relation, quoted where needed; null when there is none';

revoke all on function drill._relation_name(oid) from public;
