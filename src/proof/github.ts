import type { CheckResult } from '../database/contract.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { explainOutcome, outcomeOf } from './outcome.ts'
import type { Proof } from './proof.ts'
import { statusWords, valueText, worstFirst } from './statuses.ts'

const commands = { fail: 'error', error: 'error', waived: 'notice', warn: 'warning' } as const

/**
 * The findings as annotations of GitHub Actions, the verdict first: GitHub shows ten of a kind for each step. Passes are
 * in the verdict's numbers only.
 */
export function githubAnnotations(proof: Proof): string {
  const { status } = outcomeOf(proof)
  const lines = [annotation(status === 'verified' ? 'notice' : 'error', 'pgdrill', explainOutcome(proof))]
  for (const row of worstFirst(proof.verification.results)) {
    if (row.status === 'pass' || row.status === 'skip') continue
    lines.push(annotation(commands[row.status], `pgdrill ${row.check_name} ${statusWords[row.status]}`, bodyOf(row)))
  }
  return `${lines.join('\n')}\n`
}

function bodyOf(row: CheckResult): string {
  const parts = [
    ['expected', valueText(row.expected, 500)],
    ['actual', valueText(row.actual, 500)],
    ['to do', row.hint ?? ''],
  ]
  return [row.detail, ...parts.flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]))]
    .map(plainLine)
    .join('\n')
}

function annotation(command: 'error' | 'warning' | 'notice', title: string, body: string): string {
  return `::${command} title=${property(plainLine(title))}::${data(body)}`
}

// As actions/toolkit writes them.
function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function property(text: string): string {
  return data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}
