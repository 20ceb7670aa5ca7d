import { sql } from 'kysely'
import postgres from 'postgres'
import type { Database } from '../database/connect.ts'
import type { CheckResult } from '../database/contract.ts'
import type { Stages } from '../terminal/stages.ts'
import { runCheck } from './run-checks.ts'

class TakenBack extends Error {}

/**
 * Looks for corruption in indexes and tables, in a transaction of its own that is always rolled back: where the
 * extension amcheck is missing it is made for the check alone, if the role may. A standby takes no extension: there the
 * transaction is read-only. Reads everything, so it is for depth full.
 * @throws whatever is no answer of the database, such as a lost connection
 */
export async function runAmcheck(database: Database, stages: Stages): Promise<CheckResult[]> {
  let results: CheckResult[] = []
  const looking = async () => {
    const isStandby = await isInRecovery(database)
    await database
      .transaction()
      .setAccessMode(isStandby ? 'read only' : 'read write')
      .execute(async (transaction) => {
        if (!isStandby) await makeExtension(transaction)
        results = await runCheck(transaction, 'amcheck', () => probeAmcheck(transaction))
        throw new TakenBack()
      })
  }
  await stages.run('corruption', () =>
    looking().catch((error) => {
      if (error instanceof TakenBack) return
      if (!(error instanceof postgres.PostgresError)) throw error
      results = [
        {
          check_name: 'amcheck',
          object_name: null,
          status: 'error',
          detail: `could not look for corruption: ${error.message} (SQLSTATE ${error.code})`,
          hint: 'Verify again.',
          expected: 'an answer',
          actual: 'none',
        },
      ]
    }),
  )
  return results
}

async function probeAmcheck(database: Database): Promise<CheckResult[]> {
  const { rows } = await sql<CheckResult>`
    select r.check_name, r.object_name, r.status, r.detail, r.hint, r.expected, r.actual
    from drill.verify_amcheck() as r`.execute(database)
  return rows
}

async function isInRecovery(database: Database): Promise<boolean> {
  const { rows } = await sql<{ answer: boolean }>`select pg_is_in_recovery() as answer`.execute(database)
  return rows[0]?.answer === true
}

/** A refusal is no end: the check then says itself what is missing. */
async function makeExtension(transaction: Database): Promise<void> {
  await sql`savepoint extension`.execute(transaction)
  try {
    await sql`create extension if not exists amcheck schema drill`.execute(transaction)
    await sql`release savepoint extension`.execute(transaction)
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error
    await sql`rollback to savepoint extension`.execute(transaction)
  }
}
