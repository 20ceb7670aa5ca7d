import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import {
  activateStatement,
  type CronJob,
  type CronPlace,
  findCron,
  listCronJobs,
  runStatements,
  scheduleStatement,
} from '../database/cron.ts'
import { getIdentity } from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import { compareDatabases } from '../database/same-database.ts'
import { lookUpProductionOf, type Target } from '../database/targets.ts'
import { type Job, jobs } from './jobs.ts'

/** A job and what there is of it. */
export interface ScheduledJob {
  name: string
  /** That of the job that is there, which its owner may have changed, else ours. */
  schedule: string
  statement: string
  words: string
  standing: 'installed' | 'inactive' | 'differs' | 'missing' | 'unknown'
  /** What puts it right; empty when it is. */
  statements: string[]
}

/** What pg_cron of a target has, and what was done. */
export interface Schedule {
  target: { name: string; url: string; is_sandbox: boolean }
  place: CronPlace
  jobs: ScheduledJob[]
  is_applied: boolean
}

/**
 * Looks at the jobs in pg_cron of a target, and installs what is missing when asked to.
 * @throws CouldNotVerify when it shall be installed and cannot: no pg_cron there, a standby, another database than production
 */
export async function scheduleJobs(target: Target, isApplied: boolean): Promise<Schedule> {
  return await withDatabase(target, { statementTimeout: 60_000 }, async (database) => {
    await requireSchema(database, target)
    const place = await findCron(database)
    const { database_name, is_in_recovery, is_sandbox } = await getIdentity(database)
    const look = async (): Promise<ScheduledJob[]> => {
      const names = jobs.map((job) => job.name)
      const there = place.standing === 'here' ? await listCronJobs(database, names) : undefined
      return jobs.map((job) => compareJob(job, there, place, database_name))
    }
    let found = await look()
    if (isApplied) {
      requirePlace(place, target)
      if (is_in_recovery)
        throw new CouldNotVerify(`the target ${target.name} is a standby: nothing can be installed there`)
      await requireProduction(database, target)
      const statements = found.flatMap((job) => job.statements)
      if (statements.length > 0) {
        await runStatements(database, statements)
        found = await look()
      }
    }
    return {
      target: { name: target.name, url: describeConnection(target.connection), is_sandbox },
      place,
      jobs: found,
      is_applied: isApplied,
    }
  })
}

function compareJob(job: Job, there: CronJob[] | undefined, place: CronPlace, databaseName: string): ScheduledJob {
  const { name, schedule, statement, words } = job
  const install = scheduleStatement(job, place, databaseName)
  if (there === undefined) {
    const standing = place.standing === 'elsewhere' ? 'unknown' : 'missing'
    return { name, schedule, statement, words, standing, statements: [install] }
  }
  // Of several users' jobs of one name the one that runs does it.
  const same = there.filter((one) => one.name === name)
  const right = same.filter((one) => one.statement === statement)
  const active = right.find((one) => one.is_active)
  if (active !== undefined) {
    return { name, schedule: active.schedule, statement, words, standing: 'installed', statements: [] }
  }
  const inactive = right[0]
  if (inactive !== undefined) {
    const statements = [activateStatement(inactive.job_id)]
    return { name, schedule: inactive.schedule, statement, words, standing: 'inactive', statements }
  }
  return { name, schedule, statement, words, standing: same.length > 0 ? 'differs' : 'missing', statements: [install] }
}

function requirePlace({ standing, home }: CronPlace, target: Target): void {
  if (standing === 'here') return
  const print = `Without --apply the lines for other schedulers are printed: pgdrill schedule --target ${target.name}.`
  if (standing === 'missing') throw new CouldNotVerify(`the target ${target.name} has no pg_cron`, print)
  if (standing === 'not_created') {
    throw new CouldNotVerify(
      `pg_cron is loaded, and not created in the target ${target.name}`,
      'As a superuser: create extension pg_cron; and for a role that is none: grant usage on schema cron.',
    )
  }
  throw new CouldNotVerify(
    `pg_cron of the target ${target.name} keeps its jobs in ${home === null ? 'another database, or is not created yet' : `the database ${home}`}`,
    'Without --apply the statements are printed; run them there as a superuser.',
  )
}

/** A copy that beats on its own would tell a recovery point that is not production's. */
async function requireProduction(database: Database, target: Target): Promise<void> {
  if (target.name === 'production') return
  const production = lookUpProductionOf(target)
  if (production === undefined) {
    throw new CouldNotVerify(
      `whether the target ${target.name} is production is not known`,
      'The jobs belong into production alone: name it production (PRODUCTION_DATABASE_URL).',
    )
  }
  const { isSameDatabase } = await withDatabase(production, {}, (other) => compareDatabases(database, other))
  if (!isSameDatabase) {
    throw new CouldNotVerify(
      `the target ${target.name} is not production`,
      'The jobs belong into production alone: --target production.',
    )
  }
}
