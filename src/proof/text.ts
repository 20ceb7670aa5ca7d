import type { CheckResult, CheckStatus } from '../database/contract.ts'
import { plainLine } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'
import { explainVerdict } from './explain.ts'
import { recoveryEvidence } from './recovery-evidence.ts'
import { statusOrder } from './statuses.ts'

export type Colors = { [name in 'green' | 'red' | 'yellow' | 'dim' | 'bold']: (text: string) => string }

/** As columns: the words of statuses.ts would not stand below each other. */
const labels: Record<CheckStatus, string> = {
  fail: 'FAIL ',
  error: 'ERROR',
  waived: 'WAIVED',
  warn: 'warn ',
  skip: 'skip ',
  pass: 'pass ',
}

/**
 * The verification for a person at a terminal: where and what, each check with its findings in full and its passes
 * counted, the verdict last.
 * @param isVerbose lists every pass too
 */
export function verificationText(verification: Verification, colors: Colors, isVerbose: boolean): string {
  const { target, baseline, recovery, depth, results } = verification
  const paint: Record<CheckStatus, (text: string) => string> = {
    fail: colors.red,
    error: colors.red,
    waived: colors.yellow,
    warn: colors.yellow,
    skip: colors.dim,
    pass: colors.green,
  }
  const evidence = recoveryEvidence(verification)
  const lines = [
    colors.bold(
      plainLine(
        `pgdrill verify: target ${target.name}${target.is_sandbox ? ' (SANDBOX: this is no drill)' : ''}, depth ${depth}`,
      ),
    ),
    ...[
      `  database  ${target.url}, ${target.identity === null ? 'identity unknown' : `PostgreSQL ${target.identity.server_version}, timeline ${target.identity.timeline_id}`}`,
      `  baseline  ${baseline === null ? 'none' : `${baseline.document.baseline_id} of ${baseline.document.captured_at} at LSN ${baseline.document.captured_lsn} (${baseline.origin})`}`,
      `  recovery  ${recovery?.recovery_point ?? 'point unknown'}${recovery?.source == null ? '' : ` (${recovery.source})`}, failure point ${verification.failure_point}`,
      ...(evidence === '' ? [] : [`  evidence  ${evidence}`]),
    ].map(plainLine),
    '',
  ]
  for (const checkName of new Set(results.map((result) => result.check_name))) {
    const rows = results.filter((result) => result.check_name === checkName)
    for (const status of statusOrder) {
      const chosen = rows.filter((row) => row.status === status)
      if (chosen.length === 0) continue
      const label = paint[status](labels[status])
      if ((status === 'pass' || status === 'skip') && chosen.length > 1 && !isVerbose) {
        const what = status === 'pass' ? 'objects' : 'not applicable'
        lines.push(`  ${label} ${plainLine(checkName)}  ${colors.dim(`${chosen.length} ${what}`)}`)
        continue
      }
      for (const row of chosen)
        lines.push(`  ${label} ${plainLine(checkName)}  ${plainLine(row.detail)}`, ...more(row, colors))
    }
  }
  lines.push('', colorOf(verification, colors)(colors.bold(explainVerdict(verification))))
  return `${lines.join('\n')}\n`
}

function more(row: CheckResult, colors: Colors): string[] {
  if (row.status === 'pass' || row.status === 'skip') return []
  const indent = ' '.repeat(8)
  const lines = []
  if (row.expected !== null) lines.push(`${indent}expected ${short(row.expected)}`)
  if (row.actual !== null) lines.push(`${indent}actual   ${short(row.actual)}`)
  if (row.hint !== null) lines.push(`${indent}${colors.bold('to do')}    ${plainLine(row.hint)}`)
  return lines
}

/** A value in one line; definitions are long, and the proof has them in full. */
function short(value: unknown): string {
  const text = typeof value === 'string' ? value.replace(/\s+/g, ' ') : JSON.stringify(value)
  return plainLine(text.length > 240 ? `${text.slice(0, 240)} …` : text)
}

function colorOf(verification: Verification, colors: Colors): (text: string) => string {
  if (verification.verdict.exit_code === 0) return colors.green
  return verification.verdict.exit_code === 1 ? colors.red : colors.yellow
}
