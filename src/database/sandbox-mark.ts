import { sql } from 'kysely'
import { type Database, withDatabase } from './connect.ts'
import type { Target } from './targets.ts'

/** Asked of the server's own settings: what runs on the sandbox says so whatever became of our functions. */
export async function isSandbox(database: Database): Promise<boolean> {
  const { rows } = await sql<{ is_sandbox: boolean }>`
    select coalesce(current_setting('drill.sandbox', true) = 'on', false) as is_sandbox`.execute(database)
  return rows[0]?.is_sandbox === true
}

/** The same of a target, with a connection of its own. @throws CouldNotVerify when it cannot be reached */
export async function isSandboxTarget(target: Target): Promise<boolean> {
  return await withDatabase(target, {}, isSandbox)
}
