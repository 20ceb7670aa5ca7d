// drill.verify_retention() judges what was recorded as the rules do: by the same vectors, and by made-up cases.

import fc from 'fast-check'
import { sql } from 'kysely'
import * as assert from 'uvu/assert'
import { type Database, withDatabase } from '../../src/database/connect.ts'
import type { CheckResult } from '../../src/database/contract.ts'
import { judgeRetention, type RetentionQuestion } from '../../src/rules/judge-retention.ts'
import { anyQuestion, essence, questionOf, vectors } from '../rules/retention-cases.ts'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_retention')
let database: Scratch

test.before(async () => {
  database = await makeBareDatabase((await sandboxClusters()).production)
})
test.after(() => database?.drop())

/** What the database says to a question, all in one transaction that is rolled back. */
async function ask(db: Database, question: RetentionQuestion): Promise<CheckResult[]> {
  const { now, policy, since, rpo, gapTolerance, clockSkew, sources, backups } = question
  const seconds = (milliseconds: number) => `${milliseconds / 1000} seconds`
  let rows: CheckResult[] = []
  await db
    .transaction()
    .execute(async (transaction) => {
      await sql`
        update drill.retention_policy
        set daily_count = ${policy.daily}, weekly_count = ${policy.weekly}, monthly_count = ${policy.monthly},
          gap_tolerance = ${seconds(gapTolerance)}::interval, backups_since = ${since}::timestamptz`.execute(
        transaction,
      )
      await sql`
        update drill.policy
        set policy_value = case policy_name when 'rpo' then ${seconds(rpo)}::interval else ${seconds(clockSkew)}::interval end
        where policy_name in ('rpo', 'clock_skew')`.execute(transaction)
      await sql`select set_config('drill.now', ${now}, true)`.execute(transaction)
      await sql`select drill.record_backups(${JSON.stringify({ sources, backups })}::text::jsonb)`.execute(transaction)
      rows = (
        await sql<{ row: CheckResult }>`select to_jsonb(r) as row from drill.verify_retention() as r`.execute(
          transaction,
        )
      ).rows.map(({ row }) => row)
      throw new Error('rolled back')
    })
    .catch((error: Error) => {
      if (error.message !== 'rolled back') throw error
    })
  return rows
}

test('every vector has the answer that the rules give', async () => {
  await withDatabase(database.target, {}, async (db) => {
    for (const vector of vectors) {
      const question = questionOf(vector)
      const rows = await ask(db, question)
      assert.equal(essence(rows), essence(judgeRetention(question).results), vector.name)
      assert.equal(
        rows
          .flatMap(({ status, check_name, object_name }) =>
            status === 'pass' ? [] : [`${status} ${check_name}${object_name === null ? '' : ` ${object_name}`}`],
          )
          .sort(),
        [...vector.findings].sort(),
        vector.name,
      )
    }
  })
})

test('made-up cases have the answer that the rules give', async () => {
  await withDatabase(database.target, {}, async (db) => {
    const cases = fc.sample(anyQuestion, { numRuns: 150, seed: 20_261_123 })
    for (const [index, question] of cases.entries()) {
      const rows = await ask(db, question)
      assert.equal(
        essence(rows),
        essence(judgeRetention(question).results),
        `case ${index}: ${JSON.stringify(question)}`,
      )
      assert.ok(rows.every(({ detail }) => detail !== null && detail !== ''))
    }
  })
})

test.run()
