-- Up Migration

-- begin copy of sql/objects/managed_schemas.sql
create table drill.managed_schemas (
  schema_name text primary key,
  platform text not null
);

comment on table drill.managed_schemas is
  'Schemas whose inside a platform manages: only the triggers, policies and grants that users put there are compared';
comment on column drill.managed_schemas.schema_name is 'Name of the schema, as the catalog has it';
comment on column drill.managed_schemas.platform is 'Whose schema it is';

-- Supabase's own (https://supabase.com/docs/guides/platform/migrating-within-supabase lists what its dumps leave out).
insert into drill.managed_schemas (schema_name, platform)
values
  ('auth', 'supabase'),
  ('cron', 'supabase'),
  ('extensions', 'supabase'),
  ('graphql', 'supabase'),
  ('graphql_public', 'supabase'),
  ('net', 'supabase'),
  ('pgbouncer', 'supabase'),
  ('pgsodium', 'supabase'),
  ('pgsodium_masks', 'supabase'),
  ('realtime', 'supabase'),
  ('storage', 'supabase'),
  ('supabase_functions', 'supabase'),
  ('supabase_migrations', 'supabase'),
  ('vault', 'supabase');

revoke all on table drill.managed_schemas from public;
-- end copy of sql/objects/managed_schemas.sql

-- begin copy of sql/objects/_mask_secrets.sql
-- Definitions are kept whole; what plainly is a credential in them is not. Each is
-- replaced by its fingerprint, so that a change of it still shows. One too many does
-- no harm, so this does not ask what the word before it means.
create or replace function drill._mask_secrets(p_text text)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.string_agg(
    p.piece || coalesce('(' || drill._fingerprint(s.secret[1]) || ')', ''), '' order by p.position
  )
  from (
    select
      -- JSON web tokens
      'eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*'
      -- headers
      '|(?<=bearer\s+)[a-z0-9._~+/=-]{6,}'
      '|(?<=authorization[''":,=>\s]+basic\s+)[a-z0-9+/=]{6,}'
      -- addresses and connection strings
      '|(?<=://[^\s:/@''"]*:)[^\s@''"/]+(?=@)'
      '|(?<=passw(?:or)?d=)[^\s''"();,&|]+'
      '|(?<=passw(?:or)?d[''"]*\s*(?:=>|:=|=|:)?\s*[''"]+)[^''"]+(?=[''"])'
      -- keys that say what they are
      '|\m(?:sk|rk|pk)_(?:live|test)_[a-z0-9]{6,}|\msb_secret_[a-z0-9_-]{6,}|\msk-[a-z0-9_-]{20,}|\mwhsec_[a-z0-9+/=]{10,}'
      '|\mgh[pousr]_[a-z0-9]{20,}|\mgithub_pat_[a-z0-9_]{20,}|\mxox[abprs]-[a-z0-9-]{10,}|\mAKIA[0-9A-Z]{16}'
      '|\mAIza[0-9a-z_-]{30,}|\mSG\.[a-z0-9_-]{16,}\.[a-z0-9_-]{16,}'
      '|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+' as pattern
  ) as r
  cross join lateral pg_catalog.regexp_split_to_table(p_text, r.pattern, 'i') with ordinality as p (piece, position)
  left join lateral pg_catalog.regexp_matches(p_text, '(' || r.pattern || ')', 'gi') with ordinality as s (secret, position)
    on s.position = p.position
$$;

comment on function drill._mask_secrets(text) is
  'Internal: a definition with fingerprints in place of tokens, keys and passwords; slow, so ask first whether there may be any';

revoke all on function drill._mask_secrets(text) from public;
-- end copy of sql/objects/_mask_secrets.sql

-- begin copy of sql/objects/_list_relation_objects.sql
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
-- end copy of sql/objects/_list_relation_objects.sql

-- begin copy of sql/objects/_list_schema_objects.sql
-- What stands beside the tables: schemas, extensions, types, routines, operators, text
-- search, foreign servers. What came with PostgreSQL lies in schemas that are left out;
-- what has no schema and came with it has an oid below FirstNormalObjectId, 16384.
create or replace function drill._list_schema_objects()
returns table (object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean)
language sql
stable
set search_path = ''
as $$
  with extension_member as (
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    where d.deptype = 'e'
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
  ),
  -- Without those that a platform manages.
  namespace as (
    select n.oid, n.nspname, n.nspowner, pg_catalog.quote_ident(n.nspname) as name
    from pg_catalog.pg_namespace as n
    left join drill.managed_schemas as m on m.schema_name = n.nspname
    where m.schema_name is null
      and n.nspname <> 'information_schema'
      and n.nspname not like 'pg\_%'
      and n.nspname not in ('drill', 'drill_migrations')
  ),
  object as (
    select 'schema' as object_kind, n.name as object_name,
      'owner: ' || pg_catalog.pg_get_userbyid(n.nspowner) as definition,
      'pg_catalog.pg_namespace'::regclass as classid, n.oid as objid
    from namespace as n
    union all
    select 'extension' as object_kind, pg_catalog.quote_ident(e.extname),
      pg_catalog.concat_ws(E'\n', 'version: ' || e.extversion, 'schema: ' || pg_catalog.quote_ident(n.nspname)), 0::regclass, e.oid
    from pg_catalog.pg_extension as e
    inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
    union all
    select 'type' as object_kind, n.name || '.' || pg_catalog.quote_ident(t.typname),
      pg_catalog.concat_ws(
        E'\n',
        'kind: ' || case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' when 'c' then 'composite' when 'b' then 'base' when 'p' then 'shell' end,
        'owner: ' || pg_catalog.pg_get_userbyid(t.typowner),
        case
          when t.typtype = 'e' then (
            select pg_catalog.string_agg('value: ' || v.enumlabel, E'\n' order by v.enumsortorder)
            from pg_catalog.pg_enum as v
            where v.enumtypid = t.oid
          )
          when t.typtype = 'd' then pg_catalog.concat_ws(
            E'\n',
            'base: ' || pg_catalog.format_type(t.typbasetype, t.typtypmod),
            case when t.typnotnull then 'not null' end,
            'default: ' || pg_catalog.pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::regclass),
            (
              select 'collation: ' || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(l.collname)
              from pg_catalog.pg_type as b
              inner join pg_catalog.pg_collation as l on l.oid = t.typcollation
              inner join pg_catalog.pg_namespace as s on s.oid = l.collnamespace
              where b.oid = t.typbasetype
                and b.typcollation <> t.typcollation
            ),
            (
              select pg_catalog.string_agg(
                'constraint ' || pg_catalog.quote_ident(c.conname) || ': ' || pg_catalog.pg_get_constraintdef(c.oid), E'\n' order by c.conname collate "C"
              )
              from pg_catalog.pg_constraint as c
              where c.contypid = t.oid
                and c.contype = 'c'
            )
          )
          when t.typtype = 'r' then (
            select pg_catalog.concat_ws(
              E'\n',
              'subtype: ' || pg_catalog.format_type(g.rngsubtype, null),
              'operator class: ' || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(k.opcname),
              'collation: ' || nullif(g.rngcollation, 0)::regcollation::text,
              'canonical: ' || nullif(g.rngcanonical::oid, 0)::regprocedure::text,
              'difference: ' || nullif(g.rngsubdiff::oid, 0)::regprocedure::text,
              'multirange: ' || pg_catalog.format_type(g.rngmultitypid, null)
            )
            from pg_catalog.pg_range as g
            inner join pg_catalog.pg_opclass as k on k.oid = g.rngsubopc
            inner join pg_catalog.pg_namespace as s on s.oid = k.opcnamespace
            where g.rngtypid = t.oid
          )
          when t.typtype = 'c' then (
            select pg_catalog.string_agg(
              pg_catalog.concat_ws(
                ' collation: ',
                'attribute ' || pg_catalog.quote_ident(a.attname) || ': ' || pg_catalog.format_type(a.atttypid, a.atttypmod),
                case when a.attcollation <> b.typcollation then a.attcollation::regcollation::text end
              ),
              E'\n' order by a.attnum
            )
            from pg_catalog.pg_attribute as a
            inner join pg_catalog.pg_type as b on b.oid = a.atttypid
            where a.attrelid = t.typrelid
              and a.attnum > 0
              and not a.attisdropped
          )
          when t.typtype = 'b' then pg_catalog.concat_ws(
            E'\n',
            'input: ' || t.typinput::oid::regprocedure::text,
            'output: ' || t.typoutput::oid::regprocedure::text,
            pg_catalog.format(
              'length: %s, alignment: %s, storage: %s, by value: %s, category: %s, preferred: %s, delimiter: %s',
              t.typlen, t.typalign, t.typstorage, t.typbyval, t.typcategory, t.typispreferred, t.typdelim
            ),
            'default: ' || t.typdefault
          )
        end
      ),
      'pg_catalog.pg_type'::regclass, t.oid
    from pg_catalog.pg_type as t
    inner join namespace as n on n.oid = t.typnamespace
    left join pg_catalog.pg_class as c on c.oid = t.typrelid
    left join pg_catalog.pg_type as a on a.typarray = t.oid
    where t.typtype in ('e', 'd', 'r')
      or t.typtype = 'c' and c.relkind = 'c'
      or t.typtype = 'b' and a.oid is null
      or t.typtype = 'p' and not t.typisdefined
    union all
    select
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as object_kind,
      n.name || '.' || pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(p.proowner),
        case
          when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid)
          else pg_catalog.concat_ws(
            E'\n',
            case a.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical set' end,
            'result: ' || pg_catalog.format_type(p.prorettype, null),
            'transition: ' || a.aggtransfn::oid::regprocedure::text,
            'state: ' || pg_catalog.format_type(a.aggtranstype, null),
            'initial: ' || a.agginitval,
            'final: ' || nullif(a.aggfinalfn::oid, 0)::regprocedure::text,
            pg_catalog.format('final takes all arguments: %s, modifies: %s', a.aggfinalextra, a.aggfinalmodify),
            'combine: ' || nullif(a.aggcombinefn::oid, 0)::regprocedure::text,
            'serialize: ' || nullif(a.aggserialfn::oid, 0)::regprocedure::text,
            'deserialize: ' || nullif(a.aggdeserialfn::oid, 0)::regprocedure::text,
            'sort operator: ' || nullif(a.aggsortop, 0)::regoperator::text,
            'moving transition: ' || nullif(a.aggmtransfn::oid, 0)::regprocedure::text,
            'moving inverse: ' || nullif(a.aggminvtransfn::oid, 0)::regprocedure::text,
            'moving state: ' || pg_catalog.format_type(nullif(a.aggmtranstype, 0), null),
            'moving final: ' || nullif(a.aggmfinalfn::oid, 0)::regprocedure::text,
            'moving initial: ' || a.aggminitval,
            'parallel: ' || p.proparallel::text
          )
        end
      ),
      'pg_catalog.pg_proc'::regclass, p.oid
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.oid = p.pronamespace
    left join pg_catalog.pg_aggregate as a on a.aggfnoid = p.oid
    union all
    select 'event trigger' as object_kind, pg_catalog.quote_ident(t.evtname),
      pg_catalog.concat_ws(
        E'\n',
        case t.evtenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled for replica' when 'A' then 'enabled always' end,
        'event: ' || t.evtevent,
        'tags: ' || (select pg_catalog.string_agg(g, ', ' order by g collate "C") from pg_catalog.unnest(t.evttags) as g),
        'function: ' || t.evtfoid::regprocedure::text,
        'owner: ' || pg_catalog.pg_get_userbyid(t.evtowner)
      ),
      'pg_catalog.pg_event_trigger'::regclass, t.oid
    from pg_catalog.pg_event_trigger as t
    union all
    select 'language' as object_kind, pg_catalog.quote_ident(l.lanname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(l.lanowner),
        case when l.lanpltrusted then 'trusted' else 'not trusted' end,
        'handler: ' || nullif(l.lanplcallfoid, 0)::regprocedure::text,
        'inline: ' || nullif(l.laninline, 0)::regprocedure::text,
        'validator: ' || nullif(l.lanvalidator, 0)::regprocedure::text
      ),
      'pg_catalog.pg_language'::regclass, l.oid
    from pg_catalog.pg_language as l
    where l.oid >= 16384
    union all
    select 'foreign data wrapper' as object_kind, pg_catalog.quote_ident(w.fdwname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(w.fdwowner),
        'handler: ' || nullif(w.fdwhandler, 0)::regprocedure::text,
        'validator: ' || nullif(w.fdwvalidator, 0)::regprocedure::text
      ),
      'pg_catalog.pg_foreign_data_wrapper'::regclass, w.oid
    from pg_catalog.pg_foreign_data_wrapper as w
    union all
    -- Where it points is judged by isolation, and may rightly differ; options may hold secrets.
    select 'foreign server' as object_kind, pg_catalog.quote_ident(s.srvname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(s.srvowner),
        'wrapper: ' || pg_catalog.quote_ident(w.fdwname),
        'type: ' || s.srvtype,
        'version: ' || s.srvversion
      ),
      'pg_catalog.pg_foreign_server'::regclass, s.oid
    from pg_catalog.pg_foreign_server as s
    inner join pg_catalog.pg_foreign_data_wrapper as w on w.oid = s.srvfdw
    union all
    select 'user mapping' as object_kind,
      pg_catalog.quote_ident(m.srvname) || ' for '
        || case m.umuser when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.umuser)) end,
      '', 0::regclass, m.umid
    from pg_catalog.pg_user_mappings as m
    union all
    -- Only those that this database can use.
    select 'collation' as object_kind, n.name || '.' || pg_catalog.quote_ident(c.collname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.collowner),
        'provider: ' || case c.collprovider when 'c' then 'libc' when 'i' then 'icu' when 'b' then 'builtin' when 'd' then 'default' end,
        -- The column has had four names since 14.
        'locale: ' || coalesce(
          pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale', pg_catalog.to_jsonb(c) ->> 'collcollate'
        ),
        'character types: ' || case when c.collprovider = 'c' then pg_catalog.to_jsonb(c) ->> 'collctype' end,
        'rules: ' || (pg_catalog.to_jsonb(c) ->> 'collicurules'),
        case when not c.collisdeterministic then 'not deterministic' end
      ),
      'pg_catalog.pg_collation'::regclass, c.oid
    from pg_catalog.pg_collation as c
    inner join namespace as n on n.oid = c.collnamespace
    where c.collencoding in (-1, (select d.encoding from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()))
    union all
    select 'conversion' as object_kind, n.name || '.' || pg_catalog.quote_ident(c.conname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.conowner),
        pg_catalog.format('from: %s, to: %s', pg_catalog.pg_encoding_to_char(c.conforencoding), pg_catalog.pg_encoding_to_char(c.contoencoding)),
        'function: ' || c.conproc::oid::regprocedure::text,
        case when c.condefault then 'default' end
      ),
      'pg_catalog.pg_conversion'::regclass, c.oid
    from pg_catalog.pg_conversion as c
    inner join namespace as n on n.oid = c.connamespace
    union all
    select 'operator' as object_kind,
      pg_catalog.format(
        '%s.%s(%s, %s)',
        n.name, o.oprname,
        case when o.oprleft = 0 then 'none' else pg_catalog.format_type(o.oprleft, null) end,
        pg_catalog.format_type(o.oprright, null)
      ),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(o.oprowner),
        'function: ' || nullif(o.oprcode::oid, 0)::regprocedure::text,
        'commutator: ' || nullif(o.oprcom, 0)::regoperator::text,
        'negator: ' || nullif(o.oprnegate, 0)::regoperator::text,
        'restriction: ' || nullif(o.oprrest::oid, 0)::regprocedure::text,
        'join: ' || nullif(o.oprjoin::oid, 0)::regprocedure::text,
        pg_catalog.format('merges: %s, hashes: %s', o.oprcanmerge, o.oprcanhash)
      ),
      'pg_catalog.pg_operator'::regclass, o.oid
    from pg_catalog.pg_operator as o
    inner join namespace as n on n.oid = o.oprnamespace
    union all
    select 'operator class' as object_kind, n.name || '.' || pg_catalog.quote_ident(c.opcname) || ' using ' || pg_catalog.quote_ident(a.amname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.opcowner),
        'type: ' || pg_catalog.format_type(c.opcintype, null),
        case when c.opcdefault then 'default' end,
        'storage: ' || pg_catalog.format_type(nullif(c.opckeytype, 0), null),
        'family: ' || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(f.opfname)
      ),
      'pg_catalog.pg_opclass'::regclass, c.oid
    from pg_catalog.pg_opclass as c
    inner join namespace as n on n.oid = c.opcnamespace
    inner join pg_catalog.pg_am as a on a.oid = c.opcmethod
    inner join pg_catalog.pg_opfamily as f on f.oid = c.opcfamily
    inner join pg_catalog.pg_namespace as s on s.oid = f.opfnamespace
    union all
    -- Its members are those of its classes and the loose ones.
    select 'operator family' as object_kind, n.name || '.' || pg_catalog.quote_ident(f.opfname) || ' using ' || pg_catalog.quote_ident(a.amname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(f.opfowner),
        (
          select pg_catalog.string_agg(m.text, E'\n' order by m.text collate "C")
          from (
            select
              pg_catalog.format('operator %s: %s', o.amopstrategy, o.amopopr::regoperator)
                || coalesce(' for order by ' || s.nspname || '.' || q.opfname, '') as text
            from pg_catalog.pg_amop as o
            left join pg_catalog.pg_opfamily as q on q.oid = o.amopsortfamily
            left join pg_catalog.pg_namespace as s on s.oid = q.opfnamespace
            where o.amopfamily = f.oid
            union all
            select pg_catalog.format(
              'function %s (%s, %s): %s',
              p.amprocnum, pg_catalog.format_type(p.amproclefttype, null), pg_catalog.format_type(p.amprocrighttype, null), p.amproc::oid::regprocedure
            )
            from pg_catalog.pg_amproc as p
            where p.amprocfamily = f.oid
          ) as m
        )
      ),
      'pg_catalog.pg_opfamily'::regclass, f.oid
    from pg_catalog.pg_opfamily as f
    inner join namespace as n on n.oid = f.opfnamespace
    inner join pg_catalog.pg_am as a on a.oid = f.opfmethod
    union all
    select 'access method' as object_kind, pg_catalog.quote_ident(a.amname),
      pg_catalog.concat_ws(
        E'\n',
        'kind: ' || case a.amtype when 't' then 'table' when 'i' then 'index' end,
        'handler: ' || a.amhandler::oid::regprocedure::text
      ),
      'pg_catalog.pg_am'::regclass, a.oid
    from pg_catalog.pg_am as a
    where a.oid >= 16384
    union all
    select 'cast' as object_kind, pg_catalog.format_type(c.castsource, null) || ' as ' || pg_catalog.format_type(c.casttarget, null),
      pg_catalog.concat_ws(
        E'\n',
        'function: ' || nullif(c.castfunc, 0)::regprocedure::text,
        'context: ' || case c.castcontext when 'e' then 'explicit' when 'a' then 'assignment' when 'i' then 'implicit' end,
        'method: ' || case c.castmethod when 'f' then 'function' when 'i' then 'in and out' when 'b' then 'binary' end
      ),
      'pg_catalog.pg_cast'::regclass, c.oid
    from pg_catalog.pg_cast as c
    where c.oid >= 16384
    union all
    select 'text search configuration' as object_kind, n.name || '.' || pg_catalog.quote_ident(c.cfgname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.cfgowner),
        (
          select 'parser: ' || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(p.prsname)
          from pg_catalog.pg_ts_parser as p
          inner join pg_catalog.pg_namespace as s on s.oid = p.prsnamespace
          where p.oid = c.cfgparser
        ),
        (
          select pg_catalog.string_agg(
            t.alias || ': ' || m.mapdict::regdictionary::text, E'\n' order by t.alias collate "C", m.mapseqno
          )
          from pg_catalog.pg_ts_config_map as m
          inner join lateral pg_catalog.ts_token_type(c.cfgparser) as t on t.tokid = m.maptokentype
          where m.mapcfg = c.oid
        )
      ),
      'pg_catalog.pg_ts_config'::regclass, c.oid
    from pg_catalog.pg_ts_config as c
    inner join namespace as n on n.oid = c.cfgnamespace
    union all
    select 'text search dictionary' as object_kind, n.name || '.' || pg_catalog.quote_ident(d.dictname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(d.dictowner),
        'template: ' || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(t.tmplname),
        'options: ' || d.dictinitoption
      ),
      'pg_catalog.pg_ts_dict'::regclass, d.oid
    from pg_catalog.pg_ts_dict as d
    inner join namespace as n on n.oid = d.dictnamespace
    inner join pg_catalog.pg_ts_template as t on t.oid = d.dicttemplate
    inner join pg_catalog.pg_namespace as s on s.oid = t.tmplnamespace
    union all
    select 'text search parser' as object_kind, n.name || '.' || pg_catalog.quote_ident(p.prsname),
      pg_catalog.concat_ws(
        E'\n',
        'start: ' || p.prsstart::oid::regprocedure::text,
        'token: ' || p.prstoken::oid::regprocedure::text,
        'end: ' || p.prsend::oid::regprocedure::text,
        'headline: ' || nullif(p.prsheadline::oid, 0)::regprocedure::text,
        'token types: ' || p.prslextype::oid::regprocedure::text
      ),
      'pg_catalog.pg_ts_parser'::regclass, p.oid
    from pg_catalog.pg_ts_parser as p
    inner join namespace as n on n.oid = p.prsnamespace
    union all
    select 'text search template' as object_kind, n.name || '.' || pg_catalog.quote_ident(t.tmplname),
      pg_catalog.concat_ws(
        E'\n',
        'init: ' || nullif(t.tmplinit::oid, 0)::regprocedure::text,
        'lexize: ' || t.tmpllexize::oid::regprocedure::text
      ),
      'pg_catalog.pg_ts_template'::regclass, t.oid
    from pg_catalog.pg_ts_template as t
    inner join namespace as n on n.oid = t.tmplnamespace
  )
  select o.object_kind, o.object_name, o.definition, null::text, false
  from object as o
  left join extension_member as e
    on e.classid = o.classid
    and e.objid = o.objid
  where e.objid is null
$$;

comment on function drill._list_schema_objects() is
  'Internal: the part of drill.list_objects() about schemas, extensions, types, routines, operators, text search and foreign servers';

revoke all on function drill._list_schema_objects() from public;
-- end copy of sql/objects/_list_schema_objects.sql

-- begin copy of sql/objects/_list_access_objects.sql
-- Who may do what: grants, default privileges, the roles that this database needs, their
-- memberships, settings, and the database itself. Roles belong to the server: only those
-- are listed that own something here, were granted something, or are named in a policy, and
-- who is a member of one of them. Never a password.
create or replace function drill._list_access_objects()
returns table (object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean)
language sql
stable
set search_path = ''
as $$
  with this_database as (
    select d.*
    from pg_catalog.pg_database as d
    where d.datname = pg_catalog.current_database()
  ),
  extension_member as (
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    where d.deptype = 'e'
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
  ),
  namespace as (
    select n.oid, n.nspname, n.nspowner, n.nspacl, pg_catalog.quote_ident(n.nspname) as name
    from pg_catalog.pg_namespace as n
    where n.nspname <> 'information_schema'
      and n.nspname not like 'pg\_%'
      and n.nspname not in ('drill', 'drill_migrations')
  ),
  relation as (
    select c.oid, c.relkind, c.relowner, c.relacl, c.relispartition, n.name || '.' || pg_catalog.quote_ident(c.relname) as name
    from pg_catalog.pg_class as c
    inner join namespace as n on n.oid = c.relnamespace
    left join extension_member as e
      on e.classid = 'pg_catalog.pg_class'::regclass
      and e.objid = c.oid
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
      and e.objid is null
  ),
  -- An ACL that is null is the default one, and equal to the default spelled out. Where the default grants
  -- nothing to anybody but the owner, a null one can be left out.
  granted as (
    select 'database' as kind, 'this database' as name, null::text as relation_name, false as is_of_partition,
      coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) as acl, d.datdba as owner
    from this_database as d
    union all
    select 'schema', n.name, null, false, n.nspacl, n.nspowner
    from namespace as n
    where n.nspacl is not null
    union all
    select case r.relkind when 'S' then 'sequence' else 'table' end, r.name, r.name, r.relispartition, r.relacl, r.relowner
    from relation as r
    where r.relacl is not null
    union all
    select 'column', r.name || '.' || pg_catalog.quote_ident(a.attname), r.name, r.relispartition, a.attacl, r.relowner
    from pg_catalog.pg_attribute as a
    inner join relation as r on r.oid = a.attrelid
    where a.attacl is not null
      and not a.attisdropped
    union all
    select
      'function',
      n.name || '.' || pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
      null, false, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.oid = p.pronamespace
    left join extension_member as e
      on e.classid = 'pg_catalog.pg_proc'::regclass
      and e.objid = p.oid
    where e.objid is null
    union all
    select 'type', n.name || '.' || pg_catalog.quote_ident(t.typname), null, false,
      coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), t.typowner
    from pg_catalog.pg_type as t
    inner join namespace as n on n.oid = t.typnamespace
    left join pg_catalog.pg_class as c on c.oid = t.typrelid
    left join pg_catalog.pg_type as a on a.typarray = t.oid
    left join extension_member as e
      on e.classid = 'pg_catalog.pg_type'::regclass
      and e.objid = t.oid
    where e.objid is null
      and (t.typtype in ('d', 'e', 'r') or t.typtype = 'c' and c.relkind = 'c' or t.typtype = 'b' and a.oid is null)
    union all
    select 'foreign server', pg_catalog.quote_ident(s.srvname), null, false, s.srvacl, s.srvowner
    from pg_catalog.pg_foreign_server as s
    where s.srvacl is not null
    union all
    select 'foreign data wrapper', pg_catalog.quote_ident(w.fdwname), null, false, w.fdwacl, w.fdwowner
    from pg_catalog.pg_foreign_data_wrapper as w
    where w.fdwacl is not null
    union all
    select 'language', pg_catalog.quote_ident(l.lanname), null, false,
      coalesce(l.lanacl, pg_catalog.acldefault('l', l.lanowner)), l.lanowner
    from pg_catalog.pg_language as l
    where l.lanispl
  ),
  -- What the checks themselves are made of needs roles that are no matter of the application.
  own_object as (
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    inner join pg_catalog.pg_namespace as n on n.oid = d.refobjid
    where d.refclassid = 'pg_catalog.pg_namespace'::regclass
      and n.nspname in ('drill', 'drill_migrations')
    union all
    select 'pg_catalog.pg_namespace'::regclass, n.oid
    from pg_catalog.pg_namespace as n
    where n.nspname in ('drill', 'drill_migrations')
  ),
  -- Of a platform that manages schemas here, by the names that its roles have.
  platform_role as (
    select r.oid
    from pg_catalog.pg_roles as r
    where r.rolname ~ '^supabase_|^pgbouncer$'
      and exists (
        select
        from pg_catalog.pg_namespace as n
        inner join drill.managed_schemas as m on m.schema_name = n.nspname
        inner join pg_catalog.pg_roles as o on o.oid = n.nspowner
        where o.rolname ~ '^supabase_|^pgbouncer$'
      )
  ),
  needed as (
    select s.refobjid as oid
    from pg_catalog.pg_shdepend as s
    cross join this_database as d
    left join own_object as o
      on o.classid = s.classid
      and o.objid = s.objid
    where s.refclassid = 'pg_catalog.pg_authid'::regclass
      and s.deptype in ('o', 'a', 'r')
      and o.objid is null
      and (
        s.dbid = d.oid
        or s.dbid = 0 and s.classid = 'pg_catalog.pg_database'::regclass and s.objid = d.oid
        or s.dbid = 0 and s.classid = 'pg_catalog.pg_subscription'::regclass
          and s.objid in (select u.oid from pg_catalog.pg_subscription as u where u.subdbid = d.oid)
      )
    union
    select s.setrole
    from pg_catalog.pg_db_role_setting as s
    inner join this_database as d on d.oid = s.setdatabase
  ),
  role as (
    select r.*, n.oid is not null as is_needed
    from pg_catalog.pg_roles as r
    left join needed as n on n.oid = r.oid
    left join platform_role as p on p.oid = r.oid
    where p.oid is null
      and r.rolname not like 'pg\_%'
      and (
        n.oid is not null
        or r.oid in (
          select m.member
          from pg_catalog.pg_auth_members as m
          inner join needed as g on g.oid = m.roleid
        )
      )
  )
  -- One row per object and grantee: what it may do, with a star where it may pass it on.
  select 'grant' as object_kind, g.kind || ' ' || g.name || ' to ' || g.grantee as object_name,
    pg_catalog.string_agg(
      g.privilege_type || case when g.is_grantable then '*' else '' end, ', ' order by g.privilege_type collate "C"
    ) as definition,
    pg_catalog.min(g.relation_name) as relation_name, pg_catalog.bool_or(g.is_of_partition) as is_of_partition
  from (
    select
      h.kind, h.name, h.relation_name, h.is_of_partition, a.privilege_type, pg_catalog.bool_or(a.is_grantable) as is_grantable,
      case a.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end as grantee
    from granted as h
    cross join lateral pg_catalog.aclexplode(h.acl) as a
    -- What an owner may do follows from owning it, and grows with each version of PostgreSQL.
    where a.grantee <> h.owner
    -- Two may have granted the same.
    group by h.kind, h.name, h.relation_name, h.is_of_partition, a.privilege_type, a.grantee
  ) as g
  group by g.kind, g.name, g.grantee
  union all
  select 'default privilege' as object_kind,
    pg_catalog.concat_ws(
      ' ', 'of', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)), d.type_name, 'in ' || d.schema_name,
      'to', case d.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.grantee)) end
    ),
    pg_catalog.string_agg(
      d.privilege_type || case when d.is_grantable then '*' else '' end, ', ' order by d.privilege_type collate "C"
    ),
    null, false
  from (
    select
      l.defaclrole, t.name as type_name, pg_catalog.quote_ident(n.nspname) as schema_name,
      a.grantee, a.privilege_type, pg_catalog.bool_or(a.is_grantable) as is_grantable
    from pg_catalog.pg_default_acl as l
    left join (
      values
        ('r'::"char", 'tables'), ('S'::"char", 'sequences'), ('f'::"char", 'functions'), ('T'::"char", 'types'),
        ('n'::"char", 'schemas'), ('L'::"char", 'large objects')
    ) as t (code, name) on t.code = l.defaclobjtype
    left join pg_catalog.pg_namespace as n on n.oid = l.defaclnamespace
    cross join lateral (
      select x.grantee, x.privilege_type, x.is_grantable
      from pg_catalog.aclexplode(l.defaclacl) as x
      where x.grantee <> l.defaclrole
      union all
      -- What PUBLIC has by default, and was taken from it.
      select 0, 'nothing', false
      where l.defaclnamespace = 0
        and l.defaclobjtype in ('f', 'T')
        and not exists (select from pg_catalog.aclexplode(l.defaclacl) as x where x.grantee = 0)
    ) as a
    where n.nspname is distinct from 'drill'
    group by l.defaclrole, t.name, n.nspname, a.grantee, a.privilege_type
  ) as d
  group by d.defaclrole, d.type_name, d.schema_name, d.grantee
  union all
  select 'role' as object_kind, pg_catalog.quote_ident(r.rolname),
    pg_catalog.concat_ws(
      E'\n',
      case when r.rolsuper then 'superuser' end,
      case when r.rolbypassrls then 'bypasses row level security' end,
      case when r.rolcreaterole then 'creates roles' end,
      case when r.rolcreatedb then 'creates databases' end,
      case when r.rolreplication then 'replication' end,
      case when r.rolcanlogin then 'login' end,
      case when not r.rolinherit then 'does not inherit' end,
      'connection limit: ' || nullif(r.rolconnlimit, -1),
      'valid until: ' || nullif(r.rolvaliduntil, 'infinity')
    ),
    null, false
  from role as r
  union all
  -- One row, whoever granted it (16 and later know several), and only what is not the default, so that it reads the same
  -- in versions that do not know the options.
  select 'membership' as object_kind, pg_catalog.quote_ident(m.granted_name) || ' to ' || pg_catalog.quote_ident(m.member_name),
    pg_catalog.concat_ws(
      E'\n',
      case when m.is_admin then 'admin option' end,
      case when m.is_inherited <> m.rolinherit then case when m.is_inherited then 'inherits' else 'does not inherit' end end,
      case when not m.is_set then 'may not set role' end
    ),
    null, false
  from (
    select
      coalesce(g.rolname, 'a dropped role') as granted_name, r.rolname as member_name, r.rolinherit,
      pg_catalog.bool_or(m.admin_option) as is_admin,
      pg_catalog.bool_or(coalesce((o.options ->> 'inherit_option')::boolean, r.rolinherit)) as is_inherited,
      pg_catalog.bool_or(coalesce((o.options ->> 'set_option')::boolean, true)) as is_set
    from pg_catalog.pg_auth_members as m
    cross join lateral (select pg_catalog.to_jsonb(m) as options) as o
    inner join role as r on r.oid = m.member
    left join pg_catalog.pg_roles as g on g.oid = m.roleid
    where (m.roleid in (select n.oid from role as n where n.is_needed) or g.rolname like 'pg\_%')
      -- 16 and later give who creates roles this one of each role it made.
      and not (
        r.rolcreaterole
        and m.grantor = 10
        and m.admin_option
        and coalesce(not (o.options ->> 'inherit_option')::boolean, false)
        and coalesce(not (o.options ->> 'set_option')::boolean, false)
      )
    group by g.rolname, r.rolname, r.rolinherit
  ) as m
  union all
  -- The copy may be called differently. Values of an application's own settings may be secrets.
  select 'setting' as object_kind, e.owner_name || ' ' || e.name,
    case
      when e.name like '%.%' and e.name ~* 'secret|key|token|passw|jwt|credential' then 'set'
      when e.name like '%.%' or e.name in (
        'primary_conninfo', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command', 'ssl_passphrase_command'
      ) then drill._fingerprint(e.value)
      else e.value
    end,
    null, false
  from (
    select
      pg_catalog.split_part(u.setting, '=', 1) as name,
      pg_catalog.substr(u.setting, pg_catalog.strpos(u.setting, '=') + 1) as value,
      case
        when s.setdatabase = 0 and s.setrole = 0 then 'all roles'
        else pg_catalog.concat_ws(
          ' ',
          case when s.setdatabase <> 0 then 'this database' end,
          case when s.setrole <> 0 then 'role ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) end
        )
      end as owner_name
    from pg_catalog.pg_db_role_setting as s
    cross join this_database as d
    cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
    where s.setdatabase = d.oid
      or s.setdatabase = 0 and (s.setrole = 0 or s.setrole in (select r.oid from role as r))
  ) as e
  union all
  -- en_US.UTF-8 and en_US.utf8 are one locale, and so are C and POSIX.
  select 'database' as object_kind, 'this database',
    pg_catalog.concat_ws(
      E'\n',
      'owner: ' || pg_catalog.pg_get_userbyid(d.datdba),
      'encoding: ' || pg_catalog.pg_encoding_to_char(d.encoding),
      'collate: ' || l.collate_name,
      'character types: ' || l.ctype_name,
      'provider: ' || case pg_catalog.to_jsonb(d) ->> 'datlocprovider' when 'i' then 'icu' when 'b' then 'builtin' end,
      'locale: ' || coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale')
    ),
    null, false
  from this_database as d
  cross join lateral (
    select
      pg_catalog.max(x.name) filter (where x.is_collate) as collate_name,
      pg_catalog.max(x.name) filter (where not x.is_collate) as ctype_name
    from (
      select
        v.is_collate,
        case
          when v.locale = 'POSIX' then 'C'
          else pg_catalog.concat_ws(
            '.',
            pg_catalog.split_part(v.locale, '.', 1),
            nullif(pg_catalog.lower(pg_catalog.replace(pg_catalog.split_part(v.locale, '.', 2), '-', '')), '')
          )
        end as name
      from (values (true, d.datcollate::text), (false, d.datctype::text)) as v (is_collate, locale)
    ) as x
  ) as l
  union all
  -- Presence only: counting them is no matter of a catalog.
  select 'large objects' as object_kind, 'of ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o.lomowner)), '', null, false
  from (select distinct m.lomowner from pg_catalog.pg_largeobject_metadata as m) as o
$$;

comment on function drill._list_access_objects() is
  'Internal: the part of drill.list_objects() about grants, default privileges, roles, memberships, settings, the database and large objects';

revoke all on function drill._list_access_objects() from public;
-- end copy of sql/objects/_list_access_objects.sql

-- begin copy of sql/objects/_list_optional_objects.sql
-- What depends on the version of PostgreSQL, on an extension or on a platform: asked for
-- only where it is, by statements made here. A table that is there and may not be read whole gives
-- one row with the problem instead: a role that sees some of the rows must not pass for all of them.
create or replace function drill._list_optional_objects()
returns table (
  object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean, problem text
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_columns text[];
  v_table record;
begin
  -- Members as they were named, never pg_publication_tables, which grows with each partition.
  return query execute pg_catalog.format(
    $query$
      select 'publication' as object_kind, pg_catalog.quote_ident(p.pubname),
        pg_catalog.concat_ws(
          E'\n',
          'owner: ' || pg_catalog.pg_get_userbyid(p.pubowner),
          pg_catalog.format(
            'all tables: %%s, insert: %%s, update: %%s, delete: %%s, truncate: %%s, via root: %%s',
            p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot
          ),
          'generated columns: ' || case pg_catalog.to_jsonb(p) ->> 'pubgencols' when 's' then 'stored' end,
          %1$s,
          (
            select pg_catalog.string_agg(
              pg_catalog.format('table: %%I.%%I', n.nspname, c.relname) || %2$s, E'\n' order by n.nspname collate "C", c.relname collate "C"
            )
            from pg_catalog.pg_publication_rel as l
            inner join pg_catalog.pg_class as c on c.oid = l.prrelid
            inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
            where l.prpubid = p.oid
          )
        ),
        null::text, false, null::text
      from pg_catalog.pg_publication as p
    $query$,
    case
      when v_version < 150000 then 'null'
      else
        '(select pg_catalog.string_agg(''schema: '' || pg_catalog.quote_ident(n.nspname), E''\n'' order by n.nspname collate "C")'
        ' from pg_catalog.pg_publication_namespace as s'
        ' inner join pg_catalog.pg_namespace as n on n.oid = s.pnnspid'
        ' where s.pnpubid = p.oid)'
    end,
    case
      when v_version < 150000 then ''''''
      else
        'coalesce((select '' ('' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), '', '' order by a.attname collate "C") || '')'''
        ' from pg_catalog.pg_attribute as a'
        ' where a.attrelid = l.prrelid and a.attnum = any (l.prattrs::smallint[])), '''')'
        ' || coalesce('' where '' || pg_catalog.pg_get_expr(l.prqual, l.prrelid), '''')'
    end
  );

  -- Not the connection, which holds a password, and not whether it runs: isolation judges that. Only superusers may
  -- read all columns, so each is named, and only what is not the default of its version is told.
  select pg_catalog.array_agg(a.attname::text)
  into v_columns
  from pg_catalog.pg_attribute as a
  where a.attrelid = 'pg_catalog.pg_subscription'::regclass
    and a.attnum > 0;

  return query execute
    'select ''subscription'' as object_kind, pg_catalog.quote_ident(s.subname), pg_catalog.concat_ws(E''\n'','
    ' ''owner: '' || pg_catalog.pg_get_userbyid(s.subowner),'
    ' ''publications: '' || (select pg_catalog.string_agg(pg_catalog.quote_ident(p), '', '' order by p collate "C") from pg_catalog.unnest(s.subpublications) as p),'
    ' ''synchronous commit: '' || nullif(s.subsynccommit, ''off''),'
    ' case when s.subbinary then ''binary'' end,'
    ' ''streaming: '' || case s.substream::text when ''true'' then ''on'' when ''t'' then ''on'' when ''p'' then ''parallel'' else ''off'' end'
    || case when 'subtwophasestate' = any (v_columns) then ', case when s.subtwophasestate <> ''d'' then ''two phase'' end' else '' end
    || case when 'subdisableonerr' = any (v_columns) then ', case when s.subdisableonerr then ''disabled on error'' end' else '' end
    || case when 'subpasswordrequired' = any (v_columns) then ', case when not s.subpasswordrequired then ''no password required'' end' else '' end
    || case when 'subrunasowner' = any (v_columns) then ', case when s.subrunasowner then ''runs as owner'' end' else '' end
    || case when 'suborigin' = any (v_columns) then ', ''origin: '' || nullif(s.suborigin, ''any'')' else '' end
    || case when 'subfailover' = any (v_columns) then ', case when s.subfailover then ''failover'' end' else '' end
    || '), null::text, false, null::text'
    ' from pg_catalog.pg_subscription as s'
    ' where s.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database())';

  return query
  select 'replication slot' as object_kind, pg_catalog.quote_ident(s.slot_name), 'plugin: ' || s.plugin, null::text, false, null::text
  from pg_catalog.pg_replication_slots as s
  where s.slot_type = 'logical'
    and s.database = pg_catalog.current_database()
    and not s.temporary;

  if v_version >= 150000 then
    return query execute
      'select ''grant'', ''parameter '' || pg_catalog.quote_ident(g.name) || '' to '' || g.grantee,'
      ' pg_catalog.string_agg(g.privilege_type || case when g.is_grantable then ''*'' else '''' end, '', '' order by g.privilege_type collate "C"),'
      ' null::text, false, null::text'
      ' from ('
      '   select p.parname as name, a.privilege_type, pg_catalog.bool_or(a.is_grantable) as is_grantable,'
      '     case a.grantee when 0 then ''public'' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end as grantee'
      '   from pg_catalog.pg_parameter_acl as p'
      '   cross join lateral pg_catalog.aclexplode(p.paracl) as a'
      -- The bootstrap superuser has what it gives, and the server's other roles are not this database's.
      '   where a.grantee = 0 or a.grantee in ('
      '     select s.refobjid from pg_catalog.pg_shdepend as s'
      '     inner join pg_catalog.pg_database as d on d.oid = s.dbid'
      '     where d.datname = pg_catalog.current_database() and s.refclassid = ''pg_catalog.pg_authid''::regclass'
      '   )'
      '   group by p.parname, a.privilege_type, a.grantee'
      ' ) as g group by g.name, g.grantee';
  end if;

  -- Tables of extensions and platforms. Rows as JSON: the columns differ between their versions.
  for v_table in
    select
      t.kind,
      n.nspname || '.' || c.relname as table_name,
      n.nspname,
      c.relname,
      t.query,
      case
        when not pg_catalog.has_schema_privilege(n.oid, 'usage')
          then pg_catalog.format('%I may not use the schema %I: grant usage on schema %I to %I', current_user, n.nspname, n.nspname, current_user)
        when not pg_catalog.has_table_privilege(c.oid, 'select')
          and (t.kind <> 'vault secret' or not pg_catalog.has_column_privilege(c.oid, 'name', 'select'))
          then pg_catalog.format(
            '%I may not read %I.%I: grant select%s on %I.%I to %I',
            current_user, n.nspname, c.relname, case t.kind when 'vault secret' then ' (name)' end, n.nspname, c.relname, current_user
          )
        when pg_catalog.row_security_active(c.oid)
          then pg_catalog.format(
            'row level security hides rows of %I.%I from %I: alter role %I bypassrls, or connect as a role that has it',
            n.nspname, c.relname, current_user, current_user
          )
      end as obstacle
    from (
      values
        (
          'cron job', 'cron', 'job', array['schedule', 'command', 'username', 'database'],
          $query$
            select
              coalesce(
                pg_catalog.quote_ident(j.row ->> 'jobname')
                  -- Each user may have one of that name.
                  || case when pg_catalog.count(*) over (partition by j.row ->> 'jobname') > 1 then ' of ' || (j.row ->> 'username') else '' end,
                'job ' || (j.row ->> 'jobid')
              ),
              pg_catalog.concat_ws(
                E'\n',
                'schedule: ' || (j.row ->> 'schedule'),
                'username: ' || (j.row ->> 'username'),
                'command: ' || drill._fingerprint(j.row ->> 'command')
              )
            from (select pg_catalog.to_jsonb(t) as row from cron.job as t) as j
            -- A copy may be called differently, and its jobs still name production.
            where j.row ->> 'database' = pg_catalog.current_database()
              or j.row ->> 'database' in (select b.database_name from drill.baselines as b)
          $query$
        ),
        (
          'storage bucket', 'storage', 'buckets', array['id', 'name', 'public'],
          $query$
            select
              pg_catalog.quote_ident(b.row ->> 'id'),
              pg_catalog.concat_ws(
                E'\n',
                'name: ' || (b.row ->> 'name'),
                'public: ' || coalesce(b.row ->> 'public', 'false'),
                'size limit: ' || (b.row ->> 'file_size_limit'),
                'types: ' || nullif(b.row ->> 'allowed_mime_types', 'null')
              )
            from (select pg_catalog.to_jsonb(t) as row from storage.buckets as t) as b
          $query$
        ),
        (
          -- Presence only.
          'vault secret', 'vault', 'secrets', array['name'],
          $query$
            select distinct pg_catalog.quote_ident(t.name::text), ''
            from vault.secrets as t
            where t.name is not null
          $query$
        )
    ) as t (kind, schema_name, table_name, column_names, query)
    inner join pg_catalog.pg_namespace as n on n.nspname = t.schema_name
    inner join pg_catalog.pg_class as c
      on c.relnamespace = n.oid
      and c.relname = t.table_name
      and c.relkind in ('r', 'p')
    -- Else it is an application's own table of that name.
    where t.column_names <@ array(
      select a.attname::text
      from pg_catalog.pg_attribute as a
      where a.attrelid = c.oid
        and a.attnum > 0
        and not a.attisdropped
    )
  loop
    if v_table.obstacle is null then
      return query execute pg_catalog.format(
        'select %L::text, q.name, q.definition, null::text, false, null::text from (%s) as q (name, definition)',
        v_table.kind, v_table.query
      );
    else
      return query select v_table.kind, v_table.table_name, '', null::text, false, v_table.obstacle;
    end if;
  end loop;
end
$$;

comment on function drill._list_optional_objects() is
  'Internal: the part of drill.list_objects() about publications, subscriptions, slots, cron jobs, storage buckets and vault secrets, with what could not be read';

revoke all on function drill._list_optional_objects() from public;
-- end copy of sql/objects/_list_optional_objects.sql

-- begin copy of sql/objects/list_objects.sql
-- One row per object of the database, its definition as lines of text that two
-- healthy copies share: no oids, no physical order, none of the names that a restore
-- makes anew (clones of constraints, internal triggers). Definitions are deparsed
-- under an empty search_path and fixed formats, with fingerprints in place of what
-- plainly is a credential. One pass per catalog, nothing per object; no lock stronger
-- than ACCESS SHARE, which deparsing takes.
--
-- relation_name tells which table an object is or is part of, so that a comparison
-- says once that a table is gone, and lets the partition job's normal work pass.
-- problem is null where the object was read; else it says in words what stood in the
-- way of reading any object of that kind.
--
-- Without jit: it would compile hundreds of expressions that run for a moment. With memory to sort all of them.
create or replace function drill.list_objects()
returns table (
  object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean, problem text
)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set bytea_output = 'hex'
set lc_monetary = 'C'
set quote_all_identifiers = off
set standard_conforming_strings = on
set jit = off
set work_mem = '64MB'
as $$
  with object as (
    select o.*, null::text as problem from drill._list_relation_objects() as o
    union all
    select o.*, null from drill._list_schema_objects() as o
    union all
    select o.*, null from drill._list_access_objects() as o
    union all
    select o.* from drill._list_optional_objects() as o
  ),
  -- PostgreSQL's own name for a role that is gone is its oid.
  named as (
    select
      o.object_kind,
      case
        when o.object_name like '%unknown (OID=%'
          then pg_catalog.regexp_replace(o.object_name, 'unknown \(OID=\d+\)', 'a dropped role', 'g')
        else o.object_name
      end as name,
      case
        when o.definition like '%unknown (OID=%'
          then pg_catalog.regexp_replace(o.definition, 'unknown \(OID=\d+\)', 'a dropped role', 'g')
        else coalesce(o.definition, '')
      end as definition,
      o.relation_name,
      o.is_of_partition,
      o.problem
    from object as o
  ),
  -- Some 30,000 characters each, or one definition that is longer.
  chunked as materialized (
    select n.*, pg_catalog.sum(pg_catalog.length(n.definition)) over (rows unbounded preceding) / 30000 as chunk
    from named as n
  ),
  secret (pattern) as (
    values ('eyJ|bearer|authorization|://|passw|[kr]_live_|[kr]_test_|sb_secret_|sk-|whsec_|gh[pousr]_|github_pat_|xox|AKIA|AIza|SG\.|PRIVATE KEY')
  ),
  -- A long text is searched ten times as fast as the same in many short ones.
  suspicious as materialized (
    select c.chunk
    from chunked as c
    group by c.chunk
    having pg_catalog.string_agg(c.definition, E'\n') ~* (select s.pattern from secret as s)
  )
  -- Two roles that were dropped while their grants remained have one name.
  select distinct on (c.object_kind collate "C", c.name collate "C")
    c.object_kind,
    c.name,
    case
      when u.chunk is not null and c.definition ~* (select s.pattern from secret as s) then drill._mask_secrets(c.definition)
      else c.definition
    end,
    c.relation_name,
    c.is_of_partition,
    c.problem
  from chunked as c
  left join suspicious as u on u.chunk = c.chunk
  order by c.object_kind collate "C", c.name collate "C", c.definition collate "C"
$$;

comment on function drill.list_objects() is
  'Every object of the database with its definition in a stable text form, for comparison with a baseline, and what could not be read; members of extensions and the inside of managed schemas left out';

revoke all on function drill.list_objects() from public;
-- end copy of sql/objects/list_objects.sql

-- begin copy of sql/policy/suggest_critical_relations.sql
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
-- end copy of sql/policy/suggest_critical_relations.sql

-- begin copy of sql/baselines/baseline_objects.sql
create table drill.baseline_objects (
  baseline_id uuid not null references drill.baselines (baseline_id) on delete cascade,
  object_kind text not null,
  object_name text not null,
  definition text not null,
  relation_name text,
  is_of_partition boolean not null,
  problem text,
  constraint baseline_objects_pkey primary key (baseline_id, object_kind, object_name)
);

comment on table drill.baseline_objects is 'The objects of a baseline with their definitions, as drill.list_objects() gave them';
comment on column drill.baseline_objects.baseline_id is 'The baseline';
comment on column drill.baseline_objects.object_kind is 'Table, column, index, function, grant and so on';
comment on column drill.baseline_objects.object_name is 'Qualified name, quoted where needed';
comment on column drill.baseline_objects.definition is 'Stable text of its definition';
comment on column drill.baseline_objects.relation_name is 'The table that it is or is part of, or null';
comment on column drill.baseline_objects.is_of_partition is 'True when that table is a partition';
comment on column drill.baseline_objects.problem is 'Why objects of this kind could not be read; null for an object';

revoke all on table drill.baseline_objects from public;
-- end copy of sql/baselines/baseline_objects.sql

-- begin copy of sql/baselines/capture_baseline.sql
-- The program does the same in steps, to measure over several connections.
create or replace function drill.capture_baseline(
  p_label text default null,
  p_depth text default 'standard',
  p_is_complete boolean default false
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Before anything is measured: what is written afterwards gives another mark, and is measured next time.
  v_marks jsonb := drill._list_change_marks();
  v_baseline jsonb := drill._begin_baseline(p_label, p_depth, p_is_complete);
  v_facts jsonb;
begin
  -- One statement, hence one snapshot for all counts, those of the tenants too.
  select pg_catalog.jsonb_build_object(
    'buckets', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(b)), '[]')
      from drill._measure_buckets(
        p_depth, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_names'))
      ) as b
    ),
    'tenants', (
      select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(t)), '[]')
      from drill._measure_tenants(
        null, null, (v_baseline ->> 'captured_at')::timestamptz,
        array(select pg_catalog.jsonb_array_elements_text(v_baseline -> 'carried_tenant_names'))
      ) as t
      where p_depth = 'full'
    )
  )
  into v_facts;

  perform drill._complete_baseline(
    (v_baseline ->> 'baseline_id')::uuid,
    v_facts,
    -- In a transaction with one snapshot the marks are newer than what is counted: the next capture would
    -- take over a count without what was written in between.
    case pg_catalog.current_setting('transaction_isolation') when 'read committed' then v_marks else '{}' end
  );

  return (v_baseline ->> 'baseline_id')::uuid;
end
$$;

comment on function drill.capture_baseline(text, text, boolean) is
  'Measures every critical relation (depth standard: counts and timestamps; full: fingerprints and tenants too), lists every object, and stores the facts as a baseline (with a heartbeat), giving its id; closed partitions that did not change are taken over from an earlier baseline unless p_is_complete; baselines older than the policy baseline_retention are deleted; raises RD005 rather than store one with a hole';

revoke all on function drill.capture_baseline(text, text, boolean) from public;
-- end copy of sql/baselines/capture_baseline.sql

-- begin copy of sql/baselines/export_baseline.sql
-- Counts leave as text: a JSON number beyond 2^53 would be rounded by many readers.
-- Whoever compares inside the database does without the objects: they are the most of it.
create or replace function drill.export_baseline(p_baseline_id uuid default null, p_with_objects boolean default true)
returns jsonb
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_baseline_id uuid := p_baseline_id;
  v_document jsonb;
begin
  if v_baseline_id is null then
    v_baseline_id := drill._newest_baseline();
  end if;

  select pg_catalog.jsonb_build_object(
    'format', 'pgdrill-baseline',
    'format_version', 1,
    'baseline_id', b.baseline_id,
    'captured_at', b.captured_at,
    'captured_lsn', b.captured_lsn,
    'label', b.label,
    'depth', b.depth,
    'is_exact', b.is_exact,
    'schema_version', b.schema_version,
    'source', pg_catalog.jsonb_build_object(
      'installation_id', b.installation_id,
      'system_identifier', b.system_identifier::text,
      'timeline_id', b.timeline_id,
      'started_at', b.started_at,
      'database_name', b.database_name,
      'server_version', b.server_version
    ),
    'policies', b.policies,
    'guards', b.guards,
    'partitioned_relations', b.partitioned_relations,
    'isolation_policy', b.isolation_policy,
    'waivers', b.waivers,
    'objects', (
      select coalesce(
        pg_catalog.jsonb_agg(
          pg_catalog.jsonb_build_object(
            'object_kind', o.object_kind,
            'object_name', o.object_name,
            'definition', o.definition,
            'relation_name', o.relation_name,
            'is_of_partition', o.is_of_partition,
            'problem', o.problem
          )
          order by o.object_kind collate "C", o.object_name collate "C"
        ),
        '[]'
      )
      from drill.baseline_objects as o
      where o.baseline_id = b.baseline_id
        and p_with_objects
    ),
    'relations', (
      select pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
          'relation_name', r.relation_name,
          'timestamp_column', r.timestamp_column,
          'is_append_only', r.is_append_only,
          'tolerance', r.tolerance::text,
          'tenant_column', r.tenant_column,
          'is_tenant_shown', r.is_tenant_shown,
          'is_secret', r.is_secret,
          'depth', r.depth,
          'recipe', r.recipe,
          -- A partitioned table without a partition has none.
          'buckets', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object(
                'partition_name', k.partition_name,
                'bucket_name', k.bucket_name,
                'grain', k.grain,
                'starts_at', k.starts_at,
                'ends_at', k.ends_at,
                'partition_starts_at', k.partition_starts_at,
                'partition_ends_at', k.partition_ends_at,
                'is_default', k.is_default,
                'row_count', k.row_count::text,
                'oldest_at', k.oldest_at,
                'newest_at', k.newest_at,
                'fingerprint', k.fingerprint::text,
                'is_carried', k.is_carried
              )
              order by k.partition_starts_at, k.partition_name collate "C", k.starts_at, k.bucket_name collate "C"
            ), '[]')
            from drill.baseline_buckets as k
            where k.baseline_id = r.baseline_id
              and k.relation_name = r.relation_name
          ),
          'tenants', (
            select coalesce(pg_catalog.jsonb_agg(
              pg_catalog.jsonb_build_object('tenant_key', t.tenant_key, 'row_count', t.row_count::text, 'newest_at', t.newest_at)
              order by t.tenant_key collate "C"
            ), '[]')
            from drill.baseline_tenants as t
            where t.baseline_id = r.baseline_id
              and t.relation_name = r.relation_name
          )
        )
        order by r.relation_name collate "C"
      )
      from drill.baseline_relations as r
      where r.baseline_id = b.baseline_id
    )
  )
  into v_document
  from drill.baselines as b
  where b.baseline_id = v_baseline_id;

  if v_document is null then
    raise exception using
      errcode = case when p_baseline_id is null then 'RD003' else 'RD004' end,
      message = case
        when p_baseline_id is null then 'no baseline is stored in this database'
        else format('no baseline %s is stored in this database', p_baseline_id)
      end,
      hint = 'In production run: select drill.capture_baseline(); drill.list_baselines() shows what is stored.';
  end if;

  return v_document;
end
$$;

comment on function drill.export_baseline(uuid, boolean) is
  'One baseline (null: the newest), with or without its objects, as a JSON document, format pgdrill-baseline version 1; raises RD003 or RD004 when there is none';

revoke all on function drill.export_baseline(uuid, boolean) from public;
-- end copy of sql/baselines/export_baseline.sql

-- begin copy of sql/access/verify_access.sql
-- Catalog only. Judges what is wrong in any database; what is merely wider than
-- in production, a comparison with the baseline must tell. Members of extensions
-- and what Supabase's own roles own are theirs to answer for.
--
-- No nested loops over common table expressions, whose size the planner cannot know, and
-- no compiling, which the price put on them would call for.
create or replace function drill.verify_access()
returns setof drill.check_result
language sql
stable
set search_path = ''
set enable_nestloop = off
set jit = off
as $$
  with recursive api_role as (
    select r.oid as role_oid, r.rolname::text as role_name
    from pg_catalog.pg_roles as r
    where r.rolname in ('anon', 'authenticated')
    union all
    select 0, 'public'
  ),
  -- Whose rights an API role has: its own, those of roles whose member it is, and PUBLIC's.
  acting as (
    select r.role_name, g.oid as grantee, r.role_name as shown_name, pg_catalog.quote_ident(g.rolname) as grantee_name
    from api_role as r
    inner join pg_catalog.pg_roles as g on pg_catalog.pg_has_role(r.role_oid, g.oid, 'usage')
    where r.role_oid <> 0
    union all
    select r.role_name, 0, 'PUBLIC', 'public'
    from api_role as r
  ),
  platform_role as (
    select r.oid as role_oid
    from pg_catalog.pg_roles as r
    where r.rolname ~ '^supabase_|^pgbouncer$'
  ),
  namespace as (
    select
      n.oid as namespace_oid, n.nspname,
      coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl
    from pg_catalog.pg_namespace as n
    where n.nspname !~ '^pg_'
      and n.nspname <> 'information_schema'
  ),
  schema_right as (
    select distinct n.namespace_oid, a.role_name, a.shown_name, a.grantee_name, x.privilege_type
    from namespace as n
    cross join lateral pg_catalog.aclexplode(n.acl) as x
    inner join acting as a on a.grantee = x.grantee
  ),
  relation as (
    select
      c.oid as relation_oid, c.relnamespace, n.nspname, c.relkind, c.relispartition, c.relrowsecurity,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
      exists (select from pg_catalog.pg_policy as p where p.polrelid = c.oid) as has_policies
    from pg_catalog.pg_class as c
    inner join namespace as n on n.namespace_oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f')
      and not exists (select from platform_role as p where p.role_oid = c.relowner)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = c.oid
          and d.deptype = 'e'
      )
  ),
  -- On the table or on some of its columns, and only where the role may use the schema: a right to a table in
  -- a closed schema is worth nothing.
  relation_right as (
    select distinct r.relation_oid, a.role_name, a.shown_name, a.grantee_name, pg_catalog.lower(x.privilege_type) as privilege
    from relation as r
    inner join pg_catalog.pg_class as c on c.oid = r.relation_oid
    cross join lateral (
      select c.relacl as acl
      union all
      select t.attacl
      from pg_catalog.pg_attribute as t
      where t.attrelid = c.oid
        and t.attacl is not null
        and not t.attisdropped
    ) as l
    cross join lateral pg_catalog.aclexplode(l.acl) as x
    inner join acting as a on a.grantee = x.grantee
    where exists (
        select
        from schema_right as s
        where s.namespace_oid = r.relnamespace
          and s.role_name = a.role_name
          and s.privilege_type = 'USAGE'
      )
      and x.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
  ),
  -- Every partition below a table with row security, at any depth.
  secured_partition as (
    select i.inhrelid as relation_oid, r.relation_name as parent_name
    from relation as r
    inner join pg_catalog.pg_inherits as i on i.inhparent = r.relation_oid
    where r.relkind = 'p'
      and r.relrowsecurity
    union
    select i.inhrelid, p.parent_name
    from secured_partition as p
    inner join pg_catalog.pg_inherits as i on i.inhparent = p.relation_oid
  ),
  policy_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format('row level security is off on %s, which has policies: nobody obeys them', r.relation_name) as detail,
      pg_catalog.format('Run: alter table %s enable row level security.', r.relation_name) as hint,
      pg_catalog.to_jsonb('on'::text) as expected, pg_catalog.to_jsonb('off'::text) as actual
    from relation as r
    where r.has_policies
      and not r.relrowsecurity
  ),
  partition_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format(
        'the partition %s has no row level security of its own, and %s may %s it directly, past the policies of %s',
        r.relation_name,
        pg_catalog.string_agg(distinct x.shown_name, ', '),
        pg_catalog.string_agg(distinct x.privilege, ', '),
        (select pg_catalog.min(p.parent_name) from secured_partition as p where p.relation_oid = r.relation_oid)
      ) as detail,
      pg_catalog.format('Run: revoke all on %s from %s.', r.relation_name, pg_catalog.string_agg(distinct x.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('no privilege'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct x.shown_name || ': ' || x.privilege)) as actual
    from relation as r
    inner join relation_right as x on x.relation_oid = r.relation_oid
    where not r.relrowsecurity
      and exists (select from secured_partition as p where p.relation_oid = r.relation_oid)
    group by r.relation_oid, r.relation_name
  ),
  open_finding as (
    select
      r.relation_name as object_name, 'warn' as status,
      pg_catalog.format(
        '%s may %s the table %s, which has no row level security',
        pg_catalog.string_agg(distinct x.shown_name, ', '), pg_catalog.string_agg(distinct x.privilege, ', '), r.relation_name
      ) as detail,
      case
        when r.relkind = 'f' then ''
        else pg_catalog.format('Run: alter table %s enable row level security. ', r.relation_name)
      end || pg_catalog.format(
        'Or, if nobody has to write there, run: revoke insert, update, delete, truncate on %s from %s.',
        r.relation_name, pg_catalog.string_agg(distinct x.grantee_name, ', ')
      ) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct x.shown_name || ': ' || x.privilege)) as actual
    from relation as r
    inner join relation_right as x on x.relation_oid = r.relation_oid
    where r.nspname = 'public'
      and not r.relrowsecurity
      and (x.role_name = 'anon' or x.shown_name = 'PUBLIC')
      and x.privilege <> 'select'
      and not exists (select from secured_partition as p where p.relation_oid = r.relation_oid)
    group by r.relation_oid, r.relation_name, r.relkind
  ),
  definer as (
    select
      p.oid as function_oid, p.pronamespace, p.proacl, p.proowner,
      pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as function_name,
      exists (
        select from pg_catalog.unnest(p.proconfig) as e (setting) where e.setting like 'search\_path=%'
      ) as is_pinned,
      -- A trigger's function refuses to be called by hand.
      p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.namespace_oid = p.pronamespace
    where p.prosecdef
      and not exists (select from platform_role as r where r.role_oid = p.proowner)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_proc'::regclass
          and d.objid = p.oid
          and d.deptype = 'e'
      )
  ),
  path_finding as (
    select
      f.function_name as object_name, 'warn' as status,
      pg_catalog.format('the security definer function %s has no pinned search_path: its caller decides which objects it finds', f.function_name) as detail,
      pg_catalog.format('Run: alter routine %s set search_path = ''''. Before that, name the objects in its body with their schemas.', f.function_name) as hint,
      pg_catalog.to_jsonb('pinned'::text) as expected, pg_catalog.to_jsonb('not pinned'::text) as actual
    from definer as f
    where not f.is_pinned
  ),
  execute_finding as (
    select
      f.function_name as object_name, 'warn' as status,
      pg_catalog.format('%s may execute the security definer function %s, which runs with the rights of its owner', pg_catalog.string_agg(distinct a.shown_name, ', '), f.function_name) as detail,
      pg_catalog.format('If that is not intended, run: revoke execute on routine %s from %s.', f.function_name, pg_catalog.string_agg(distinct a.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct a.shown_name)) as actual
    from definer as f
    cross join lateral pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as x
    inner join acting as a on a.grantee = x.grantee
    where exists (
        select
        from schema_right as s
        where s.namespace_oid = f.pronamespace
          and s.role_name = a.role_name
          and s.privilege_type = 'USAGE'
      )
      and not f.is_trigger
      and (a.role_name = 'anon' or a.shown_name = 'PUBLIC')
    group by f.function_oid, f.function_name
  ),
  private_finding as (
    select
      pg_catalog.quote_ident(n.nspname) as object_name, 'warn' as status,
      pg_catalog.format('the schema private is open to %s', pg_catalog.string_agg(distinct s.shown_name, ', ')) as detail,
      pg_catalog.format('Run: revoke all on schema private from %s.', pg_catalog.string_agg(distinct s.grantee_name, ', ')) as hint,
      pg_catalog.to_jsonb('closed'::text) as expected,
      pg_catalog.to_jsonb(pg_catalog.array_agg(distinct s.shown_name || ': ' || pg_catalog.lower(s.privilege_type))) as actual
    from namespace as n
    inner join schema_right as s on s.namespace_oid = n.namespace_oid
    where n.nspname = 'private'
    group by n.nspname
  ),
  -- What each rule looked at, and what it says when nothing is wrong.
  looked_at as (
    select 1 as rule, pg_catalog.count(*) as n, 'row level security is on for all %s tables with policies' as good, 'no table has policies' as none
    from relation as r
    where r.has_policies
    union all
    select 2, pg_catalog.count(distinct p.relation_oid), 'none of %s partitions lets API roles or PUBLIC past the policies of its parent', 'no partitioned table has row level security'
    from secured_partition as p
    union all
    select 3, pg_catalog.count(*), 'anon and PUBLIC may write none of the %s tables of schema public without row level security', 'schema public has no table'
    from relation as r
    where r.nspname = 'public'
    union all
    select 4, pg_catalog.count(*), 'all %s security definer functions have a pinned search_path', 'there is no security definer function'
    from definer as f
    union all
    select 5, pg_catalog.count(*), 'anon and PUBLIC may execute none of %s security definer functions', 'there is no security definer function to call'
    from definer as f
    where not f.is_trigger
    union all
    select 6, pg_catalog.count(*), 'the schema private is closed to API roles and PUBLIC', 'there is no schema private'
    from namespace as n
    where n.nspname = 'private'
  ),
  finding as (
    select 1 as rule, f.* from policy_finding as f
    union all
    select 2, f.* from partition_finding as f
    union all
    select 3, f.* from open_finding as f
    union all
    select 4, f.* from path_finding as f
    union all
    select 5, f.* from execute_finding as f
    union all
    select 6, f.* from private_finding as f
    union all
    select
      l.rule, null, case when l.n > 0 then 'pass' else 'skip' end,
      case when l.n > 0 then pg_catalog.format(l.good, l.n) else l.none end,
      null, null, pg_catalog.to_jsonb(l.n::text)
    from looked_at as l
  )
  select 'access', f.object_name, f.status, f.detail, f.hint, f.expected, f.actual
  from finding as f
  -- A rule that found something has no pass.
  where f.object_name is not null
    or not exists (select from finding as o where o.rule = f.rule and o.object_name is not null)
  order by f.rule, f.object_name collate "C"
$$;

comment on function drill.verify_access() is
  'Whether row level security, partitions, security definer functions, open tables and schema private let the API roles or PUBLIC further than they should';

revoke all on function drill.verify_access() from public;
-- end copy of sql/access/verify_access.sql

-- begin copy of sql/data/verify_sequences.sql
-- Compares the value that a sequence gives next with what its columns hold. Not
-- last_value: with is_called = false that is the next value, and equality is then
-- a collision. Only "behind" is a fault: after a crash a sequence may be ahead.
create or replace function drill.verify_sequences()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
-- Nothing in a fresh copy is analyzed: the planner takes thousands of sequences for
-- a handful, and loops in loops over them would take minutes.
set enable_nestloop = off
as $$
declare
  v_sequence record;
  v_query text;
  v_next numeric;
  v_edge numeric;
  v_column_name text;
  v_is_judged boolean;
  v_free numeric;
  v_is_any boolean := false;
  v_result drill.check_result;
begin
  for v_sequence in
    with recursive integer_type as (
      select t.oid as type_oid
      from pg_catalog.pg_type as t
      where t.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
      union all
      select t.oid
      from integer_type as i
      inner join pg_catalog.pg_type as t on t.typbasetype = i.type_oid and t.typtype = 'd'
    ),
    column_default as (
      select
        d.refobjid as sequence_oid,
        x.adrelid as relation_oid,
        x.adnum as attnum
      from pg_catalog.pg_depend as d
      inner join pg_catalog.pg_attrdef as x on x.oid = d.objid
      where d.classid = 'pg_catalog.pg_attrdef'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    ),
    feeding as (
      select f.sequence_oid, f.relation_oid, f.attnum
      from column_default as f
      union
      select d.objid, d.refobjid, d.refobjsubid::smallint
      from pg_catalog.pg_depend as d
      where d.classid = 'pg_catalog.pg_class'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjsubid > 0
        and d.deptype in ('a', 'i')
        -- Owned by one column, but in the default of another: only that one counts.
        and (
          d.deptype = 'i'
          or exists (
            select
            from pg_catalog.pg_attrdef as x
            where x.adrelid = d.refobjid
              and x.adnum = d.refobjsubid
          )
          or d.objid <> all (array(select f.sequence_oid from column_default as f))
        )
    ),
    fed as (
      select
        f.sequence_oid,
        f.relation_oid,
        c.relnamespace,
        c.relkind,
        c.relispartition,
        a.attname,
        a.attnum
      from feeding as f
      inner join pg_catalog.pg_class as s on s.oid = f.sequence_oid and s.relkind = 'S'
      inner join pg_catalog.pg_class as c
        on c.oid = f.relation_oid
        and c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
      inner join pg_catalog.pg_attribute as a
        on a.attrelid = f.relation_oid
        and a.attnum = f.attnum
        and not a.attisdropped
      inner join integer_type as i on i.type_oid = a.atttypid
    ),
    -- A partition whose parent is fed by the same sequence is read through its
    -- parent. Where the parent has another sequence, that one numbers the rows that
    -- come through the parent, and the partition's own falls behind by rights.
    parent as (
      select
        f.sequence_oid,
        f.relation_oid,
        f.attnum,
        pg_catalog.bool_or(p.sequence_oid = f.sequence_oid) as is_same
      from fed as f
      cross join lateral pg_catalog.pg_partition_ancestors(f.relation_oid::regclass) as t
      inner join fed as p
        on p.relation_oid = t.relid
        and p.attname = f.attname
      where f.relispartition
        and t.relid <> f.relation_oid
      group by f.sequence_oid, f.relation_oid, f.attnum
    ),
    judged as (
      select f.*, p.is_same is not null as is_below_other
      from fed as f
      left join parent as p using (sequence_oid, relation_oid, attnum)
      where not coalesce(p.is_same, false)
    ),
    -- Without `only` the parent of an inheritance would show the values of children
    -- that have sequences of their own. A foreign partition would mean to read from
    -- another server, so its siblings are read one by one.
    readable as (
      select
        j.*,
        drill._relation_name(j.relation_oid) as relation_name,
        case
          when j.relkind = 'r'
            then pg_catalog.format('select t.%I as value from only %s as t', j.attname, drill._relation_name(j.relation_oid))
          when leaf.is_any_foreign
            then leaf.source
          else pg_catalog.format('select t.%I as value from %s as t', j.attname, drill._relation_name(j.relation_oid))
        end as source,
        pg_catalog.row_security_active(j.relation_oid) or coalesce(leaf.is_any_foreign and leaf.is_any_secured, false) as is_secured,
        leaf.is_any_foreign
      from judged as j
      left join lateral (
        select
          pg_catalog.bool_or(c.relkind = 'f') as is_any_foreign,
          pg_catalog.bool_or(pg_catalog.row_security_active(c.oid)) as is_any_secured,
          pg_catalog.string_agg(
            pg_catalog.format('select t.%I as value from only %s as t', j.attname, drill._relation_name(c.oid)),
            ' union all ' order by c.oid
          ) filter (where c.relkind <> 'f') as source
        from pg_catalog.pg_partition_tree(j.relation_oid::regclass) as t
        inner join pg_catalog.pg_class as c on c.oid = t.relid
        where t.isleaf
      ) as leaf on j.relkind = 'p'
    ),
    missing_grant as (
      select r.sequence_oid, g.statement, g.position
      from (select distinct r.sequence_oid from readable as r) as r
      inner join pg_catalog.pg_class as s on s.oid = r.sequence_oid
      inner join pg_catalog.pg_namespace as n on n.oid = s.relnamespace
      cross join lateral (
        select pg_catalog.format('grant usage on schema %I to %I', n.nspname, current_user) as statement, 1 as position
        where not pg_catalog.has_schema_privilege(n.oid, 'usage')
        union all
        select pg_catalog.format('grant select on sequence %s to %I', drill._relation_name(s.oid), current_user), 2
        where not pg_catalog.has_sequence_privilege(s.oid, 'select')
      ) as g
      union
      select r.sequence_oid, g.statement, g.position
      from readable as r
      inner join pg_catalog.pg_namespace as n on n.oid = r.relnamespace
      cross join lateral (
        select pg_catalog.format('grant usage on schema %I to %I', n.nspname, current_user) as statement, 1 as position
        where not pg_catalog.has_schema_privilege(n.oid, 'usage')
        union all
        select pg_catalog.format('grant select on %s to %I', r.relation_name, current_user), 3
        where not pg_catalog.has_column_privilege(r.relation_oid, r.attnum, 'select')
      ) as g
    ),
    grants as (
      select
        m.sequence_oid,
        pg_catalog.string_agg(m.statement, '; ' order by m.position, m.statement collate "C") as statements
      from missing_grant as m
      group by m.sequence_oid
    ),
    reads as (
      select
        r.sequence_oid,
        pg_catalog.array_agg(r.relation_oid order by r.relation_name collate "C", r.attname collate "C") as relation_oids,
        pg_catalog.array_agg(r.attnum order by r.relation_name collate "C", r.attname collate "C") as attnums,
        pg_catalog.array_agg(
          pg_catalog.format(
            'select %L as column_name, %s as is_judged, (select pg_catalog.%s(v.value)::numeric from (%s) as v) as edge',
            r.relation_name || '.' || pg_catalog.quote_ident(r.attname),
            (not r.is_below_other)::text,
            case when q.seqincrement > 0 then 'max' else 'min' end,
            r.source
          )
          order by r.relation_name collate "C", r.attname collate "C"
        ) as queries,
        pg_catalog.min(r.relation_name collate "C") filter (where r.is_secured) as secured_name
      from readable as r
      inner join pg_catalog.pg_sequence as q on q.seqrelid = r.sequence_oid
      where r.source is not null
      group by r.sequence_oid
    )
    select
      drill._relation_name(s.oid) as sequence_name,
      q.seqincrement,
      q.seqmin,
      q.seqmax,
      q.seqcycle,
      case when q.seqincrement > 0 then q.seqmax else q.seqmin end as seqend,
      e.relation_oids,
      e.attnums,
      e.queries,
      e.secured_name,
      g.statements
    from pg_catalog.pg_class as s
    inner join pg_catalog.pg_namespace as n on n.oid = s.relnamespace
    inner join pg_catalog.pg_sequence as q on q.seqrelid = s.oid
    left join reads as e on e.sequence_oid = s.oid
    left join grants as g on g.sequence_oid = s.oid
    where s.relkind = 'S'
      and s.relpersistence <> 't'
      and n.nspname not in ('drill', 'drill_migrations')
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_class'::regclass
          and d.objid = s.oid
          and d.deptype = 'e'
      )
    order by 1
  loop
    v_is_any := true;
    v_result := row('sequences', v_sequence.sequence_name, null, null, null, null, null);

    begin
      -- Not above: it waits for whoever has locked one of these tables. A column
      -- whose default is computed from the value cannot be compared with it.
      select pg_catalog.string_agg(c.query, ' union all ' order by c.position)
      into v_query
      from rows from (
        pg_catalog.unnest(v_sequence.queries), pg_catalog.unnest(v_sequence.relation_oids), pg_catalog.unnest(v_sequence.attnums)
      ) with ordinality as c (query, relation_oid, attnum, position)
      where (
        select pg_catalog.pg_get_expr(x.adbin, x.adrelid)
        from pg_catalog.pg_attrdef as x
        where x.adrelid = c.relation_oid
          and x.adnum = c.attnum
      ) ~ '^\(*nextval\(\(*E?''([^'']|'''')*''(::text\))?(::regclass)?\)+(::[^()+*/%|#&<>=-]+)?\)*$' is not false;
    exception
      when others then
        v_result.status := 'error';
        v_result.detail := pg_catalog.format('could not look at the defaults that use %s: %s (SQLSTATE %s)', v_sequence.sequence_name, sqlerrm, sqlstate);
        v_result.hint := 'Verify again when nobody locks or drops these tables.';
        return next v_result;
        continue;
    end;

    if v_query is null then
      v_result.status := 'skip';
      v_result.detail := pg_catalog.format('%s feeds no integer column that it could be compared with', v_sequence.sequence_name);
      return next v_result;
      continue;
    end if;

    if v_sequence.seqcycle then
      v_result.status := 'skip';
      v_result.detail := pg_catalog.format('%s starts over at its end, so its next value may be below what is there', v_sequence.sequence_name);
      return next v_result;
      continue;
    end if;

    if v_sequence.statements is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('could not compare %s with the columns that it feeds: %I may not read them', v_sequence.sequence_name, current_user);
      v_result.hint := pg_catalog.format('Run: %s.', v_sequence.statements);
      return next v_result;
      continue;
    end if;

    -- A policy would hide the highest value without a word.
    if v_sequence.secured_name is not null then
      v_result.status := 'error';
      v_result.detail := pg_catalog.format('could not compare %s with %s: row level security hides rows from %I', v_sequence.sequence_name, v_sequence.secured_name, current_user);
      v_result.hint := pg_catalog.format('Verify as the owner of %s, or run: alter role %I bypassrls.', v_sequence.secured_name, current_user);
      return next v_result;
      continue;
    end if;

    begin
      -- numeric: one step beyond the last bigint must not overflow.
      execute pg_catalog.format('select s.last_value::numeric + case when s.is_called then %s else 0 end from %s as s', v_sequence.seqincrement, v_sequence.sequence_name)
      into strict v_next;
      execute pg_catalog.format(
        'select c.column_name, c.is_judged, c.edge from (%s) as c order by c.edge is not null and %L %s c.edge and c.is_judged desc, c.edge %s nulls last limit 1',
        v_query,
        v_next,
        case when v_sequence.seqincrement > 0 then '<=' else '>=' end,
        case when v_sequence.seqincrement > 0 then 'desc' else 'asc' end
      )
      into strict v_column_name, v_is_judged, v_edge;
      perform drill._refuse_rewritten(
        array(select drill._relation_name(u.relation_oid) from pg_catalog.unnest(v_sequence.relation_oids) as u (relation_oid))
      );
    exception
      when others then
        v_result.status := 'error';
        v_result.detail := pg_catalog.format('could not compare %s with the columns that it feeds: %s (SQLSTATE %s)', v_sequence.sequence_name, sqlerrm, sqlstate);
        v_result.hint := 'Verify again when nobody locks or drops these tables; otherwise look for the SQLSTATE in the log of the server.';
        return next v_result;
        continue;
    end;

    v_result.actual := pg_catalog.to_jsonb(v_next::text);
    if v_edge is null then
      v_result.status := 'pass';
      v_result.detail := pg_catalog.format('%s gives %s next, and %s holds no value', v_sequence.sequence_name, v_next, v_column_name);
    else
      v_result.expected := pg_catalog.to_jsonb(pg_catalog.format('%s %s', case when v_sequence.seqincrement > 0 then 'above' else 'below' end, v_edge));
      if v_sequence.seqincrement > 0 and v_next > v_edge or v_sequence.seqincrement < 0 and v_next < v_edge then
        v_result.status := 'pass';
        v_result.detail := pg_catalog.format(
          '%s gives %s next, %s %s in %s', v_sequence.sequence_name, v_next,
          case when v_sequence.seqincrement > 0 then 'above' else 'below' end, v_edge, v_column_name
        );
      else
        v_free := v_next + v_sequence.seqincrement * (pg_catalog.div(v_edge - v_next, v_sequence.seqincrement) + 1);
        v_result.status := case when v_is_judged then 'fail' else 'warn' end;
        v_result.detail := pg_catalog.format('%s gives %s next, but %s already reaches %s', v_sequence.sequence_name, v_next, v_column_name, v_edge)
          || case when v_is_judged then '' else ', through the parent of that partition, which has another sequence' end;
        v_result.hint := case
            when v_free between v_sequence.seqmin and v_sequence.seqmax then 'Run: '
            else pg_catalog.format('The sequence ends at %s, so give it more room first, and its column if that is too narrow: alter sequence %s as bigint no minvalue no maxvalue. Then run: ', v_sequence.seqend, v_sequence.sequence_name)
          end
          || pg_catalog.format('select setval(%L, %s, false).', v_sequence.sequence_name, v_free);
      end if;
    end if;

    if v_result.status = 'pass' and v_next not between v_sequence.seqmin and v_sequence.seqmax then
      v_result.status := 'warn';
      v_result.detail := pg_catalog.format('%s is used up: it has given its last value, %s', v_sequence.sequence_name, v_sequence.seqend);
      v_result.hint := pg_catalog.format('Give it more room, and its column if that is too narrow: alter sequence %s as bigint no minvalue no maxvalue.', v_sequence.sequence_name);
    end if;
    return next v_result;
  end loop;

  if not v_is_any then
    return next row(
      'sequences', null, 'skip', 'there is no sequence', null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_sequences() is
  'Whether the next value of each sequence is beyond every value in the integer columns that it feeds; reads the ends of these columns';

revoke all on function drill.verify_sequences() from public;
-- end copy of sql/data/verify_sequences.sql

-- begin copy of sql/data/verify_orphans.sql
-- Rows that refer to nothing, for each foreign key of a critical relation or to
-- one. That its triggers are enabled now says nothing about the rows that came in
-- while they were not. One anti-join per key, on the parents: a partition's copy
-- of the key is part of it.
create or replace function drill.verify_orphans()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
-- A policy that hid the referenced rows would make orphans of all others.
set row_security = off
-- Nothing in a fresh copy is analyzed, and a loop over millions would never end.
set enable_nestloop = off
as $$
declare
  v_key record;
  v_orphan_count bigint;
  v_is_any boolean := false;
begin
  for v_key in
    select
      pg_catalog.format('%s.%I', drill._relation_name(c.conrelid), c.conname) as key_name,
      drill._relation_name(c.conrelid) as referencing,
      drill._relation_name(c.confrelid) as referenced,
      c.convalidated,
      k.is_comparable,
      -- A key with a null in it refers to nothing; one that is declared "match full" may not be null in part.
      pg_catalog.format(
        'from %s as f where (%s) and not exists (select from %s as p where %s)',
        drill._relation_name(c.conrelid),
        case c.confmatchtype when 'f' then k.any_not_null else k.all_not_null end,
        drill._relation_name(c.confrelid),
        k.equal
      ) as orphans
    from pg_catalog.pg_constraint as c
    cross join lateral (
      select
        pg_catalog.string_agg(pg_catalog.format('f.%I is not null', fa.attname), ' and ' order by u.n) as all_not_null,
        pg_catalog.string_agg(pg_catalog.format('f.%I is not null', fa.attname), ' or ' order by u.n) as any_not_null,
        pg_catalog.string_agg(
          pg_catalog.format('p.%I operator(%I.%s) f.%I', pa.attname, n.nspname, o.oprname, fa.attname), ' and ' order by u.n
        ) as equal,
        -- A temporal key (18) compares its last part by containment, which is no equality of rows.
        coalesce(pg_catalog.to_jsonb(c) ->> 'conperiod', 'false') = 'false' as is_comparable
      from rows from (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey), pg_catalog.unnest(c.conpfeqop)) with ordinality as u (fk, pk, operator_oid, n)
      inner join pg_catalog.pg_attribute as fa on fa.attrelid = c.conrelid and fa.attnum = u.fk
      inner join pg_catalog.pg_attribute as pa on pa.attrelid = c.confrelid and pa.attnum = u.pk
      inner join pg_catalog.pg_operator as o on o.oid = u.operator_oid
      inner join pg_catalog.pg_namespace as n on n.oid = o.oprnamespace
    ) as k
    where c.contype = 'f'
      and c.conparentid = 0
      and (
        -- A key that is declared on one partition alone counts for its table.
        exists (
          select
          from drill.critical_relations as r
          where drill._relation_oid(r.relation_name) in (
            select a.relid from pg_catalog.pg_partition_ancestors(c.conrelid) as a
            union all
            select c.conrelid
          )
        )
        or exists (select from drill.critical_relations as r where drill._relation_oid(r.relation_name) = c.confrelid)
      )
    order by drill._relation_name(c.conrelid) collate "C", c.conname collate "C"
  loop
    v_is_any := true;
    begin
      if not v_key.is_comparable then
        return next row(
          'orphans', v_key.key_name, 'skip',
          pg_catalog.format('the foreign key %s is one over periods: its rows are not looked at', v_key.key_name),
          null, null, null
        )::drill.check_result;
        continue;
      end if;

      execute 'select pg_catalog.count(*) ' || v_key.orphans into strict v_orphan_count;
      perform drill._refuse_rewritten(array[v_key.referencing, v_key.referenced]);
      return next row(
        'orphans', v_key.key_name,
        case when v_orphan_count = 0 then 'pass' when v_key.convalidated then 'fail' else 'warn' end,
        case
          when v_orphan_count = 0 then pg_catalog.format('every row of %s has the row of %s that it refers to (%s)', v_key.referencing, v_key.referenced, v_key.key_name)
          else pg_catalog.format(
            '%s %s of %s %s to a row of %s that is not there (foreign key %s%s)',
            v_orphan_count, case v_orphan_count when 1 then 'row' else 'rows' end, v_key.referencing,
            case v_orphan_count when 1 then 'refers' else 'refer' end, v_key.referenced, v_key.key_name,
            case when not v_key.convalidated then ', not validated' else '' end
          )
        end,
        case when v_orphan_count > 0 then pg_catalog.format('Look at them: select f.* %s. Restore the missing rows of %s, or decide what becomes of these.', v_key.orphans, v_key.referenced) end,
        pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_orphan_count::text)
      )::drill.check_result;
    exception
      when others then
        return next row(
          'orphans', v_key.key_name, 'error',
          pg_catalog.format('could not look for orphans of the foreign key %s: %s (SQLSTATE %s)', v_key.key_name, sqlerrm, sqlstate),
          case sqlstate
            when '42501' then pg_catalog.format('Run as an administrator: grant select on %s, %s to %I; where row level security hides rows, the role needs bypassrls too.', v_key.referencing, v_key.referenced, current_user)
            else 'Look for them by hand, or verify again when the cause is gone.'
          end,
          null, null
        )::drill.check_result;
    end;
  end loop;

  if not v_is_any then
    return next row(
      'orphans', null, 'skip', 'no foreign key is declared on a critical relation or refers to one', null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_orphans() is
  'Whether each foreign key of or to a critical relation holds for the rows that are there: one anti-join per key';

revoke all on function drill.verify_orphans() from public;
-- end copy of sql/data/verify_orphans.sql

-- begin copy of sql/physical/verify_indexes.sql
-- Catalog only. convalidated says nothing about today: it stays true when the
-- triggers of a foreign key are disabled and orphans come in. A trigger of a
-- foreign key is found through tgconstraint, as its name holds an oid.
--
-- The planner knows nothing of the size of a common table expression: it would take
-- one of 2,400 foreign keys for one row, and read all triggers for each. Hence no
-- nested loops; and no compiling, which the price put on them would call for.
create or replace function drill.verify_indexes()
returns setof drill.check_result
language sql
stable
set search_path = ''
set enable_nestloop = off
set jit = off
as $$
  with index_state as (
    select
      x.indexrelid,
      x.indrelid,
      c.relname,
      c.relkind,
      x.indisvalid,
      x.indisready,
      x.indislive,
      x.indisunique,
      n.nspname,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as index_name,
      pg_catalog.format('%I.%I', tn.nspname, t.relname) as relation_name,
      x.indisvalid and x.indisready and x.indislive as is_good
    from pg_catalog.pg_index as x
    inner join pg_catalog.pg_class as c on c.oid = x.indexrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_class as t on t.oid = x.indrelid
    inner join pg_catalog.pg_namespace as tn on tn.oid = t.relnamespace
    where c.relpersistence <> 't'
      and n.nspname not in ('pg_catalog', 'information_schema')
      -- One of TOAST counts with its table; it has a row of its own only when it is bad.
      and (n.nspname <> 'pg_toast' or not (x.indisvalid and x.indisready and x.indislive))
  ),
  -- The first partition, by name, that keeps the index of a partitioned table from
  -- being valid: it has no part of the index, or a part that is invalid itself.
  incomplete as (
    select distinct on (i.indexrelid)
      i.indexrelid,
      pg_catalog.quote_ident(n.nspname) as schema_name,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as partition_name,
      k.indexrelid as part_oid,
      drill._relation_name(k.indexrelid) as part_name,
      pg_catalog.count(*) over (partition by i.indexrelid) as partition_count
    from index_state as i
    inner join pg_catalog.pg_inherits as p on p.inhparent = i.indrelid
    inner join pg_catalog.pg_class as c on c.oid = p.inhrelid and c.relkind in ('r', 'p')
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join lateral (
      select x.indexrelid, x.indisvalid
      from pg_catalog.pg_inherits as h
      inner join pg_catalog.pg_index as x on x.indexrelid = h.inhrelid
      where h.inhparent = i.indexrelid
        and x.indrelid = p.inhrelid
    ) as k on true
    where i.relkind = 'I'
      and not i.is_good
      and not coalesce(k.indisvalid, false)
    order by i.indexrelid, k.indexrelid is not null, n.nspname collate "C", c.relname collate "C"
  ),
  -- Invalid although every part is there and valid: attaching one again makes
  -- PostgreSQL look anew.
  attached as (
    select distinct on (i.indexrelid)
      i.indexrelid,
      drill._relation_name(h.inhrelid) as part_name
    from index_state as i
    inner join pg_catalog.pg_inherits as h on h.inhparent = i.indexrelid
    where i.relkind = 'I'
      and not i.is_good
    order by i.indexrelid, drill._relation_name(h.inhrelid) collate "C"
  ),
  index_result as (
    select
      i.index_name,
      case
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null
          then pg_catalog.format('the index %s of the partitioned table %s is not valid: the partition %s has no part of it', i.index_name, i.relation_name, p.partition_name)
            || case when p.partition_count > 1 then pg_catalog.format(', and %s more have no valid one', p.partition_count - 1) else '' end
        when i.relkind = 'I' and p.partition_name is not null
          then pg_catalog.format('the index %s of the partitioned table %s is not valid: its part %s on %s is not', i.index_name, i.relation_name, p.part_name, p.partition_name)
        when i.relkind = 'I'
          then pg_catalog.format('the index %s of the partitioned table %s is not valid', i.index_name, i.relation_name)
        when not i.indislive
          then pg_catalog.format('the index %s on %s is half dropped', i.index_name, i.relation_name)
        when not i.indisready
          then pg_catalog.format('the index %s on %s is not ready: new rows do not go into it', i.index_name, i.relation_name)
        else pg_catalog.format('the index %s on %s is not valid: queries do not use it', i.index_name, i.relation_name)
      end as detail,
      case
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null and o.conname is not null
          then pg_catalog.format(
            'Run: alter table %s add constraint NAME %s; then: alter index %s attach partition %s.NAME.',
            p.partition_name, pg_catalog.pg_get_constraintdef(o.oid), i.index_name, p.schema_name
          )
        when i.relkind = 'I' and p.part_oid is null and p.partition_name is not null
          then pg_catalog.format(
            'Run: create %sindex NAME on %s%s; then: alter index %s attach partition %s.NAME.',
            case when i.indisunique then 'unique ' else '' end,
            p.partition_name,
            -- The part of the definition behind the names, which may hold anything.
            pg_catalog.substr(
              pg_catalog.pg_get_indexdef(i.indexrelid),
              pg_catalog.length(pg_catalog.format(
                'CREATE %sINDEX %I ON ONLY %s', case when i.indisunique then 'UNIQUE ' else '' end, i.relname, i.relation_name
              )) + 1
            ),
            i.index_name, p.schema_name
          )
        when i.relkind = 'I' and p.partition_name is not null
          then pg_catalog.format('Put %s right first, then run: alter index %s attach partition %s.', p.part_name, i.index_name, p.part_name)
        when i.relkind = 'I' and a.part_name is not null
          then pg_catalog.format('Run: alter index %s attach partition %s, which makes PostgreSQL look again.', i.index_name, a.part_name)
        when i.relkind = 'I'
          then pg_catalog.format('Drop %s and create it again on %s, without "only".', i.index_name, i.relation_name)
        when not i.indislive or i.relname ~ '_cc(new|old)[0-9]*$'
          then pg_catalog.format('It is left over from a command that was broken off. Run: drop index concurrently %s.', i.index_name)
        when i.nspname = 'pg_toast'
          then 'No command mends an index of TOAST: restore again.'
        else pg_catalog.format('Run: reindex index %s. Of a unique one that reports duplicates, remove these rows first.', i.index_name)
      end as hint,
      pg_catalog.jsonb_build_object('valid', i.indisvalid, 'ready', i.indisready, 'live', i.indislive) as actual
    from index_state as i
    left join incomplete as p using (indexrelid)
    left join attached as a using (indexrelid)
    left join pg_catalog.pg_constraint as o
      on o.conindid = i.indexrelid
      and o.conrelid = i.indrelid
      and o.contype in ('p', 'u', 'x')
    where not i.is_good
  ),
  -- Those of partitions are constraints of their own, with triggers of their own.
  -- PostgreSQL 14 gives a partitioned table none at all.
  checked_constraint as (
    select
      k.oid,
      k.conname,
      k.contype,
      k.conrelid,
      k.contypid,
      k.confrelid,
      k.conparentid,
      k.convalidated,
      k.conislocal or k.coninhcount = 0 as is_own,
      c.relkind,
      n.nspname,
      pg_catalog.format('%I.%I', n.nspname, coalesce(c.relname, t.typname)) as owner_name,
      -- Only PostgreSQL 18 has the column.
      case
        when pg_catalog.current_setting('server_version_num')::integer >= 180000
          then (pg_catalog.to_jsonb(k) ->> 'conenforced')::boolean
        else true
      end as is_declared_enforced
    from pg_catalog.pg_constraint as k
    left join pg_catalog.pg_class as c on c.oid = k.conrelid
    left join pg_catalog.pg_type as t on t.oid = k.contypid
    inner join pg_catalog.pg_namespace as n on n.oid = coalesce(c.relnamespace, t.typnamespace)
    where c.relpersistence is distinct from 't'
      and n.nspname not in ('pg_catalog', 'information_schema')
      -- Since PostgreSQL 18 every "not null" is one, too.
      and (k.contype in ('f', 'c') or k.contype = 'n' and not k.convalidated)
  ),
  key_trigger as (
    select
      t.tgconstraint,
      pg_catalog.count(*) as trigger_count,
      pg_catalog.array_agg(distinct drill._relation_name(t.tgrelid) collate "C")
        filter (where t.tgenabled not in ('O', 'A')) as disabled_on,
      pg_catalog.string_agg(
        pg_catalog.format('alter table %s enable trigger %I', drill._relation_name(t.tgrelid), t.tgname),
        '; ' order by t.tgname
      ) filter (where t.tgenabled not in ('O', 'A')) as enabling
    from pg_catalog.pg_trigger as t
    where t.tgconstraint <> 0
    group by t.tgconstraint
  ),
  key_state as (
    select
      k.*,
      t.disabled_on,
      t.enabling,
      coalesce(t.trigger_count, 0) as trigger_count,
      case
        when not k.is_declared_enforced then 'declared'
        when t.disabled_on is not null then 'disabled'
        -- Two for each side, where neither side is partitioned.
        when k.conparentid = 0 and k.relkind = 'r' and f.relkind = 'r' and coalesce(t.trigger_count, 0) < 4 then 'missing'
      end as fault
    from checked_constraint as k
    inner join pg_catalog.pg_class as f on f.oid = k.confrelid
    left join key_trigger as t on t.tgconstraint = k.oid
    where k.contype = 'f'
  ),
  key_result as (
    select
      k.owner_name || '.' || pg_catalog.quote_ident(k.conname) as object_name,
      case k.fault
        when 'declared'
          then pg_catalog.format('the foreign key %I of %s is declared as not enforced', k.conname, k.owner_name)
        when 'disabled'
          then pg_catalog.format('the foreign key %I of %s is not enforced: its triggers on %s are disabled', k.conname, k.owner_name, pg_catalog.array_to_string(k.disabled_on, ' and '))
        when 'missing'
          then pg_catalog.format('the foreign key %I of %s is not enforced: it has %s of its 4 triggers', k.conname, k.owner_name, k.trigger_count)
      end as detail,
      case k.fault
        when 'declared'
          then pg_catalog.format('Run: alter table %s alter constraint %I enforced, which fails while there are orphans.', k.owner_name, k.conname)
        when 'disabled'
          then pg_catalog.format('Look for orphans that came in meanwhile. Then run: %s.', k.enabling)
        when 'missing'
          then pg_catalog.format('Run: alter table %1$s drop constraint %2$I, add constraint %2$I %3$s.', k.owner_name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
      end as hint,
      pg_catalog.jsonb_build_object('disabled_on', k.disabled_on, 'triggers', k.trigger_count, 'declared_enforced', k.is_declared_enforced) as actual
    from key_state as k
    where k.fault is not null
  ),
  -- Of partitions and children only what they do not have from their parent. A
  -- foreign key that is declared as not enforced has its row above.
  validation as (
    select k.*, k.convalidated and k.is_declared_enforced as is_good
    from checked_constraint as k
    where k.conparentid = 0
      and k.is_own
      and (k.contype <> 'f' or k.is_declared_enforced)
      and not exists (
        select
        from pg_catalog.pg_depend as d
        where d.deptype = 'e'
          and d.classid = case when k.conrelid <> 0 then 'pg_catalog.pg_class'::regclass else 'pg_catalog.pg_type'::regclass end
          and d.objid = case when k.conrelid <> 0 then k.conrelid else k.contypid end
      )
  ),
  validation_result as (
    select
      v.owner_name || '.' || pg_catalog.quote_ident(v.conname) as object_name,
      pg_catalog.format(
        'the %s %I of %s is not %s: rows may violate it',
        case v.contype when 'f' then 'foreign key' when 'c' then 'check constraint' else 'not-null constraint' end,
        v.conname, v.owner_name,
        case when v.is_declared_enforced then 'validated' else 'enforced' end
      ) as detail,
      case
        when v.is_declared_enforced
          then pg_catalog.format(
            'If production has it validated, run: alter %s %s validate constraint %I.',
            case when v.conrelid <> 0 then 'table' else 'domain' end, v.owner_name, v.conname
          )
        else pg_catalog.format(
          'If production enforces it, run: alter table %1$s drop constraint %2$I, add constraint %2$I %3$s.',
          v.owner_name, v.conname, pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(v.oid), ' NOT ENFORCED$', '')
        )
      end as hint,
      pg_catalog.jsonb_build_object('validated', v.convalidated, 'declared_enforced', v.is_declared_enforced) as actual
    from validation as v
    where not v.is_good
  ),
  family as (
    select
      f.position,
      f.object_count,
      f.bad_count,
      pg_catalog.to_char(f.object_count, 'FM999,999,999,999') || case when f.object_count = 1 then f.one else f.several end as good,
      f.none
    from (
      select
        1 as position,
        pg_catalog.count(*) as object_count,
        pg_catalog.count(*) filter (where not i.is_good) as bad_count,
        ' index is valid' as one, ' indexes are valid' as several, 'there is no index' as none
      from index_state as i
      union all
      select
        2, pg_catalog.count(*), pg_catalog.count(k.fault),
        ' foreign key is enforced', ' foreign keys are enforced', 'there is no foreign key'
      from key_state as k
      union all
      select
        3, pg_catalog.count(*), pg_catalog.count(*) filter (where not v.is_good),
        ' foreign key or check constraint is validated', ' foreign keys and check constraints are validated',
        'there is no foreign key and no check constraint'
      from validation as v
    ) as f
  ),
  result as (
    select 1 as position, r.index_name as object_name, 'warn' as status, r.detail, r.hint,
      pg_catalog.jsonb_build_object('valid', true, 'ready', true, 'live', true) as expected, r.actual
    from index_result as r
    union all
    select 2, r.object_name, case when (r.actual ->> 'declared_enforced')::boolean then 'fail' else 'warn' end, r.detail, r.hint, pg_catalog.to_jsonb('enforced'::text), r.actual
    from key_result as r
    union all
    select 3, r.object_name, 'warn', r.detail, r.hint, pg_catalog.to_jsonb('validated'::text), r.actual
    from validation_result as r
    union all
    select
      f.position, null, case when f.object_count = 0 then 'skip' else 'pass' end,
      case when f.object_count = 0 then f.none else f.good end,
      null, null, pg_catalog.to_jsonb(f.object_count::text)
    from family as f
    where f.bad_count = 0
  )
  select 'indexes', r.object_name, r.status, r.detail, r.hint, r.expected, r.actual
  from result as r
  order by r.position, r.object_name collate "C"
$$;

comment on function drill.verify_indexes() is
  'Whether indexes are valid and complete, foreign keys really enforced, and constraints validated; reads the catalog only';

revoke all on function drill.verify_indexes() from public;
-- end copy of sql/physical/verify_indexes.sql

-- begin copy of sql/physical/verify_physical.sql
-- One row per aspect when it is right, one per object when it is not. Reads the
-- catalog, statistics and sizes, and no table of the user's.
create or replace function drill.verify_physical()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_database_name constant text := pg_catalog.quote_ident(pg_catalog.current_database());
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_is_in_recovery boolean := pg_catalog.pg_is_in_recovery();
  v_object record;
  v_count bigint;
  v_bad_count bigint;
  v_actual_version text;
  v_text text;
begin
  -- The collation of the database itself.
  begin
    if v_version >= 150000 then
      execute
        'select d.datcollversion as recorded, pg_catalog.pg_database_collation_actual_version(d.oid) as provided'
        ' from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()'
      into strict v_object;
      return next row(
        'physical', case when v_object.recorded is distinct from v_object.provided then v_database_name end,
        case
          when v_object.recorded is not distinct from v_object.provided then 'pass'
          when v_object.recorded is null then 'warn'
          else 'fail'
        end,
        case
          when v_object.recorded is null and v_object.provided is null
            then pg_catalog.format('the collation of the database %s has no versions, so it cannot have changed', v_database_name)
          when v_object.recorded is not distinct from v_object.provided
            then pg_catalog.format('the collation of the database %s has the recorded version %s', v_database_name, v_object.recorded)
          when v_object.recorded is null
            then pg_catalog.format('the version of the collation of the database %s was never recorded, so nobody can tell whether it changed to %s', v_database_name, v_object.provided)
          else pg_catalog.format('the collation of the database %s was version %s, and this server provides %s: indexes over text may be in the wrong order', v_database_name, v_object.recorded, coalesce(v_object.provided, 'none'))
        end,
        case
          when v_object.recorded is distinct from v_object.provided
            then pg_catalog.format('Restore on a server with production''s version, or run in this order: reindex database %1$s; alter database %1$s refresh collation version.', v_database_name)
        end,
        pg_catalog.to_jsonb(v_object.recorded), pg_catalog.to_jsonb(v_object.provided)
      )::drill.check_result;
    else
      return next row(
        'physical', null, 'skip', 'PostgreSQL 14 does not record the version of a database''s own collation', null, null, null
      )::drill.check_result;
    end if;
  exception
    when others then
      return next row(
        'physical', v_database_name, 'error',
        pg_catalog.format('could not ask for the version of the collation of the database %s: %s (SQLSTATE %s)', v_database_name, sqlerrm, sqlstate),
        'Restore on a server that is built with production''s collation library.', null, null
      )::drill.check_result;
  end;

  -- Other collations, as far as anything is stored with them: a view is not.
  v_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      pg_catalog.format('%I.%I', n.nspname, c.collname) as collation_name,
      c.collversion as recorded
    from pg_catalog.pg_collation as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.collnamespace
    where c.collprovider <> 'd'
      and exists (
        select
        from pg_catalog.pg_depend as d
        left join pg_catalog.pg_class as r
          on d.classid = 'pg_catalog.pg_class'::regclass
          and r.oid = d.objid
        where d.refclassid = 'pg_catalog.pg_collation'::regclass
          and d.refobjid = c.oid
          and (
            r.relkind in ('r', 'p', 'm', 'i', 'I')
            or d.classid in ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_constraint'::regclass)
          )
      )
    order by n.nspname collate "C", c.collname collate "C"
  loop
    v_count := v_count + 1;
    begin
      v_actual_version := pg_catalog.pg_collation_actual_version(v_object.oid);
      if v_object.recorded is distinct from v_actual_version then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.collation_name, case when v_object.recorded is null then 'warn' else 'fail' end,
          case
            when v_object.recorded is null
              then pg_catalog.format('the version of the collation %s was never recorded, so nobody can tell whether it changed to %s', v_object.collation_name, v_actual_version)
            else pg_catalog.format('the collation %s was version %s, and this server provides %s: indexes with it may be in the wrong order', v_object.collation_name, v_object.recorded, coalesce(v_actual_version, 'none'))
          end,
          pg_catalog.format('Restore on a server with production''s version, or reindex every index with this collation, and then run: alter collation %s refresh version.', v_object.collation_name),
          pg_catalog.to_jsonb(v_object.recorded), pg_catalog.to_jsonb(v_actual_version)
        )::drill.check_result;
      end if;
    exception
      when others then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.collation_name, 'error',
          pg_catalog.format('could not ask for the version of the collation %s: %s (SQLSTATE %s)', v_object.collation_name, sqlerrm, sqlstate),
          'Restore on a server that is built with production''s collation library.', null, null
        )::drill.check_result;
    end;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'nothing is stored with another collation than the database''s own'
        else pg_catalog.format('each other collation in use has the recorded version (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- The counter is null without checksums. It counts pages that were read.
  select
    pg_catalog.sum(s.checksum_failures) as checksum_failures,
    pg_catalog.to_char(pg_catalog.max(s.checksum_last_failure) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') as last_failure
  into v_object
  from pg_catalog.pg_stat_database as s
  where s.datid = 0
    or s.datname = pg_catalog.current_database();
  return next row(
    'physical', case when v_object.checksum_failures > 0 then v_database_name end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on' then 'warn'
      when v_object.checksum_failures is null then 'error'
      when v_object.checksum_failures > 0 then 'fail'
      else 'pass'
    end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on'
        then 'could not look for damaged pages: data checksums are off'
      when v_object.checksum_failures is null
        then pg_catalog.format('could not look for damaged pages: the server counts none for the database %s', v_database_name)
      when v_object.checksum_failures > 0
        then pg_catalog.format('%s damaged pages were read in the database %s and the shared catalogs, the last at %s', v_object.checksum_failures, v_database_name, v_object.last_failure)
      else 'no page that was read since the server started to count has a wrong checksum'
    end,
    case
      when pg_catalog.current_setting('data_checksums') <> 'on'
        then 'Without checksums damage shows only in contents. With the server stopped, pg_checksums --enable turns them on.'
      when v_object.checksum_failures is null
        then 'Set track_counts to on, and verify again.'
      when v_object.checksum_failures > 0
        then 'The log of the server names the pages. Restore again from another backup, and test the disk.'
    end,
    pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_object.checksum_failures::text)
  )::drill.check_result;

  -- A crash, and so every physical copy, empties unlogged tables. The size tells
  -- without reading: such a table has no page.
  v_count := 0;
  v_bad_count := 0;
  for v_object in
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r'
      and c.relpersistence = 'u'
    order by n.nspname collate "C", c.relname collate "C"
  loop
    v_count := v_count + 1;
    begin
      if pg_catalog.pg_relation_size(v_object.oid::regclass) = 0 then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.relation_name, 'warn',
          pg_catalog.format('the unlogged table %s is empty: a physical copy never has its rows', v_object.relation_name),
          pg_catalog.format('Fill %s again if production has rows in it. If they matter, run in production: alter table %s set logged.', v_object.relation_name, v_object.relation_name),
          null, pg_catalog.to_jsonb('empty'::text)
        )::drill.check_result;
      end if;
    exception
      when lock_not_available then
        v_bad_count := v_bad_count + 1;
        return next row(
          'physical', v_object.relation_name, 'error',
          pg_catalog.format('could not look at the unlogged table %s: somebody has locked it', v_object.relation_name),
          'Verify again when nobody locks it.', null, null
        )::drill.check_result;
    end;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no unlogged table'
        else pg_catalog.format('no unlogged table is empty (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  return query
    select
      'physical', v.view_name, 'fail'::drill.check_status,
      pg_catalog.format('the materialized view %s is not populated, so reading it is an error', v.view_name),
      pg_catalog.format('Run: refresh materialized view %s.', v.view_name),
      pg_catalog.to_jsonb('populated'::text), pg_catalog.to_jsonb('not populated'::text)
    from (
      select pg_catalog.format('%I.%I', n.nspname, c.relname) as view_name
      from pg_catalog.pg_class as c
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'm'
        and not c.relispopulated
    ) as v
    order by v.view_name collate "C";
  if not found then
    select pg_catalog.count(*) into v_count from pg_catalog.pg_class as c where c.relkind = 'm';
    return next row(
      'physical', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no materialized view'
        else pg_catalog.format('each materialized view is populated (%s in all)', v_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- pg_stats shows nothing of a table that the role may not read or whose rows a
  -- policy hides: of such a table nothing is known. reltuples is -1 before the
  -- first analyze, but index builds set it, too; 0 means that a vacuum or analyze
  -- found no row in the pages of then.
  begin
    with analyzed as (
      select distinct s.schemaname, s.tablename
      from pg_catalog.pg_stats as s
    ),
    filled as (
      select
        pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
        a.tablename is not null as is_analyzed,
        pg_catalog.has_schema_privilege(n.oid, 'usage')
          and pg_catalog.has_any_column_privilege(c.oid, 'select')
          and not pg_catalog.row_security_active(c.oid) as is_visible
      from pg_catalog.pg_class as c
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      left join analyzed as a
        on a.schemaname = n.nspname
        and a.tablename = c.relname
      where c.relkind in ('r', 'm')
        and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'drill', 'drill_migrations')
        and case
          when a.tablename is not null then true
          when c.reltuples = 0 then pg_catalog.pg_relation_size(c.oid::regclass) > c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint
          else pg_catalog.pg_relation_size(c.oid::regclass) > 0
        end
        and exists (
          select
          from pg_catalog.pg_attribute as t
          where t.attrelid = c.oid
            and t.attnum > 0
            and not t.attisdropped
            and coalesce(t.attstattarget, -1) <> 0
        )
        and not exists (
          select
          from pg_catalog.pg_depend as d
          where d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = c.oid
            and d.deptype = 'e'
        )
    )
    select
      pg_catalog.count(*) as filled_count,
      pg_catalog.count(*) filter (where f.is_visible and not f.is_analyzed) as missing_count,
      pg_catalog.count(*) filter (where not f.is_visible and not f.is_analyzed) as hidden_count,
      (pg_catalog.array_agg(f.relation_name order by f.relation_name collate "C") filter (where f.is_visible and not f.is_analyzed))[1:10] as missing_names
    into v_object
    from filled as f;
    v_text := pg_catalog.array_to_string(v_object.missing_names, ', ');
    return next row(
      'physical', null,
      case
        when v_object.missing_count + v_object.hidden_count > 0 then 'warn'
        when v_object.filled_count = 0 then 'skip'
        else 'pass'
      end,
      case
        when v_object.missing_count > 0
          then pg_catalog.format('%s of %s tables with rows have no planner statistics, so queries may be slow: %s', v_object.missing_count, v_object.filled_count, v_text)
            || case when v_object.missing_count > 10 then ' and others' else '' end
            || case when v_object.hidden_count > 0 then pg_catalog.format('; %s more could not be looked at', v_object.hidden_count) else '' end
        when v_object.hidden_count > 0
          then pg_catalog.format('could not look for planner statistics of %s of %s tables with rows: %I may not read them', v_object.hidden_count, v_object.filled_count, current_user)
        when v_object.filled_count = 0
          then 'there is no table with rows'
        else pg_catalog.format('each table with rows has planner statistics (%s in all)', v_object.filled_count)
      end,
      case
        when v_object.missing_count > 10 then 'Run: analyze.'
        when v_object.missing_count > 0 then pg_catalog.format('Run: analyze %s.', v_text)
        when v_object.hidden_count > 0
          then pg_catalog.format('Run: grant pg_read_all_data to %I, or analyze the whole database to be sure.', current_user)
      end,
      pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(v_object.missing_count::text)
    )::drill.check_result;
  exception
    -- Asking for a size waits for whoever rewrites the table.
    when lock_not_available then
      return next row(
        'physical', null, 'error', 'could not look for planner statistics: somebody has locked a table',
        'Verify again when nobody locks a table.', null, null
      )::drill.check_result;
  end;

  return next row(
    'physical', null, case when v_is_in_recovery then 'fail' else 'pass' end,
    case
      when v_is_in_recovery then 'the server is still in recovery, so it takes no writes and may still change'
      else 'recovery has ended'
    end,
    case
      when v_is_in_recovery then 'If the recovery has reached its target, run: select pg_promote(). Then verify again.'
    end,
    pg_catalog.to_jsonb('ended'::text), pg_catalog.to_jsonb(case when v_is_in_recovery then 'in recovery' else 'ended' end)
  )::drill.check_result;

  -- Settings, not this transaction: pgdrill reads in a read-only one. A role that
  -- may not write anything is meant to be read-only.
  return query
    select
      'physical', s.object_name, 'fail'::drill.check_status,
      pg_catalog.format('%s has %s, so writes are refused', s.object_name, s.setting),
      s.hint,
      pg_catalog.to_jsonb('default_transaction_read_only=off'::text), pg_catalog.to_jsonb(s.setting)
    from (
      select
        coalesce(
          nullif(pg_catalog.concat_ws(' in ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname)), ''),
          'every role'
        ) as object_name,
        e.setting,
        case
          when s.setrole = 0 and s.setdatabase = 0
            then 'Run: alter role all reset default_transaction_read_only.'
          else pg_catalog.format(
            'Run: alter %s reset default_transaction_read_only; then connect anew.',
            pg_catalog.concat_ws(' in ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname))
          )
        end as hint
      from pg_catalog.pg_db_role_setting as s
      cross join lateral pg_catalog.unnest(s.setconfig) as e (setting)
      left join pg_catalog.pg_roles as r on r.oid = s.setrole
      left join pg_catalog.pg_database as d on d.oid = s.setdatabase
      where (s.setdatabase = 0 or d.datname = pg_catalog.current_database())
        and pg_catalog.lower(e.setting) like 'default\_transaction\_read\_only=%'
        and pg_catalog.split_part(e.setting, '=', 2)::boolean
        and (
          s.setrole = 0
          or exists (
            select
            from pg_catalog.pg_class as c
            inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p')
              and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'drill', 'drill_migrations')
              and pg_catalog.has_table_privilege(s.setrole, c.oid, 'insert, update, delete')
          )
        )
      union all
      -- What a new session gets of the server, when nothing above says so.
      select
        'this server', 'default_transaction_read_only=on',
        'Run: alter system reset default_transaction_read_only; select pg_reload_conf(); and look for it in postgresql.conf.'
      from pg_catalog.pg_settings as g
      where g.name = 'default_transaction_read_only'
        and g.reset_val = 'on'
        and g.source not in ('client', 'database', 'user', 'database user', 'global')
    ) as s
    order by s.object_name collate "C";
  if not found then
    return next row(
      'physical', null, 'pass', 'neither the server, nor the database, nor a role that may write is read-only by default', null, null, null
    )::drill.check_result;
  end if;

  return query
    select
      'physical', pg_catalog.quote_literal(p.gid), 'fail'::drill.check_status,
      pg_catalog.format('the prepared transaction %L of %s by %I was never finished: it keeps its locks and holds up vacuum', p.gid, pg_catalog.to_char(p.prepared at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), p.owner),
      pg_catalog.format('Run: rollback prepared %L. If its coordinator says that it was committed, run: commit prepared %L.', p.gid, p.gid),
      pg_catalog.to_jsonb('none'::text), pg_catalog.to_jsonb(p.gid)
    from pg_catalog.pg_prepared_xacts as p
    where p.database = pg_catalog.current_database()
    order by p.gid collate "C";
  if not found then
    return next row(
      'physical', null, 'pass', 'there is no prepared transaction', null, null, null
    )::drill.check_result;
  end if;

  -- PostgreSQL refuses writes some millions before 2^31.
  return query
    select
      'physical', case when a.age > 1500000000 then v_database_name end,
      (case when a.age > 2000000000 then 'fail' when a.age > 1500000000 then 'warn' else 'pass' end)::drill.check_status,
      pg_catalog.format('the oldest %s of the database %s is %s old, and at 2,147,483,648 writes end', a.kind, v_database_name, pg_catalog.to_char(a.age, 'FM9,999,999,999')),
      case when a.age > 1500000000 then pg_catalog.format('Run as superuser in the database %s: vacuum freeze.', v_database_name) end,
      pg_catalog.to_jsonb('1500000000'::text), pg_catalog.to_jsonb(a.age::text)
    from (
      select 'transaction id' as kind, pg_catalog.age(d.datfrozenxid) as age
      from pg_catalog.pg_database as d
      where d.datname = pg_catalog.current_database()
      union all
      select 'multixact id', pg_catalog.mxid_age(d.datminmxid)
      from pg_catalog.pg_database as d
      where d.datname = pg_catalog.current_database()
    ) as a
    order by a.kind desc;
end
$$;

comment on function drill.verify_physical() is
  'Whether the restored server is sound: collation versions, checksums, unlogged tables, materialized views, statistics, recovery, read-only, prepared transactions, wraparound';

revoke all on function drill.verify_physical() from public;
-- end copy of sql/physical/verify_physical.sql

-- begin copy of sql/physical/verify_amcheck.sql
-- Reads every btree index and every heap in full, with the extension amcheck; writes
-- nothing. Its functions are taken only from the extension's own library: one of the
-- same name could say anything.
--
-- Messages of corruption name blocks, line pointers and files, and are told. Those of
-- other errors may hold values of a row (an expression of an index may raise), so of
-- them only the SQLSTATE is. A cancelled query is no answer: "when others" lets it pass.
create or replace function drill.verify_amcheck()
returns setof drill.check_result
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_role_name constant text := pg_catalog.quote_ident(current_user);
  v_is_in_recovery constant boolean := pg_catalog.pg_is_in_recovery();
  -- A file that cannot be read is damage when it is one of the data: a library that is not installed is none.
  v_data_file constant text := '"(base|global|pg_tblspc|pg_xact|pg_multixact|pg_subtrans|pg_commit_ts)/';
  v_extension record;
  v_index_function record;
  v_heap_function record;
  v_missing text[];
  v_object record;
  v_count bigint;
  v_own_count bigint;
  v_bad_count bigint;
  v_finding_count bigint;
  v_state text;
  v_message text;
  v_error_detail text;
  v_shown text;
  v_hint text;
  v_follow_toast boolean;
  v_bad_toast oid[] := array[]::oid[];
  v_text text;
begin
  select e.oid, n.oid as namespace_oid, n.nspname
  into v_extension
  from pg_catalog.pg_extension as e
  inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'amcheck';
  if not found then
    return next row(
      'amcheck', null, 'error', 'could not look for corruption: the extension amcheck is not installed',
      case
        when exists (select from pg_catalog.pg_available_extensions as a where a.name = 'amcheck')
          then 'Run as superuser: create extension amcheck.'
        else 'Install amcheck, which is part of PostgreSQL''s contrib modules, on the server. Then run as superuser: create extension amcheck.'
      end,
      null, null
    )::drill.check_result;
    return;
  end if;

  -- PostgreSQL 17 and newer can also look for duplicates in unique indexes.
  select p.oid, p.proname, p.pronargs
  into v_index_function
  from pg_catalog.pg_proc as p
  inner join pg_catalog.pg_language as l on l.oid = p.prolang
  inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_proc'::regclass
    and d.objid = p.oid
    and d.deptype = 'e'
    and d.refobjid = v_extension.oid
  where p.proname = 'bt_index_check'
    and pg_catalog.oidvectortypes(p.proargtypes) in ('regclass, boolean', 'regclass, boolean, boolean')
    and l.lanname = 'c'
    and p.probin ~ '(^|/)amcheck$'
    and p.prosrc = 'bt_index_check'
  order by p.pronargs desc
  limit 1;

  select p.oid
  into v_heap_function
  from pg_catalog.pg_proc as p
  inner join pg_catalog.pg_language as l on l.oid = p.prolang
  inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_proc'::regclass
    and d.objid = p.oid
    and d.deptype = 'e'
    and d.refobjid = v_extension.oid
  where p.proname = 'verify_heapam'
    and l.lanname = 'c'
    and p.probin ~ '(^|/)amcheck$'
    and p.prosrc = 'verify_heapam';

  if v_index_function.oid is null or v_heap_function.oid is null then
    return next row(
      'amcheck', null, 'error',
      'could not look for corruption: the extension amcheck is too old, or its functions are not its own',
      'Run as superuser: alter extension amcheck update. If that does not help: drop extension amcheck; create extension amcheck.',
      null, null
    )::drill.check_result;
    return;
  end if;

  v_missing := array(
    select m.statement
    from (
      select 1 as position, pg_catalog.format('grant usage on schema %I to %s', v_extension.nspname, v_role_name) as statement
      where not pg_catalog.has_schema_privilege(v_extension.namespace_oid, 'usage')
      union all
      select 2, pg_catalog.format('grant execute on function %s to %s', f.oid::regprocedure, v_role_name)
      from (values (v_index_function.oid), (v_heap_function.oid)) as f (oid)
      where not pg_catalog.has_function_privilege(f.oid, 'execute')
    ) as m
    order by m.position, m.statement collate "C"
  );
  if pg_catalog.cardinality(v_missing) > 0 then
    return next row(
      'amcheck', null, 'error',
      pg_catalog.format('could not look for corruption: %s may not use the extension amcheck', v_role_name),
      pg_catalog.format('Verify as superuser, or run: %s.', pg_catalog.array_to_string(v_missing, '; ')),
      null, null
    )::drill.check_result;
    return;
  end if;

  -- Indexes, those of TOAST and of PostgreSQL's catalogs included: with a damaged one of
  -- these nothing else can be trusted. What another session keeps for itself (temporary)
  -- cannot be read, and a standby has no unlogged ones.
  v_count := 0;
  v_own_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      o.reltoastrelid is not null as is_toast,
      x.indrelid,
      pg_catalog.format('%I.%I', coalesce(otn.nspname, n.nspname), coalesce(o.relname, c.relname)) as object_name,
      coalesce(otn.nspname, n.nspname) in ('pg_catalog', 'information_schema') as is_system
    from pg_catalog.pg_index as x
    inner join pg_catalog.pg_class as c on c.oid = x.indexrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    -- A name of TOAST tells an oid, so the table that it belongs to is named.
    left join pg_catalog.pg_class as o on n.nspname = 'pg_toast' and o.reltoastrelid = x.indrelid
    left join pg_catalog.pg_namespace as otn on otn.oid = o.relnamespace
    where c.relkind = 'i'
      and a.amname = 'btree'
      and x.indisvalid
      and x.indisready
      and x.indislive
      and (c.relpersistence = 'p' or c.relpersistence = 'u' and not v_is_in_recovery)
    order by is_system, coalesce(otn.nspname, n.nspname) collate "C", coalesce(o.relname, c.relname) collate "C"
  loop
    begin
      v_state := null;
      execute pg_catalog.format(
        'select %I.bt_index_check($1::pg_catalog.oid::pg_catalog.regclass, true%s)',
        v_extension.nspname, case when v_index_function.pronargs = 3 then ', true' end
      )
      using v_object.oid;
    exception
      when others then
        get stacked diagnostics
          v_state = returned_sqlstate,
          v_message = message_text,
          v_error_detail = pg_exception_detail;
    end;
    -- Dropped since the list was made. The catalog's own cache knows, whatever this transaction sees.
    continue when v_state is not null and pg_catalog.pg_relation_filenode(v_object.oid::regclass) is null;
    v_count := v_count + 1;
    if v_object.is_system then
      v_own_count := v_own_count + 1;
    end if;
    continue when v_state is null;
    v_bad_count := v_bad_count + 1;
    if v_object.is_toast then
      v_bad_toast := v_bad_toast || v_object.indrelid;
    end if;
    v_shown := case when v_object.is_toast then 'the index of TOAST of ' else 'the index ' end || v_object.object_name;
    if v_state like 'XX%' or v_state like '58%' and pg_catalog.concat(v_message, v_error_detail) ~ v_data_file then
      return next row(
        'amcheck', v_object.object_name, 'fail',
        pg_catalog.format('%s is corrupt: %s%s', v_shown, v_message, ' (' || nullif(v_error_detail, '') || ')'),
        case
          when v_object.is_toast
            then pg_catalog.format('Run: reindex table %s. If the table is corrupt, too, restore again from another backup.', v_object.object_name)
          else pg_catalog.format('Run: reindex index %s. If it reports duplicates, remove these rows first; if the table is corrupt, too, restore again from another backup.', v_object.object_name)
        end,
        pg_catalog.to_jsonb('sound'::text), pg_catalog.to_jsonb('corrupt'::text)
      )::drill.check_result;
    else
      return next row(
        'amcheck', v_object.object_name, 'error',
        pg_catalog.format(
          'could not look at %s: %s (SQLSTATE %s)', v_shown,
          case v_state when '55P03' then 'somebody has locked it' when '42501' then v_role_name || ' may not' else 'it raises an error' end,
          v_state
        ),
        case v_state
          when '55P03' then 'Verify again when nobody locks it.'
          when '42501' then 'Verify as superuser, or grant the right to execute what the expressions of the index call.'
          else pg_catalog.format('Run, and see what it says: select %I.bt_index_check(%L, true).', v_extension.nspname, v_object.oid::regclass)
        end,
        null, null
      )::drill.check_result;
    end if;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'amcheck', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no btree index'
        else pg_catalog.format(
          'all %s btree indexes are in order and hold every row of their tables (%s of them PostgreSQL''s own)',
          v_count, v_own_count
        )
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- Tables, TOAST first: following a pointer into a damaged one could crash the server.
  v_count := 0;
  v_own_count := 0;
  v_bad_count := 0;
  for v_object in
    select
      c.oid,
      c.reltoastrelid,
      c.relkind = 't' as is_toast,
      pg_catalog.format('%I.%I', coalesce(otn.nspname, n.nspname), coalesce(o.relname, c.relname)) as object_name,
      coalesce(otn.nspname, n.nspname) in ('pg_catalog', 'information_schema') as is_system
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    left join pg_catalog.pg_class as o on c.relkind = 't' and o.reltoastrelid = c.oid
    left join pg_catalog.pg_namespace as otn on otn.oid = o.relnamespace
    where c.relkind in ('r', 'm', 't')
      and a.amname = 'heap'
      and (c.relpersistence = 'p' or c.relpersistence = 'u' and not v_is_in_recovery)
    order by is_toast desc, is_system, coalesce(otn.nspname, n.nspname) collate "C", coalesce(o.relname, c.relname) collate "C"
  loop
    v_follow_toast := v_object.reltoastrelid <> 0 and v_object.reltoastrelid <> all (v_bad_toast);
    begin
      v_state := null;
      v_error_detail := null;
      execute pg_catalog.format(
        'select pg_catalog.count(*), pg_catalog.string_agg(f.finding, ''; '' order by f.position) filter (where f.position <= 3)'
        ' from ('
        ' select pg_catalog.row_number() over () as position,'
        ' pg_catalog.concat_ws('': '', pg_catalog.concat_ws('', '', ''block '' || v.blkno, ''line pointer '' || v.offnum, ''column '' || v.attnum), v.msg) as finding'
        ' from %I.verify_heapam(relation => $1::pg_catalog.oid::pg_catalog.regclass, check_toast => $2) as v'
        ' ) as f',
        v_extension.nspname
      )
      into v_finding_count, v_message
      using v_object.oid, v_follow_toast;
    exception
      when others then
        get stacked diagnostics
          v_state = returned_sqlstate,
          v_message = message_text,
          v_error_detail = pg_exception_detail;
        v_finding_count := 1;
    end;
    continue when v_state is not null and pg_catalog.pg_relation_filenode(v_object.oid::regclass) is null;
    v_count := v_count + 1;
    if v_object.is_system then
      v_own_count := v_own_count + 1;
    end if;
    continue when v_finding_count = 0;
    v_bad_count := v_bad_count + 1;
    if v_object.is_toast then
      v_bad_toast := v_bad_toast || v_object.oid;
    end if;
    v_shown := case when v_object.is_toast then 'the TOAST table of ' else 'the table ' end || v_object.object_name;
    if v_state is null or v_state like 'XX%' or v_state like '58%' and pg_catalog.concat(v_message, v_error_detail) ~ v_data_file then
      return next row(
        'amcheck', v_object.object_name, 'fail',
        pg_catalog.format(
          '%s is corrupt%s: %s%s%s', v_shown,
          case when v_finding_count > 1 then pg_catalog.format(' in %s places', v_finding_count) end,
          v_message,
          ' (' || nullif(v_error_detail, '') || ')',
          case when v_finding_count > 3 then '; and others' end
        ),
        pg_catalog.format(
          'No command mends a table: restore again from another backup, and test the disk. All that amcheck finds: select * from %I.verify_heapam(%L).',
          v_extension.nspname, v_object.oid::regclass
        ),
        pg_catalog.to_jsonb('sound'::text), pg_catalog.to_jsonb('corrupt'::text)
      )::drill.check_result;
    else
      return next row(
        'amcheck', v_object.object_name, 'error',
        pg_catalog.format(
          'could not look at %s: %s (SQLSTATE %s)', v_shown,
          case v_state when '55P03' then 'somebody has locked it' when '42501' then v_role_name || ' may not' else 'it raises an error' end,
          v_state
        ),
        case v_state
          when '55P03' then 'Verify again when nobody locks it.'
          when '42501' then 'Verify as superuser.'
          else pg_catalog.format('Run, and see what it says: select * from %I.verify_heapam(%L).', v_extension.nspname, v_object.oid::regclass)
        end,
        null, null
      )::drill.check_result;
    end if;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'amcheck', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no table'
        else pg_catalog.format('all %s tables can be read in full (%s of them PostgreSQL''s own)', v_count, v_own_count)
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- What nobody looked at must not pass for sound.
  select pg_catalog.string_agg(u.text, ', ' order by u.text collate "C")
  into v_text
  from (
    select pg_catalog.format('%s %s %s', pg_catalog.count(*), a.amname, case when c.relkind = 'i' then 'index' else 'table' end)
        || case when pg_catalog.count(*) = 1 then '' when c.relkind = 'i' then 'es' else 's' end as text
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_am as a on a.oid = c.relam
    where c.relkind in ('i', 'r', 'm', 't')
      and c.relpersistence in ('p', 'u')
      and a.amname not in ('btree', 'heap')
    group by a.amname, c.relkind = 'i', case when c.relkind = 'i' then 'index' else 'table' end, case when c.relkind = 'i' then 'es' else 's' end
  ) as u;
  if v_text is not null then
    return next row(
      'amcheck', null, 'skip', pg_catalog.format('not looked at, as amcheck reads btree indexes and heaps only: %s', v_text), null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_amcheck() is
  'Whether btree indexes are in order and hold every row, and whether tables can be read in full; needs the extension amcheck and reads everything';

revoke all on function drill.verify_amcheck() from public;
-- end copy of sql/physical/verify_amcheck.sql

-- begin copy of sql/platform/verify_platform.sql
-- What Supabase, PostgREST and TimescaleDB keep in a database. A part counts as there
-- when it has the columns of the real one: an application may have schemas of the same
-- names. Of a secret nothing is told but its id, and no message of an error: it may
-- hold the contents.
create or replace function drill.verify_platform()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role_name constant text := pg_catalog.quote_ident(current_user);
  v_database_name constant text := pg_catalog.quote_ident(pg_catalog.current_database());
  v_database_oid oid := (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database());
  v_is_platform boolean := false;
  v_baseline_id uuid;
  v_is_baseline_closed boolean := false;
  v_object record;
  v_secrets oid;
  v_view oid;
  v_missing text[];
  v_secret_id uuid;
  v_is_decrypted boolean;
  v_bad text[] := array[]::text[];
  v_states text[] := array[]::text[];
  v_unread_count bigint := 0;
  v_unread_state text;
  v_count bigint := 0;
  v_bad_count bigint := 0;
  v_is_there boolean;
  v_text text;
begin
  -- Production's baseline, as far as it is asked below. One without objects is older than they are.
  begin
    select b.baseline_id
    into v_baseline_id
    from drill._newest_baseline() as b (baseline_id)
    where exists (select from drill.baseline_objects as o where o.baseline_id = b.baseline_id);
  exception
    when insufficient_privilege then
      v_is_baseline_closed := true;
  end;

  -- Vault: the key that decrypts lies outside the database, so a restore does not bring it along.
  select
    pg_catalog.max(c.oid) filter (where c.relname = 'secrets' and c.relkind = 'r' and l.names @> array['id', 'secret']),
    pg_catalog.max(c.oid) filter (where c.relname = 'decrypted_secrets' and c.relkind = 'v' and l.names @> array['id', 'decrypted_secret'])
  into v_secrets, v_view
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  cross join lateral (
    select pg_catalog.array_agg(a.attname::text) as names
    from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid
      and a.attnum > 0
      and not a.attisdropped
      and (a.attname <> 'id' or a.atttypid = 'pg_catalog.uuid'::regtype)
  ) as l
  where n.nspname = 'vault'
    and c.relname in ('secrets', 'decrypted_secrets');

  if v_secrets is null or v_view is null then
    v_is_there := exists (select from pg_catalog.pg_extension as e where e.extname = 'supabase_vault');
    return next row(
      'platform', case when v_is_there then 'vault' end, case when v_is_there then 'error' else 'skip' end,
      case
        when v_is_there
          then 'could not look for secrets: the extension supabase_vault is installed, and vault.secrets or vault.decrypted_secrets is missing or has other columns'
        else 'there is no Supabase Vault'
      end,
      case
        when v_is_there then 'Bring the extension to the version of production: alter extension supabase_vault update. If that does not help, restore again.'
      end,
      null, null
    )::drill.check_result;
    v_is_platform := v_is_there;
  else
    v_is_platform := true;
    v_missing := array(
      select m.statement
      from (
        select 1 as position, 'grant usage on schema vault to ' || v_role_name as statement
        where not pg_catalog.has_schema_privilege('vault', 'usage')
        union all
        select 2, 'grant select on vault.secrets to ' || v_role_name
        where not pg_catalog.has_column_privilege(v_secrets, 'id', 'select')
          or not pg_catalog.has_column_privilege(v_secrets, 'secret', 'select')
        union all
        select 3, 'grant select on vault.decrypted_secrets to ' || v_role_name
        where not pg_catalog.has_column_privilege(v_view, 'id', 'select')
          or not pg_catalog.has_column_privilege(v_view, 'decrypted_secret', 'select')
        union all
        -- A view lends its owner's rights to tables, not to functions.
        select distinct
          4, pg_catalog.format('grant execute on function %s to %s', f.oid::regprocedure, v_role_name)
        from pg_catalog.pg_rewrite as w
        inner join pg_catalog.pg_depend as d
          on d.classid = 'pg_catalog.pg_rewrite'::regclass
          and d.objid = w.oid
          and d.refclassid = 'pg_catalog.pg_proc'::regclass
        inner join pg_catalog.pg_proc as f on f.oid = d.refobjid
        where w.ev_class = v_view
          and not pg_catalog.has_function_privilege(f.oid, 'execute')
      ) as m
      order by m.position, m.statement collate "C"
    );
    if pg_catalog.cardinality(v_missing) > 0 then
      return next row(
        'platform', 'vault.decrypted_secrets', 'error',
        pg_catalog.format('could not look whether the secrets of the vault can be decrypted: %s may not', v_role_name),
        pg_catalog.format('Verify as the owner of the vault, or run: %s.', pg_catalog.array_to_string(v_missing, '; ')),
        null, null
      )::drill.check_result;
    elsif pg_catalog.row_security_active(v_secrets) then
      return next row(
        'platform', 'vault.secrets', 'error',
        pg_catalog.format('could not look whether the secrets of the vault can be decrypted: row level security may hide some of them from %s', v_role_name),
        'Verify as a role with bypassrls.', null, null
      )::drill.check_result;
    else
      begin
        -- One by one: the first that fails would hide the others.
        for v_secret_id in execute 'select s.id from vault.secrets as s where s.secret is not null order by s.id' loop
          v_count := v_count + 1;
          begin
            execute 'select d.decrypted_secret is not null from vault.decrypted_secrets as d where d.id = $1'
            into v_is_decrypted
            using v_secret_id;
            if v_is_decrypted is not true then
              v_bad := v_bad || v_secret_id::text;
            end if;
          exception
            when insufficient_privilege or lock_not_available or read_only_sql_transaction
              or transaction_rollback or insufficient_resources then
              v_unread_count := v_unread_count + 1;
              v_unread_state := sqlstate;
            when others then
              v_bad := v_bad || v_secret_id::text;
              v_states := v_states || sqlstate::text;
          end;
        end loop;
      exception
        when insufficient_privilege or lock_not_available then
          v_unread_count := v_unread_count + 1;
          v_unread_state := sqlstate;
      end;
      if v_unread_count > 0 then
        return next row(
          'platform', 'vault.decrypted_secrets', 'error',
          pg_catalog.format('could not look whether all secrets of the vault can be decrypted (SQLSTATE %s)', v_unread_state),
          case
            when v_unread_state = '42501'
              then pg_catalog.format('Verify as the owner of the vault, or grant %s the right to execute what the view vault.decrypted_secrets calls.', v_role_name)
            else 'Verify again when nobody locks the vault.'
          end,
          null, null
        )::drill.check_result;
      end if;
      if pg_catalog.cardinality(v_bad) > 0 then
        return next row(
          'platform', 'vault.decrypted_secrets', 'fail',
          pg_catalog.format(
            '%s of %s secrets of the vault cannot be decrypted%s, by their ids: %s',
            pg_catalog.cardinality(v_bad), v_count,
            (
              select ' (SQLSTATE ' || pg_catalog.string_agg(distinct s.state, ', ') || ')'
              from pg_catalog.unnest(v_states) as s (state)
            ),
            pg_catalog.array_to_string(v_bad[1:10], ', ')
          ) || case when pg_catalog.cardinality(v_bad) > 10 then ' and others' else '' end,
          'The root key of this server is not the one that encrypted them. Copy production''s root key to this server, or enter each of them anew: delete from vault.secrets where id = ''ID''; select vault.create_secret(''VALUE'', ''NAME'').',
          pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(pg_catalog.cardinality(v_bad)::text)
        )::drill.check_result;
      elsif v_unread_count = 0 then
        return next row(
          'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
          case
            when v_count = 0 then 'the vault holds no secret'
            else pg_catalog.format('each secret of the vault can be decrypted (%s in all)', v_count)
          end,
          null, null, null
        )::drill.check_result;
      end if;
    end if;
  end if;

  -- Triggers of users in schema auth: they make the application's own rows at each sign-up.
  if not exists (
    select
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'auth'
      and c.relname = 'users'
      and c.relkind = 'r'
      and a.attname in ('aud', 'encrypted_password', 'raw_app_meta_data')
      and not a.attisdropped
    having pg_catalog.count(*) = 3
  ) then
    return next row(
      'platform', null, 'skip', 'there is no Supabase Auth', null, null, null
    )::drill.check_result;
  else
    v_is_platform := true;
    v_count := 0;
    v_bad_count := 0;
    for v_object in
      select
        t.tgname,
        pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
        t.tgenabled
      from pg_catalog.pg_trigger as t
      inner join pg_catalog.pg_class as c on c.oid = t.tgrelid
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'auth'
        and (
          t.tgconstraint = 0
          or exists (select from pg_catalog.pg_constraint as k where k.oid = t.tgconstraint and k.contype = 't')
        )
      order by c.relname collate "C", t.tgname collate "C"
    loop
      v_count := v_count + 1;
      continue when v_object.tgenabled in ('O', 'A');
      v_bad_count := v_bad_count + 1;
      v_is_there := false;
      if v_baseline_id is not null then
        v_is_there := exists (
          select
          from drill.baseline_objects as o
          where o.baseline_id = v_baseline_id
            and o.object_kind = 'trigger'
            and o.object_name = v_object.relation_name || '.' || pg_catalog.quote_ident(v_object.tgname)
            and E'\n' || o.definition || E'\n' like case v_object.tgenabled when 'D' then E'%\ndisabled\n%' else E'%\nenabled for replica\n%' end
        );
      end if;
      return next row(
        'platform', v_object.relation_name || '.' || pg_catalog.quote_ident(v_object.tgname),
        case when v_is_there then 'warn' else 'fail' end,
        pg_catalog.format(
          'the trigger %I of %s %s%s', v_object.tgname, v_object.relation_name,
          case v_object.tgenabled when 'D' then 'is disabled' else 'fires only while rows are replicated' end,
          case when v_is_there then ', as in production' else '' end
        ),
        pg_catalog.format('Run: alter table %s enable trigger %I.', v_object.relation_name, v_object.tgname),
        pg_catalog.to_jsonb('enabled'::text),
        pg_catalog.to_jsonb(case v_object.tgenabled when 'D' then 'disabled' else 'enabled for replica' end)
      )::drill.check_result;
    end loop;
    if v_bad_count = 0 then
      return next row(
        'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
        case
          when v_count = 0 then 'no table of schema auth has a trigger; whether production has any, the check objects tells'
          else pg_catalog.format('each trigger on the tables of schema auth is enabled (%s in all)', v_count)
        end,
        null, null, null
      )::drill.check_result;
    end if;
  end if;

  -- Storage: without row level security whoever holds a grant reaches every file.
  v_count := 0;
  v_bad_count := 0;
  v_secrets := null;
  for v_object in
    select
      c.oid,
      c.relname,
      pg_catalog.format('%I.%I', n.nspname, c.relname) as relation_name,
      c.relrowsecurity,
      (
        select pg_catalog.string_agg(r.rolname, ' and ' order by r.rolname)
        from pg_catalog.pg_roles as r
        where r.rolname in ('anon', 'authenticated')
          and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
          and (
            pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
            or pg_catalog.has_table_privilege(r.oid, c.oid, 'delete, truncate')
          )
      ) as role_names
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'storage'
      and c.relname in ('buckets', 'objects')
      and c.relkind in ('r', 'p')
      and exists (
        select
        from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid
          and a.attname in (case c.relname when 'objects' then 'bucket_id' else 'public' end, 'name')
          and not a.attisdropped
        having pg_catalog.count(*) = 2
      )
    order by c.relname collate "C"
  loop
    v_is_platform := true;
    v_count := v_count + 1;
    if v_object.relname = 'objects' then
      v_secrets := v_object.oid;
    end if;
    continue when v_object.relrowsecurity;
    v_bad_count := v_bad_count + 1;
    return next row(
      'platform', v_object.relation_name, case when v_object.role_names is null then 'warn' else 'fail' end,
      pg_catalog.format(
        'row level security is off on %s, so %s', v_object.relation_name,
        case
          when v_object.role_names is null then 'only missing grants keep anon and authenticated out'
          else pg_catalog.format(
            '%s may reach every %s there is', v_object.role_names,
            case v_object.relname when 'objects' then 'file' else 'bucket' end
          )
        end
      ),
      pg_catalog.format('Run as its owner: alter table %s enable row level security.', v_object.relation_name),
      pg_catalog.to_jsonb('on'::text), pg_catalog.to_jsonb('off'::text)
    )::drill.check_result;
  end loop;
  if v_bad_count = 0 then
    return next row(
      'platform', null, case when v_count = 0 then 'skip' else 'pass' end,
      case
        when v_count = 0 then 'there is no Supabase Storage'
        when v_count = 2 then 'row level security is on for storage.buckets and storage.objects'
        when v_secrets is not null then 'row level security is on for storage.objects'
        else 'row level security is on for storage.buckets'
      end,
      null, null, null
    )::drill.check_result;
  end if;

  -- Without a policy only the service role and public buckets give files out, which may be how it is meant.
  if v_secrets is not null then
    select pg_catalog.count(*) into v_count from pg_catalog.pg_policy as p where p.polrelid = v_secrets;
    v_bad_count := null;
    if v_count = 0 and v_baseline_id is not null then
      select pg_catalog.count(*)
      into v_bad_count
      from drill.baseline_objects as o
      where o.baseline_id = v_baseline_id
        and o.object_kind = 'policy'
        and o.relation_name = 'storage.objects';
    end if;
    return next row(
      'platform', case when v_count = 0 and v_bad_count is distinct from 0 then 'storage.objects' end,
      case
        when v_count > 0 or v_bad_count = 0 then 'pass'
        when v_bad_count > 0 then 'fail'
        else 'warn'
      end,
      case
        when v_count = 1 then 'storage.objects has one policy'
        when v_count > 0 then pg_catalog.format('storage.objects has %s policies', v_count)
        when v_bad_count = 0 then 'storage.objects has no policy, and neither has production''s'
        when v_bad_count > 0
          then pg_catalog.format('storage.objects has no policy, and production''s has %s: anon and authenticated reach no file', v_bad_count)
        else 'storage.objects has no policy: only the service role and public buckets give files out'
      end,
      case
        when v_count = 0 and v_bad_count > 0
          then 'Create the policies again; the check objects names each.'
        when v_count = 0 and v_bad_count is null
          then 'If production has policies, create them again: select * from pg_policies where schemaname = ''storage''.'
      end,
      pg_catalog.to_jsonb(v_bad_count::text), pg_catalog.to_jsonb(v_count::text)
    )::drill.check_result;
  end if;

  -- PostgREST answers from a cache of the schema, and an event trigger tells it to look
  -- again. Roles belong to the whole server: what makes this database one of PostgREST's
  -- is that its login role may become a role with rights to something in here.
  v_count := 0;
  v_bad_count := 0;
  v_is_there := pg_catalog.to_regrole('authenticator') is not null
    and exists (
      select
      from pg_catalog.pg_shdepend as d
      left join pg_catalog.pg_class as c
        on d.classid = 'pg_catalog.pg_class'::regclass
        and c.oid = d.objid
      left join pg_catalog.pg_namespace as n
        on n.oid = case when d.classid = 'pg_catalog.pg_namespace'::regclass then d.objid else c.relnamespace end
      where d.dbid = v_database_oid
        and d.deptype = 'a'
        and d.refclassid = 'pg_catalog.pg_authid'::regclass
        and n.nspname not in ('drill', 'drill_migrations')
        and exists (
          select
          from pg_catalog.pg_roles as r
          where r.oid = d.refobjid
            and pg_catalog.pg_has_role('authenticator', r.oid, 'member')
        )
    );
  v_text := null;
  for v_object in
    with function_body as (
      select
        p.oid,
        p.proname,
        p.prorettype,
        -- Without comments, which tell nobody.
        pg_catalog.regexp_replace(pg_catalog.regexp_replace(p.prosrc, '--[^\n]*', ' ', 'g'), '/\*.*?\*/', ' ', 'g') as body
      from pg_catalog.pg_proc as p
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname not in ('pg_catalog', 'information_schema', 'drill')
        and (p.prorettype = 'pg_catalog.event_trigger'::regtype or p.prosrc ~* '\mpgrst\M')
    ),
    notifier as (
      select f.oid, f.proname
      from function_body as f
      where f.body ~* '\mnotify\s+"?pgrst\M|\mpg_notify\s*\(\s*''pgrst'''
    )
    select
      t.evtname,
      t.evtevent,
      t.evtenabled,
      -- One that looks only at some commands leaves the others untold.
      t.evtevent = 'ddl_command_end' and (t.evttags is null or t.evttags @> array['CREATE TABLE', 'ALTER TABLE']) as is_enough
    from pg_catalog.pg_event_trigger as t
    inner join function_body as f on f.oid = t.evtfoid
    where exists (
      select
      from notifier as o
      where o.oid = f.oid
        or pg_catalog.strpos(pg_catalog.lower(pg_catalog.regexp_replace(f.body, '\s+\(', '(', 'g')), pg_catalog.lower(o.proname) || '(') > 0
    )
    order by t.evtname collate "C"
  loop
    v_is_there := true;
    if v_object.evtenabled in ('O', 'A') then
      if v_object.is_enough then
        v_count := v_count + 1;
      end if;
      v_text := pg_catalog.concat_ws(', ', v_text, pg_catalog.quote_ident(v_object.evtname));
    else
      v_bad_count := v_bad_count + 1;
      return next row(
        'platform', pg_catalog.quote_ident(v_object.evtname), 'warn',
        pg_catalog.format('the event trigger %I is not enabled, so PostgREST does not learn of every change of the schema', v_object.evtname),
        pg_catalog.format('Run: alter event trigger %I enable; notify pgrst, ''reload schema''.', v_object.evtname),
        pg_catalog.to_jsonb('enabled'::text),
        pg_catalog.to_jsonb(case v_object.evtenabled when 'R' then 'enabled for replica' else 'disabled' end)
      )::drill.check_result;
    end if;
  end loop;
  -- PostgreSQL 17 and newer can switch all of them off.
  if v_is_there and pg_catalog.current_setting('event_triggers', true) = 'off' then
    return next row(
      'platform', v_database_name, 'warn',
      'event_triggers is off, so no event trigger tells PostgREST of changes of the schema',
      pg_catalog.format('Run: alter database %s reset event_triggers; or find where else it is set, and run: notify pgrst, ''reload schema''.', v_database_name),
      pg_catalog.to_jsonb('on'::text), pg_catalog.to_jsonb('off'::text)
    )::drill.check_result;
  elsif v_bad_count = 0 then
    v_is_platform := v_is_platform or v_is_there;
    return next row(
      'platform', case when v_is_there and v_count = 0 then v_database_name end,
      case when not v_is_there then 'skip' when v_count > 0 then 'pass' else 'warn' end,
      case
        when not v_is_there then 'PostgREST does not serve this database'
        when v_count > 0 then pg_catalog.format('PostgREST learns of changes of the schema by the event triggers %s', v_text)
        else 'no event trigger tells PostgREST when a table is created or altered: it answers from its old cache'
      end,
      case
        when v_is_there and v_count = 0
          then 'Run after each change of the schema: notify pgrst, ''reload schema''. If production has them, create the event triggers pgrst_ddl_watch and pgrst_drop_watch again.'
      end,
      null, null
    )::drill.check_result;
  end if;
  v_is_platform := v_is_platform or v_is_there;

  -- TimescaleDB in restoring mode runs no jobs and lets its catalog drift. The setting of
  -- the database counts, too: this session may be older than it.
  select pg_catalog.format('%I.%I()', n.nspname, 'timescaledb_post_restore')
  into v_text
  from pg_catalog.pg_extension as e
  inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
  where e.extname = 'timescaledb';
  if v_text is null then
    return next row(
      'platform', null, 'skip', 'TimescaleDB is not installed', null, null, null
    )::drill.check_result;
  else
    v_is_there := exists (
      select
      from (
        select pg_catalog.current_setting('timescaledb.restoring', true) as setting
        union all
        select pg_catalog.split_part(u.setting, '=', 2)
        from pg_catalog.pg_db_role_setting as s
        cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
        where s.setdatabase in (0, v_database_oid)
          and s.setrole = 0
          and pg_catalog.lower(pg_catalog.split_part(u.setting, '=', 1)) = 'timescaledb.restoring'
          -- That of the database wins over that of all.
          and (
            s.setdatabase <> 0
            or not exists (
              select
              from pg_catalog.pg_db_role_setting as o
              cross join lateral pg_catalog.unnest(o.setconfig) as v (setting)
              where o.setdatabase = v_database_oid
                and o.setrole = 0
                and pg_catalog.lower(pg_catalog.split_part(v.setting, '=', 1)) = 'timescaledb.restoring'
            )
          )
      ) as g
      where g.setting ~* '^(on|t|tr|tru|true|y|ye|yes|1)$'
    );
    return next row(
      'platform', case when v_is_there then v_database_name end, case when v_is_there then 'fail' else 'pass' end,
      case
        when v_is_there then pg_catalog.format('TimescaleDB of the database %s was left in restoring mode: it runs no jobs', v_database_name)
        else 'TimescaleDB is not in restoring mode'
      end,
      case when v_is_there then pg_catalog.format('Run: select %s; then connect anew.', v_text) end,
      pg_catalog.to_jsonb('off'::text), pg_catalog.to_jsonb(case when v_is_there then 'on' else 'off' end)
    )::drill.check_result;
  end if;

  -- The secret that signs tokens, where SQL functions make or check them. Only whether it is set.
  v_is_there := coalesce(pg_catalog.current_setting('app.settings.jwt_secret', true), '') <> ''
    or exists (
      select
      from pg_catalog.pg_db_role_setting as s
      cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
      where s.setdatabase in (0, v_database_oid)
        and pg_catalog.lower(u.setting) like 'app.settings.jwt\_secret=_%'
    );
  v_count := 0;
  if v_baseline_id is not null then
    select pg_catalog.count(*)
    into v_count
    from drill.baseline_objects as o
    where o.baseline_id = v_baseline_id
      and o.object_kind = 'setting'
      and pg_catalog.lower(o.object_name) like '% app.settings.jwt\_secret';
  end if;
  return next row(
    'platform', case when not v_is_there and v_count > 0 then v_database_name end,
    case
      when v_is_there then 'pass'
      when v_count > 0 then 'fail'
      when v_is_baseline_closed and v_is_platform then 'error'
      else 'skip'
    end,
    case
      when v_is_there then 'the setting app.settings.jwt_secret is there'
      when v_count > 0 then pg_catalog.format('the setting app.settings.jwt_secret is missing in the database %s, and production has it: no token can be made or checked', v_database_name)
      when v_is_baseline_closed and v_is_platform
        then pg_catalog.format('could not look whether production has the setting app.settings.jwt_secret: %s may not read the baselines', v_role_name)
      when v_baseline_id is null then 'the setting app.settings.jwt_secret is not there, and no baseline tells whether production has it'
      else 'neither this database nor production has the setting app.settings.jwt_secret'
    end,
    case
      when v_is_there then null
      when v_count > 0 then pg_catalog.format('Run with production''s value: alter database %s set app.settings.jwt_secret = ''VALUE''; then connect anew.', v_database_name)
      when v_is_baseline_closed and v_is_platform
        then pg_catalog.format('Run: grant drill_reader to %s.', v_role_name)
    end,
    case when v_count > 0 then pg_catalog.to_jsonb('set'::text) end,
    case when v_count > 0 or v_is_there then pg_catalog.to_jsonb(case when v_is_there then 'set' else 'not set' end) end
  )::drill.check_result;
end
$$;

comment on function drill.verify_platform() is
  'Whether what Supabase, PostgREST and TimescaleDB keep in the database works: secrets, triggers of auth, storage policies, event triggers, restoring mode, token secret';

revoke all on function drill.verify_platform() from public;
-- end copy of sql/platform/verify_platform.sql

-- begin copy of sql/isolation/_url_host.sql
-- Only the host leaves: neither user nor password, nor path and query, which hold
-- tokens as often. A host that is put together elsewhere, as in 'https://' || x, is
-- none, and the next URL is looked at.
create or replace function drill._url_host(p_text text)
returns text
language sql
immutable
set search_path = ''
-- Off would take the backslashes out of the pattern.
set standard_conforming_strings = on
as $$
  select (
    pg_catalog.regexp_match(
      p_text,
      '[a-z][a-z0-9+.-]*://(?:[^/?#\s''"]*@)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?=[:/?#''"\s\\]|$)',
      'i'
    )
  )[1]
$$;

comment on function drill._url_host(text) is
  'Internal: the host of the first URL in a text that has one; null when there is none';

revoke all on function drill._url_host(text) from public;
-- end copy of sql/isolation/_url_host.sql

-- begin copy of sql/isolation/_without_comments.sql
-- Strings and quoted names stay as they are, so that two dashes in one begin no
-- comment. Statements that grant, alter, drop or comment on a function name it and
-- do not call it: the event trigger that Supabase has for pg_net does just that.
create or replace function drill._without_comments(p_text text)
returns text
language sql
immutable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
as $$
  select pg_catalog.regexp_replace(
    pg_catalog.regexp_replace(
      p_text, '([eE]''(?:[^''\\]|''''|\\.)*''|''(?:[^'']|'''')*''|"(?:[^"]|"")*")|--[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/', '\1 ', 'g'
    ),
    '(^|;|''|\m(?:then|begin|else|loop)\M)\s*(?:grant|revoke|alter|drop|comment)\M[^;]*', '\1', 'gi'
  )
$$;

comment on function drill._without_comments(text) is
  'Internal: the text of an SQL or PL/pgSQL function without comments and without statements that only name functions';

revoke all on function drill._without_comments(text) from public;
-- end copy of sql/isolation/_without_comments.sql

-- begin copy of sql/isolation/_posting_functions.sql
-- What a function does is not in the catalog, only its text. So this looks for names
-- of functions that post, and for names of functions that mention those, down to
-- eight calls deep. What is called must exist here: otherwise it cannot post.
--
-- Comments do not count, and statements that only grant or alter: the event trigger
-- that Supabase has for pg_net names its functions without calling them. Strings do
-- count: dynamic SQL is one.
create or replace function drill._posting_functions()
returns table (function_oid oid, reaches text)
language sql
stable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
as $$
  with recursive member as (
    select d.objid as function_oid, e.extname
    from pg_catalog.pg_depend as d
    inner join pg_catalog.pg_extension as e on e.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_proc'::regclass
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
      and d.deptype = 'e'
  ),
  seed as (
    select distinct
      p.oid as function_oid, n.nspname, p.proname,
      p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    left join member as m on m.function_oid = p.oid
    where (n.nspname = 'net' or m.extname = 'http')
      and p.proname in ('http', 'http_get', 'http_post', 'http_put', 'http_patch', 'http_delete', 'http_head')
      or n.nspname = 'supabase_functions'
      and p.proname = 'http_request'
      and exists (select from pg_catalog.pg_namespace as o where o.nspname = 'net')
      or m.extname = 'dblink'
      and p.proname in ('dblink', 'dblink_exec', 'dblink_connect', 'dblink_connect_u', 'dblink_send_query', 'dblink_open')
      or m.extname = 'aws_lambda' and p.proname = 'invoke'
      or m.extname = 'aws_s3' and p.proname = 'query_export_to_s3'
      or m.extname = 'pg_amqp' and p.proname in ('publish', 'autonomous_publish')
  ),
  candidate as (
    select
      p.oid as function_oid, n.nspname, p.proname, p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
      not l.lanpltrusted as is_untrusted, l.lanname in ('sql', 'plpgsql') as is_sql, b.text,
      pg_catalog.lower(b.text) as lower_text
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    inner join pg_catalog.pg_language as l on l.oid = p.prolang
    cross join lateral (
      select case when p.prosqlbody is null then p.prosrc else pg_catalog.pg_get_function_sqlbody(p.oid) end as text
      offset 0
    ) as b
    where n.nspname not in ('pg_catalog', 'information_schema', 'drill', 'drill_migrations')
      and l.lanname not in ('c', 'internal')
  ),
  poster as (
    select s.function_oid, s.nspname, s.proname, s.is_trigger, null::text as reaches, 0 as depth
    from seed as s
    union
    select c.function_oid, c.nspname, c.proname, c.is_trigger, drill._url_host(c.text), 0
    from candidate as c
    where case
      when c.is_untrusted then c.text ~* '[a-z]://|\m(urllib|requests|http|httplib|socket|smtplib|subprocess|paramiko|LWP|curl|wget)\M'
      -- The cheap look first: most texts have no such word.
      when c.is_sql and pg_catalog.strpos(c.lower_text, 'program') > 0
        then drill._without_comments(c.text) ~* '\mcopy\M[^;]*\m(?:to|from)\s+program\M'
      else false
    end
    union
    select
      c.function_oid, c.nspname, c.proname, c.is_trigger,
      coalesce(
        drill._url_host(t.text),
        -- A connection string, as dblink takes it.
        (pg_catalog.regexp_match(t.text, '\mhost(?:addr)?\s*=\s*([a-z0-9._-]+)', 'i'))[1],
        p.reaches
      ),
      p.depth + 1
    from poster as p
    -- Its name as it may stand before a parenthesis: with its schema, or alone, unless that is PostgreSQL's own function.
    cross join lateral (
      select
        pg_catalog.lower(pg_catalog.replace(p.proname, '"', '""')) as lower_name,
        pg_catalog.regexp_replace(pg_catalog.replace(p.nspname, '"', '""'), '[][\\.*+?(){}|^$]', '\\\&', 'g') as schema_pattern,
        pg_catalog.regexp_replace(pg_catalog.replace(p.proname, '"', '""'), '[][\\.*+?(){}|^$]', '\\\&', 'g') as name_pattern,
        exists (
          select
          from pg_catalog.pg_proc as o
          where o.proname = p.proname
            and o.pronamespace = 'pg_catalog'::regnamespace
        ) as is_taken
    ) as e
    inner join candidate as c
      on c.function_oid <> p.function_oid
      and pg_catalog.strpos(c.lower_text, e.lower_name) > 0
    -- Offset keeps this from being worked out for every text.
    cross join lateral (
      select case when c.is_sql then drill._without_comments(c.text) else c.text end as text
      offset 0
    ) as t
    -- Nobody calls the function of a trigger.
    where p.depth < 8
      and not p.is_trigger
      and t.text ~* (
        '(^|[^[:alnum:]_$."])("?' || e.schema_pattern || '"?\s*\.\s*'
        || case when e.is_taken then '' else '|' end
        || ')"?' || e.name_pattern || '"?\s*\('
      )
  )
  select distinct on (p.function_oid) p.function_oid, p.reaches
  from poster as p
  order by p.function_oid, p.depth, p.reaches collate "C" nulls last
$$;

comment on function drill._posting_functions() is
  'Internal: functions that post to the outside as far as their texts tell, themselves or through others, and the first host that is in the texts';

revoke all on function drill._posting_functions() from public;
-- end copy of sql/isolation/_posting_functions.sql

-- begin copy of sql/isolation/list_outbound.sql
-- One row per thing that can act on the outside when the copy runs, disarmed ones
-- included; what could not be looked at is a row with a problem. Facts only: what is
-- bad is said by drill.isolation_policy. Event triggers come first: what is done to
-- disarm the others would let them fire.
--
-- Statements are apart, not one text: alter system refuses to be one of several.
create or replace function drill.list_outbound()
returns table (
  kind text,
  object_kind text,
  object_name text,
  reaches text,
  is_armed boolean,
  mitigation text,
  remark text,
  disarming_statements text[],
  problem text
)
language plpgsql
stable
set search_path = ''
-- Off would take the backslashes out of the patterns.
set standard_conforming_strings = on
-- Compiling takes seconds, running what was compiled a moment.
set jit = off
as $$
#variable_conflict use_column
declare
  v_version integer := pg_catalog.current_setting('server_version_num')::integer;
  v_database_name text := pg_catalog.current_database();
  v_relation oid;
  v_home text;
  v_is_loaded boolean;
  v_has_alter_job boolean;
  v_text text;
  v_key text;
  v_value text;
  v_hosts text[];
  v_is_libpq boolean;
  v_is_disarmed boolean;
  v_options text[];
  v_statements text[];
  v_count bigint;
  v_object record;
  v_platform text;
  v_origin text;
begin
  -- Event triggers.
  if exists (select from pg_catalog.pg_event_trigger) then
    return query
      select
        'event_trigger', 'event trigger', pg_catalog.quote_ident(t.evtname), f.reaches, t.evtenabled <> 'D',
        case when t.evtenabled = 'R' then 'it fires only in sessions with session_replication_role = replica' end,
        null::text, array[pg_catalog.format('alter event trigger %I disable', t.evtname)], null::text
      from pg_catalog.pg_event_trigger as t
      inner join drill._posting_functions() as f on f.function_oid = t.evtfoid
      order by t.evtname collate "C";
  end if;

  -- Jobs of pg_cron. Without the right to see its setting it is there, since otherwise there is no setting to see.
  begin
    v_home := nullif(pg_catalog.current_setting('cron.database_name', true), '');
    v_is_loaded := v_home is not null;
  exception
    when insufficient_privilege then
      v_is_loaded := true;
  end;
  -- Not to_regclass: it is refused where the role may not use the schema.
  select c.oid
  into v_relation
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'cron'
    and c.relname = 'job'
    and c.relkind in ('r', 'p');

  if v_relation is not null then
    v_has_alter_job := exists (
      select
      from pg_catalog.pg_proc as p
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'cron'
        and p.proname = 'alter_job'
    );
    begin
      -- By to_jsonb: names and the flag came with later versions.
      for v_object in
        execute
          'select j.jobid, j.command, j.database, pg_catalog.to_jsonb(j) ->> ''jobname'' as jobname,'
          ' coalesce((pg_catalog.to_jsonb(j) ->> ''active'')::boolean, true) as is_active'
          ' from cron.job as j order by j.jobid'
      loop
        return query
          select
            'cron_job', 'cron job', coalesce(pg_catalog.quote_ident(v_object.jobname), v_object.jobid::text),
            drill._url_host(v_object.command), v_object.is_active,
            case
              when not v_is_loaded
                then 'pg_cron is not loaded, so it cannot run now, but as soon as pg_cron is'
              when v_home <> v_database_name
                then pg_catalog.format('the pg_cron of this server takes its jobs from the database %I, so this one does not run', v_home)
              when not exists (select from pg_catalog.pg_database as d where d.datname = v_object.database)
                then pg_catalog.format('it cannot run now: this server has no database %I', v_object.database)
            end,
            case when v_object.database <> v_database_name then pg_catalog.format('It runs in the database %I.', v_object.database) end,
            array[
              case
                when v_has_alter_job then pg_catalog.format('select cron.alter_job(job_id := %s, active := false)', v_object.jobid)
                else pg_catalog.format('update cron.job set active = false where jobid = %s', v_object.jobid)
              end
            ],
            null::text;
      end loop;

      -- pg_cron lets a user see only the user's own jobs.
      if pg_catalog.row_security_active(v_relation) then
        return query
          select
            'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
            pg_catalog.format('Look as a superuser, or run: alter role %I bypassrls.', current_user), array[]::text[],
            'row level security of cron.job hides the jobs of other users';
      end if;
    exception
      when insufficient_privilege or undefined_column or lock_not_available then
        return query
          select
            'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
            pg_catalog.format('Run: grant usage on schema cron to %1$I; grant select on cron.job to %1$I. And look as a superuser or a role with bypassrls.', current_user),
            array[]::text[], sqlerrm;
    end;
  elsif v_is_loaded then
    return query
      select
        'cron_job', 'table', 'cron.job', null::text, null::boolean, null::text,
        pg_catalog.format(
          'Connect to %s as a superuser and run: select jobid, jobname from cron.job where database = %L and active. Disarm them with cron.alter_job.',
          coalesce('the database ' || pg_catalog.quote_ident(v_home), 'the database that cron.database_name names'), v_database_name
        ),
        array[]::text[], 'pg_cron is loaded and keeps its jobs in another database';
  end if;

  -- Subscriptions. The connection string holds a password: only hosts leave.
  for v_object in
    select s.oid, s.subname, s.subenabled
    from pg_catalog.pg_subscription as s
    inner join pg_catalog.pg_database as d on d.oid = s.subdbid
    where d.datname = v_database_name
    order by s.subname collate "C"
  loop
    v_text := null;
    if pg_catalog.has_column_privilege('pg_catalog.pg_subscription'::regclass, 'subconninfo', 'select') then
      execute 'select s.subconninfo from pg_catalog.pg_subscription as s where s.oid = $1' into v_text using v_object.oid;
    end if;
    v_value := null;
    if v_text ~* '^\s*postgres(ql)?://' then
      v_value := drill._url_host(v_text);
    else
      -- All pairs in order, so that what looks like one inside a quoted password is none.
      select pg_catalog.string_agg(pg_catalog.btrim(m.pair [2], ''''), ', ')
      into v_value
      from pg_catalog.regexp_matches(v_text, '([a-z_]+)\s*=\s*(''(?:[^''\\]|\\.)*''|(?:[^\s''\\]|\\.)*)', 'gi') as m (pair)
      where pg_catalog.lower(m.pair [1]) in ('host', 'hostaddr');
    end if;
    return query
      select
        'subscription', 'subscription', pg_catalog.quote_ident(v_object.subname),
        case when v_value ~ '^[A-Za-z0-9._:,/@ -]+$' then v_value end, v_object.subenabled,
        case
          when pg_catalog.current_setting('max_logical_replication_workers') = '0'
            then 'max_logical_replication_workers is 0, so it cannot run now'
        end,
        pg_catalog.format('Before it is dropped, run: alter subscription %I set (slot_name = none). Otherwise the slot of its source is dropped with it.', v_object.subname),
        array[pg_catalog.format('alter subscription %I disable', v_object.subname)], null::text;
  end loop;

  -- Triggers. The clones on partitions follow the trigger of the parent; before PostgreSQL 15 a renamed one does not
  -- know its clones any more, and each is named by itself.
  return query
    with recursive posting as materialized (
      select f.function_oid, f.reaches
      from drill._posting_functions() as f
    ),
    root as (
      select t.oid as root_oid, t.oid, t.tgrelid, t.tgname, t.tgenabled
      from pg_catalog.pg_trigger as t
      where t.tgparentid = 0
        and (
          t.tgconstraint = 0
          or exists (select from pg_catalog.pg_constraint as c where c.oid = t.tgconstraint and c.contype = 't')
        )
        and t.tgfoid in (select f.function_oid from posting as f)
    ),
    member as (
      select r.root_oid, r.oid, r.tgrelid, r.tgname, r.tgenabled
      from root as r
      union all
      select m.root_oid, t.oid, t.tgrelid, t.tgname, t.tgenabled
      from member as m
      inner join pg_catalog.pg_trigger as t on t.tgparentid = m.oid
    ),
    tree as (
      select
        m.root_oid,
        pg_catalog.bool_or(m.tgenabled <> 'D') as is_armed,
        pg_catalog.bool_and(m.tgenabled in ('D', 'R')) as is_replica_only,
        pg_catalog.count(distinct m.tgname) = 1 as is_uniform,
        pg_catalog.array_agg(
          pg_catalog.format('alter table only %s disable trigger %I', drill._relation_name(m.tgrelid), m.tgname)
          order by drill._relation_name(m.tgrelid) collate "C"
        ) filter (where m.tgenabled <> 'D' or m.oid = m.root_oid) as single_statements
      from member as m
      group by m.root_oid
    ),
    described as (
      select
        drill._relation_name(t.tgrelid) as relation_name, t.tgname, c.relkind, t.tgfoid, r.is_armed, r.is_replica_only,
        r.is_uniform, r.single_statements, drill._url_host(pg_catalog.encode(t.tgargs, 'escape')) as host_of_arguments
      from tree as r
      inner join pg_catalog.pg_trigger as t on t.oid = r.root_oid
      inner join pg_catalog.pg_class as c on c.oid = t.tgrelid
    )
    select
      'webhook_trigger', 'trigger', d.relation_name || '.' || pg_catalog.quote_ident(d.tgname),
      coalesce(d.host_of_arguments, f.reaches),
      -- The address of these is in their arguments and nowhere else.
      d.is_armed and not (
        d.host_of_arguments ~* '\.invalid$'
        and p.proname = 'http_request'
        and n.nspname = 'supabase_functions'
      ),
      case when d.is_armed and d.is_replica_only then 'it fires only in sessions with session_replication_role = replica' end,
      null::text,
      case
        when d.relkind = 'v' then array[pg_catalog.format('drop trigger %I on %s', d.tgname, d.relation_name)]
        when d.is_uniform then array[pg_catalog.format('alter table %s disable trigger %I', d.relation_name, d.tgname)]
        else d.single_statements
      end,
      null::text
    from described as d
    inner join posting as f on f.function_oid = d.tgfoid
    inner join pg_catalog.pg_proc as p on p.oid = d.tgfoid
    inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    order by d.relation_name collate "C", d.tgname collate "C";

  -- Requests that wait. Deleted, not truncated: pg_net lets more roles do that.
  select c.oid
  into v_relation
  from pg_catalog.pg_class as c
  inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname = 'net'
    and c.relname = 'http_request_queue'
    and c.relkind in ('r', 'p');
  if v_relation is not null then
    begin
      execute
        'select pg_catalog.count(*), pg_catalog.string_agg(distinct drill._url_host(pg_catalog.to_jsonb(q) ->> ''url''), '', '')'
        ' from net.http_request_queue as q'
      into v_count, v_text;
      return query
        select
          'request_queue', 'table', 'net.http_request_queue',
          case when pg_catalog.length(v_text) > 200 then pg_catalog.left(v_text, 200) || ' ...' else v_text end,
          v_count > 0, null::text,
          case when v_count > 0 then pg_catalog.format('Requests that wait: %s.', v_count) end,
          array['delete from net.http_request_queue'], null::text;
      if pg_catalog.row_security_active(v_relation) then
        return query
          select
            'request_queue', 'table', 'net.http_request_queue', null::text, null::boolean, null::text,
            pg_catalog.format('Look as a superuser, or run: alter role %I bypassrls.', current_user), array[]::text[],
            'row level security of net.http_request_queue hides requests';
      end if;
    exception
      when insufficient_privilege or lock_not_available then
        return query
          select
            'request_queue', 'table', 'net.http_request_queue', null::text, null::boolean, null::text,
            pg_catalog.format('Run: grant usage on schema net to %1$I; grant select on net.http_request_queue to %1$I.', current_user),
            array[]::text[], sqlerrm;
    end;
  end if;

  -- Foreign servers. What a wrapper reads on this machine, as file_fdw does, is not outside; a wrapper without a
  -- handler serves no foreign table, and counts if it names a host, for dblink.
  for v_object in
    select
      s.oid, s.srvname, w.fdwhandler,
      coalesce(s.srvoptions, array[]::text[]) as options,
      e.extname in ('postgres_fdw', 'dblink')
        or v.proname in ('postgres_fdw_validator', 'dblink_fdw_validator', 'postgresql_fdw_validator') as is_libpq,
      coalesce(
        (
          select
            pg_catalog.array_agg(
              pg_catalog.format(
                'drop user mapping for %s server %I',
                case m.umuser when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.umuser)) end, s.srvname
              )
              order by m.usename collate "C"
            )
          from pg_catalog.pg_user_mappings as m
          where m.srvid = s.oid
        ),
        array[]::text[]
      ) as mapping_statements
    from pg_catalog.pg_foreign_server as s
    inner join pg_catalog.pg_foreign_data_wrapper as w on w.oid = s.srvfdw
    left join pg_catalog.pg_proc as h on h.oid = w.fdwhandler
    left join pg_catalog.pg_proc as v on v.oid = w.fdwvalidator
    left join pg_catalog.pg_depend as d
      on d.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass
      and d.objid = w.oid
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
      and d.deptype = 'e'
    left join pg_catalog.pg_extension as e on e.oid = d.refobjid
    where coalesce(h.proname, '') not in ('file_fdw_handler', 'sqlite_fdw_handler', 'cstore_fdw_handler', 'parquet_fdw_handler', 'duckdb_fdw_handler')
    order by s.srvname collate "C"
  loop
    v_is_libpq := coalesce(v_object.is_libpq, false);
    v_hosts := array[]::text[];
    v_options := array[]::text[];
    v_statements := array[]::text[];
    v_is_disarmed := true;
    foreach v_text in array v_object.options loop
      v_key := pg_catalog.split_part(v_text, '=', 1);
      v_value := pg_catalog.substr(v_text, pg_catalog.strpos(v_text, '=') + 1);
      if v_is_libpq and v_key in ('hostaddr', 'service') then
        v_is_disarmed := false;
        v_options := v_options || pg_catalog.format('drop %I', v_key);
        if v_key = 'hostaddr' then
          v_hosts := v_hosts || pg_catalog.string_to_array(v_value, ',');
        end if;
      elsif v_is_libpq and v_key = 'host' then
        v_is_disarmed := v_is_disarmed and v_value ~* '^[^,]*\.invalid(,[^,]*\.invalid)*$';
        v_options := v_options || pg_catalog.format('set host %L', 'disarmed.invalid');
        v_hosts := v_hosts || pg_catalog.string_to_array(v_value, ',');
      elsif not v_is_libpq
        and pg_catalog.lower(v_key) in (
          'host', 'hostname', 'hostaddr', 'address', 'addresses', 'server', 'servername', 'dbserver', 'svr_address', 'url', 'uri',
          'api_url', 'base_url', 'endpoint', 'endpoint_url', 'broker', 'brokers'
        )
      then
        -- What stands before the host, as in https:// or the // of Oracle, stays.
        v_value := coalesce(
          drill._url_host(v_value),
          (pg_catalog.regexp_match(v_value, '^(?://)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?:[:/?,].*)?$'))[1],
          ''
        );
        v_is_disarmed := v_is_disarmed and v_value ~* '\.invalid$';
        v_hosts := v_hosts || v_value;
        v_options := v_options || pg_catalog.format(
          'set %I %L', v_key, coalesce((pg_catalog.regexp_match(v_text, '^[^=]*=([a-z0-9+.:-]*://|//)', 'i'))[1], '') || 'disarmed.invalid'
        );
      end if;
    end loop;

    if v_is_libpq and not exists (select from pg_catalog.unnest(v_object.options) as o (pair) where o.pair like 'host=%') then
      v_is_disarmed := false;
      v_options := v_options || pg_catalog.format('add host %L', 'disarmed.invalid');
    end if;
    if pg_catalog.cardinality(v_options) > 0 then
      v_statements := array[
        pg_catalog.format('alter server %I options (%s)', v_object.srvname, pg_catalog.array_to_string(v_options, ', '))
      ];
    elsif v_object.fdwhandler = 0 then
      continue;
    else
      -- Its wrapper knows the way without any option, as those for the API of one company do.
      v_is_disarmed := false;
      v_statements := v_object.mapping_statements;
    end if;

    return query
      select
        'foreign_server', 'foreign server', pg_catalog.quote_ident(v_object.srvname),
        case
          when pg_catalog.cardinality(v_hosts) = 0 and v_is_libpq and 'drop service' <> all (v_options) then 'this machine'
          else (
            select pg_catalog.string_agg(distinct h.name, ', ' order by h.name)
            from pg_catalog.unnest(v_hosts) as h (name)
            where h.name ~ '^[A-Za-z0-9._:/@[\]-]+$'
          )
        end,
        not v_is_disarmed,
        case
          when v_is_libpq and 'drop service' <> all (v_options)
            and not exists (
              select
              from pg_catalog.unnest(v_hosts) as h (name)
              where h.name !~* '^(localhost|127(\.[0-9]+){3}|::1|[/@].*)$'
            )
            then 'it reaches only the machine that the server runs on'
          when pg_catalog.cardinality(v_statements) = 0
            then 'it has no user mapping, so nobody can log in through one'
        end,
        case
          when pg_catalog.cardinality(v_statements) = 0
            then pg_catalog.format('If the copy does not need it, run: drop server %I cascade. That drops its foreign tables, too.', v_object.srvname)
        end,
        v_statements, null::text;
  end loop;

  -- Archiving. The command may hold keys: at most a host leaves. It belongs to the server, so a copy beside
  -- production finds production's own, which must stay.
  v_text := pg_catalog.current_setting('archive_mode');
  v_value := nullif(pg_catalog.current_setting('archive_library', true), '');
  v_key := case when v_value is null then 'archive_command' else 'archive_library' end;
  v_is_disarmed := v_text = 'off'
    or v_value is null
    and pg_catalog.current_setting('archive_command') ~ '^\s*(|\(disabled\)|:|cd \.|exit( 0)?;?|(/usr)?(/bin/)?true)\s*$';
  begin
    v_origin := case
      when exists (
        select
        from drill.baselines as b
        cross join drill.get_identity() as i
        where b.baseline_id = drill._newest_baseline()
          and b.system_identifier = i.system_identifier
          and b.started_at = i.started_at
          and b.database_name <> i.database_name
      )
        then 'The newest baseline was captured'
      -- The first backup holds no baseline, as its own is made from the same snapshot; a heartbeat it holds.
      when exists (
        select
        from drill.heartbeats as h
        cross join drill.get_identity() as i
        where h.system_identifier = i.system_identifier
          and h.started_at = i.started_at
          and h.database_name <> i.database_name
      )
        then 'A heartbeat was recorded'
    end;
  exception
    when insufficient_privilege then
      null; -- Nothing is known, so it is judged like any other.
  end;
  -- Those of whom it is known that they archive every instance by themselves, and let nobody change it.
  select pg_catalog.min(p.platform)
  into v_platform
  from (
    values
      ('supabase_admin', 'Supabase'), ('rdsadmin', 'Amazon RDS'), ('cloudsqladmin', 'Google Cloud SQL'), ('azuresu', 'Azure')
  ) as p (role_name, platform)
  inner join pg_catalog.pg_roles as r on r.rolname = p.role_name;
  return query
    select
      'archiving', 'setting', v_key,
      case
        when not v_is_disarmed and v_value is null
          then coalesce(
            drill._url_host(pg_catalog.current_setting('archive_command')),
            (pg_catalog.regexp_match(pg_catalog.current_setting('archive_command'), '\s[a-z0-9._-]+@([A-Za-z0-9.-]+):'))[1]
          )
      end,
      not v_is_disarmed and v_origin is null,
      case
        when v_platform is not null
          then pg_catalog.format('%s archives each instance for itself and lets nobody change that', v_platform)
      end,
      pg_catalog.concat_ws(
        ' ',
        case
          when v_text = 'off' then 'Archiving is off.'
          when v_is_disarmed then 'What archives ships nothing.'
          when v_origin is not null then v_origin || ' in another database of this running server, so what it archives is production''s own.'
        end,
        case
          when not v_is_disarmed and v_origin is null and s.source = 'command line'
            then pg_catalog.format('%s is set on the command line of the server: start it with -c archive_mode=off.', v_key)
          when not v_is_disarmed and v_origin is null and v_platform is null
            then 'Not the empty string, with which WAL would pile up.'
        end,
        case when a.archived_count > 0 then pg_catalog.format('WAL files archived since the statistics were reset: %s.', a.archived_count) end
      ),
      case
        when v_platform is not null or v_origin is not null or s.source = 'command line' then array[]::text[]
        else pg_catalog.array_remove(
          array[
            case when v_version >= 150000 and v_value is not null then 'alter system set archive_library = ''''' end,
            'alter system set archive_command = ''/bin/true''',
            'select pg_catalog.pg_reload_conf()'
          ],
          null
        )
      end,
      null::text
    from pg_catalog.pg_settings as s
    cross join pg_catalog.pg_stat_archiver as a
    where s.name = v_key;
end
$$;

comment on function drill.list_outbound() is
  'What of this database can act on the outside: event triggers, cron jobs, subscriptions, triggers that post, requests that wait, foreign servers, archiving; with the host and the statements that disarm it';

revoke all on function drill.list_outbound() from public;
-- end copy of sql/isolation/list_outbound.sql

-- begin copy of sql/isolation/_unknown_isolation_policy.sql
-- A kind that nobody gave a status must not pass for harmless.
create or replace function drill._unknown_isolation_policy(p_kind text)
returns drill.check_result
language sql
immutable
set search_path = ''
as $$
  select row(
    'isolation', p_kind, 'error',
    pg_catalog.format('drill.isolation_policy has no row for the kind %s, so it was not judged', p_kind),
    pg_catalog.format('Run: insert into drill.isolation_policy (kind, status, description) values (%L, ''fail'', ''...'').', p_kind),
    null, null
  )::drill.check_result
$$;

comment on function drill._unknown_isolation_policy(text) is
  'Internal: the result that says that a kind has no row in drill.isolation_policy';

revoke all on function drill._unknown_isolation_policy(text) from public;
-- end copy of sql/isolation/_unknown_isolation_policy.sql

-- begin copy of sql/isolation/verify_isolation.sql
-- Production has active jobs, subscriptions and webhooks by right; only a session
-- that takes the database for a copy judges them. One row per armed object, one per
-- kind when nothing of it is armed.
create or replace function drill.verify_isolation()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind record;
  v_object record;
  v_outbound jsonb;
  v_policy jsonb;
  v_status text;
  v_count bigint;
  v_bad_count bigint;
  v_text text;
  v_is_own boolean;
  v_baseline record;
  v_identity record;
begin
  if not drill._is_copy() then
    return next row(
      'isolation', null, 'skip',
      'this session does not take the database for a restored copy, so what it reaches is not judged',
      'On a restored copy run: set drill.is_copy = on. Then ask again.', null, null
    )::drill.check_result;
    return;
  end if;

  begin
    select coalesce(pg_catalog.jsonb_object_agg(p.kind, p.status), '{}')
    into v_policy
    from drill.isolation_policy as p;
  exception
    when insufficient_privilege then
      null; -- Said below, if there is anything to judge by it.
  end;

  -- Once: each look at the server's settings and sessions might differ.
  select coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(o) order by o.ordinality), '[]')
  into v_outbound
  from drill.list_outbound() with ordinality as o;

  for v_kind in
    select *
    from (
      values
        (
          'event_trigger', 'the event trigger', 'is enabled and posts to', 'is enabled and posts to an address that is not in its text',
          'no event trigger that posts to the outside is enabled', 'there is no event trigger'
        ),
        ('cron_job', 'the cron job', 'is active and reaches', 'is active', 'no cron job is active', 'there is no cron job'),
        (
          'subscription', 'the subscription', 'is enabled and reads from', 'is enabled', 'no subscription is enabled',
          'there is no subscription'
        ),
        (
          'webhook_trigger', 'the trigger', 'is enabled and posts to', 'is enabled and posts to an address that is not in its text',
          'no trigger that posts to the outside is enabled', 'there is no trigger'
        ),
        (
          'request_queue', 'the queue', 'holds requests to', 'holds requests', 'no request waits to be sent',
          'there is no queue of pg_net'
        ),
        (
          'foreign_server', 'the foreign server', 'points at', 'points at a host that is not among its options',
          'no foreign server points at a host', 'there is no foreign server that reaches another machine'
        ),
        (
          'archiving', 'the setting', 'sends the WAL of this server to', 'archives the WAL of this server',
          'what is written here is not archived elsewhere', 'the server has no archiving'
        )
    ) as k (kind, noun, verb, verb_alone, good, none)
  loop
    v_status := v_policy ->> v_kind.kind;
    if v_policy is not null and v_status is null then
      return next drill._unknown_isolation_policy(v_kind.kind);
      continue;
    end if;
    if v_status = 'skip' then
      return next row(
        'isolation', null, 'skip',
        pg_catalog.format('by the policy of this database, objects of kind %s are not judged', v_kind.kind), null, null, null
      )::drill.check_result;
      continue;
    end if;

    v_count := 0;
    v_bad_count := 0;
    for v_object in
      select o.*
      from pg_catalog.jsonb_to_recordset(v_outbound) as o (
        ordinality bigint, kind text, object_name text, reaches text, is_armed boolean, mitigation text, remark text,
        disarming_statements text[], problem text
      )
      where o.kind = v_kind.kind
      order by o.ordinality
    loop
      v_count := v_count + 1;
      if v_object.problem is not null then
        v_bad_count := v_bad_count + 1;
        return next row(
          'isolation', v_object.object_name, 'error',
          pg_catalog.format('could not look at everything of kind %s: %s', v_kind.kind, v_object.problem), v_object.remark, null, null
        )::drill.check_result;
      elsif v_object.is_armed and v_policy is null then
        v_bad_count := v_bad_count + 1;
        return next row(
          'isolation', v_object.object_name, 'error',
          pg_catalog.format('%s %s is armed, and how bad that is could not be read', v_kind.noun, v_object.object_name),
          pg_catalog.format('Run: grant select on drill.isolation_policy to %I.', current_user), null, null
        )::drill.check_result;
      elsif v_object.is_armed then
        v_bad_count := v_bad_count + 1;
        v_text := pg_catalog.array_to_string(v_object.disarming_statements, '; ');
        return next row(
          'isolation', v_object.object_name, case when v_object.mitigation is null then v_status else 'warn' end,
          pg_catalog.format(
            '%s %s %s%s', v_kind.noun, v_object.object_name,
            coalesce(v_kind.verb || ' ' || v_object.reaches, v_kind.verb_alone),
            coalesce('; ' || v_object.mitigation, '')
          ),
          nullif(pg_catalog.concat_ws(' ', 'Run: ' || nullif(v_text, '') || '.', nullif(v_object.remark, '')), ''),
          pg_catalog.to_jsonb('disarmed'::text),
          pg_catalog.jsonb_build_object('armed', true, 'reaches', v_object.reaches)
        )::drill.check_result;
      end if;
    end loop;

    if v_bad_count = 0 then
      -- Triggers were looked at though none of them posts.
      select
        case v_kind.kind
          when 'event_trigger' then (select pg_catalog.count(*) from pg_catalog.pg_event_trigger)
          when 'webhook_trigger' then (
            select pg_catalog.count(*)
            from pg_catalog.pg_trigger as t
            where t.tgparentid = 0
              and not t.tgisinternal
          )
          else v_count
        end
      into v_bad_count;
      return next row(
        'isolation', null, case when v_bad_count = 0 then 'skip' else 'pass' end,
        case
          when v_bad_count = 0 then v_kind.none
          when v_kind.kind in ('event_trigger', 'webhook_trigger') then pg_catalog.format('%s (looked at: %s)', v_kind.good, v_bad_count)
          when v_kind.kind in ('request_queue', 'archiving') then v_kind.good
          else pg_catalog.format('%s (%s in all)', v_kind.good, v_count)
        end
        || case
          when v_kind.kind = 'archiving'
            then coalesce(': ' || (v_outbound #>> '{-1,remark}'), '')
          else ''
        end,
        null, null, pg_catalog.to_jsonb(v_count::text)
      )::drill.check_result;
    end if;
  end loop;

  -- Other clients. Who may not see all sessions still sees that they are there.
  v_status := v_policy ->> 'client';
  if v_policy is not null and v_status is null then
    return next drill._unknown_isolation_policy('client');
  elsif v_status = 'skip' then
    return next row(
      'isolation', null, 'skip', 'by the policy of this database, objects of kind client are not judged', null, null, null
    )::drill.check_result;
  else
    return query
      select
        'isolation', pg_catalog.quote_ident(c.usename), coalesce(v_status, 'error')::drill.check_status,
        pg_catalog.format(
          '%s other %s of the role %I with the application name %L connected to this database%s',
          c.session_count, case when c.session_count = 1 then 'session is' else 'sessions are' end, c.usename, c.application_name,
          case
            when c.hidden_count > 0
              then pg_catalog.format('; what %s of them are could not be seen', c.hidden_count)
            else ''
          end
        ),
        case
          when v_status is null then pg_catalog.format('Run: grant select on drill.isolation_policy to %I.', current_user)
          else 'Stop the application, or point it elsewhere. To end these sessions, run: '
            || pg_catalog.format(
              'select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity as a where a.datname = %L and a.usename = %L and a.application_name = %L.',
              pg_catalog.current_database(), c.usename, c.application_name
            )
            || case
              when c.hidden_count > 0 then pg_catalog.format(' To see them, run: grant pg_read_all_stats to %I.', current_user)
              else ''
            end
        end,
        pg_catalog.to_jsonb('0'::text), pg_catalog.to_jsonb(c.session_count::text)
      from (
        select
          a.usename, coalesce(a.application_name, '') as application_name, pg_catalog.count(*) as session_count,
          pg_catalog.count(*) filter (where a.backend_type is null) as hidden_count
        from pg_catalog.pg_stat_activity as a
        where a.datname = pg_catalog.current_database()
          and a.pid <> pg_catalog.pg_backend_pid()
          and a.usename is not null
          and coalesce(a.backend_type, 'client backend') = 'client backend'
          -- Other sessions of this program, as far as they say so and have our role.
          and not (a.usename = session_user and a.application_name ~ '^pgdrill( |$)')
        group by a.usename, a.application_name
      ) as c
      order by c.usename collate "C", c.application_name collate "C";
    if not found then
      return next row(
        'isolation', null, 'pass', 'no other client is connected to this database', null, null, pg_catalog.to_jsonb('0'::text)
      )::drill.check_result;
    end if;
  end if;

  -- Whether this is production. The program asks production itself and says so by a
  -- setting of the session; with psql whoever is sure may set it.
  v_status := v_policy ->> 'identity';
  if v_policy is not null and v_status is null then
    return next drill._unknown_isolation_policy('identity');
    return;
  elsif v_status = 'skip' then
    return next row(
      'isolation', null, 'skip', 'by the policy of this database, objects of kind identity are not judged', null, null, null
    )::drill.check_result;
    return;
  end if;
  begin
    select i.*
    into strict v_identity
    from drill.get_identity() as i;
    -- The newest of all, and the newest that this server did not capture since it started.
    select b.*
    into v_baseline
    from drill.baselines as b
    where (b.system_identifier, b.started_at, b.database_name)
      is distinct from (v_identity.system_identifier, v_identity.started_at, v_identity.database_name)
    order by b.captured_at desc, b.baseline_id
    limit 1;
    v_is_own := exists (
      select
      from drill.baselines as b
      where b.system_identifier = v_identity.system_identifier
        and b.started_at = v_identity.started_at
        and b.database_name = v_identity.database_name
    );
  exception
    when insufficient_privilege then
      return next row(
        'isolation', null, 'skip', 'there is nothing to tell this database from production by: its baselines could not be read',
        pg_catalog.format('Run: grant select on drill.baselines, drill.installation to %I.', current_user), null, null
      )::drill.check_result;
      return;
  end;

  v_text := pg_catalog.quote_ident(v_identity.database_name);
  if coalesce(pg_catalog.current_setting('drill.is_not_production', true) = 'on', false) then
    return next row(
      'isolation', null, 'pass', pg_catalog.format('whoever asks has made sure that the database %s is not production', v_text),
      null, null, null
    )::drill.check_result;
  elsif v_is_own then
    return next row(
      'isolation', v_text, case when v_baseline.baseline_id is null then coalesce(v_status, 'error') else 'warn' end,
      pg_catalog.format('this running server captured baselines of the database %s: it is production itself, or a copy that captured baselines of itself', v_text),
      'If it is production, stop: it is no restored copy. If you are sure that it is a copy, run: set drill.is_not_production = on. Then ask again.',
      pg_catalog.to_jsonb('another server or database'::text), pg_catalog.to_jsonb('the same, running since the baseline'::text)
    )::drill.check_result;
  elsif v_baseline.baseline_id is null then
    return next row(
      'isolation', null, 'skip', 'there is no baseline to tell this database from production by',
      'Capture baselines in production: they travel with each backup.', null, null
    )::drill.check_result;
  elsif (v_identity.system_identifier, v_identity.timeline_id, v_identity.database_name)
    = (v_baseline.system_identifier, v_baseline.timeline_id, v_baseline.database_name)
  then
    return next row(
      'isolation', v_text, coalesce(v_status, 'error'),
      pg_catalog.format('the database %s cannot be told from production: it has the system identifier, the timeline and the name that the newest baseline has', v_text),
      'If it is production, stop: it is no restored copy. If you are sure that it is a copy, run: set drill.is_not_production = on. Then ask again.',
      pg_catalog.to_jsonb('another system identifier, timeline or name'::text), pg_catalog.to_jsonb('the same'::text)
    )::drill.check_result;
  else
    return next row(
      'isolation', null, 'pass',
      pg_catalog.format(
        'the database %s differs from the source of the newest baseline: %s', v_text,
        pg_catalog.concat_ws(
          ', ',
          case when v_identity.system_identifier <> v_baseline.system_identifier then 'another system identifier' end,
          case
            when v_identity.timeline_id <> v_baseline.timeline_id
              then pg_catalog.format('timeline %s instead of %s', v_identity.timeline_id, v_baseline.timeline_id)
          end,
          case
            when v_identity.database_name <> v_baseline.database_name
              then pg_catalog.format('the name %I instead of %I', v_identity.database_name, v_baseline.database_name)
          end
        )
      ),
      null, null, null
    )::drill.check_result;
  end if;
end
$$;

comment on function drill.verify_isolation() is
  'Whether a restored copy is kept from acting on the outside: cron jobs, subscriptions, triggers and event triggers that post, requests that wait, foreign servers, archiving; other clients; and whether it is production';

revoke all on function drill.verify_isolation() from public;
-- end copy of sql/isolation/verify_isolation.sql

-- begin copy of sql/guards/verify_guards_fire.sql
-- Writes, and takes everything back: of each non-empty partition one real row is
-- copied under fresh keys, first as it is, then with a wrong value in the column
-- that the guard sets. Each copy lives in a sub-transaction that ends with an
-- exception. Call it in a read-write transaction of its own and roll that back;
-- in a read-only one, as `pgdrill verify` uses for its other checks, it skips.
--
-- A row is routed to its partition before row triggers fire, so the wrong key is
-- another day of the same partition where there is one. Else it is the key of
-- another partition, which a good guard answers with 0A000 (it wants to move the
-- row, which PostgreSQL refuses) and a dead one accepts.
--
-- No value of a row leaves a statement: they are compared where they are, and of
-- foreign errors only SQLSTATE and the constraint are told.
create or replace function drill.verify_guards_fire()
returns setof drill.check_result
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Triggers must see names as they do in the application, not with the empty path of this function.
  v_search_path text := coalesce(
    (select nullif(nullif(s.reset_val, ''), '""') from pg_catalog.pg_settings as s where s.name = 'search_path'),
    '"$user", public'
  );
  v_sequences jsonb;
  v_guard record;
  v_leaf record;
  v_sequence record;
  v_obstacle text;
  -- A right that is missing is nothing about the guard: whoever was asked to look could not.
  v_is_refused boolean;
  v_hint text;
  v_columns text[];
  v_fresh_columns text[];
  v_values text[];
  v_target record;
  v_shift text;
  v_shifts text[];
  v_outside_shifts text[];
  v_row_id tid;
  v_page_count bigint;
  v_given text;
  v_probe text;
  v_is_inside boolean;
  v_is_back boolean;
  v_is_kept boolean;
  v_is_right boolean;
  v_row_count bigint;
  v_state text;
  v_constraint text;
  v_context text;
  v_error_detail text;
  v_is_by_guard boolean;
  v_status text;
  v_reason text;
  v_findings jsonb;
  v_finding record;
  -- One row under a wrong key is a matter of partition_keys; a guard that agrees with no row is not the right one.
  v_other_key constant text := 'it gives a copy of a real row another key than that row has';
begin
  if not exists (select from drill.guards) then
    return query
    select
      'guards_fire', null::text,
      case when u.is_any then 'error' else 'skip' end::drill.check_status,
      case
        when u.is_any then 'no guard is registered, so none was made to fire'
        else 'no guard is registered, and no table has a trigger'
      end,
      'Register the triggers that must hold: select drill.register_guard(''public.orders'', ''orders_set_month'').',
      null::jsonb, null::jsonb
    from (select exists (select from pg_catalog.pg_trigger as t where t.tgconstraint = 0) as is_any) as u;
    return;
  end if;

  -- What a rollback does not take back. The guarded schemas first: reading a sequence locks it, so not
  -- without end.
  if pg_catalog.current_setting('transaction_read_only') = 'off' then
    select pg_catalog.jsonb_object_agg(s.sequence_oid, pg_catalog.pg_sequence_last_value(s.sequence_oid))
    into v_sequences
    from (
      select q.seqrelid as sequence_oid
      from pg_catalog.pg_sequence as q
      inner join pg_catalog.pg_class as c on c.oid = q.seqrelid
      inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relpersistence <> 't'
        and pg_catalog.has_sequence_privilege(q.seqrelid, 'usage, select')
      order by
        exists (
          select from drill.guards as g where (pg_catalog.parse_ident(g.relation_name))[1] = n.nspname
        ) desc,
        q.seqrelid
      limit 1000
    ) as s;
  end if;

  for v_guard in
    select
      g.relation_name,
      g.trigger_name,
      g.relation_name || '.' || pg_catalog.quote_ident(g.trigger_name) as object_name,
      g.profile,
      r.oid as relation_oid,
      c.relkind,
      t.oid as trigger_oid,
      t.tgtype::integer as trigger_type,
      p.proname as function_name,
      g.trigger_definition,
      drill._trigger_definition(t.oid) as actual_definition,
      -- The registered text, so that an emptied function cannot hide what it ought to set.
      coalesce(g.function_definition, pg_catalog.pg_get_functiondef(p.oid)) as function_definition
    from drill.guards as g
    cross join lateral (select drill._relation_oid(g.relation_name) as oid) as r
    left join pg_catalog.pg_class as c on c.oid = r.oid
    left join pg_catalog.pg_trigger as t
      on t.tgrelid = r.oid
      and t.tgname = g.trigger_name
    left join pg_catalog.pg_proc as p on p.oid = t.tgfoid
    order by g.relation_name collate "C", g.trigger_name collate "C"
  loop
    if v_guard.trigger_oid is null then
      return next row(
        'guards_fire', v_guard.object_name, 'fail',
        case
          when v_guard.relation_oid is null
            then pg_catalog.format('the trigger %I cannot fire: the guarded table %s does not exist', v_guard.trigger_name, v_guard.relation_name)
          else pg_catalog.format('the trigger %I cannot fire: it is missing on %s', v_guard.trigger_name, v_guard.relation_name)
        end,
        case
          when v_guard.relation_oid is not null and v_guard.trigger_definition is not null
            then pg_catalog.format('Create it again: %s.', v_guard.trigger_definition)
          when v_guard.relation_oid is null and v_guard.profile = 'opsmantik'
            then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.guards where profile = ''opsmantik''.'
          else pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.guards where relation_name = %L and trigger_name = %L.', v_guard.relation_name, v_guard.trigger_name)
        end,
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('missing'::text)
      )::drill.check_result;
      continue;
    end if;

    -- Why not to write at all.
    v_obstacle := null;
    v_hint := null;
    v_is_refused := false;
    if pg_catalog.pg_is_in_recovery() then
      v_obstacle := 'this server is a standby, which takes no rows';
      v_hint := 'Promote the copy, then run: select * from drill.verify_guards_fire().';
    elsif pg_catalog.current_setting('transaction_read_only') = 'on' then
      v_obstacle := 'the transaction is read only';
      v_hint := 'Run it in a transaction that is rolled back: begin read write; select * from drill.verify_guards_fire(); rollback.';
    elsif v_guard.relkind not in ('r', 'p') then
      v_obstacle := pg_catalog.format('%s is not a table', v_guard.relation_name);
      v_hint := 'Only triggers of tables can be probed.';
    elsif not pg_catalog.has_schema_privilege((select c.relnamespace from pg_catalog.pg_class as c where c.oid = v_guard.relation_oid), 'usage') then
      v_obstacle := pg_catalog.format('%I may not use the schema of %s', current_user, v_guard.relation_name);
      v_hint := pg_catalog.format('Run: grant usage on schema %I to %I.', (pg_catalog.parse_ident(v_guard.relation_name))[1], current_user);
      v_is_refused := true;
    elsif pg_catalog.row_security_active(v_guard.relation_oid) then
      v_obstacle := pg_catalog.format('row level security is active for %I', current_user);
      v_hint := pg_catalog.format('Run: alter role %I bypassrls; or connect as the owner of the table.', current_user);
      v_is_refused := true;
    elsif exists (
      select
      from pg_catalog.pg_attribute as a
      where a.attrelid = v_guard.relation_oid
        and a.attnum > 0
        and not a.attisdropped
        and not (
          pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'select')
          and (a.attgenerated <> '' or pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'insert'))
        )
    ) then
      v_obstacle := pg_catalog.format('%I may not read and insert all columns of %s', current_user, v_guard.relation_name);
      v_hint := pg_catalog.format('Run: grant select, insert on %s to %I.', v_guard.relation_name, current_user);
      v_is_refused := true;
    elsif v_guard.trigger_type & 7 <> 7
      and v_guard.trigger_definition is not distinct from v_guard.actual_definition
    then
      v_obstacle := 'it is not a row trigger before insert';
      v_hint := 'Only row triggers before insert can be probed; prove this one with a test of your application.';
    else
      -- What acts at once, whatever is rolled back later. Functions that a trigger's function calls count, too:
      -- found by their names in its text, so rather one too many.
      with recursive tree as (
        select v_guard.relation_oid as oid
        union
        select m.relid::oid from pg_catalog.pg_partition_tree(v_guard.relation_oid::regclass) as m
      ),
      reached as (
        select t.tgname as trigger_name, t.tgrelid, t.tgfoid as function_oid
        from pg_catalog.pg_trigger as t
        inner join tree as m on m.oid = t.tgrelid
        left join pg_catalog.pg_constraint as k on k.oid = t.tgconstraint
        where t.tgenabled <> 'D'
          and t.tgtype::integer & 4 = 4
          and (t.tgconstraint = 0 or k.contype = 't')
        union
        select f.trigger_name, f.tgrelid, q.oid
        from reached as f
        inner join pg_catalog.pg_proc as p on p.oid = f.function_oid
        inner join pg_catalog.pg_proc as q on pg_catalog.strpos(p.prosrc, q.proname || '(') > 0
        inner join pg_catalog.pg_namespace as n on n.oid = q.pronamespace
        where n.nspname not in ('pg_catalog', 'information_schema')
      )
      select
        pg_catalog.format('the trigger %I on %s %s', f.trigger_name, drill._relation_name(f.tgrelid), w.why)
      into v_obstacle
      from reached as f
      inner join pg_catalog.pg_proc as p on p.oid = f.function_oid
      inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      inner join pg_catalog.pg_language as l on l.oid = p.prolang
      left join pg_catalog.pg_depend as d
        on d.classid = 'pg_catalog.pg_proc'::regclass
        and d.objid = p.oid
        and d.deptype = 'e'
      left join pg_catalog.pg_extension as e on e.oid = d.refobjid
      left join lateral (
        select drill._relation_name(c.oid) as table_name
        from pg_catalog.pg_class as c
        where c.relkind = 'f'
          and pg_catalog.strpos(p.prosrc, c.relname) > 0
        order by 1
        limit 1
      ) as x on true
      cross join lateral (
        select case
          when n.nspname in ('net', 'supabase_functions', 'http', 'dblink')
            or e.extname in ('pg_net', 'http', 'dblink', 'postgres_fdw')
            then pg_catalog.format('calls %I.%I(), which reaches outside', n.nspname, p.proname)
          when not l.lanpltrusted and (l.lanname not in ('internal', 'c', 'sql') or l.lanname = 'c' and e.oid is null)
            then pg_catalog.format('runs %I.%I() in the untrusted language %s', n.nspname, p.proname, l.lanname)
          when x.table_name is not null
            then pg_catalog.format('uses the foreign table %s', x.table_name)
        end as why
      ) as w
      where w.why is not null
      order by pg_catalog.format('%s %s', drill._relation_name(f.tgrelid), f.trigger_name) collate "C", w.why
      limit 1;

      if v_obstacle is null then
        select pg_catalog.format('the rule %I rewrites inserts', w.rulename)
        into v_obstacle
        from pg_catalog.pg_rewrite as w
        where w.ev_class = v_guard.relation_oid
          and w.ev_type = '3'
        order by w.rulename
        limit 1;
      end if;
      v_hint := 'A rollback would not undo that, so no row was written; prove the guard with a test of your application on a database of its own.';
    end if;

    -- Keys that no row has: one column of every unique index, none of a foreign key or of the partition key.
    if v_obstacle is null then
      v_fresh_columns := '{}';
      for v_target in
        select
          u.index_oid,
          pg_catalog.array_agg(a.attname::text order by
            case b.type_oid when 'uuid'::regtype then 1 when 'text'::regtype then 2 when 'bigint'::regtype then 3 else 4 end,
            a.attnum
          ) filter (
            where b.type_oid in (
                'uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'bpchar'::regtype,
                'bigint'::regtype, 'integer'::regtype, 'smallint'::regtype, 'numeric'::regtype
              )
              and a.attgenerated = ''
              and not exists (
                select
                from pg_catalog.pg_constraint as k
                where k.conrelid = v_guard.relation_oid
                  and k.contype = 'f'
                  and a.attnum = any (k.conkey)
              )
              and not exists (
                select
                from pg_catalog.pg_partitioned_table as p
                where p.partrelid = v_guard.relation_oid
                  and a.attnum = any (p.partattrs::smallint[])
              )
          ) as names
        from (
          select i.indexrelid as index_oid, k.attnum
          from pg_catalog.pg_index as i
          cross join lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality as k (attnum, position)
          where i.indrelid = v_guard.relation_oid
            and i.indisunique
            and k.position <= i.indnkeyatts
        ) as u
        left join pg_catalog.pg_attribute as a
          on a.attrelid = v_guard.relation_oid
          and a.attnum = u.attnum
        left join pg_catalog.pg_type as y on y.oid = a.atttypid
        left join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b on true
        group by u.index_oid
        order by pg_catalog.count(*), u.index_oid
      loop
        continue when v_target.names && v_fresh_columns;
        if v_target.names is null then
          v_obstacle := pg_catalog.format('no fresh key can be made for the unique index %s', drill._relation_name(v_target.index_oid));
          v_hint := 'Keys of type uuid, text, integer and numeric that are not foreign keys can be made; prove the guard with a test of your application.';
          exit;
        end if;
        v_fresh_columns := v_fresh_columns || v_target.names[1];
      end loop;
    end if;

    if v_obstacle is not null then
      return next row(
        'guards_fire', v_guard.object_name, case when v_is_refused then 'error' else 'skip' end,
        pg_catalog.format('the trigger %I on %s was not made to fire: %s', v_guard.trigger_name, v_guard.relation_name, v_obstacle),
        v_hint, pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    select
      pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) order by a.attnum),
      pg_catalog.array_agg(
        case
          when not a.attname = any (v_fresh_columns) then pg_catalog.format('t.%I', a.attname)
          when b.type_oid = 'uuid'::regtype
            then pg_catalog.format('pg_catalog.gen_random_uuid()::%s', pg_catalog.format_type(a.atttypid, a.atttypmod))
          when b.type_oid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
            then pg_catalog.format('pg_catalog.md5(pg_catalog.random()::text)::%s', pg_catalog.format_type(a.atttypid, a.atttypmod))
          else pg_catalog.format(
            '(select case when pg_catalog.max(x.%1$I) < %3$s then pg_catalog.max(x.%1$I) + 1 else pg_catalog.min(x.%1$I) - 1 end from %2$s as x)',
            a.attname,
            v_guard.relation_name,
            case b.type_oid
              when 'smallint'::regtype then '32767'
              when 'integer'::regtype then '2147483647'
              when 'bigint'::regtype then '9223372036854775807'
              else '''infinity'''
            end
          )
        end
        order by a.attnum
      )
    into v_columns, v_values
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as y on y.oid = a.atttypid
    cross join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b
    where a.attrelid = v_guard.relation_oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = '';

    -- What the guard sets: the partition key, when its text speaks of it, else the column that its function assigns.
    v_target := null;
    select
      a.attname as column_name,
      pg_catalog.array_position(v_columns, pg_catalog.quote_ident(a.attname)) as position,
      pg_catalog.format_type(a.atttypid, a.atttypmod) as type_name,
      b.type_oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) as is_number,
      k.position is not null as is_key
    into v_target
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_type as y on y.oid = a.atttypid
    cross join lateral (select coalesce(nullif(y.typbasetype, 0), y.oid) as type_oid) as b
    cross join lateral (
      select
        pg_catalog.replace(a.attname, '"', '""') as written_name,
        pg_catalog.regexp_replace(pg_catalog.replace(a.attname, '"', '""'), '([^[:alnum:]_])', '\\\1', 'g') as escaped_name
    ) as x
    left join lateral (
      select u.position
      from pg_catalog.pg_partitioned_table as p
      cross join lateral pg_catalog.unnest(p.partattrs::smallint[]) with ordinality as u (attnum, position)
      where p.partrelid = a.attrelid
        and u.attnum = a.attnum
    ) as k on true
    where a.attrelid = v_guard.relation_oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = ''
      and not a.attname = any (v_fresh_columns)
      and b.type_oid in (
        'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype,
        'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype
      )
      and (
        k.position is not null
          and pg_catalog.strpos(
            pg_catalog.concat_ws(' ', v_guard.function_definition, v_guard.trigger_definition, v_guard.actual_definition),
            x.written_name
          ) > 0
        or v_guard.function_definition ~* ('\mnew\.("?)' || x.escaped_name || '\1\s*:=')
        or v_guard.function_definition ~* ('(;|\mbegin|\mthen|\melse)\s*new\.("?)' || x.escaped_name || '\2\s*=')
        or v_guard.function_definition ~* ('\minto\M[^;]*\mnew\.("?)' || x.escaped_name || '\1(\W|$)')
      )
    order by k.position, a.attnum
    limit 1;

    if v_target.column_name is null then
      return next row(
        'guards_fire', v_guard.object_name, 'skip',
        pg_catalog.format('the trigger %I on %s was not made to fire: no column of a date, timestamp or integer type is seen to be set by it', v_guard.trigger_name, v_guard.relation_name),
        'Partition keys and columns that the function assigns (new.month := ...) can be probed; prove this guard with a test of your application.',
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    v_findings := '[]';
    for v_leaf in
      select drill._relation_name(c.oid) as leaf_name, c.oid as leaf_oid, c.relkind, c.relispartition
      from (
        select m.relid::oid as oid
        from pg_catalog.pg_partition_tree(v_guard.relation_oid::regclass) as m
        where m.isleaf
        union
        select v_guard.relation_oid
        where v_guard.relkind = 'r'
      ) as m
      inner join pg_catalog.pg_class as c on c.oid = m.oid
      order by drill._relation_name(c.oid) collate "C"
    loop
      v_row_id := null;
      v_status := null;
      v_reason := null;

      if v_leaf.relkind = 'f' then
        v_status := 'skip';
        v_reason := 'a foreign table would act at once';
      elsif not pg_catalog.has_table_privilege(v_leaf.leaf_oid, 'select') then
        v_status := 'error';
        v_reason := pg_catalog.format('%I may not read it: grant select on %s to %I', current_user, v_leaf.leaf_name, current_user);
      else
        -- A late row: of the last pages, which are read by their number; else the first that comes.
        begin
          v_page_count := pg_catalog.pg_relation_size(v_leaf.leaf_oid) / pg_catalog.current_setting('block_size')::bigint;
          execute pg_catalog.format('select t.ctid from only %s as t where t.ctid >= $1 order by t.ctid desc limit 1', v_leaf.leaf_name)
          into v_row_id
          using pg_catalog.format('(%s,0)', greatest(v_page_count - 4, 0))::tid;
          if v_row_id is null and v_page_count > 0 then
            execute pg_catalog.format('select t.ctid from only %s as t limit 1', v_leaf.leaf_name) into v_row_id;
          end if;
        exception
          when lock_not_available then
            v_status := 'error';
            v_reason := 'it is locked';
        end;
        continue when v_row_id is null and v_status is null;
      end if;

      if v_status is null then
        v_shifts := array['control'];
        v_outside_shifts := '{}';
        foreach v_shift in array case
          when v_target.is_number then array['1', '-1', '7', '100', '-100']
          else array['14 days', '1 day', '-1 day', '-14 days', '1 hour', '-1 hour', '1 minute', '-1 minute', '1 month', '-1 month', '3 months', '-3 months', '1 year', '-1 year']
        end
        loop
          v_given := pg_catalog.format(
            case when v_target.is_number then '(t.%I + %L::bigint)::%s' else '(t.%I + %L::interval)::%s' end,
            v_target.column_name, v_shift, v_target.type_name
          );
          v_values[v_target.position] := v_given;
          begin
            -- The bounds of a partition as PostgreSQL itself states them, asked of the row as it would be.
            execute pg_catalog.format(
              'select %s is distinct from t.%I, exists (select from (select %s) as r (%s) where %s) from only %s as t where t.ctid = $1',
              v_given,
              v_target.column_name,
              pg_catalog.array_to_string(v_values, ', '),
              pg_catalog.array_to_string(v_columns, ', '),
              coalesce(case when v_leaf.relispartition and v_target.is_key then pg_catalog.pg_get_partition_constraintdef(v_leaf.leaf_oid) end, 'true'),
              v_leaf.leaf_name
            )
            into v_is_back, v_is_inside
            using v_row_id;
          exception
            when numeric_value_out_of_range or datetime_field_overflow or check_violation then
              v_is_back := false;
          end;
          continue when v_is_back is not true;
          if v_is_inside then
            v_shifts := v_shifts || v_shift;
            exit;
          end if;
          v_outside_shifts := v_outside_shifts || v_shift;
        end loop;

        v_shifts := v_shifts || case
          when not v_target.is_key and pg_catalog.cardinality(v_shifts) > 1 then array['null']
          when v_target.is_key and pg_catalog.cardinality(v_shifts) = 1 then v_outside_shifts
          else '{}'
        end;
        if pg_catalog.cardinality(v_shifts) = 1 then
          v_status := 'skip';
          v_reason := pg_catalog.format('the row copied leaves no wrong value for %I', v_target.column_name);
        end if;
      end if;

      if v_status is null then
        foreach v_shift in array v_shifts
        loop
          v_given := case
            when v_shift = 'control' then pg_catalog.format('t.%I', v_target.column_name)
            when v_shift = 'null' then pg_catalog.format('null::%s', v_target.type_name)
            else pg_catalog.format(
              case
                when v_target.is_number then '(t.%I operator(pg_catalog.+) %L::bigint)::%s'
                else '(t.%I operator(pg_catalog.+) %L::interval)::%s'
              end,
              v_target.column_name, v_shift, v_target.type_name
            )
          end;
          v_values[v_target.position] := v_given;
          v_probe := pg_catalog.format(
            'with probe as (insert into %1$s (%2$s) overriding system value select %3$s from only %4$s as t where t.ctid = $1 returning %5$I as stored)'
            ' select p.stored is not distinct from %6$s, p.stored is not distinct from t.%5$I from only %4$s as t cross join probe as p where t.ctid = $1',
            v_guard.relation_name,
            pg_catalog.array_to_string(v_columns, ', '),
            pg_catalog.array_to_string(v_values, ', '),
            v_leaf.leaf_name,
            v_target.column_name,
            v_given
          );
          v_is_back := false;
          v_row_count := null;
          v_is_by_guard := false;

          begin
            perform pg_catalog.set_config('search_path', v_search_path, true);
            execute v_probe into v_is_kept, v_is_right using v_row_id;
            get diagnostics v_row_count = row_count;
            v_is_back := true;
            raise exception using
              errcode = 'RD010',
              message = 'the probe row is taken back',
              hint = 'This is caught where it is raised and never seen.';
          exception
            when others then
              if not v_is_back then
                get stacked diagnostics
                  v_state = returned_sqlstate,
                  v_constraint = constraint_name,
                  v_context = pg_exception_context,
                  v_error_detail = pg_exception_detail;
                v_is_by_guard := case v_state
                  when '0A000' then pg_catalog.strpos(v_error_detail, '"' || v_guard.trigger_name || '"') > 0
                  else pg_catalog.strpos(v_context, pg_catalog.quote_ident(v_guard.function_name) || '()') > 0
                end;
              end if;
          end;

          if v_is_back then
            if v_row_count = 0 then
              v_status := case when v_shift = 'control' then 'error' else 'pass' end;
              v_reason := 'a trigger swallowed a copy of a row';
            elsif v_shift = 'control' then
              -- Given as it was and stored otherwise: it fired, and row and guard disagree. In a column that is
              -- no key, such as a time of change, that is its work.
              if not v_is_right then
                v_status := case when v_target.is_key then 'warn' else 'pass' end;
                v_reason := v_other_key;
              end if;
            elsif v_is_right and not v_is_kept or not v_is_kept and not v_target.is_key then
              v_status := 'pass';
            else
              v_status := 'fail';
              v_reason := case
                when v_is_kept then pg_catalog.format('a wrong %I was stored as it was given', v_target.column_name)
                else pg_catalog.format('a wrong %I was changed into another wrong one', v_target.column_name)
              end;
            end if;
          elsif v_state = '42501' then
            v_status := 'error';
            v_reason := pg_catalog.format('%I lacks a privilege that the insert, or one of its triggers, needs', current_user);
          elsif v_state = '0A000' and v_is_by_guard then
            v_status := case when v_shift = 'control' then 'warn' else 'pass' end;
            v_reason := v_other_key;
          elsif v_is_by_guard and v_shift = 'control' then
            v_status := case when v_state like '42%' then 'fail' else 'warn' end;
            v_reason := pg_catalog.format('it refused a copy of a real row with SQLSTATE %s', v_state);
          elsif v_is_by_guard then
            v_status := 'pass';
          elsif v_state like '23%' and v_shift = 'control' then
            v_status := 'skip';
            v_reason := pg_catalog.format('no copy of a row can be stored (SQLSTATE %s, constraint %s)', v_state, coalesce(nullif(v_constraint, ''), 'unknown'));
          elsif v_state like '23%' and v_constraint = '' then
            -- There is no partition for that key, or another trigger objects: the next wrong value, if any.
            null;
          elsif v_state like '23%' and not (v_shift = 'null' and v_status is null) then
            v_status := 'fail';
            v_reason := pg_catalog.format('a wrong %I was not corrected: the constraint %s met it', v_target.column_name, coalesce(nullif(v_constraint, ''), 'unknown'));
          elsif v_state not like '23%' then
            v_status := 'error';
            v_reason := pg_catalog.format('the probe ended with SQLSTATE %s', v_state);
          end if;

          -- A guard of an ordinary column may fill what is null and leave the rest alone.
          exit when v_status is not null and not (v_status = 'fail' and not v_target.is_key and v_shift not in ('control', 'null'));
          exit when v_shift = 'null';
        end loop;

        if v_status is null then
          v_status := 'skip';
          v_reason := pg_catalog.format('no other key has a partition, so no wrong %I could be given', v_target.column_name);
        end if;
      end if;

      v_findings := v_findings || pg_catalog.jsonb_build_object('status', v_status, 'reason', v_reason, 'leaf', v_leaf.leaf_name);
    end loop;

    if v_findings = '[]' then
      return next row(
        'guards_fire', v_guard.object_name, 'skip',
        pg_catalog.format('the trigger %I on %s was not made to fire: the table has no row to copy', v_guard.trigger_name, v_guard.relation_name),
        'Restore the data first, then run: select * from drill.verify_guards_fire().',
        pg_catalog.to_jsonb('fires'::text), pg_catalog.to_jsonb('not probed'::text)
      )::drill.check_result;
      continue;
    end if;

    if not exists (
      select
      from pg_catalog.jsonb_to_recordset(v_findings) as f (status text, reason text)
      where f.status = 'pass'
        or f.reason is distinct from v_other_key
    ) then
      v_findings := (
        select pg_catalog.jsonb_agg(f.finding || '{"status": "fail"}')
        from pg_catalog.jsonb_array_elements(v_findings) as f (finding)
      );
    end if;

    for v_finding in
      select
        f.status,
        pg_catalog.min(f.reason) as reason,
        pg_catalog.count(*) as leaf_count,
        pg_catalog.array_to_string((pg_catalog.array_agg(f.leaf order by f.leaf collate "C"))[1:5], ', ')
          || case when pg_catalog.count(*) > 5 then pg_catalog.format(' and %s more', pg_catalog.count(*) - 5) else '' end as leaves
      from pg_catalog.jsonb_to_recordset(v_findings) as f (status text, reason text, leaf text)
      group by f.status, case when f.status <> 'pass' then f.reason end
      order by pg_catalog.array_position(array['fail', 'error', 'warn', 'skip', 'pass'], f.status), 2
    loop
      return next row(
        'guards_fire', v_guard.object_name, v_finding.status,
        case v_finding.status
          when 'pass' then pg_catalog.format(
            'the trigger %I on %s fires: it did not let a wrong %I through%s',
            v_guard.trigger_name, v_guard.relation_name, v_target.column_name,
            case when v_guard.relkind = 'p' then pg_catalog.format(', in %s partitions with rows', v_finding.leaf_count) else '' end
          )
          when 'fail' then pg_catalog.format('the trigger %I on %s does not do its work in %s: %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
          when 'warn' then pg_catalog.format('the trigger %I on %s fires, but in %s %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
          else pg_catalog.format('the trigger %I on %s was not made to fire in %s: %s', v_guard.trigger_name, v_guard.relation_name, v_finding.leaves, v_finding.reason)
        end,
        case v_finding.status
          when 'fail' then case
            when pg_catalog.current_setting('session_replication_role') = 'replica'
              then pg_catalog.format('Run: alter database %I reset session_replication_role (or alter role), and connect anew.', pg_catalog.current_database())
            else 'See what is wrong with it: select * from drill.verify_partition_triggers() where status <> ''pass''; the registered definitions are in drill.guards.'
          end
          when 'warn' then 'See what the row lacks: select * from drill.verify_partition_keys(), and look for orphans.'
          when 'error' then 'Insert a copy of a row by hand, in a transaction that you roll back, to see the whole error; or grant what is missing.'
          when 'skip' then 'Prove the guard with a test of your application.'
        end,
        pg_catalog.to_jsonb('fires'::text),
        pg_catalog.to_jsonb(case v_finding.status when 'pass' then 'fires' when 'fail' then 'does not do its work' when 'warn' then 'disagrees with a row' else 'not probed' end)
      )::drill.check_result;
    end loop;
  end loop;

  for v_sequence in
    select
      drill._relation_name(s.sequence_oid::oid) as sequence_name,
      s.last_value as before,
      pg_catalog.pg_sequence_last_value(s.sequence_oid::oid) as after
    from pg_catalog.jsonb_each_text(v_sequences) as s (sequence_oid, last_value)
    where pg_catalog.pg_sequence_last_value(s.sequence_oid::oid)::text is distinct from s.last_value
    order by 1
  loop
    return next row(
      'guards_fire', v_sequence.sequence_name, 'warn',
      pg_catalog.format(
        'the sequence %s moved from %s to %s while guards were made to fire: a trigger takes numbers from it, or another session did',
        v_sequence.sequence_name, coalesce(v_sequence.before, 'unused'), v_sequence.after
      ),
      case
        when v_sequence.before is null
          then pg_catalog.format('A gap in the numbers is harmless. When no other session uses it, run: alter sequence %s restart.', v_sequence.sequence_name)
        else pg_catalog.format('A gap in the numbers is harmless. When no other session uses it, run: select pg_catalog.setval(%L, %s).', v_sequence.sequence_name, v_sequence.before)
      end,
      pg_catalog.to_jsonb(v_sequence.before), pg_catalog.to_jsonb(v_sequence.after::text)
    )::drill.check_result;
  end loop;
end
$$;

comment on function drill.verify_guards_fire() is
  'Whether each registered guard trigger does its work: copies of real rows with a wrong key are inserted and rolled back; needs a read-write transaction';

revoke all on function drill.verify_guards_fire() from public;
-- end copy of sql/guards/verify_guards_fire.sql

-- begin copy of sql/guards/verify_partition_keys.sql
-- Reads every row of the tables that it judges, once, through the parent: a role
-- needs no privilege on partitions. Times are compared as clocks of the
-- registered zone show them, the zone in which keys are cut. Partitions that are
-- foreign tables are left out, and their siblings then read one by one.
--
-- The first look has one row for each key: its oldest and newest times tell whether
-- any is wrong, at a fraction of the price of judging row by row, and "execute into"
-- runs with parallel workers, which the cursor of a loop would not. Only where
-- something is wrong the rows are counted one by one.
create or replace function drill.verify_partition_keys()
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
set timezone = 'UTC'
as $$
declare
  v_relation record;
  v_partition record;
  v_step interval;
  v_problem text;
  v_hint text;
  v_source text;
  v_happened_at text;
  v_row_count bigint;
  v_partition_count bigint;
  v_is_any_wrong boolean;
begin
  if not exists (select from drill.partitioned_relations) then
    return next row(
      'partition_keys', null, 'skip',
      'no partitioned table is registered, so no partition key was looked at',
      'Register one: select drill.register_partitioned_relation(''public.orders'', ''month'').',
      null, null
    )::drill.check_result;
  end if;

  for v_relation in
    select
      r.*,
      o.oid as relation_oid,
      c.timestamp_column,
      c.relation_name is not null as is_critical,
      p.partrelid is not null as is_partitioned,
      a.attname as key_column,
      a.atttypid as key_type,
      s.atttypid as timestamp_type,
      -- Only a guard's key is known to be the first day of a period; another date may be any day.
      exists (
        select
        from drill.guards as g
        where g.relation_name = r.relation_name
          and (
            g.function_definition is null
            or pg_catalog.strpos(pg_catalog.concat_ws(' ', g.function_definition, g.trigger_definition), pg_catalog.replace(a.attname, '"', '""')) > 0
          )
      ) as is_guarded
    from drill.partitioned_relations as r
    cross join lateral (select drill._relation_oid(r.relation_name) as oid) as o
    left join drill.critical_relations as c on c.relation_name = r.relation_name
    left join pg_catalog.pg_partitioned_table as p on p.partrelid = o.oid
    left join pg_catalog.pg_attribute as a
      on a.attrelid = o.oid
      and a.attnum = p.partattrs[0]
      and a.attnum > 0
    left join pg_catalog.pg_attribute as s
      on s.attrelid = o.oid
      and s.attname = c.timestamp_column
      and not s.attisdropped
    order by r.relation_name collate "C"
  loop
    v_hint := null;
    v_problem := case
      when v_relation.relation_oid is null then null
      when not v_relation.is_partitioned then 'it is not partitioned'
      when not v_relation.is_critical or v_relation.timestamp_column is null
        then 'it is not registered as a critical relation with a timestamp column'
      when v_relation.key_type is distinct from 'date'::regtype then 'its first partition key is not a date column'
      when v_relation.key_column = v_relation.timestamp_column
        then 'its partition key is the timestamp itself, which PostgreSQL holds right'
      when not v_relation.is_guarded
        then pg_catalog.format('no registered guard sets %I, so any day may be right', v_relation.key_column)
    end;
    if v_problem is not null then
      v_hint := case
        when not v_relation.is_critical or v_relation.timestamp_column is null
          then pg_catalog.format('Register it: select drill.register_critical_relation(%L, ''created_at'', true).', v_relation.relation_name)
        when v_relation.is_partitioned and v_relation.key_type = 'date'::regtype and v_relation.key_column <> v_relation.timestamp_column
          then pg_catalog.format('If a trigger sets it, register that: select drill.register_guard(%L, ''the_trigger'').', v_relation.relation_name)
      end;
      return next row(
        'partition_keys', v_relation.relation_name, 'skip',
        pg_catalog.format('the keys of %s were not looked at: %s', v_relation.relation_name, v_problem),
        v_hint, null, null
      )::drill.check_result;
      continue;
    end if;

    v_problem := drill._critical_relation_problem(v_relation.relation_name, v_relation.timestamp_column);
    if v_problem is not null then
      return next row(
        'partition_keys', v_relation.relation_name, case when v_relation.relation_oid is null then 'fail' else 'error' end,
        pg_catalog.format('the keys of %s were not looked at: it %s', v_relation.relation_name, v_problem),
        case
          when v_relation.relation_oid is null and v_relation.profile = 'opsmantik'
            then 'Restore it; or, when this is not OpsMantik''s database, run in production: delete from drill.partitioned_relations where profile = ''opsmantik''.'
          when v_relation.relation_oid is null
            then pg_catalog.format('Restore it; or, when production has dropped it for good, run there: delete from drill.partitioned_relations where relation_name = %L.', v_relation.relation_name)
          else pg_catalog.format('Make %s readable for %I, or correct its row in drill.critical_relations.', v_relation.relation_name, current_user)
        end,
        pg_catalog.to_jsonb('readable'::text), pg_catalog.to_jsonb(v_problem)
      )::drill.check_result;
      continue;
    end if;

    v_step := case v_relation.period when 'quarter' then interval '3 months' else ('1 ' || v_relation.period)::interval end;
    v_happened_at := case
      -- The same, without a look into the list of zones for each row.
      when v_relation.timestamp_type = 'timestamptz'::regtype and v_relation.time_zone = 'UTC'
        then pg_catalog.format('pg_catalog.timezone(interval ''0'', t.%I)', v_relation.timestamp_column)
      when v_relation.timestamp_type = 'timestamptz'::regtype
        then pg_catalog.format('pg_catalog.timezone(%L, t.%I)', v_relation.time_zone, v_relation.timestamp_column)
      else pg_catalog.format('t.%I::timestamp', v_relation.timestamp_column)
    end;
    begin
      v_source := drill._local_source(
        v_relation.relation_oid, array['tableoid', v_relation.key_column, v_relation.timestamp_column]
      );
      execute pg_catalog.format(
        'select coalesce(pg_catalog.sum(b.row_count), 0), pg_catalog.count(distinct b.partition_oid),'
        ' coalesce(pg_catalog.bool_or('
        '   b.key is null or b.key <> k.starts_at or b.oldest_at < k.starts_at or b.newest_at >= k.starts_at + %4$L::interval * 2'
        ' ), false)'
        ' from ('
        '   select t.tableoid as partition_oid, t.%1$I as key, pg_catalog.count(*) as row_count,'
        '     pg_catalog.min(%3$s) as oldest_at, pg_catalog.max(%3$s) as newest_at'
        '   from %2$s as t'
        '   group by t.tableoid, t.%1$I'
        ' ) as b'
        ' cross join lateral (select pg_catalog.date_trunc(%5$L, b.key::timestamp) as starts_at) as k',
        v_relation.key_column, v_source, v_happened_at, v_step, v_relation.period
      ) into v_row_count, v_partition_count, v_is_any_wrong;
      perform drill._refuse_rewritten(array[v_relation.relation_name]);

      if not v_is_any_wrong then
        return next row(
          'partition_keys', v_relation.relation_name, 'pass',
          pg_catalog.format(
            'all %s rows of %s, in %s partitions with rows, have the first day of a %s as %I and a %I that fits',
            v_row_count, v_relation.relation_name, v_partition_count, v_relation.period, v_relation.key_column,
            v_relation.timestamp_column
          ),
          null, null, pg_catalog.to_jsonb(v_row_count::text)
        )::drill.check_result;
        continue;
      end if;

      for v_partition in
        execute pg_catalog.format(
          'select drill._relation_name(b.partition_oid) as partition_name, b.row_count, b.odd_count, b.early_count, b.late_count'
          ' from ('
          '   select t.tableoid as partition_oid, pg_catalog.count(*) as row_count,'
          '     pg_catalog.count(*) filter (where t.%1$I is null or t.%1$I <> k.starts_at) as odd_count,'
          '     pg_catalog.count(*) filter (where k.happened_at < k.starts_at) as early_count,'
          '     pg_catalog.count(*) filter (where k.happened_at >= k.starts_at + %4$L::interval * 2) as late_count'
          '   from %2$s as t'
          '   cross join lateral (select pg_catalog.date_trunc(%5$L, t.%1$I::timestamp) as starts_at, %3$s as happened_at) as k'
          '   group by t.tableoid'
          ' ) as b'
          ' where b.odd_count + b.early_count + b.late_count > 0'
          ' order by 1',
          v_relation.key_column, v_source, v_happened_at, v_step, v_relation.period
        )
      loop
        return next row(
          'partition_keys', v_partition.partition_name, 'fail',
          pg_catalog.format(
            'of %s rows in %s, %s',
            v_partition.row_count,
            v_partition.partition_name,
            pg_catalog.concat_ws(
              ', ',
              case when v_partition.odd_count > 0 then pg_catalog.format('%s have a %I that is not the first day of a %s', v_partition.odd_count, v_relation.key_column, v_relation.period) end,
              case when v_partition.early_count > 0 then pg_catalog.format('%s have a %I before the %s of their %I', v_partition.early_count, v_relation.timestamp_column, v_relation.period, v_relation.key_column) end,
              case when v_partition.late_count > 0 then pg_catalog.format('%s have a %I more than one %s after that of their %I', v_partition.late_count, v_relation.timestamp_column, v_relation.period, v_relation.key_column) end
            )
          ),
          pg_catalog.format(
            'See whether the guard fires (select * from drill.verify_guards_fire()), then, if it is the same in production, correct the rows there; list them with: select * from %s where %I <> date_trunc(%L, %I)::date or %I < %I.',
            v_partition.partition_name, v_relation.key_column, v_relation.period, v_relation.key_column,
            v_relation.timestamp_column, v_relation.key_column
          ),
          pg_catalog.jsonb_build_object('odd', '0', 'early', '0', 'late', '0'),
          pg_catalog.jsonb_build_object(
            'odd', v_partition.odd_count::text, 'early', v_partition.early_count::text, 'late', v_partition.late_count::text
          )
        )::drill.check_result;
      end loop;
    exception
      when insufficient_privilege or lock_not_available or serialization_failure then
        return next row(
          'partition_keys', v_relation.relation_name, 'error',
          pg_catalog.format('the keys of %s were not looked at: %s', v_relation.relation_name, sqlerrm),
          case
            when sqlstate = '40001' then 'Verify again when nobody changes it.'
            else pg_catalog.format('Run: grant select on %s to %I, or try again when nobody locks it.', v_relation.relation_name, current_user)
          end,
          null, null
        )::drill.check_result;
    end;
  end loop;
end
$$;

comment on function drill.verify_partition_keys() is
  'Whether rows of registered partitioned tables sit under the key that their guard gives: the first day of the period, and a timestamp of it or the next';

revoke all on function drill.verify_partition_keys() from public;
-- end copy of sql/guards/verify_partition_keys.sql

-- begin copy of sql/verdict/verify_waivers.sql
-- The one place that knows what a waiver does, for psql and for the command line.
-- Only a failure can be waived: what could not be looked at is nothing that
-- somebody could have accepted. The argument is the results as a JSON array.
create or replace function drill.verify_waivers(p_results jsonb)
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_today date := (drill.get_now() at time zone 'UTC')::date;
begin
  if p_results is null or pg_catalog.jsonb_typeof(p_results) <> 'array' then
    raise exception using
      errcode = 'RD007',
      message = 'cannot apply waivers: the results are not a JSON array',
      hint = 'Give the rows of checks: select drill.verify_waivers(jsonb_agg(r)) from drill.verify_partitions() as r.';
  end if;

  return query
  with result as (
    select e.ordinality, r.*
    from pg_catalog.jsonb_array_elements(p_results) with ordinality as e (value, ordinality)
    cross join lateral pg_catalog.jsonb_populate_record(null::drill.check_result, e.value) as r
  ),
  waiver as (
    select
      w.*,
      w.until < v_today as is_expired,
      pg_catalog.concat_ws(' on ', w.check_name, w.object_name) as subject,
      exists (
        select
        from result as r
        where r.check_name = w.check_name
          and r.object_name is not distinct from w.object_name
          and r.status in ('fail', 'warn', 'error')
      ) as has_finding,
      -- At another depth its check may not run at all, which says nothing about the waiver.
      exists (select from result as r where r.check_name = w.check_name) as is_asked
    from drill.waivers as w
  ),
  judged as (
    select
      r.ordinality, r.check_name, r.object_name,
      case when w.owner is null then r.status else 'waived' end as status,
      case
        when w.owner is null then r.detail
        else pg_catalog.format('%s (waived by %s until %s: %s)', r.detail, w.owner, w.until::text, w.reason)
      end as detail,
      r.hint, r.expected, r.actual
    from result as r
    left join waiver as w
      on r.status = 'fail'
      and not w.is_expired
      -- The table refuses them; in a copy somebody may have seen to it that it does not.
      and w.check_name not in ('attestation', 'identity', 'not_production')
      and w.check_name = r.check_name
      and w.object_name is not distinct from r.object_name
    union all
    select
      null, 'waivers', w.subject,
      case when w.is_expired then 'fail' else 'warn' end,
      case
        when w.is_expired
          then pg_catalog.format('the waiver of %s by %s expired on %s: %s', w.subject, w.owner, w.until::text, w.reason)
        else pg_catalog.format('the waiver of %s by %s until %s matches no finding: %s', w.subject, w.owner, w.until::text, w.reason)
      end,
      pg_catalog.format(
        '%s delete from drill.waivers where check_name = %L and object_name is not distinct from %L; do the same in production.',
        case
          when w.is_expired then 'Put the finding right, or have its owner set a new day; when it is no longer needed, run:'
          else 'When it is no longer needed, run:'
        end,
        w.check_name, w.object_name
      ),
      case when w.is_expired then pg_catalog.to_jsonb('at least ' || v_today::text) else pg_catalog.to_jsonb('a finding'::text) end,
      case when w.is_expired then pg_catalog.to_jsonb(w.until::text) else pg_catalog.to_jsonb('none'::text) end
    from waiver as w
    where w.is_expired
      or w.is_asked and not w.has_finding
    union all
    select
      null, 'waivers', null, 'pass',
      pg_catalog.format('each of %s waivers is in date and for something that was found', pg_catalog.count(*)),
      null, null, null
    from waiver as w
    where w.is_asked
    having pg_catalog.count(*) > 0
      and pg_catalog.bool_and(w.has_finding and not w.is_expired)
  )
  select j.check_name, j.object_name, j.status::drill.check_status, j.detail, j.hint, j.expected, j.actual
  from judged as j
  order by j.ordinality, j.object_name collate "C";
end
$$;

comment on function drill.verify_waivers(jsonb) is
  'Results (a JSON array of check rows) with the failures of drill.waivers marked as waived, then a row for each waiver that expired or matches nothing; raises RD007';

revoke all on function drill.verify_waivers(jsonb) from public;
-- end copy of sql/verdict/verify_waivers.sql

-- begin copy of sql/verdict/verify_all.sql
-- Every check of a depth. The set of checks is itself checked: one that answers
-- with no row at all is an error row here, not a silent pass.
create or replace function drill.verify_all(p_depth text default 'standard')
returns setof drill.check_result
language plpgsql
stable
set search_path = ''
as $$
declare
  v_check_name text;
  v_result drill.check_result;
  v_results drill.check_result[] := '{}';
  v_is_answered boolean;
begin
  if p_depth is null or p_depth not in ('quick', 'standard', 'full') then
    raise exception using
      errcode = 'RD006',
      message = format('%s is not a depth', coalesce(pg_catalog.quote_literal(p_depth), 'null')),
      hint = 'The depths are quick (catalog only), standard (counts and timestamps too) and full (every page of tables and indexes too).';
  end if;

  foreach v_check_name in array
    array['partition_triggers', 'partitions', 'critical_relations', 'recovery_point', 'access', 'indexes', 'physical', 'platform', 'isolation']
    || case when p_depth <> 'quick' then array['sequences', 'partition_keys', 'row_counts'] else array[]::text[] end
    || case when p_depth = 'full' then array['orphans', 'amcheck'] else array[]::text[] end
  loop
    v_is_answered := false;
    for v_result in
      execute case v_check_name
        when 'recovery_point' then 'select r.* from drill.verify_recovery_point(null, $1) as r'
        else pg_catalog.format('select r.* from drill.%I() as r', 'verify_' || v_check_name)
      end
      using p_depth <> 'quick'
    loop
      v_is_answered := true;
      v_results := v_results || v_result;
    end loop;

    if not v_is_answered then
      v_results := v_results || row(
        v_check_name, null, 'error',
        format('the check %s gave no answer', v_check_name),
        'A check answers with at least one row: install pgdrill again, something replaced it.',
        null, null
      )::drill.check_result;
    end if;
  end loop;

  return query
  select r.*
  from drill.verify_waivers(pg_catalog.to_jsonb(v_results)) as r;
end
$$;

comment on function drill.verify_all(text) is
  'Every check of a depth (quick: catalog only; standard: counts and timestamps too; full: every page too), one row per check and object, waivers applied; for a script use drill.assert_verified()';

revoke all on function drill.verify_all(text) from public;
-- end copy of sql/verdict/verify_all.sql

-- begin copy of sql/core/schema_version.sql
-- Changed by every migration: the command line compares it with the migrations
-- it ships, so that an older or newer schema is seen before anything is believed.
create or replace function drill.schema_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0005'
$$;

comment on function drill.schema_version() is
  'The number of the newest migration that made this schema';

revoke all on function drill.schema_version() from public;
-- end copy of sql/core/schema_version.sql

-- Down Migration

-- What 0001 to 0004 made and this one replaced is dropped by their own ways down.
drop function drill.verify_waivers(jsonb);
drop function drill.verify_isolation();
drop function drill._unknown_isolation_policy(text);
drop function drill.list_outbound();
drop function drill._posting_functions();
drop function drill._without_comments(text);
drop function drill._url_host(text);
drop function drill.verify_platform();
drop function drill.verify_amcheck();
drop function drill.verify_physical();
drop function drill.verify_indexes();
drop function drill.verify_orphans();
drop function drill.verify_sequences();
drop function drill.verify_partition_keys();
drop function drill.verify_guards_fire();
drop function drill.verify_access();
drop function drill.suggest_critical_relations();
drop table drill.baseline_objects;
drop function drill.list_objects();
drop function drill._list_optional_objects();
drop function drill._list_access_objects();
drop function drill._list_schema_objects();
drop function drill._list_relation_objects();
drop function drill._mask_secrets(text);
drop table drill.managed_schemas;
