// What pg_cron of a database has of our jobs, and how they get there.

import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Database } from './connect.ts'

/** Where pg_cron is: here; loaded, but not created here; with its jobs in another database; or not at all. */
export interface CronPlace {
  standing: 'here' | 'not_created' | 'elsewhere' | 'missing'
  /** The database that has the jobs of this server; null when there is none, or it may not be known. */
  home: string | null
  /** Whose the jobs will be: the owner of schema drill where the role may choose, else the role itself. */
  runs_as: string
  is_superuser: boolean
  /** Whether another than the role itself. */
  is_for_owner: boolean
}

/** A job that is there. */
export interface CronJob {
  job_id: string
  name: string
  schedule: string
  statement: string
  username: string
  is_active: boolean
}

/** Looks for pg_cron; says nothing about its jobs. */
export async function findCron(database: Database): Promise<CronPlace> {
  const { rows } = await sql<{
    is_created: boolean
    database_name: string
    role_name: string
    is_superuser: boolean
    owner_name: string
    is_owner_superuser: boolean
    has_in_database: boolean
  }>`
    select
      exists (
        select
        from pg_proc as p
        inner join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = 'cron'
          and p.proname = 'schedule'
      ) as is_created,
      current_database()::text as database_name,
      current_user::text as role_name,
      r.rolsuper as is_superuser,
      o.rolname::text as owner_name,
      o.rolsuper as is_owner_superuser,
      exists (
        select
        from pg_proc as p
        inner join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = 'cron'
          and p.proname = 'schedule_in_database'
      ) as has_in_database
    from pg_roles as r
    cross join pg_namespace as n
    inner join pg_roles as o on o.oid = n.nspowner
    where r.rolname = current_user
      and n.nspname = 'drill'`.execute(database)
  const found = rows[0]
  if (found === undefined) throw new CouldNotVerify('the owner of the schema drill cannot be found')
  const isForOwner =
    found.is_superuser && !found.is_owner_superuser && found.owner_name !== found.role_name && found.has_in_database
  const { isLoaded, home } = await findHome(database)
  const place = {
    home,
    runs_as: isForOwner ? found.owner_name : found.role_name,
    is_superuser: isForOwner ? false : found.is_superuser,
    is_for_owner: isForOwner,
  }
  if (found.is_created) return { ...place, standing: 'here' }
  if (!isLoaded) return { ...place, standing: 'missing' }
  return { ...place, standing: home === found.database_name ? 'not_created' : 'elsewhere' }
}

/** The database that pg_cron takes its jobs from: who may not know it gets an error, which says that it is loaded. */
async function findHome(database: Database): Promise<{ isLoaded: boolean; home: string | null }> {
  try {
    const { rows } = await sql<{ home: string | null }>`
      select nullif(current_setting('cron.database_name', true), '') as home`.execute(database)
    const home = rows[0]?.home ?? null
    return { isLoaded: home !== null, home }
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    return { isLoaded: true, home: null }
  }
}

/** The jobs of pg_cron in this database that have these names, as far as the role may see them. @throws CouldNotVerify */
export async function listCronJobs(database: Database, names: readonly string[]): Promise<CronJob[]> {
  try {
    // By to_jsonb: names and the flag came with later versions.
    const { rows } = await sql<CronJob & { is_here: boolean }>`
      select
        j.jobid::text as job_id, to_jsonb(j) ->> 'jobname' as name, j.schedule, j.command as statement,
        j.username::text as username, coalesce((to_jsonb(j) ->> 'active')::boolean, true) as is_active,
        j.database = current_database() as is_here
      from cron.job as j
      where to_jsonb(j) ->> 'jobname' = any (array(select jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb)))
      order by j.jobid`.execute(database)
    return rows.filter((row) => row.is_here).map(({ is_here: _, ...job }) => job)
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error
    throw new CouldNotVerify(
      'the role may not see the jobs of pg_cron',
      'Grant it: grant usage on schema cron, and select on cron.job.',
      { cause: error },
    )
  }
}

/** One statement that makes the job, or changes the one of that name and user, for a person to read and for us to run. */
export function scheduleStatement(
  job: { name: string; schedule: string; statement: string },
  place: Pick<CronPlace, 'runs_as' | 'is_for_owner' | 'standing'>,
  databaseName: string,
): string {
  const [name, schedule, statement] = [job.name, job.schedule, job.statement].map(literal)
  if (place.standing === 'elsewhere') {
    return `select cron.schedule_in_database(${literal(`${job.name}-${databaseName}`)}, ${schedule}, ${statement}, ${literal(databaseName)})`
  }
  return place.is_for_owner
    ? `select cron.schedule_in_database(${name}, ${schedule}, ${statement}, ${literal(databaseName)}, ${literal(place.runs_as)})`
    : `select cron.schedule(${name}, ${schedule}, ${statement})`
}

/** Runs statements of scheduleStatement() and activateStatement(), all or none. */
export async function runStatements(database: Database, statements: readonly string[]): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    for (const statement of statements) await sql.raw(statement).execute(transaction)
  })
}

/** One statement that switches a job on. */
export function activateStatement(jobId: string): string {
  return `select cron.alter_job(job_id := ${jobId}, active := true)`
}

/** A text as SQL, whatever the setting of standard_conforming_strings. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}
