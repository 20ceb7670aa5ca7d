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
