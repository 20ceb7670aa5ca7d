import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from './connect.ts'

/** What two connections have in common. */
export interface Sameness {
  /** They reach the very same database of the same running server. */
  isSameDatabase: boolean
  /** They reach the same running server, whatever the database. */
  isSameServer: boolean
}

/**
 * Whether two connections reach the very same running server and database, by whatever names.
 * Names, addresses and system identifiers prove nothing (a copy keeps them), so one side takes an advisory
 * lock with a random key and the other looks for it: only the same server shows it. Writes nothing.
 */
export async function compareDatabases(one: Database, other: Database): Promise<Sameness> {
  const key = [randomInt(2 ** 31), randomInt(2 ** 31)] as const
  return await one.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${key[0]}::integer, ${key[1]}::integer)`.execute(transaction)
    const { rows } = await sql<{ is_same_database: boolean }>`
      select d.datname = current_database() as is_same_database
      from pg_catalog.pg_locks as l
      inner join pg_catalog.pg_database as d on d.oid = l.database
      where l.locktype = 'advisory'
        and l.classid::bigint = ${key[0]}
        and l.objid::bigint = ${key[1]}`.execute(other)
    return { isSameDatabase: rows.some((row) => row.is_same_database), isSameServer: rows.length > 0 }
  })
}
