import { sql } from 'kysely'
import postgres from 'postgres'
import { guardRpc } from '../database/attestation.ts'
import type { Database } from '../database/connect.ts'
import type { CheckResult } from '../database/contract.ts'
import { callGuardRpc, dataChecks, probeGuards, sqlChecks, wholeChecks } from '../database/facts.ts'
import type { Stages } from '../terminal/stages.ts'

export interface Asking {
  failurePoint: string
  /** Whether tables may be read (depth standard and full). */
  readData: boolean
  /** Whether whole tables may be joined (depth full). */
  readWhole: boolean
  /** Whether the plan's own RPC is ours: the answer of a replaced one does not count. */
  askRpc: boolean
}

/**
 * Runs the SQL checks one by one inside a transaction. A check that the database refuses neither ends the others nor
 * vanishes: it becomes an error row.
 * @throws whatever is no answer of the database, such as a lost connection
 */
export async function runChecks(transaction: Database, asking: Asking, stages: Stages): Promise<CheckResult[]> {
  const checks = {
    ...sqlChecks,
    ...(asking.readData ? dataChecks : {}),
    ...(asking.readWhole ? wholeChecks : {}),
    ...(asking.askRpc ? { guard_rpc: askRpc } : {}),
  }
  const results: CheckResult[] = []
  for (const [name, check] of Object.entries(checks)) {
    const words = name.replaceAll('_', ' ')
    results.push(...(await stages.run(words, () => runCheck(transaction, name, () => check(transaction, asking)))))
  }
  return results
}

class TakenBack extends Error {}

/**
 * Lets the guards fire on probe rows, in a transaction of its own that is always rolled back.
 * @throws whatever is no answer of the database, such as a lost connection
 */
export async function runProbes(database: Database, stages: Stages): Promise<CheckResult[]> {
  let results: CheckResult[] = []
  const probing = database
    .transaction()
    .setAccessMode('read write')
    .execute(async (transaction) => {
      results = await runCheck(transaction, 'guards_fire', () => probeGuards(transaction))
      throw new TakenBack()
    })
  await stages.run('guards fire', () =>
    probing.catch((error) => {
      if (error instanceof TakenBack) return
      if (!(error instanceof postgres.PostgresError)) throw error
      // A standby does not even begin a transaction that may write.
      const hint = 'Let the recovery end, or verify where writing is allowed: the probe rows are always taken back.'
      results = [
        unanswered(
          'guards_fire',
          `the guards could not be made to fire: ${error.message} (SQLSTATE ${error.code})`,
          hint,
        ),
      ]
    }),
  )
  return results
}

/**
 * Runs one check inside a transaction, so that a refusal by the database becomes an error row and not the end.
 * @throws whatever is no answer of the database, such as a lost connection
 */
export async function runCheck(
  database: Database,
  name: string,
  check: () => Promise<CheckResult[]>,
): Promise<CheckResult[]> {
  await sql`savepoint one_check`.execute(database)
  try {
    const rows = await check()
    await sql`release savepoint one_check`.execute(database)
    if (rows.length > 0) return rows
    const hint = 'A check answers with at least one row: this is a fault of pgdrill, or of a role that hides rows.'
    return [unanswered(name, `the check ${name} gave no answer`, hint)]
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error
    await sql`rollback to savepoint one_check`.execute(database)
    // Else it would stay open, and no snapshot can be exported inside of it.
    await sql`release savepoint one_check`.execute(database)
    const hint = error.code === '42501' ? 'Grant the role of the URL the missing right, or verify as the owner.' : null
    const detail = `the check ${name} could not run: ${error.message} (SQLSTATE ${error.code})`
    return [unanswered(name, detail, error.hint ?? hint)]
  }
}

function unanswered(checkName: string, detail: string, hint: string | null): CheckResult {
  return {
    check_name: checkName,
    object_name: null,
    status: 'error',
    detail,
    hint,
    expected: 'an answer',
    actual: 'none',
  }
}

async function askRpc(database: Database): Promise<CheckResult[]> {
  const answer = await callGuardRpc(database)
  return [
    {
      check_name: 'guard_rpc',
      object_name: guardRpc,
      status: answer === true ? 'pass' : 'fail',
      detail: `${guardRpc} returns ${answer}`,
      hint: answer === true ? null : 'The rows of partition_triggers say which guard is wrong.',
      expected: true,
      actual: answer,
    },
  ]
}
