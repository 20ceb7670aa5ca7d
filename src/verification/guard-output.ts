import type { CheckResult } from '../database/contract.ts'

/** What a function returned, or why it returned nothing. */
type Output<Value> = { value: Value; problem: null } | { value: null; problem: string }

/** What the functions of the guards answered, before waivers: the plan wants it as a proof. */
export interface GuardOutput {
  /** Of public.verify_partition_triggers_exist(). */
  rpc: Output<{ answer: boolean | null }>
  /** Of drill.verify_partition_triggers(). */
  rows: Output<CheckResult[]>
}

/** Takes it from the results of the checks partition_triggers and guard_rpc; null when neither was asked. */
export function guardOutputOf(results: readonly CheckResult[]): GuardOutput | null {
  const rows = results.filter(({ check_name }) => check_name === 'partition_triggers')
  const rpc = results.find(({ check_name }) => check_name === 'guard_rpc')
  if (rows.length === 0 && rpc === undefined) return null
  const refused = rows.length === 0 ? 'not called' : problemOf(rows[0])
  const notCalled = 'not called: it is missing, or not the function that pgdrill ships'
  const rpcRefused = rpc === undefined ? notCalled : problemOf(rpc)
  return {
    rpc:
      rpcRefused === null
        ? { value: { answer: rpc?.actual as boolean | null }, problem: null }
        : { value: null, problem: rpcRefused },
    rows: refused === null ? { value: rows, problem: null } : { value: null, problem: refused },
  }
}

/** A row that the program made itself, because the database refused the call, says so in these words. */
function problemOf(row: CheckResult | undefined): string | null {
  return row?.status === 'error' && row.expected === 'an answer' ? row.detail : null
}
