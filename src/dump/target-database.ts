// What a restore has to know of its target before it writes anything.

import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Database } from '../database/connect.ts'
import type { Target } from '../database/targets.ts'
import { askProduction } from '../verification/right-database.ts'
import type { Manifest } from './manifest.ts'

/** A server and a database, before it is restored into. */
export interface TargetState {
  serverVersion: string
  isSandbox: boolean
  /** Whether production was asked, and is another database. */
  isNotProduction: boolean
}

/**
 * Refuses production, in whatever way it can be recognised.
 * @throws CouldNotVerify
 */
export async function requireNotProduction(
  database: Database,
  target: Target,
  production: Target | undefined,
  { source }: Manifest,
): Promise<TargetState> {
  const asked = await askProduction(database, target, production)
  const { rows } = await sql<{
    version: string
    is_sandbox: boolean
    database_name: string
    started_at: string
    is_in_recovery: boolean
  }>`
    select
      current_setting('server_version') as version,
      coalesce(current_setting('drill.sandbox', true) = 'on', false) as is_sandbox,
      current_database()::text as database_name,
      to_jsonb(pg_postmaster_start_time()) #>> '{}' as started_at,
      pg_is_in_recovery() as is_in_recovery`.execute(database)
  const [found] = rows as [(typeof rows)[number]]
  const isSameStart = Date.parse(found.started_at) === Date.parse(source.server_started_at)
  if (
    isSameStart &&
    found.database_name === source.database_name &&
    (await systemOf(database)) === source.system_identifier
  ) {
    throw new CouldNotVerify(
      `the target ${target.name} is production itself and is refused: it is the running server and database that the backup was taken from`,
      'Name another database; pgdrill never restores into production.',
    )
  }
  if (found.is_in_recovery) {
    throw new CouldNotVerify(`the target ${target.name} is a standby: nothing can be restored into it`)
  }
  return {
    serverVersion: found.version,
    isSandbox: found.is_sandbox,
    isNotProduction: asked.isSameServer !== undefined,
  }
}

async function systemOf(database: Database): Promise<string | null> {
  const { rows } = await sql<{ system: string }>`
    select s.system_identifier::text as system from pg_control_system() as s`
    .execute(database)
    .catch(() => ({ rows: [] }))
  return rows[0]?.system ?? null
}

/** Demands a database in which nobody has made anything. Extensions may be there. @throws CouldNotVerify */
export async function requireEmpty(database: Database, target: Target): Promise<void> {
  const { rows } = await sql<{ kind: string; name: string; count: number }>`
    with object (kind, name, class_id, object_id) as (
      select 'schema', n.nspname::text, 'pg_namespace'::regclass, n.oid
      from pg_namespace as n
      where n.nspname not in ('public', 'information_schema')
        and n.nspname !~ '^pg_'
      union all
      select 'table or view', format('%I.%I', n.nspname, c.relname), 'pg_class'::regclass, c.oid
      from pg_class as c
      inner join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and n.nspname <> 'information_schema'
        and n.nspname !~ '^pg_'
      union all
      select 'function', format('%I.%I', n.nspname, p.proname), 'pg_proc'::regclass, p.oid
      from pg_proc as p
      inner join pg_namespace as n on n.oid = p.pronamespace
      where n.nspname <> 'information_schema'
        and n.nspname !~ '^pg_'
      union all
      select 'type', format('%I.%I', n.nspname, t.typname), 'pg_type'::regclass, t.oid
      from pg_type as t
      inner join pg_namespace as n on n.oid = t.typnamespace
      where t.typtype in ('d', 'e', 'r')
        and n.nspname <> 'information_schema'
        and n.nspname !~ '^pg_'
      union all
      select 'large object', l.oid::text, 'pg_largeobject_metadata'::regclass, l.oid
      from pg_largeobject_metadata as l
    ),
    own as (
      select o.kind, o.name
      from object as o
      where not exists (
        select
        from pg_depend as d
        where d.classid = o.class_id
          and d.objid = o.object_id
          and d.deptype = 'e'
      )
    )
    select o.kind, o.name, (select count(*)::integer from own) as count
    from own as o
    order by o.kind = 'schema' desc, o.name collate "C"
    limit 1`.execute(database)
  const [first] = rows
  if (first === undefined) return
  const more = first.count === 1 ? '' : ` and ${first.count - 1} more`
  throw new CouldNotVerify(
    `the database of the target ${target.name} is not empty: it holds the ${first.kind} ${first.name}${more}`,
    'Restore into an empty database, or let one be made: --into-new NAME.',
  )
}

/** Those of the roles that the server does not have. */
export async function listMissingRoles(database: Database, roles: readonly string[]): Promise<string[]> {
  const names = JSON.stringify(roles)
  const { rows } = await sql<{ name: string }>`
    select e.name
    from jsonb_array_elements_text(${names}::text::jsonb) as e (name)
    where not exists (select from pg_roles as r where r.rolname = e.name)
    order by e.name collate "C"`.execute(database)
  return rows.map(({ name }) => name)
}
