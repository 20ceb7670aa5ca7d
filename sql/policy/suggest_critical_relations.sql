-- A start for databases without a profile; what it says are guesses from names, types
-- and statistics, which begin at zero in a fresh copy, so it is asked in production.
-- The time of a row must be when it was made: one that edits change would move
-- rows from day to day.
create or replace function drill.suggest_critical_relations()
returns table (
  relation_name text,
  timestamp_column text,
  is_append_only boolean,
  tenant_column text,
  size_bytes bigint,
  reason text,
  register_call text
)
language sql
stable
set search_path = ''
as $$
  with relation as (
    select
      c.oid,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
      c.relkind = 'p' as is_partitioned,
      (n.nspname || '.' || c.relname) ~* '(secret|credential|password|passwd|api_?key|private_?key|vault)' as is_secret
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
      and not c.relispartition
      -- An unlogged table is empty after a restore, a temporary one is not in a backup.
      and c.relpersistence = 'p'
      and n.nspname not in ('pg_catalog', 'information_schema', 'drill', 'drill_migrations')
      and n.nspname !~ '^pg_(toast|temp)'
      and n.nspname not in (select m.schema_name from drill.managed_schemas as m)
      -- The child of a table is counted with it.
      and not exists (select from pg_catalog.pg_inherits as i where i.inhrelid = c.oid)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = c.oid
          and d.deptype = 'e'
      )
      and pg_catalog.format('%I.%I', n.nspname, c.relname) not in (select k.relation_name from drill.critical_relations as k)
  ),
  counted as (
    select
      r.*,
      l.size_bytes,
      l.inserted_count,
      l.changed_count
    from relation as r
    cross join lateral (
      select
        coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(m.oid)), 0)::bigint as size_bytes,
        coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(m.oid)), 0) as inserted_count,
        coalesce(
          pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(m.oid) + pg_catalog.pg_stat_get_tuples_deleted(m.oid)), 0
        ) as changed_count
      from (
        select r.oid
        where not r.is_partitioned
        union all
        select t.relid
        from pg_catalog.pg_partition_tree(r.oid::regclass) as t
        where r.is_partitioned
          and t.isleaf
      ) as m
    ) as l
  ),
  ranked as (
    select
      c.*,
      pg_catalog.row_number() over (order by c.size_bytes desc, c.relation_name collate "C") as size_rank,
      pg_catalog.count(*) over () as relation_count
    from counted as c
  ),
  dated as (
    select distinct on (a.attrelid)
      a.attrelid as oid,
      a.attname::text as column_name,
      a.has_index
    from (
      select
        a.attrelid,
        a.attname,
        a.attnum,
        a.attnotnull,
        a.atttypid,
        drill._has_index_on(a.attrelid, a.attname::text) as has_index,
        coalesce(
          pg_catalog.pg_get_expr(d.adbin, d.adrelid)
            ~* '(now\(|current_(timestamp|date)|localtimestamp|clock_timestamp|transaction_timestamp|statement_timestamp)',
          false
        ) as has_default
      from ranked as r
      inner join pg_catalog.pg_attribute as a
        on a.attrelid = r.oid
        and a.attnum > 0
        and not a.attisdropped
        and a.attgenerated = ''
        and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
      left join pg_catalog.pg_attrdef as d
        on d.adrelid = a.attrelid
        and d.adnum = a.attnum
    ) as a
    where a.attname !~* '(updat|modif|chang|delet|remov|expir|valid|until|due|birth|dob$|month$|last|latest|next|end|finish|rotat|seen|cancel|archiv|read_?at|sync)'
    order by
      a.attrelid,
      a.attname ~* '^(created?|inserted|occurr?ed|received|recorded|logged|ingested|placed|ordered|sent|posted|event|registered)(_?(at|on|time|date|datetime|timestamp|ts))?$' desc,
      a.attname ~* '^(ts|timestamp|time|at|date|datetime)$' desc,
      a.has_default desc,
      a.has_index desc,
      a.attnotnull desc,
      (a.atttypid = 'timestamptz'::regtype) desc,
      (a.atttypid = 'timestamp'::regtype) desc,
      a.attnum
  ),
  owned as (
    select distinct on (a.attrelid)
      a.attrelid as oid,
      a.attname::text as column_name
    from ranked as r
    inner join pg_catalog.pg_attribute as a
      on a.attrelid = r.oid
      and a.attnum > 0
      and not a.attisdropped
      and a.atttypid in ('uuid'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'text'::regtype, 'character varying'::regtype)
    inner join pg_catalog.unnest(
      array[
        'tenant_id', 'organization_id', 'organisation_id', 'org_id', 'account_id', 'workspace_id', 'company_id', 'customer_id',
        'team_id', 'site_id', 'shop_id', 'store_id', 'project_id'
      ]
    ) with ordinality as t (name, position) on t.name = a.attname
    order by a.attrelid, t.position
  ),
  guess as (
    select
      r.*,
      d.column_name as timestamp_column,
      coalesce(d.has_index, false) as has_index,
      o.column_name as tenant_column,
      r.inserted_count > 0 and r.changed_count = 0 as is_append_only
    from ranked as r
    left join dated as d on d.oid = r.oid
    left join owned as o on o.oid = r.oid
    where r.is_partitioned
      or d.oid is not null
      or r.size_rank <= 10
  )
  select
    g.relation_name,
    g.timestamp_column,
    g.is_append_only,
    g.tenant_column,
    g.size_bytes,
    pg_catalog.concat_ws(
      ', ',
      pg_catalog.format('number %s of %s tables by size', g.size_rank, g.relation_count),
      case when g.is_partitioned then 'partitioned' end,
      case
        when g.timestamp_column is null then 'no column says when a row was made'
        when g.has_index then pg_catalog.format('%I dates its rows and has an index', g.timestamp_column)
        else pg_catalog.format('%I dates its rows', g.timestamp_column)
      end,
      case
        when g.inserted_count + g.changed_count = 0 then 'no statistics say whether its rows change'
        when g.is_append_only then pg_catalog.format('%s rows inserted and none changed, as far as statistics go', g.inserted_count)
        else pg_catalog.format('%s rows updated or deleted, %s inserted', g.changed_count, g.inserted_count)
      end,
      case when g.tenant_column is not null then pg_catalog.format('%I may say whose a row is', g.tenant_column) end,
      case when g.is_secret then 'its name sounds secret: only counted' end
    ),
    pg_catalog.format(
      'select drill.register_critical_relation(%L, %L, %s, %s%s%s);',
      g.relation_name,
      g.timestamp_column,
      g.is_append_only::text,
      case when g.is_append_only then '0' else '0.02' end,
      case when g.tenant_column is not null then pg_catalog.format(', p_tenant_column => %L', g.tenant_column) end,
      case when g.is_secret then ', p_is_secret => true' end
    )
  from guess as g
  order by g.size_rank
$$;

comment on function drill.suggest_critical_relations() is
  'Tables that may have to be registered as critical, the largest first: partitioned, with a column that dates rows, or large; with the reason and the statement that registers each; leaves out managed schemas, members of extensions, partitions, and what is registered';

revoke all on function drill.suggest_critical_relations() from public;
