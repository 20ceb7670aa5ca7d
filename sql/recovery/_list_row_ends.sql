-- Never a scan. A table that only grows has its newest rows in its last pages; where
-- an index begins with the timestamps, its end is exact. Of many partitions only the
-- newest that have begun are read, and those that do not follow time.
create or replace function drill._list_row_ends()
returns table (relation_name text, newest_at timestamptz, committed_at timestamptz, remark text)
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set row_security = off
as $$
declare
  v_relation record;
  v_part record;
  v_end record;
  v_own_since timestamptz := coalesce(drill._own_rows_since(), 'infinity');
  -- Rows dated after now prove nothing.
  v_until timestamptz := least(drill.get_now(), v_own_since);
  v_is_tracked boolean := drill._is_commit_tracked();
begin
  for v_relation in
    select
      c.relation_name, c.timestamp_column, drill._relation_oid(c.relation_name) as relation_oid,
      drill._critical_relation_problem(c.relation_name, c.timestamp_column) as problem
    from drill.critical_relations as c
    where c.is_append_only
      and c.timestamp_column is not null
    order by c.relation_name collate "C"
  loop
    _list_row_ends.relation_name := v_relation.relation_name;
    _list_row_ends.newest_at := null;
    _list_row_ends.committed_at := null;
    _list_row_ends.remark := v_relation.problem;
    begin
      for v_part in
        select
          drill._relation_name(l.leaf) as part_name,
          pg_catalog.format_type(a.atttypid, a.atttypmod) as column_type,
          drill._has_index_on(l.leaf, v_relation.timestamp_column) as is_indexed,
          greatest(0, pg_catalog.pg_relation_size(l.leaf) / pg_catalog.current_setting('block_size')::bigint - 8) as first_page
        from (
          select v_relation.relation_oid as leaf
          union all
          select t.relid::oid
          from (
            select p.partition_name
            from drill.list_partitions(v_relation.relation_name) as p
            where p.starts_at is null
              or p.starts_at <= v_until
            order by p.is_default desc, p.starts_at desc nulls last, p.partition_name collate "C"
            limit 16
          ) as n
          cross join lateral pg_catalog.pg_partition_tree(drill._relation_oid(n.partition_name)) as t
          where t.isleaf
        ) as l
        inner join pg_catalog.pg_class as c on c.oid = l.leaf
        inner join pg_catalog.pg_attribute as a
          on a.attrelid = l.leaf
          and a.attname = v_relation.timestamp_column
          and not a.attisdropped
        where v_relation.problem is null
          and c.relkind = 'r'
          -- A right on the parent is none on its partition, nor is the parent's row security.
          and pg_catalog.has_table_privilege(l.leaf, 'select')
          and not pg_catalog.row_security_active(l.leaf)
      loop
        execute pg_catalog.format(
          'select
            pg_catalog.max(e.moment) filter (where e.moment <= %2$L::%3$s)::timestamptz as newest_at,
            pg_catalog.max(e.committed_at) filter (where e.committed_at < %4$L) as committed_at
          from (
            select t.%5$I as moment, %6$s as committed_at
            from %1$s as t
            where t.ctid >= %7$L
              and (t.%5$I is null or pg_catalog.isfinite(t.%5$I))
          ) as e',
          v_part.part_name, v_until, v_part.column_type, v_own_since, v_relation.timestamp_column,
          case when v_is_tracked then 'pg_catalog.pg_xact_commit_timestamp(t.xmin)' else 'null::timestamptz' end,
          pg_catalog.format('(%s,0)', v_part.first_page)
        )
        into v_end;
        _list_row_ends.newest_at := greatest(_list_row_ends.newest_at, v_end.newest_at);
        _list_row_ends.committed_at := greatest(_list_row_ends.committed_at, v_end.committed_at);
        if v_part.is_indexed then
          execute pg_catalog.format(
            'select pg_catalog.max(t.%2$I)::timestamptz as newest_at from %1$s as t where t.%2$I <= %3$L::%4$s and t.%2$I > ''-infinity''',
            v_part.part_name, v_relation.timestamp_column, v_until, v_part.column_type
          )
          into v_end;
          _list_row_ends.newest_at := greatest(_list_row_ends.newest_at, v_end.newest_at);
        elsif v_part.first_page > 0 then
          _list_row_ends.remark := 'of the last pages only: no index begins with the timestamps';
        end if;
      end loop;
    exception
      -- Not swallowed: the row says that this relation could not be looked at.
      when others then
        _list_row_ends.remark := pg_catalog.format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
    end;
    return next;
  end loop;
end
$$;

comment on function drill._list_row_ends() is
  'Internal: of each append-only relation the newest timestamp that is neither of the future nor the copy''s own, and when the newest of its last rows were committed where this is known';

revoke all on function drill._list_row_ends() from public;
