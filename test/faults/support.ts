// What the tests of this folder share: the work that is disturbed, a lock for which it waits, and what must not be left of it.

import type { ChildProcess } from 'node:child_process'
import * as assert from 'uvu/assert'
import { type Outcome, urlOf, type Workplace } from '../cli/program.ts'
import { hasProc, processesIn, until } from '../sandbox/servers.ts'
import type { Scratch } from '../support/databases.ts'

/** The two that are disturbed, with what they write when all goes well. */
export const work = {
  'baseline capture': ['baseline', 'capture', '-t', 'copy', '--out', 'baseline.json'],
  verify: ['verify', '-t', 'copy', '--out', 'proof'],
} as const
export type Work = keyof typeof work
export const works = Object.keys(work) as Work[]

/** Sessions of the program, and not those of the sandbox. */
const ours = "application_name in ('pgdrill', 'pgdrill migrate') and backend_type = 'client backend'"

/** Runs something while somebody holds a table, so that whatever reads it waits, for as long as the lock timeout. */
export async function whileLocked<T>(
  { cluster, target }: Scratch,
  table: string,
  run: (free: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const holder = cluster.connect(target.connection.database)
  const session = await holder.reserve()
  try {
    await session`begin`
    await session.unsafe(`lock table ${table} in access exclusive mode`)
    return await run(async () => {
      await session`rollback`
    })
  } finally {
    // Nothing is said to a server that may be gone: the driver would end this process.
    await holder.end({ timeout: 0 })
  }
}

/** Waits until a session of the program waits for a lock, and gives its process. */
export async function waiting(database: Scratch, name: 'pgdrill' | 'pgdrill migrate' = 'pgdrill'): Promise<number> {
  const sql = database.cluster.connect(database.target.connection.database)
  try {
    let pid: number | undefined
    const asked = async () => {
      const rows = await sql.unsafe(
        `select pid from pg_stat_activity where application_name = '${name}' and datname = current_database() and wait_event_type = 'Lock'`,
      )
      pid = rows[0]?.['pid']
      return pid !== undefined
    }
    await until('it waits for the lock', asked, 50)
    return pid as number
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Starts the program on a database, lets it come to the lock on public.calls, and does something to it there. */
export async function disturbed(
  place: Workplace,
  database: Scratch,
  args: readonly string[],
  disturb: (child: ChildProcess, pid: number) => Promise<unknown>,
): Promise<Outcome> {
  return await whileLocked(database, 'public.calls', async () => {
    const { child, ended } = place.start([...args], { COPY_DATABASE_URL: urlOf(database) })
    let disturbing: Promise<unknown> | undefined
    const waited = waiting(database).then((pid) => {
      disturbing = disturb(child, pid)
    })
    waited.catch(() => {})
    await Promise.race([waited, ended])
    const outcome = await ended
    await disturbing
    return outcome
  })
}

/** How many baselines a database holds. */
export async function countBaselines(database: Scratch): Promise<number> {
  return (await database.query('select from drill.baselines')).length
}

/** No session, lock, prepared transaction, temporary table, process or file of the program is left. */
export async function assertNothingLeft(place: Workplace, database: Scratch, files: string[] = []): Promise<void> {
  const sessions = `select pid from pg_stat_activity where ${ours} and datname = current_database()`
  await until('its sessions are gone', async () => (await database.query(sessions)).length === 0, 20)
  const [left] = await database.query<Record<string, number>>(`
    select
      (select count(*)::integer from pg_locks as l where l.locktype = 'advisory' and l.database = d.oid) as advisory_locks,
      (select count(*)::integer from pg_prepared_xacts as x where x.database = d.datname) as prepared,
      (select count(*)::integer from pg_class as c where c.relpersistence = 't') as temporary
    from pg_database as d where d.datname = current_database()`)
  assert.equal({ ...left }, { advisory_locks: 0, prepared: 0, temporary: 0 })
  if (hasProc) assert.equal(await processesIn(place.directory), [], 'processes')
  assert.equal(place.files(), files)
}
