-- The hash of a constant stands for the byte order of the processor, which the
-- hashes of texts depend on, and for any server that hashes in its own way. Names are
-- quoted always: when they must be is not the same in all versions.
create or replace function drill._fingerprint_recipe(p_relation oid)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.concat_ws(
    ' ',
    'v1',
    pg_catalog.getdatabaseencoding(),
    pg_catalog.hashtextextended('pgdrill' collate "C", 0),
    (
      select pg_catalog.string_agg(
        pg_catalog.format('"%s":%s:%s', pg_catalog.replace(c.column_name, '"', '""'), c.type_name, c.way),
        ',' order by c.column_name collate "C"
      )
      from drill._fingerprint_columns(p_relation, 't') as c
    )
  )
$$;

comment on function drill._fingerprint_recipe(oid) is
  'Internal: how fingerprints of the table are made: version, encoding, check value, then name, base type and way of each column; only fingerprints of the same recipe can be compared';

revoke all on function drill._fingerprint_recipe(oid) from public;
