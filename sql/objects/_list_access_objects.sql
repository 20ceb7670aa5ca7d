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
