-- Tables, and what hangs on them. Each branch passes once over its catalog and joins;
-- nothing is asked per object but the server's own deparsing.
--
-- An expression that names no columns is deparsed without its table: else PostgreSQL
-- first makes up a name for each column that there is.
--
-- What states something about the object comes before the text that the server
-- makes of it, so that no name with a line break in it can pass for a statement.
create or replace function drill._list_relation_objects()
returns table (object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean)
language sql
stable
set search_path = ''
as $$
  with extension_member as (
    select d.objid
    from pg_catalog.pg_depend as d
    where d.deptype = 'e'
      and d.classid = 'pg_catalog.pg_class'::regclass
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
  ),
  relation as (
    select
      c.oid,
      c.relkind,
      c.relowner,
      c.reloptions,
      c.reltoastrelid,
      c.reloftype,
      c.relpersistence,
      c.relreplident,
      c.relrowsecurity,
      c.relforcerowsecurity,
      c.relispartition,
      c.relispopulated,
      c.relpartbound,
      c.relam,
      h.inhparent,
      m.schema_name is not null as is_managed,
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    -- What a platform manages is its own business, but for what users put into it.
    left join drill.managed_schemas as m on m.schema_name = n.nspname
    left join extension_member as e on e.objid = c.oid
    left join pg_catalog.pg_inherits as h
      on h.inhrelid = c.oid
      and c.relispartition
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and e.objid is null
      and n.nspname <> 'information_schema'
      and n.nspname not like 'pg\_%'
      and n.nspname not in ('drill', 'drill_migrations')
  ),
  -- Of tables and of indexes.
  parent as (
    select
      i.inhrelid,
      pg_catalog.array_agg(
        pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) order by i.inhseqno
      ) as names
    from pg_catalog.pg_inherits as i
    inner join pg_catalog.pg_class as c on c.oid = i.inhparent
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    group by i.inhrelid
  ),
  -- From 18 on each NOT NULL is a constraint, too; its name differs between copies of other versions.
  not_null as (
    select c.conrelid, c.conkey[1] as attnum, not c.convalidated as is_not_valid, c.connoinherit
    from pg_catalog.pg_constraint as c
    where c.contype = 'n'
      and c.conrelid <> 0
  ),
  attribute_options as materialized (
    select a.attrelid
    from pg_catalog.pg_attribute as a
    where a.attoptions is not null
  ),
  -- Indexes of which the text would say only what stands elsewhere.
  plain_index as materialized (
    -- The constraint has the columns; PostgreSQL takes none but the default order and operator classes.
    select c.conindid as indexrelid, 'as its constraint'::text as definition
    from pg_catalog.pg_constraint as c
    where c.contype in ('p', 'u')
      and not exists (select from pg_catalog.pg_inherits as h where h.inhrelid = c.conindid)
    union all
    -- PostgreSQL attaches no other columns, expressions or conditions, but it does attach what sorts otherwise.
    select i.indexrelid, 'as the index that it is part of'
    from pg_catalog.pg_inherits as h
    inner join pg_catalog.pg_index as i on i.indexrelid = h.inhrelid
    inner join pg_catalog.pg_index as q on q.indexrelid = h.inhparent
    where i.indoption = q.indoption
      and i.indclass = q.indclass
      and i.indcollation = q.indcollation
      -- Options of operator classes: on both there may be others.
      and i.indexrelid not in (select o.attrelid from attribute_options as o)
      and q.indexrelid not in (select o.attrelid from attribute_options as o)
  ),
  unenforced as (
    select distinct t.tgconstraint
    from pg_catalog.pg_trigger as t
    where t.tgconstraint <> 0
      and t.tgenabled not in ('O', 'A')
  ),
  -- Materialized: else it is looked up column by column.
  expression as materialized (
    select d.adrelid, d.adnum, d.adbin
    from pg_catalog.pg_attrdef as d
  ),
  -- Of the tables that have partitions, as far as they are listed themselves.
  parent_column as materialized (
    select
      a.attrelid, a.attname, a.attnotnull, a.attgenerated, a.attidentity, a.attstorage, a.attcompression,
      a.attstattarget, a.attoptions, n.is_not_valid, n.connoinherit, d.adbin,
      pg_catalog.pg_get_expr(d.adbin, case a.attgenerated when '' then 0 else a.attrelid end) as expression
    from relation as r
    inner join pg_catalog.pg_attribute as a on a.attrelid = r.oid
    left join pg_catalog.pg_attrdef as d
      on d.adrelid = a.attrelid
      and d.adnum = a.attnum
    left join not_null as n
      on n.conrelid = a.attrelid
      and n.attnum = a.attnum
    where r.relkind = 'p'
      and not r.is_managed
      and a.attnum > 0
      and not a.attisdropped
  ),
  state (code, name) as (
    values
      ('O'::"char", 'enabled'), ('D'::"char", 'disabled'),
      ('R'::"char", 'enabled for replica'), ('A'::"char", 'enabled always')
  )
  select 'table' as object_kind, r.name as object_name,
    pg_catalog.concat_ws(
      E'\n',
      'kind: ' || case r.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'f' then 'foreign table' end,
      'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
      'persistence: ' || case r.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' when 't' then 'temporary' end,
      'of type: ' || pg_catalog.format_type(nullif(r.reloftype, 0), null),
      'partition key: ' || case when r.relkind = 'p' then pg_catalog.pg_get_partkeydef(r.oid) end,
      case when r.relispartition then 'partition of: ' else 'inherits: ' end || pg_catalog.array_to_string(p.names, ', '),
      'bound: ' || pg_catalog.pg_get_expr(r.relpartbound, 0),
      'row level security: ' || case when r.relrowsecurity then 'on' else 'off' end
        || case when r.relforcerowsecurity then ', forced' else '' end,
      'replica identity: ' || case r.relreplident when 'd' then 'default' when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index' end,
      'access method: ' || m.amname,
      'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(r.reloptions) as o),
      'toast options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(t.reloptions) as o),
      'foreign server: ' || pg_catalog.quote_ident(s.srvname),
      'foreign options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(f.ftoptions) as o)
    ) as definition,
    r.name as relation_name, r.relispartition as is_of_partition
  from relation as r
  left join parent as p on p.inhrelid = r.oid
  left join pg_catalog.pg_am as m on m.oid = r.relam
  left join pg_catalog.pg_class as t
    on t.oid = r.reltoastrelid
    and t.reloptions is not null
  left join pg_catalog.pg_foreign_table as f on f.ftrelid = r.oid
  left join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver
  where r.relkind in ('r', 'p', 'f')
    and not r.is_managed
  union all
  -- Order does not count: a column dropped and added elsewhere is the same table. Of the columns of a partition those
  -- are left out that are as the parent's, most of all rows where there are many partitions: whoever compares reads one
  -- that is not there as the parent's.
  select 'column' as object_kind, r.name || '.' || pg_catalog.quote_ident(a.attname),
    pg_catalog.concat_ws(
      E'\n',
      'type: ' || pg_catalog.format_type(a.atttypid, a.atttypmod),
      case
        when a.attnotnull
          then 'not null' || case when n.is_not_valid then ', not valid' else '' end || case when n.connoinherit then ', not inherited' else '' end
      end,
      case a.attgenerated
        when '' then 'default: '
        when 's' then 'generated stored: '
        when 'v' then 'generated virtual: '
      end || pg_catalog.pg_get_expr(d.adbin, case a.attgenerated when '' then 0 else a.attrelid end),
      case a.attidentity when 'a' then 'identity: always' when 'd' then 'identity: by default' end,
      case
        when a.attcollation <> t.typcollation
          then 'collation: ' || (
            select pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(l.collname)
            from pg_catalog.pg_collation as l
            inner join pg_catalog.pg_namespace as s on s.oid = l.collnamespace
            where l.oid = a.attcollation
          )
      end,
      case when a.attstorage <> t.typstorage then 'storage: ' || a.attstorage::text end,
      'compression: ' || nullif(a.attcompression::text, ''),
      'statistics target: ' || nullif(a.attstattarget, -1),
      'options: ' || case when a.attoptions is not null then (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(a.attoptions) as o) end,
      'foreign options: ' || case when a.attfdwoptions is not null then (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(a.attfdwoptions) as o) end
    ),
    r.name, r.relispartition
  from pg_catalog.pg_attribute as a
  inner join relation as r on r.oid = a.attrelid
  inner join pg_catalog.pg_type as t on t.oid = a.atttypid
  left join expression as d
    on d.adrelid = a.attrelid
    and d.adnum = a.attnum
  left join not_null as n
    on n.conrelid = a.attrelid
    and n.attnum = a.attnum
  left join parent_column as q
    on q.attrelid = r.inhparent
    and q.attname = a.attname
  where r.relkind in ('r', 'p', 'f')
    and not r.is_managed
    and a.attnum > 0
    and not a.attisdropped
    -- All that the definition states, but for type and collation: PostgreSQL itself holds these equal.
    and not coalesce(
      a.attnotnull = q.attnotnull
        and a.attgenerated = q.attgenerated
        and a.attidentity = q.attidentity
        and a.attstorage = q.attstorage
        and a.attcompression = q.attcompression
        and a.attstattarget is not distinct from q.attstattarget
        and a.attoptions is not distinct from q.attoptions
        and a.attfdwoptions is null
        and n.is_not_valid is not distinct from q.is_not_valid
        and n.connoinherit is not distinct from q.connoinherit
        and case
          when d.adbin is null or q.adbin is null then d.adbin is null and q.adbin is null
          -- Equal trees mean the same as long as they speak of no columns, which may have other numbers.
          when a.attgenerated = '' and d.adbin::text = q.adbin::text then true
          else pg_catalog.pg_get_expr(d.adbin, case a.attgenerated when '' then 0 else a.attrelid end) = q.expression
        end,
      false
    )
  union all
  -- Clones on partitions get other names in a good restore. The text says NOT VALID and NOT ENFORCED itself.
  select 'constraint' as object_kind, r.name || '.' || pg_catalog.quote_ident(c.conname),
    pg_catalog.concat_ws(
      E'\n',
      case when c.contype = 'f' and u.tgconstraint is not null then 'its triggers are disabled: not enforced' end,
      pg_catalog.pg_get_constraintdef(c.oid)
    ),
    r.name, r.relispartition
  from pg_catalog.pg_constraint as c
  inner join relation as r on r.oid = c.conrelid
  left join unenforced as u on u.tgconstraint = c.oid
  where c.conparentid = 0
    and c.contype in ('c', 'f', 'p', 'u', 'x')
    and not r.is_managed
  union all
  select 'index' as object_kind, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
    pg_catalog.concat_ws(
      E'\n',
      case when not i.indisvalid then 'not valid' end,
      case when not i.indisready then 'not ready' end,
      case when i.indisclustered then 'clustered' end,
      case when i.indisreplident then 'replica identity' end,
      'part of: ' || pg_catalog.array_to_string(p.names, ', '),
      s.definition,
      case
        when s.definition is null then pg_catalog.pg_get_indexdef(c.oid)
        else 'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(c.reloptions) as o)
      end
    ),
    r.name, r.relispartition
  from pg_catalog.pg_index as i
  inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  inner join relation as r on r.oid = i.indrelid
  left join parent as p on p.inhrelid = i.indexrelid
  left join plain_index as s on s.indexrelid = i.indexrelid
  where not r.is_managed
  union all
  select case r.relkind when 'v' then 'view' else 'materialized view' end as object_kind, r.name,
    pg_catalog.concat_ws(
      E'\n',
      'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
      'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(r.reloptions) as o),
      case when r.relkind = 'm' and not r.relispopulated then 'not populated' end,
      (
        select pg_catalog.string_agg(
          'default of ' || pg_catalog.quote_ident(a.attname) || ': ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), E'\n' order by a.attname collate "C"
        )
        from pg_catalog.pg_attrdef as d
        inner join pg_catalog.pg_attribute as a
          on a.attrelid = d.adrelid
          and a.attnum = d.adnum
        where d.adrelid = r.oid
      ),
      pg_catalog.pg_get_viewdef(r.oid)
    ),
    r.name, false
  from relation as r
  where r.relkind in ('v', 'm')
    and not r.is_managed
  union all
  select 'sequence' as object_kind, r.name,
    pg_catalog.concat_ws(
      E'\n',
      'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
      case when r.relpersistence = 'u' then 'persistence: unlogged' end,
      pg_catalog.format(
        'type: %s, start: %s, increment: %s, minimum: %s, maximum: %s, cache: %s, cycle: %s',
        pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
      ),
      'owned by: ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || '.' || pg_catalog.quote_ident(a.attname)
    ),
    r.name, false
  from relation as r
  inner join pg_catalog.pg_sequence as s on s.seqrelid = r.oid
  left join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_class'::regclass
    and d.objid = r.oid
    and d.objsubid = 0
    and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.deptype in ('a', 'i')
  left join pg_catalog.pg_class as c on c.oid = d.refobjid
  left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_attribute as a
    on a.attrelid = d.refobjid
    and a.attnum = d.refobjsubid
  where not r.is_managed
  union all
  -- A user's trigger is one without a constraint, or a constraint trigger: 14 marks
  -- the inherited ones of partitions as internal.
  select 'trigger' as object_kind, r.name || '.' || pg_catalog.quote_ident(t.tgname),
    pg_catalog.concat_ws(
      E'\n',
      s.name,
      case when t.tgnargs = 0 then pg_catalog.pg_get_triggerdef(t.oid) else drill._trigger_definition(t.oid) end
    ),
    r.name, r.relispartition
  from pg_catalog.pg_trigger as t
  inner join relation as r on r.oid = t.tgrelid
  left join state as s on s.code = t.tgenabled
  left join pg_catalog.pg_constraint as c on c.oid = t.tgconstraint
  where t.tgconstraint = 0
    or c.contype = 't'
  union all
  select 'rule' as object_kind, r.name || '.' || pg_catalog.quote_ident(w.rulename),
    pg_catalog.concat_ws(E'\n', s.name, pg_catalog.pg_get_ruledef(w.oid)), r.name, r.relispartition
  from pg_catalog.pg_rewrite as w
  inner join relation as r on r.oid = w.ev_class
  left join state as s on s.code = w.ev_enabled
  where not r.is_managed
    and not (r.relkind in ('v', 'm') and w.rulename = '_RETURN')
  union all
  select 'policy' as object_kind, r.name || '.' || pg_catalog.quote_ident(p.polname),
    pg_catalog.concat_ws(
      E'\n',
      'command: ' || case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' end,
      case when p.polpermissive then 'permissive' else 'restrictive' end,
      'roles: ' || (
        select pg_catalog.string_agg(o.role_name, ', ' order by o.role_name collate "C")
        from (
          select case u.role_oid when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(u.role_oid)) end as role_name
          from pg_catalog.unnest(p.polroles) as u (role_oid)
        ) as o
      ),
      'using: ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid),
      'check: ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
    ),
    r.name, r.relispartition
  from pg_catalog.pg_policy as p
  inner join relation as r on r.oid = p.polrelid
  union all
  select 'statistics' as object_kind, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.stxname),
    pg_catalog.concat_ws(
      E'\n',
      'owner: ' || pg_catalog.pg_get_userbyid(s.stxowner),
      'statistics target: ' || nullif(s.stxstattarget, -1),
      pg_catalog.pg_get_statisticsobjdef(s.oid)
    ),
    r.name, r.relispartition
  from pg_catalog.pg_statistic_ext as s
  inner join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
  inner join relation as r on r.oid = s.stxrelid
  where not r.is_managed
$$;

comment on function drill._list_relation_objects() is
  'Internal: the part of drill.list_objects() about tables, views, sequences and what hangs on them';

revoke all on function drill._list_relation_objects() from public;
