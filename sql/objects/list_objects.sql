-- One row per object of the database, its definition as lines of text that two
-- healthy copies share: no oids, no physical order, none of the names that a restore
-- makes anew (clones of constraints, internal triggers). Definitions are deparsed
-- under an empty search_path and fixed formats. One pass per catalog, nothing per
-- object; no lock stronger than ACCESS SHARE, which deparsing takes.
--
-- relation_name tells which table an object is or is part of, so that a comparison
-- says once that a table is gone, and lets the partition job's normal work pass.
create or replace function drill.list_objects()
returns table (object_kind text, object_name text, definition text, relation_name text, is_of_partition boolean)
language sql
stable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
as $$
  with namespace as (
    select
      n.oid,
      n.nspname,
      n.nspowner,
      n.nspacl,
      -- What a platform manages is its own business, but for what users put into it.
      exists (select from drill.managed_schemas as m where m.schema_name = n.nspname) as is_managed
    from pg_catalog.pg_namespace as n
    where n.nspname <> 'information_schema'
      and n.nspname not like 'pg\_%'
      and n.nspname not in ('drill', 'drill_migrations')
  ),
  extension_member as (
    select d.classid, d.objid
    from pg_catalog.pg_depend as d
    where d.deptype = 'e'
      and d.refclassid = 'pg_catalog.pg_extension'::regclass
  ),
  relation as (
    select
      c.oid,
      c.relname,
      c.relkind,
      c.relowner,
      c.relacl,
      c.reloptions,
      c.relpersistence,
      c.relreplident,
      c.relrowsecurity,
      c.relforcerowsecurity,
      c.relispartition,
      c.relispopulated,
      c.relpartbound,
      c.relam,
      n.is_managed,
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) as name
    from pg_catalog.pg_class as c
    inner join namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_class'::regclass
          and e.objid = c.oid
      )
  ),
  -- Everything that carries grants: kind, name, owner, its ACL with defaults spelled
  -- out, so that null and the spelled-out default are equal.
  granted as (
    select 'schema' as kind, pg_catalog.quote_ident(n.nspname) as name, null::text as relation_name,
      coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) as acl, n.nspowner as owner
    from namespace as n
    union all
    select
      case r.relkind when 'S' then 'sequence' else 'table' end, r.name, r.name,
      coalesce(r.relacl, pg_catalog.acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner)), r.relowner
    from relation as r
    where r.relkind <> 'c'
    union all
    select 'column', r.name || '.' || pg_catalog.quote_ident(a.attname), r.name, a.attacl, r.relowner
    from pg_catalog.pg_attribute as a
    inner join relation as r on r.oid = a.attrelid
    where a.attacl is not null
      and not a.attisdropped
    union all
    select
      'function',
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
        || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
      null,
      coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.oid = p.pronamespace
    where not exists (
      select
      from extension_member as e
      where e.classid = 'pg_catalog.pg_proc'::regclass
        and e.objid = p.oid
    )
    union all
    select 'type', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname), null,
      coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), t.typowner
    from pg_catalog.pg_type as t
    inner join namespace as n on n.oid = t.typnamespace
    where t.typtype in ('d', 'e', 'r')
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_type'::regclass
          and e.objid = t.oid
      )
    union all
    select 'foreign server', pg_catalog.quote_ident(s.srvname), null,
      coalesce(s.srvacl, pg_catalog.acldefault('S', s.srvowner)), s.srvowner
    from pg_catalog.pg_foreign_server as s
    union all
    select 'foreign data wrapper', pg_catalog.quote_ident(w.fdwname), null,
      coalesce(w.fdwacl, pg_catalog.acldefault('F', w.fdwowner)), w.fdwowner
    from pg_catalog.pg_foreign_data_wrapper as w
    union all
    select 'language', pg_catalog.quote_ident(l.lanname), null,
      coalesce(l.lanacl, pg_catalog.acldefault('l', l.lanowner)), l.lanowner
    from pg_catalog.pg_language as l
    where l.lanispl
  ),
  object as (
    select 'schema' as kind, pg_catalog.quote_ident(n.nspname) as name,
      'owner: ' || pg_catalog.pg_get_userbyid(n.nspowner) as definition, null::text as relation_name
    from namespace as n
    where not n.is_managed
    union all
    select 'extension', pg_catalog.quote_ident(e.extname),
      pg_catalog.concat_ws(E'\n', 'schema: ' || n.nspname, 'version: ' || e.extversion), null
    from pg_catalog.pg_extension as e
    inner join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
    union all
    -- Enums, domains, ranges, composite types.
    select 'type', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname),
      pg_catalog.concat_ws(
        E'\n',
        'kind: ' || case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' when 'c' then 'composite' end,
        'owner: ' || pg_catalog.pg_get_userbyid(t.typowner),
        (
          select pg_catalog.string_agg('value: ' || v.enumlabel, E'\n' order by v.enumsortorder)
          from pg_catalog.pg_enum as v
          where v.enumtypid = t.oid
        ),
        case
          when t.typtype = 'd'
            then pg_catalog.concat_ws(
              E'\n',
              'base: ' || pg_catalog.format_type(t.typbasetype, t.typtypmod),
              case when t.typnotnull then 'not null' end,
              'default: ' || t.typdefault,
              (
                select pg_catalog.string_agg(
                  'constraint ' || c.conname || ': ' || pg_catalog.pg_get_constraintdef(c.oid), E'\n' order by c.conname collate "C"
                )
                from pg_catalog.pg_constraint as c
                where c.contypid = t.oid
                  and c.contype = 'c'
              )
            )
        end,
        (
          select 'subtype: ' || pg_catalog.format_type(g.rngsubtype, null)
          from pg_catalog.pg_range as g
          where g.rngtypid = t.oid
        ),
        (
          select pg_catalog.string_agg(
            'attribute ' || a.attname || ': ' || pg_catalog.format_type(a.atttypid, a.atttypmod), E'\n' order by a.attnum
          )
          from pg_catalog.pg_attribute as a
          where t.typtype = 'c'
            and a.attrelid = t.typrelid
            and a.attnum > 0
            and not a.attisdropped
        )
      ),
      null
    from pg_catalog.pg_type as t
    inner join namespace as n on n.oid = t.typnamespace
    where not n.is_managed
      and (
        t.typtype in ('e', 'd', 'r')
        or t.typtype = 'c' and exists (select from pg_catalog.pg_class as c where c.oid = t.typrelid and c.relkind = 'c')
      )
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_type'::regclass
          and e.objid = t.oid
      )
    union all
    select 'table', r.name,
      pg_catalog.concat_ws(
        E'\n',
        'kind: ' || case r.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'f' then 'foreign table' end,
        'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
        'persistence: ' || case r.relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' when 't' then 'temporary' end,
        'partition key: ' || pg_catalog.pg_get_partkeydef(r.oid),
        (
          select pg_catalog.string_agg(
            case when r.relispartition then 'partition of: ' else 'inherits: ' end || drill._relation_name(i.inhparent),
            E'\n' order by i.inhseqno
          )
          from pg_catalog.pg_inherits as i
          where i.inhrelid = r.oid
        ),
        'bound: ' || pg_catalog.pg_get_expr(r.relpartbound, r.oid),
        'row level security: ' || case when r.relrowsecurity then 'on' else 'off' end
          || case when r.relforcerowsecurity then ', forced' else '' end,
        'replica identity: ' || case r.relreplident when 'd' then 'default' when 'n' then 'nothing' when 'f' then 'full' when 'i' then 'index' end,
        'access method: ' || m.amname,
        'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(r.reloptions) as o),
        (
          select 'foreign server: ' || pg_catalog.quote_ident(s.srvname)
          from pg_catalog.pg_foreign_table as f
          inner join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver
          where f.ftrelid = r.oid
        )
      ),
      r.name
    from relation as r
    left join pg_catalog.pg_am as m on m.oid = r.relam
    where r.relkind in ('r', 'p', 'f')
      and not r.is_managed
    union all
    -- Order does not count: a column dropped and added elsewhere is the same table.
    select 'column', r.name || '.' || pg_catalog.quote_ident(a.attname),
      pg_catalog.concat_ws(
        E'\n',
        'type: ' || pg_catalog.format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then 'not null' end,
        case a.attgenerated
          when '' then 'default: '
          when 's' then 'generated stored: '
          when 'v' then 'generated virtual: '
        end || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
        case a.attidentity when 'a' then 'identity: always' when 'd' then 'identity: by default' end,
        case
          when a.attcollation <> t.typcollation
            then 'collation: ' || (
              select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname)
              from pg_catalog.pg_collation as l
              inner join pg_catalog.pg_namespace as n on n.oid = l.collnamespace
              where l.oid = a.attcollation
            )
        end,
        case when a.attstorage <> t.typstorage then 'storage: ' || a.attstorage::text end,
        'compression: ' || nullif(a.attcompression::text, ''),
        'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(a.attoptions) as o)
      ),
      r.name
    from pg_catalog.pg_attribute as a
    inner join relation as r on r.oid = a.attrelid
    inner join pg_catalog.pg_type as t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef as d
      on d.adrelid = a.attrelid
      and d.adnum = a.attnum
    where r.relkind in ('r', 'p', 'f')
      and not r.is_managed
      and a.attnum > 0
      and not a.attisdropped
    union all
    -- Clones on partitions get other names in a good restore; 18 lists not-null
    -- constraints too, which the columns tell already.
    select 'constraint', r.name || '.' || pg_catalog.quote_ident(c.conname),
      pg_catalog.concat_ws(
        E'\n',
        pg_catalog.pg_get_constraintdef(c.oid),
        case when not c.convalidated then 'not valid' end,
        case
          when c.contype = 'f' and exists (
            select
            from pg_catalog.pg_trigger as t
            where t.tgconstraint = c.oid
              and t.tgenabled not in ('O', 'A')
          )
            then 'its triggers are disabled: not enforced'
        end
      ),
      r.name
    from pg_catalog.pg_constraint as c
    inner join relation as r on r.oid = c.conrelid
    where c.conparentid = 0
      and c.contype in ('c', 'f', 'p', 'u', 'x')
      and not r.is_managed
    union all
    select 'index', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname),
      pg_catalog.concat_ws(
        E'\n',
        pg_catalog.pg_get_indexdef(c.oid),
        case when not i.indisvalid then 'not valid' end,
        case when not i.indisready then 'not ready' end,
        case when i.indisclustered then 'clustered' end,
        case when i.indisreplident then 'replica identity' end,
        (
          select 'part of: ' || drill._relation_name(h.inhparent)
          from pg_catalog.pg_inherits as h
          where h.inhrelid = c.oid
        )
      ),
      r.name
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as c on c.oid = i.indexrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join relation as r on r.oid = i.indrelid
    where not r.is_managed
    union all
    select case r.relkind when 'v' then 'view' else 'materialized view' end, r.name,
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
        'options: ' || (select pg_catalog.string_agg(o, ', ' order by o collate "C") from pg_catalog.unnest(r.reloptions) as o),
        case when r.relkind = 'm' and not r.relispopulated then 'not populated' end,
        pg_catalog.pg_get_viewdef(r.oid)
      ),
      r.name
    from relation as r
    where r.relkind in ('v', 'm')
      and not r.is_managed
    union all
    select 'sequence', r.name,
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(r.relowner),
        pg_catalog.format(
          'type: %s, start: %s, increment: %s, minimum: %s, maximum: %s, cache: %s, cycle: %s',
          pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
        ),
        (
          select 'owned by: ' || drill._relation_name(d.refobjid) || '.' || pg_catalog.quote_ident(a.attname)
          from pg_catalog.pg_depend as d
          inner join pg_catalog.pg_attribute as a
            on a.attrelid = d.refobjid
            and a.attnum = d.refobjsubid
          where d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = r.oid
            and d.refclassid = 'pg_catalog.pg_class'::regclass
            and d.deptype in ('a', 'i')
        )
      ),
      r.name
    from relation as r
    inner join pg_catalog.pg_sequence as s on s.seqrelid = r.oid
    where not r.is_managed
    union all
    select
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
      pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname)
        || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(p.proowner),
        case
          when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid)
          else (
            select pg_catalog.concat_ws(
              E'\n',
              'result: ' || pg_catalog.format_type(p.prorettype, null),
              'transition: ' || a.aggtransfn::regprocedure::text,
              'state: ' || pg_catalog.format_type(a.aggtranstype, null),
              'initial: ' || a.agginitval,
              'final: ' || nullif(a.aggfinalfn::oid, 0)::regprocedure::text,
              'combine: ' || nullif(a.aggcombinefn::oid, 0)::regprocedure::text,
              'parallel: ' || p.proparallel::text
            )
            from pg_catalog.pg_aggregate as a
            where a.aggfnoid = p.oid
          )
        end
      ),
      null
    from pg_catalog.pg_proc as p
    inner join namespace as n on n.oid = p.pronamespace
    where not n.is_managed
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_proc'::regclass
          and e.objid = p.oid
      )
    union all
    -- A user's trigger is one without a constraint, or a constraint trigger: 14 marks
    -- the inherited ones of partitions as internal.
    select 'trigger', r.name || '.' || pg_catalog.quote_ident(t.tgname),
      pg_catalog.concat_ws(
        E'\n',
        pg_catalog.pg_get_triggerdef(t.oid),
        case t.tgenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled for replica' when 'A' then 'enabled always' end
      ),
      r.name
    from pg_catalog.pg_trigger as t
    inner join relation as r on r.oid = t.tgrelid
    where t.tgconstraint = 0
      or exists (select from pg_catalog.pg_constraint as c where c.oid = t.tgconstraint and c.contype = 't')
    union all
    select 'event trigger', pg_catalog.quote_ident(t.evtname),
      pg_catalog.concat_ws(
        E'\n',
        'event: ' || t.evtevent,
        'tags: ' || (select pg_catalog.string_agg(g, ', ' order by g collate "C") from pg_catalog.unnest(t.evttags) as g),
        'function: ' || t.evtfoid::regprocedure::text,
        'owner: ' || pg_catalog.pg_get_userbyid(t.evtowner),
        case t.evtenabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled for replica' when 'A' then 'enabled always' end
      ),
      null
    from pg_catalog.pg_event_trigger as t
    where not exists (
      select
      from extension_member as e
      where e.classid = 'pg_catalog.pg_event_trigger'::regclass
        and e.objid = t.oid
    )
    union all
    select 'rule', r.name || '.' || pg_catalog.quote_ident(w.rulename),
      pg_catalog.concat_ws(
        E'\n',
        pg_catalog.pg_get_ruledef(w.oid),
        case w.ev_enabled when 'O' then 'enabled' when 'D' then 'disabled' when 'R' then 'enabled for replica' when 'A' then 'enabled always' end
      ),
      r.name
    from pg_catalog.pg_rewrite as w
    inner join relation as r on r.oid = w.ev_class
    where not r.is_managed
      and not (r.relkind in ('v', 'm') and w.rulename = '_RETURN')
    union all
    select 'policy', r.name || '.' || pg_catalog.quote_ident(p.polname),
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
      r.name
    from pg_catalog.pg_policy as p
    inner join relation as r on r.oid = p.polrelid
    union all
    -- One row per object and grantee: what it may do, with a star where it may pass it on.
    select 'grant', g.kind || ' ' || g.name || ' to ' || g.grantee,
      pg_catalog.string_agg(
        g.privilege_type || case when g.is_grantable then '*' else '' end, ', ' order by g.privilege_type collate "C"
      ),
      min(g.relation_name)
    from (
      select
        h.kind, h.name, h.relation_name, a.privilege_type, a.is_grantable,
        case a.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end as grantee
      from granted as h
      cross join lateral pg_catalog.aclexplode(h.acl) as a
      -- What an owner may do follows from owning it, and grows with each version of PostgreSQL.
      where a.grantee <> h.owner
    ) as g
    group by g.kind, g.name, g.grantee
    union all
    select 'default privilege',
      pg_catalog.concat_ws(
        ' ', 'of', pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)),
        case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else d.defaclobjtype::text end,
        'in ' || pg_catalog.quote_ident(n.nspname),
        'to', case a.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) end
      ),
      pg_catalog.string_agg(
        a.privilege_type || case when a.is_grantable then '*' else '' end, ', ' order by a.privilege_type collate "C"
      ),
      null
    from pg_catalog.pg_default_acl as d
    left join pg_catalog.pg_namespace as n on n.oid = d.defaclnamespace
    cross join lateral pg_catalog.aclexplode(d.defaclacl) as a
    where a.grantee <> d.defaclrole
    group by d.defaclrole, d.defaclobjtype, n.nspname, a.grantee
    union all
    select 'statistics', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.stxname),
      pg_catalog.concat_ws(E'\n', 'owner: ' || pg_catalog.pg_get_userbyid(s.stxowner), pg_catalog.pg_get_statisticsobjdef(s.oid)), null
    from pg_catalog.pg_statistic_ext as s
    inner join namespace as n on n.oid = s.stxnamespace
    where not n.is_managed
    union all
    select 'setting', e.owner_name || ' ' || pg_catalog.split_part(e.setting, '=', 1),
      pg_catalog.substr(e.setting, pg_catalog.strpos(e.setting, '=') + 1), null
    from (
      select
        u.setting,
        pg_catalog.concat_ws(
          ' ',
          -- The copy may be called differently.
          case when s.setdatabase <> 0 then 'this database' end,
          case when s.setrole <> 0 then 'role ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)) end
        ) as owner_name
      from pg_catalog.pg_db_role_setting as s
      cross join lateral pg_catalog.unnest(s.setconfig) as u (setting)
      where s.setdatabase in (0, (select d.oid from pg_catalog.pg_database as d where d.datname = pg_catalog.current_database()))
    ) as e
    union all
    -- Members as they were named, never pg_publication_tables, which grows with each partition.
    select 'publication', pg_catalog.quote_ident(p.pubname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(p.pubowner),
        pg_catalog.format(
          'all tables: %s, insert: %s, update: %s, delete: %s, truncate: %s, via root: %s',
          p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot
        ),
        (
          select pg_catalog.string_agg('table: ' || m.table_name, E'\n' order by m.table_name collate "C")
          from (select drill._relation_name(l.prrelid) as table_name from pg_catalog.pg_publication_rel as l where l.prpubid = p.oid) as m
        )
      ),
      null
    from pg_catalog.pg_publication as p
    union all
    select 'foreign data wrapper', pg_catalog.quote_ident(w.fdwname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(w.fdwowner),
        'handler: ' || nullif(w.fdwhandler, 0)::regprocedure::text,
        'validator: ' || nullif(w.fdwvalidator, 0)::regprocedure::text
      ),
      null
    from pg_catalog.pg_foreign_data_wrapper as w
    where not exists (
      select
      from extension_member as e
      where e.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass
        and e.objid = w.oid
    )
    union all
    -- Where it points is judged by isolation, and may rightly differ; options may hold secrets.
    select 'foreign server', pg_catalog.quote_ident(s.srvname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(s.srvowner),
        'wrapper: ' || pg_catalog.quote_ident(w.fdwname),
        'type: ' || s.srvtype
      ),
      null
    from pg_catalog.pg_foreign_server as s
    inner join pg_catalog.pg_foreign_data_wrapper as w on w.oid = s.srvfdw
    union all
    select 'user mapping',
      pg_catalog.quote_ident(m.srvname) || ' for '
        || case m.umuser when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.umuser)) end,
      '', null
    from pg_catalog.pg_user_mappings as m
    union all
    select 'collation', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.collowner),
        'provider: ' || c.collprovider::text,
        'collate: ' || c.collcollate,
        'deterministic: ' || c.collisdeterministic::text
      ),
      null
    from pg_catalog.pg_collation as c
    inner join namespace as n on n.oid = c.collnamespace
    where not n.is_managed
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_collation'::regclass
          and e.objid = c.oid
      )
    union all
    select 'operator', o.oid::regoperator::text,
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(o.oprowner),
        'function: ' || nullif(o.oprcode::oid, 0)::regprocedure::text,
        'commutator: ' || nullif(o.oprcom, 0)::regoperator::text,
        'negator: ' || nullif(o.oprnegate, 0)::regoperator::text,
        pg_catalog.format('merges: %s, hashes: %s', o.oprcanmerge, o.oprcanhash)
      ),
      null
    from pg_catalog.pg_operator as o
    inner join namespace as n on n.oid = o.oprnamespace
    where not n.is_managed
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_operator'::regclass
          and e.objid = o.oid
      )
    union all
    select 'cast', pg_catalog.format_type(c.castsource, null) || ' as ' || pg_catalog.format_type(c.casttarget, null),
      pg_catalog.concat_ws(
        E'\n',
        'function: ' || nullif(c.castfunc, 0)::regprocedure::text,
        'context: ' || c.castcontext::text,
        'method: ' || c.castmethod::text
      ),
      null
    from pg_catalog.pg_cast as c
    -- Casts below this oid came with PostgreSQL itself (FirstNormalObjectId).
    where c.oid >= 16384
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_cast'::regclass
          and e.objid = c.oid
      )
    union all
    select 'text search configuration', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.cfgname),
      pg_catalog.concat_ws(
        E'\n',
        'owner: ' || pg_catalog.pg_get_userbyid(c.cfgowner),
        (
          select pg_catalog.string_agg(
            t.alias || ': ' || m.mapdict::regdictionary::text, E'\n' order by t.alias, m.mapseqno
          )
          from pg_catalog.pg_ts_config_map as m
          inner join lateral pg_catalog.ts_token_type(c.cfgparser) as t on t.tokid = m.maptokentype
          where m.mapcfg = c.oid
        )
      ),
      null
    from pg_catalog.pg_ts_config as c
    inner join namespace as n on n.oid = c.cfgnamespace
    where not n.is_managed
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_ts_config'::regclass
          and e.objid = c.oid
      )
    union all
    select 'text search dictionary', pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(d.dictname),
      pg_catalog.concat_ws(E'\n', 'owner: ' || pg_catalog.pg_get_userbyid(d.dictowner), 'options: ' || d.dictinitoption), null
    from pg_catalog.pg_ts_dict as d
    inner join namespace as n on n.oid = d.dictnamespace
    where not n.is_managed
      and not exists (
        select
        from extension_member as e
        where e.classid = 'pg_catalog.pg_ts_dict'::regclass
          and e.objid = d.oid
      )
  )
  select
    o.kind,
    o.name,
    coalesce(o.definition, ''),
    o.relation_name,
    coalesce((select r.relispartition from relation as r where r.name = o.relation_name), false)
  from object as o
  order by o.kind collate "C", o.name collate "C"
$$;

comment on function drill.list_objects() is
  'Every object of the database with its definition in a stable text form, for comparison with a baseline; members of extensions and the inside of managed schemas left out';

revoke all on function drill.list_objects() from public;
