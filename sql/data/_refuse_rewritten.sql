-- TRUNCATE and the forms of ALTER TABLE that write a table anew do not heed
-- snapshots: who took one before sees an empty table afterwards, and would count 0
-- rows. So does a table look that was put under the name of another one. The
-- catalog is read with the snapshot, the functions tell what is there now. To be asked
-- while the locks are held with which the tables were read. A partitioned table has no
-- file of its own: its partitions have.
create or replace function drill._refuse_rewritten(p_relation_names text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  v_rewritten text;
begin
  with recursive below as (
    select n.name, drill._relation_oid(n.name) as relation_oid, true as is_named
    from pg_catalog.unnest(p_relation_names) as n (name)
    union all
    select b.name, i.inhrelid, false
    from below as b
    inner join pg_catalog.pg_inherits as i on i.inhparent = b.relation_oid
  )
  select pg_catalog.min(b.name collate "C")
  into v_rewritten
  from below as b
  left join pg_catalog.pg_class as c on c.oid = b.relation_oid
  where b.is_named and pg_catalog.to_regclass(b.name) is distinct from b.relation_oid
    or c.relkind not in ('p', 'f') and c.relfilenode is distinct from pg_catalog.pg_relation_filenode(c.oid);

  if v_rewritten is not null then
    raise exception using
      errcode = 'serialization_failure',
      message = format('%s was truncated, written anew or replaced meanwhile: repeat this', v_rewritten);
  end if;
end
$$;

comment on function drill._refuse_rewritten(text[]) is
  'Internal: raises a serialization failure when one of these relations, itself or a partition of it, was truncated, written anew or replaced since the snapshot of the calling query, so that reading it with that snapshot tells nothing';

revoke all on function drill._refuse_rewritten(text[]) from public;
