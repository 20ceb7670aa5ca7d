import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from './connect.ts'
import type { Target } from './targets.ts'

/** Asked of the server's own settings: what runs on the sandbox says so whatever became of our functions. */
export async function isSandbox(database: Database): Promise<boolean> {
  const { rows } = await sql<{ is_sandbox: boolean }>`
    select coalesce(current_setting('drill.sandbox', true) = 'on', false) as is_sandbox`.execute(database)
  return rows[0]?.is_sandbox === true
}

/**
 * The same of a target, with a connection of its own, after something was done there. When it cannot be asked any more the
 * answer is false: what was done is done all the same.
 */
export async function isSandboxTarget(target: Target): Promise<boolean> {
  try {
    return await withDatabase(target, {}, isSandbox)
  } catch (error) {
    if (error instanceof CouldNotVerify) return false
    throw error
  }
}
