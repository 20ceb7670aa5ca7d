// For the tests of drill.list_objects(): what it gives inside a transaction that is rolled back, so that one database
// serves hundreds of cases, compared as `pgdrill verify` compares it.

import type { Sql, TransactionSql } from 'postgres'
import type { Baseline } from '../../src/baselines/document.ts'
import type { CheckResult, SchemaObject } from '../../src/database/contract.ts'
import { compareObjects } from '../../src/rules/compare-objects.ts'

export async function listObjects(sql: Sql | TransactionSql): Promise<SchemaObject[]> {
  return [...(await sql.unsafe<SchemaObject[]>('select o.* from drill.list_objects() as o'))]
}

/** A baseline that holds these objects and nothing else. */
export function baselineOf(objects: SchemaObject[], server_version = '17.0'): Baseline {
  const source = { server_version }
  return { captured_at: '2026-01-01T00:00:00+00:00', source, objects, relations: [] } as unknown as Baseline
}

/** How a copy that has these objects compares with a production that has those. */
export function compare(production: SchemaObject[], copy: SchemaObject[], role = 'postgres'): CheckResult[] {
  return compareObjects(baselineOf(production), { production, copy, equal: {} }, role)
}

class RolledBack extends Error {}

/** What `look` sees after the statements; nothing of them remains. */
export async function after<T>(sql: Sql, statements: string, look: (sql: TransactionSql) => Promise<T>): Promise<T> {
  let seen: T | undefined
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe(statements)
      seen = await look(transaction)
      throw new RolledBack()
    })
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error
  }
  return seen as T
}

/** The findings, passes left out, after the statements. */
export async function findingsAfter(sql: Sql, before: SchemaObject[], statements: string): Promise<CheckResult[]> {
  const actual = await after(sql, statements, listObjects)
  return compare(before, actual).filter((row) => row.status !== 'pass')
}

export function lines(rows: readonly CheckResult[]): string[] {
  return rows.map((row) => `${row.status} ${row.object_name}: ${row.detail}`)
}

/** The same for a copy on a server of another version than production's. */
export function compareMajors(
  [production, productionMajor]: [SchemaObject[], number],
  [copy, copyMajor]: [SchemaObject[], number],
): CheckResult[] {
  const baseline = baselineOf(production, `${productionMajor}.1`)
  return compareObjects(baseline, { production, copy, equal: {} }, 'postgres', undefined, `${copyMajor}.1`)
}
