// The catalog of a database as sorted lines of text, one for each schema, table, column, constraint, index, trigger,
// policy, function, type and so on, with all that can be said about it: what the proofs compare that two ways of
// installing give the same, and that removing leaves nothing behind. Nothing in a line depends on oids.

import type { Sql } from 'postgres'

export interface CatalogOptions {
  /** Schemas to leave out. */
  without?: readonly string[]
  /** false: who owns an object does not count, and in privileges the owner is called OWNER. */
  owners?: boolean
}

/** What differs: lines of the expected catalog that are missing (`- `), and lines that are there besides (`+ `). */
export function compareCatalogs(expected: readonly string[], actual: readonly string[]): string[] {
  return [
    ...expected.filter((line) => !actual.includes(line)).map((line) => `- ${line}`),
    ...actual.filter((line) => !expected.includes(line)).map((line) => `+ ${line}`),
  ]
}

/** The catalog of the database of a connection, without PostgreSQL's own objects and those of extensions. */
export async function listCatalog(sql: Sql, options: CatalogOptions = {}): Promise<string[]> {
  const rows = await sql.unsafe<{ line: string }[]>(query, [[...(options.without ?? [])], options.owners ?? true])
  return rows.map((row) => row.line).sort()
}

const query = `
with namespace as (
  select n.oid, n.nspname, n.nspowner, n.nspacl
  from pg_catalog.pg_namespace as n
  where n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and n.nspname <> all ($1::text[])
),
relation as (
  select c.*, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
  from pg_catalog.pg_class as c
  inner join namespace as n on n.oid = c.relnamespace
),
object (kind, name, class_id, object_id, sub_id, owner, acl, acl_kind, definition) as (
  select 'database', 'of this connection', 'pg_database'::regclass, d.oid, 0, d.datdba, d.datacl, 'd'::"char",
    (
      select pg_catalog.string_agg(s.setconfig::text, ' ' order by s.setrole::regrole::text)
      from pg_catalog.pg_db_role_setting as s
      where s.setdatabase = d.oid
    )
  from pg_catalog.pg_database as d
  where d.datname = pg_catalog.current_database()
  union all
  select 'schema', pg_catalog.quote_ident(n.nspname), 'pg_namespace'::regclass, n.oid, 0, n.nspowner, n.nspacl, 'n', null
  from namespace as n
  union all
  select
    case r.relkind when 'c' then 'composite' when 'S' then 'sequence' when 'v' then 'view' else 'table' end,
    r.name, 'pg_class'::regclass, r.oid, 0, r.relowner, r.relacl,
    (case r.relkind when 'c' then null when 'S' then 's' else 'r' end)::"char",
    pg_catalog.concat_ws(
      ' ', r.relkind, r.relpersistence, 'rls', r.relrowsecurity, r.relforcerowsecurity, r.relreplident, r.reloptions::text,
      pg_catalog.pg_get_partkeydef(r.oid), pg_catalog.pg_get_expr(r.relpartbound, r.oid),
      (select pg_catalog.string_agg(i.inhparent::regclass::text, ',') from pg_catalog.pg_inherits as i where i.inhrelid = r.oid),
      case when r.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(r.oid) end,
      (select pg_catalog.to_jsonb(q) - 'seqrelid' from pg_catalog.pg_sequence as q where q.seqrelid = r.oid)
    )
  from relation as r
  where r.relkind not in ('i', 'I', 't')
  union all
  select 'column', r.name || '.' || pg_catalog.quote_ident(a.attname), 'pg_class'::regclass, r.oid, a.attnum,
    r.relowner, a.attacl, null,
    pg_catalog.concat_ws(
      ' ', pg_catalog.row_number() over (partition by r.oid order by a.attnum),
      pg_catalog.format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
      'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity, ''), nullif(a.attgenerated, ''),
      nullif(a.attcollation, 0)::regcollation::text
    )
  from relation as r
  inner join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef as d on d.adrelid = r.oid and d.adnum = a.attnum
  where r.relkind not in ('i', 'I', 't')
  union all
  select 'index', r.name, 'pg_class'::regclass, r.oid, 0, r.relowner, null, null,
    pg_catalog.concat_ws(' ', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary, i.indisclustered, i.indisreplident)
  from relation as r
  inner join pg_catalog.pg_index as i on i.indexrelid = r.oid
  union all
  select 'constraint', pg_catalog.format('%s.%I', coalesce(r.name, t.oid::regtype::text), k.conname),
    'pg_constraint'::regclass, k.oid, 0, null, null, null,
    pg_catalog.concat_ws(' ', k.contype, pg_catalog.pg_get_constraintdef(k.oid), k.convalidated)
  from pg_catalog.pg_constraint as k
  inner join namespace as n on n.oid = k.connamespace
  left join relation as r on r.oid = k.conrelid
  left join pg_catalog.pg_type as t on t.oid = k.contypid
  union all
  -- Those of foreign keys have an oid in their name; the constraint speaks for them. In PostgreSQL 14 the clones on
  -- partitions are marked as internal, too.
  select 'trigger', pg_catalog.format('%s.%I', r.name, t.tgname), 'pg_trigger'::regclass, t.oid, 0, null, null, null,
    pg_catalog.concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled, t.tgparentid <> 0)
  from relation as r
  inner join pg_catalog.pg_trigger as t on t.tgrelid = r.oid
  where not (t.tgisinternal and t.tgconstraint <> 0)
  union all
  select 'policy', pg_catalog.format('%s.%I', r.name, p.polname), 'pg_policy'::regclass, p.oid, 0, null, null, null,
    pg_catalog.concat_ws(
      ' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
    )
  from relation as r
  inner join pg_catalog.pg_policy as p on p.polrelid = r.oid
  union all
  select 'rule', pg_catalog.format('%s.%I', r.name, w.rulename), 'pg_rewrite'::regclass, w.oid, 0, null, null, null,
    pg_catalog.concat_ws(' ', pg_catalog.pg_get_ruledef(w.oid), w.ev_enabled)
  from relation as r
  inner join pg_catalog.pg_rewrite as w on w.ev_class = r.oid
  union all
  select 'statistics', pg_catalog.format('%I.%I', n.nspname, s.stxname), 'pg_statistic_ext'::regclass, s.oid, 0,
    s.stxowner, null, null, pg_catalog.pg_get_statisticsobjdef(s.oid)
  from pg_catalog.pg_statistic_ext as s
  inner join namespace as n on n.oid = s.stxnamespace
  union all
  select 'function', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
    'pg_proc'::regclass, p.oid, 0, p.proowner, p.proacl, 'f',
    case when p.prokind = 'a' then 'aggregate' else pg_catalog.pg_get_functiondef(p.oid) end
  from pg_catalog.pg_proc as p
  inner join namespace as n on n.oid = p.pronamespace
  union all
  -- The row type of a table and every array type come and go with what they belong to.
  select 'type', pg_catalog.format('%I.%I', n.nspname, t.typname), 'pg_type'::regclass, t.oid, 0, t.typowner, t.typacl, 'T',
    pg_catalog.concat_ws(
      ' ', t.typtype, t.typcategory, pg_catalog.format_type(nullif(t.typbasetype, 0), t.typtypmod),
      case when t.typnotnull then 'not null' end, 'default ' || t.typdefault,
      (select pg_catalog.string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_catalog.pg_enum as e where e.enumtypid = t.oid)
    )
  from pg_catalog.pg_type as t
  inner join namespace as n on n.oid = t.typnamespace
  left join pg_catalog.pg_class as c on c.oid = t.typrelid
  where t.typcategory <> 'A'
    and coalesce(c.relkind = 'c', true)
  union all
  select 'default privileges', pg_catalog.concat_ws(' ', d.defaclrole::regrole, nullif(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype),
    'pg_default_acl'::regclass, d.oid, 0, null, d.defaclacl, null, null
  from pg_catalog.pg_default_acl as d
  union all
  select 'extension', e.extname, 'pg_extension'::regclass, e.oid, 0, e.extowner, null, null, e.extversion
  from pg_catalog.pg_extension as e
  union all
  select 'event trigger', e.evtname, 'pg_event_trigger'::regclass, e.oid, 0, e.evtowner, null, null,
    pg_catalog.concat_ws(' ', e.evtevent, e.evtfoid::regproc, e.evtenabled, e.evttags::text)
  from pg_catalog.pg_event_trigger as e
  union all
  select 'publication', p.pubname, 'pg_publication'::regclass, p.oid, 0, p.pubowner, null, null, null
  from pg_catalog.pg_publication as p
)
select
  pg_catalog.concat_ws(
    ' | ',
    o.kind || ' ' || o.name,
    o.definition,
    case when $2::boolean then 'owner ' || pg_catalog.pg_get_userbyid(o.owner) end,
    'privileges ' || (
      select pg_catalog.string_agg(distinct e.entry collate "C", ', ' order by e.entry collate "C")
      from (
        select
          case
            when a.grantee = 0 then 'PUBLIC'
            when a.grantee = o.owner and not $2::boolean then 'OWNER'
            else pg_catalog.pg_get_userbyid(a.grantee)
          end || ': ' || a.privilege_type || case when a.is_grantable then ' with grant option' else '' end as entry
        from pg_catalog.aclexplode(coalesce(o.acl, pg_catalog.acldefault(o.acl_kind, o.owner))) as a
      ) as e
    ),
    'comment ' || d.description
  ) as line
from object as o
left join pg_catalog.pg_description as d
  on d.classoid = o.class_id
  and d.objoid = o.object_id
  and d.objsubid = o.sub_id
where not exists (
  select
  from pg_catalog.pg_depend as x
  where x.classid = o.class_id
    and x.objid = o.object_id
    and x.deptype = 'e'
)`
