import type { CheckResult } from '../database/contract.ts'
import { group } from './wording.ts'

/**
 * What a green health is worth: an app on an empty database is healthy, too, so it counts beside the rows of the same run.
 * @param row of app_health
 * @param rows in all critical relations; null when none were counted
 */
export function besideRows(row: CheckResult, rows: bigint | null): CheckResult {
  if (row.status !== 'pass') return row
  if (rows === null) return { ...row, detail: `${row.detail} (no row was counted beside it)` }
  if (rows > 0n) return { ...row, detail: `${row.detail}, beside ${group(rows)} rows` }
  return {
    ...row,
    status: 'fail',
    detail: `${row.detail}, but there is not one row in the critical relations`,
    hint: 'The app is healthy on an empty database: restore the data; see row_counts.',
    expected: 'health beside rows',
    actual: 'health beside 0 rows',
  }
}
