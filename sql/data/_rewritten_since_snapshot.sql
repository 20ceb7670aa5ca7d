-- TRUNCATE and the forms of ALTER TABLE that write a table anew do not heed
-- snapshots: who took one before sees an empty table afterwards, and would count 0
-- rows. So does a table look that was put under the name of another one. The
-- catalog is read with the snapshot, the functions tell what is there now. To be asked
-- while the locks are held with which the tables were read.
create or replace function drill._rewritten_since_snapshot(p_relation_names text[])
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.min(n.name collate "C")
  from pg_catalog.unnest(p_relation_names) as n (name)
  cross join lateral (select drill._relation_oid(n.name) as relation_oid) as r
  left join pg_catalog.pg_class as c on c.oid = r.relation_oid
  where pg_catalog.to_regclass(n.name) is distinct from r.relation_oid
    -- A partitioned table has no file.
    or c.relkind <> 'p' and c.relfilenode is distinct from pg_catalog.pg_relation_filenode(c.oid)
$$;

comment on function drill._rewritten_since_snapshot(text[]) is
  'Internal: the first of these relations that was truncated, written anew or replaced since the snapshot of the calling query, so that reading it with that snapshot tells nothing; null when none was';

revoke all on function drill._rewritten_since_snapshot(text[]) from public;
