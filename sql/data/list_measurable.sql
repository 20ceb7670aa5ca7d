-- Sizes come from the files: a restored copy may never have been analyzed. They cost a
-- short lock; where somebody holds a stronger one, the catalog's word must do, and
-- measuring will say what is wrong.
create or replace function drill.list_measurable()
returns table (relation_name text, partition_name text, byte_count bigint, estimated_row_count bigint)
language plpgsql
stable
set search_path = ''
set lock_timeout = '1s'
as $$
#variable_conflict use_column
declare
  v_sizes jsonb;
begin
  begin
    select coalesce(pg_catalog.jsonb_object_agg(b.partition_name, pg_catalog.pg_relation_size(drill._relation_oid(b.partition_name))), '{}')
    into v_sizes
    from drill.list_buckets('quick') as b;
  exception
    when lock_not_available then
      v_sizes := '{}';
  end;

  return query
    select
      b.relation_name,
      b.partition_name,
      s.byte_count,
      case
        when s.byte_count = 0 then 0
        -- Before the first analyze nothing is known.
        when c.relpages > 0 and c.reltuples >= 0 then pg_catalog.round(c.reltuples / c.relpages * (s.byte_count / s.block_size))::bigint
      end
    from drill.list_buckets('quick') with ordinality as b
    left join pg_catalog.pg_class as c on c.oid = drill._relation_oid(b.partition_name)
    cross join lateral (
      select
        pg_catalog.current_setting('block_size')::integer as block_size,
        coalesce((v_sizes ->> b.partition_name)::bigint, c.relpages * pg_catalog.current_setting('block_size')::bigint, 0) as byte_count
    ) as s
    order by b.ordinality;
end
$$;

comment on function drill.list_measurable() is
  'What can be measured one by one: each partition of a critical relation, or the relation when it has none, with its size and an estimate of its rows (null when unknown)';

revoke all on function drill.list_measurable() from public;
