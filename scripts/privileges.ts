// Who may do what with the objects of pgdrill, as the catalog says: recorded in sql/privileges.json by make manifest, and
// held to it by a test, so that nothing is granted, or forgotten, without being read by somebody.

import type { Sql } from 'postgres'

/** By object, such as "function drill.get_now()", what each role but the owner may do; PUBLIC is a role, too. */
export type Privileges = Record<string, Record<string, string>>

/** Lists them all: schemas, tables, sequences, columns with rights of their own, and functions, of ours alone. */
export async function listPrivileges(sql: Sql): Promise<Privileges> {
  const rows = await sql.unsafe<{ object: string; role: string | null; rights: string }[]>(query)
  const privileges: Privileges = {}
  for (const { object, role, rights } of rows) {
    privileges[object] ??= {}
    if (role !== null) (privileges[object] as Record<string, string>)[role] = rights
  }
  return privileges
}

const query = `
with object (name, owner, acl) as (
  select 'schema ' || n.nspname, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
  from pg_namespace as n
  where n.nspname = 'drill'
  union all
  select
    case c.relkind when 'S' then 'sequence ' else 'table ' end || 'drill.' || c.relname, c.relowner,
    coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
  from pg_class as c
  where c.relnamespace = 'drill'::regnamespace
    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all
  select 'column drill.' || c.relname || '.' || a.attname, c.relowner, a.attacl
  from pg_attribute as a
  inner join pg_class as c on c.oid = a.attrelid
  where c.relnamespace = 'drill'::regnamespace
    and a.attacl is not null
  union all
  select
    format('function %s.%s(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)), p.proowner,
    coalesce(p.proacl, acldefault('f', p.proowner))
  from pg_proc as p
  inner join pg_namespace as n on n.oid = p.pronamespace
  where n.nspname = 'drill'
    or n.nspname = 'public' and p.proname = 'verify_partition_triggers_exist'
)
select
  o.name as object,
  case a.grantee when 0 then 'PUBLIC' else pg_get_userbyid(a.grantee)::text end as role,
  lower(string_agg(a.privilege_type || case when a.is_grantable then ' with grant option' else '' end, ', ' order by a.privilege_type)) as rights
from object as o
left join lateral (select * from aclexplode(o.acl) as x where x.grantee <> o.owner) as a on true
group by o.name, a.grantee
order by o.name collate "C", 2`
