// Databases into which the tests of this folder install: the OpsMantik-shaped application, and parts of it.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { listCatalog } from '../support/catalog.ts'
import type { OwnCluster } from '../support/own-cluster.ts'

export const rpc = 'public.verify_partition_triggers_exist()'

/** The application of the sandbox. Makes the roles anon, authenticated and service_role. */
export const application = readFileSync(projectFile('src/sandbox/opsmantik/schema.sql'), 'utf8')

const month = "date_trunc('month', now() at time zone 'UTC')::date"
const nextMonth = "(date_trunc('month', now() at time zone 'UTC') + interval '1 month')::date"

/** The two guarded tables with a partition each, without triggers, roles and all else. */
export const guardedTables = `
create table public.sessions (
  id uuid not null,
  site_id uuid,
  created_at timestamptz not null default now(),
  created_month date not null default ${month},
  primary key (id, created_month)
) partition by range (created_month);
create table public.events (
  id uuid not null,
  session_id uuid not null,
  site_id uuid,
  session_month date not null default ${month},
  primary key (id, session_month)
) partition by range (session_month);
do $$
begin
  execute format('create table public.sessions_now partition of public.sessions for values from (%L) to (%L)', ${month}, ${nextMonth});
  execute format('create table public.events_now partition of public.events for values from (%L) to (%L)', ${month}, ${nextMonth});
end
$$;`

/** Hands all that the superuser made in this database to a role, as on Supabase, where nobody is superuser. */
export function giveEverythingTo(role: string): string {
  return `
do $$
declare
  v_object record;
begin
  execute format('grant create on database %I to ${role}', current_database());
  for v_object in
    select format('schema %I', n.nspname) as name
    from pg_namespace as n
    where n.nspname in ('public', 'private')
    union all
    select format('table %s', c.oid::regclass)
    from pg_class as c
    where c.relnamespace::regnamespace::text in ('public', 'private') and c.relkind in ('r', 'p')
    union all
    select format('function %s', p.oid::regprocedure)
    from pg_proc as p
    where p.pronamespace::regnamespace::text in ('public', 'private')
  loop
    execute format('alter %s owner to ${role}', v_object.name);
  end loop;
end
$$;`
}

export async function catalogOf(own: OwnCluster, database: string): Promise<string[]> {
  return await own.use(database, (sql) => listCatalog(sql))
}

/** The one value that a query gives; with a role, asked by that role. */
export async function ask(own: OwnCluster, database: string, query: string, role?: string): Promise<unknown> {
  return await own.use(database, async (sql) => {
    if (role !== undefined) await sql`set role ${sql(role)}`
    const [row] = await sql.unsafe(query)
    return row === undefined ? undefined : Object.values(row)[0]
  })
}

interface Refusal {
  name: string
  message: string
  code?: string
  hint?: string
}

/** How work is refused; that it is not is a failure. */
export async function refusal(work: Promise<unknown>): Promise<Refusal> {
  const error = await work.then(
    () => undefined,
    (thrown: Refusal) => thrown,
  )
  if (error === undefined)
    throw new assert.Assertion({
      message: 'it was not refused',
      details: '',
      generated: false,
      operator: 'is',
      expects: 'an error',
      actual: 'none',
    })
  return error
}
