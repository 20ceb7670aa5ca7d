-- What the plan calls a major schema change. Normal work of a partition job is none:
-- a partition that came or went since, with all that hangs on it, is left out, but
-- for a default partition, which changes what the table takes.
create or replace function drill.list_schema_changes(p_baseline_id uuid)
returns table (area text, object_kind text, object_name text, change text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (select from drill.baselines as b where b.baseline_id = p_baseline_id) then
    raise exception using
      errcode = 'RD004',
      message = format('there is no baseline %s in this database', coalesce(p_baseline_id::text, 'null')),
      hint = 'List what is stored: select * from drill.list_baselines().';
  end if;

  return query
  with object as (
    select false as is_now, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition
    from drill.baseline_objects as o
    where o.baseline_id = p_baseline_id
      and o.object_kind in ('table', 'trigger', 'policy', 'event trigger', 'function')
    union all
    select true, o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition
    from drill.list_objects() as o
    where o.object_kind in ('table', 'trigger', 'policy', 'event trigger', 'function')
  ),
  -- The first line of each kind is the table's own: what holds free text comes behind.
  relation as materialized (
    select
      o.is_now,
      o.object_name as name,
      o.is_of_partition,
      pg_catalog.substring(o.definition, '(?n)^partition key: (.*)$') as partition_key,
      pg_catalog.substring(o.definition, '(?n)^partition of: (.*)$') as parent,
      pg_catalog.substring(o.definition, '(?n)^bound: (.*)$') as bound,
      nullif(pg_catalog.substring(o.definition, '(?n)^row level security: (.*)$'), 'off') as row_security
    from object as o
    where o.object_kind = 'table'
  ),
  -- Partitions that are on one side only.
  passing as materialized (
    select r.name, pg_catalog.bool_or(r.bound = 'DEFAULT') as is_default
    from relation as r
    group by r.name
    having pg_catalog.count(*) = 1
      and pg_catalog.bool_and(r.is_of_partition)
  ),
  thing (is_now, area, object_kind, object_name, content) as (
    select r.is_now, 'partitioning', 'partition key', r.name, r.partition_key
    from relation as r
    where r.partition_key is not null
      and not exists (select from passing as p where p.name = r.name)
    union all
    select r.is_now, 'partitioning', 'partition', r.name, r.parent || ' ' || r.bound
    from relation as r
    where r.is_of_partition
      and not exists (select from passing as p where p.name = r.name and not p.is_default)
    union all
    select r.is_now, 'row level security', 'row level security', r.name, r.row_security
    from relation as r
    where r.row_security is not null
      and not exists (select from passing as p where p.name = r.name)
    union all
    select
      o.is_now,
      case o.object_kind when 'policy' then 'row level security' else 'triggers' end,
      o.object_kind, o.object_name, o.definition
    from object as o
    where o.object_kind in ('trigger', 'policy', 'event trigger')
      and not exists (select from passing as p where p.name = o.relation_name)
    union all
    -- The text that the server makes of a function has a line for what it returns.
    select o.is_now, 'triggers', 'trigger function', o.object_name, o.definition
    from object as o
    where o.object_kind = 'function'
      and o.definition ~ '(?n)^ RETURNS (event_)?trigger$'
    union all
    select false, 'guards', 'guard', g.guard ->> 'relation_name' || '.' || (g.guard ->> 'trigger_name'), (g.guard - 'is_trigger_ours')::text
    from drill.baselines as b
    cross join lateral pg_catalog.jsonb_array_elements(b.guards) as g (guard)
    where b.baseline_id = p_baseline_id
    union all
    select true, 'guards', 'guard', g.guard ->> 'relation_name' || '.' || (g.guard ->> 'trigger_name'), (g.guard - 'is_trigger_ours')::text
    from pg_catalog.jsonb_array_elements(drill.export_registrations() -> 'guards') as g (guard)
    union all
    select false, 'partitioning', 'registered period', r.relation ->> 'relation_name', r.relation ->> 'period'
    from drill.baselines as b
    cross join lateral pg_catalog.jsonb_array_elements(b.partitioned_relations) as r (relation)
    where b.baseline_id = p_baseline_id
    union all
    select true, 'partitioning', 'registered period', r.relation_name, r.period
    from drill.partitioned_relations as r
    union all
    select false, 'critical relations', 'critical relation', r.relation_name, ''
    from drill.baseline_relations as r
    where r.baseline_id = p_baseline_id
    union all
    select true, 'critical relations', 'critical relation', r.relation_name, ''
    from drill.critical_relations as r
  )
  select
    coalesce(n.area, o.area),
    coalesce(n.object_kind, o.object_kind),
    coalesce(n.object_name, o.object_name),
    case
      when o.object_name is null then 'added'
      when n.object_name is null then 'removed'
      else 'changed'
    end
  from (select t.* from thing as t where not t.is_now) as o
  full join (select t.* from thing as t where t.is_now) as n
    on n.area = o.area
    and n.object_kind = o.object_kind
    and n.object_name = o.object_name
  where n.content is distinct from o.content
    or n.object_name is null
    or o.object_name is null
  order by
    coalesce(n.area, o.area) collate "C",
    coalesce(n.object_kind, o.object_kind) collate "C",
    coalesce(n.object_name, o.object_name) collate "C";
end
$$;

comment on function drill.list_schema_changes(uuid) is
  'How partitioning, triggers, row level security, guards and the set of critical relations differ now from those of a stored baseline, partitions that came or went by themselves left out; raises RD004';

revoke all on function drill.list_schema_changes(uuid) from public;
