// What is about production must be written into production: what a copy is told is lost with it.

import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { compareDatabases } from '../database/same-database.ts'
import type { Target } from '../database/targets.ts'
import { installationOf } from './right-database.ts'

/**
 * Refuses a target that is a copy of the production that is configured. A database with another identity is another
 * production.
 * @param database the target's
 * @param what is to be written, in words: "an incident"
 * @returns null when it is no copy, as far as production tells; else why nobody knows
 * @throws CouldNotVerify when it is a copy
 */
export async function refuseCopy(
  database: Database,
  target: Target,
  production: Target | undefined,
  what: string,
): Promise<string | null> {
  if (production?.name === target.name) return null
  if (production === undefined) return 'no production is configured (PRODUCTION_DATABASE_URL)'
  const own = await installationOf(database)
  let isCopy: boolean
  try {
    isCopy = await withDatabase(
      production,
      { isCopy: true, connectTimeout: 5_000, statementTimeout: 10_000 },
      async (other) => {
        const { isSameDatabase } = await compareDatabases(database, other)
        return !isSameDatabase && own !== null && own === (await installationOf(other))
      },
    )
  } catch {
    // Production may well be down when something happened to it.
    return `${production.name} cannot be asked`
  }
  if (!isCopy) return null
  throw new CouldNotVerify(
    `the target ${target.name} is a copy of ${production.name}: ${what} recorded there would be lost with it, and ${production.name} would not know`,
    `Record it in production: --target ${production.name}.`,
  )
}
