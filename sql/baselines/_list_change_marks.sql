-- What a later capture compares to know that nobody wrote into a partition since.
create or replace function drill._list_change_marks()
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_types text;
  v_marks jsonb;
begin
  -- Counters that this transaction has read before would not change any more.
  perform pg_catalog.pg_stat_clear_snapshot();

  -- The text of a value changes with its type, in a table that nobody wrote into.
  select pg_catalog.md5(coalesce(pg_catalog.string_agg(d.part, ' ' order by d.part collate "C"), ''))
  into v_types
  from (
    select pg_catalog.format('%s %L', e.enumtypid, e.enumlabel) as part
    from pg_catalog.pg_enum as e
    union all
    select pg_catalog.format('%s %s %s', a.attrelid, a.attnum, a.atttypid)
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid and c.relkind = 'c'
  ) as d;

  select coalesce(
    pg_catalog.jsonb_object_agg(p.partition_name, v_types || ' ' || drill._change_mark(drill._relation_oid(p.partition_name))),
    '{}'
  )
  into v_marks
  from drill.critical_relations as c
  cross join lateral drill.list_partitions(c.relation_name) as p;

  return v_marks;
end
$$;

comment on function drill._list_change_marks() is
  'Internal: for each partition of a critical relation a text that changes when somebody writes into it, null when that cannot be known; to be read before what is measured can be seen';

revoke all on function drill._list_change_marks() from public;
