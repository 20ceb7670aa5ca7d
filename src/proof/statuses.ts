import type { CheckResult, CheckStatus } from '../database/contract.ts'

/** What is wrong first. */
export const statusOrder: readonly CheckStatus[] = ['fail', 'error', 'waived', 'warn', 'skip', 'pass']

/** Each status in a word or three. */
export const statusWords: Record<CheckStatus, string> = {
  fail: 'failed',
  error: 'could not look',
  waived: 'waived',
  warn: 'warning',
  skip: 'not applicable',
  pass: 'passed',
}

/** The word of a status beside a number of results. */
export function countedWords(status: CheckStatus, number: number): string {
  return status === 'warn' && number !== 1 ? 'warnings' : statusWords[status]
}

/** The rows, what is wrong first; rows of one status keep their order. */
export function worstFirst(rows: readonly CheckResult[]): CheckResult[] {
  return statusOrder.flatMap((status) => rows.filter((row) => row.status === status))
}

/** A value that was compared, as text; empty when there is none. @param most characters */
export function valueText(content: unknown, most = 4000): string {
  if (content === null || content === undefined) return ''
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return text.length > most ? `${text.slice(0, most).toWellFormed()} …` : text
}
