// Production comes first. A count holds ACCESS SHARE on its table until it is done, which nobody notices but who wants to
// change the table; and behind that one queue all who only want to read it.

import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import type { Target } from '../database/targets.ts'

/** How long somebody may wait for us, in milliseconds; with the next look it stays below lock_timeout (5 s). */
const patience = 2_000
/** Between two looks, in milliseconds. */
const interval = 1_000

/** Work that must not be in the way. */
export interface Watched {
  /** To be called inside each transaction of the work: its session is the one that others may wait for. */
  announce: (transaction: Database) => Promise<void>
  /** For the connections of the work: it ends them. */
  signal: AbortSignal
}

/**
 * Does some work while a connection of its own looks whether somebody waits for a table that the work holds. The work is
 * ended then, within three seconds.
 * @param limits of the work; its signal is taken along
 * @throws CouldNotVerify when it had to step aside; whatever the work throws
 */
export async function steppingAside<T>(
  target: Target,
  limits: Limits,
  work: (watched: Watched) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const signal = AbortSignal.any([stopping.signal, ...(limits.signal === undefined ? [] : [limits.signal])])
  const ended = new AbortController()
  let working: Promise<T> | undefined
  try {
    return await withDatabase(target, { isCopy: true, statementTimeout: 10_000, signal }, async (database) => {
      const pids: number[] = []
      const announce = async (transaction: Database) => {
        pids.push(await processOf(transaction))
      }
      const watching = watch(database, pids, ended.signal)
      watching.catch(() => stopping.abort())
      working = work({ announce, signal })
      try {
        return await working
      } catch (error) {
        // The end that we made may reach us before the word that we made it.
        ended.abort()
        const relation = await watching
        if (relation !== undefined) throw steppedAside(target, relation, error)
        throw error
      } finally {
        ended.abort()
        await watching.catch(() => {})
      }
    })
  } finally {
    ended.abort()
    // Without the look there is no work: it is not known then who waits for it.
    stopping.abort()
    await working?.catch(() => {})
  }
}

/** @returns the table for whose sake the work was ended; undefined when it ended by itself */
async function watch(database: Database, pids: readonly number[], ended: AbortSignal): Promise<string | undefined> {
  while (!ended.aborted) {
    await sleep(interval, undefined, { signal: ended }).catch(() => {})
    const relation = ended.aborted ? undefined : await endWhoBlocks(database, pids)
    if (relation !== undefined) return relation
  }
  return undefined
}

/** Looks and ends in one statement: who is in nobody's way any more is left alone, whatever its number stands for by then. */
async function endWhoBlocks(database: Database, pids: readonly number[]): Promise<string | undefined> {
  const ours = `{${pids.join(',')}}`
  const { rows } = await sql<{ relation: string }>`
    with waiting as materialized (
      select l.relation, pg_blocking_pids(l.pid) as blockers
      from pg_locks as l
      where l.locktype = 'relation'
        and not l.granted
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and l.pid <> all (${ours}::text::integer[])
        and clock_timestamp() - l.waitstart >= ${`${patience} ms`}::text::interval
    ),
    ended as materialized (
      select w.relation, pg_terminate_backend(o.pid)
      from waiting as w
      inner join unnest(${ours}::text::integer[]) as o (pid) on o.pid = any (w.blockers)
    )
    select e.relation::regclass::text as relation from ended as e limit 1`.execute(database)
  return rows[0]?.relation
}

async function processOf(transaction: Database): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction)
  return (rows[0] as { pid: number }).pid
}

function steppedAside(target: Target, relation: string, cause: unknown): CouldNotVerify {
  return new CouldNotVerify(
    `the capture stepped aside: in ${target.name} somebody waited for a lock on ${relation}, which it was reading; nothing was stored`,
    'Capture again when no schema change and no migration is under way.',
    { cause },
  )
}
