import type { CheckResult, CheckStatus } from '../database/contract.ts'
import { spanOf } from '../rules/moments.ts'
import { byPartition, rowsIn } from '../rules/pair-buckets.ts'
import { plainText } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'
import { explainVerdict } from './explain.ts'
import { recoveryEvidence } from './recovery-evidence.ts'

const order: CheckStatus[] = ['fail', 'error', 'waived', 'warn', 'skip', 'pass']

/** The verification as a Markdown report to attach to a ticket: verdict first, then findings, counts, every check. */
export function verificationMarkdown(verification: Verification): string {
  const { target, baseline, recovery, results } = verification
  const findings = results.filter((row) => row.status !== 'pass' && row.status !== 'skip')
  const parts = [
    `# ${cell(explainVerdict(verification))}`,
    target.is_sandbox ? '> This ran on the sandbox. It is a rehearsal and never counts as a drill.' : '',
    table(
      ['', ''],
      [
        ['Verification', verification.verification_id],
        ['Target', `${target.name}, ${target.url}`],
        [
          'Server',
          target.identity === null
            ? 'identity unknown'
            : `PostgreSQL ${target.identity.server_version}, system ${target.identity.system_identifier}, timeline ${target.identity.timeline_id}`,
        ],
        ['Depth', verification.depth],
        [
          'Baseline',
          baseline === null
            ? 'none'
            : `${baseline.document.baseline_id}, ${baseline.document.captured_at}, LSN ${baseline.document.captured_lsn} (${baseline.origin})`,
        ],
        ['Recovery point', `${recovery?.recovery_point ?? 'unknown'} (${recovery?.source ?? 'no evidence'})`],
        ['Evidence of it', recoveryEvidence(verification) || 'none'],
        ['Failure point', verification.failure_point],
        [
          'Verified',
          `${verification.started_at} to ${verification.finished_at} by pgdrill ${verification.tool_version}`,
        ],
      ],
    ),
    '## Findings',
    findings.length === 0
      ? 'None.'
      : table(
          ['Status', 'Check', 'What', 'Expected', 'Actual', 'To do'],
          sorted(findings).map((row) => [
            row.status,
            row.check_name,
            row.detail,
            value(row.expected),
            value(row.actual),
            row.hint ?? '',
          ]),
        ),
    '## Counts before and after',
    counts(verification),
    '## Every check',
    table(
      ['Status', 'Check', 'Object', 'What'],
      sorted(results).map((row) => [row.status, row.check_name, row.object_name ?? '', row.detail]),
    ),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** By partition: the days of a year would be a long table, and the findings name those that matter. */
function counts(verification: Verification): string {
  const before = byPartition(verification.baseline?.document.relations.flatMap((relation) => relation.buckets) ?? [])
  const after = byPartition(verification.buckets)
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  if (names.length === 0) return 'Nothing was counted.'
  return table(
    ['Table or partition', 'Rows in the baseline', 'Rows restored', 'Newest in the baseline', 'Newest restored'],
    names.map((name) => {
      const [was, is] = [before.get(name), after.get(name)]
      const isCounted = is?.every(({ row_count }) => row_count !== null) === true
      return [
        name,
        was === undefined ? 'not there' : rowsIn(was).toString(),
        isCounted ? rowsIn(is).toString() : 'not counted',
        spanOf(was ?? []).newest_at ?? '',
        spanOf(is ?? []).newest_at ?? '',
      ]
    }),
  )
}

function sorted(rows: readonly CheckResult[]): CheckResult[] {
  return [...rows].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
}

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

function value(content: unknown): string {
  if (content === null || content === undefined) return ''
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return text.length > 400 ? `${text.slice(0, 400)} …` : text
}

// Names come from databases: what Markdown or HTML would read as markup is shown as it is.
function cell(text: string): string {
  return plainText(text)
    .replace(/[\\`*_{}[\]<>|~&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\s*\n\s*/g, ' ')
}
