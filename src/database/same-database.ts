import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from './connect.ts'

/**
 * Whether two connections reach the very same database of the same running server, by whatever names.
 * Names, addresses and system identifiers prove nothing (a copy keeps them), so one side takes an advisory
 * lock with a random key and the other looks for it: only the same server shows it. Writes nothing.
 */
export async function isSameDatabase(one: Database, other: Database): Promise<boolean> {
  const key = [randomInt(2 ** 31), randomInt(2 ** 31)] as const
  return await one.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${key[0]}::integer, ${key[1]}::integer)`.execute(transaction)
    const { rows } = await sql<{ is_seen: boolean }>`
      select exists (
        select
        from pg_catalog.pg_locks as l
        inner join pg_catalog.pg_database as d on d.oid = l.database
        where l.locktype = 'advisory'
          and l.classid::bigint = ${key[0]}
          and l.objid::bigint = ${key[1]}
          and d.datname = current_database()
      ) as is_seen`.execute(other)
    return rows[0]?.is_seen === true
  })
}
