import type { CheckResult } from '../database/contract.ts'
import type { TimeBound } from '../drill/record.ts'
import { durationText } from '../rules/durations.ts'
import { byFamily, families } from '../rules/families.ts'
import { group } from '../rules/wording.ts'
import { plainText } from '../terminal/plain-text.ts'
import { type Counts, relationCounts } from './counts.ts'
import { guardsText } from './guards-text.ts'
import { notVerified } from './not-verified.ts'
import { explainOutcome } from './outcome.ts'
import { type Proof, proofId } from './proof.ts'
import { recoveryEvidence } from './recovery-evidence.ts'
import { statusOrder, statusWords, valueText, worstFirst } from './statuses.ts'
import { lossOf, recoveryTimeOf, stagesOf } from './times.ts'

/** Beyond so many rows of one table a ticket cannot take it; proof.json has them all. */
const mostRows = 500

/** The proof as a Markdown report to attach to a ticket: verdict first, then times, counts, findings, what is left. */
export function reportMarkdown(proof: Proof): string {
  const { verification, drill } = proof
  const findings = verification.results.filter((row) => row.status !== 'pass' && row.status !== 'skip')
  const parts = [
    `# ${cell(explainOutcome(proof))}`,
    verification.target.is_sandbox ? '> This ran on the sandbox. It is a rehearsal and never counts as a drill.' : '',
    '## Times',
    times(proof),
    '## Counts before and after',
    counts(verification.buckets.length === 0 ? [] : relationCounts(verification)),
    '## Findings',
    findings.length === 0
      ? 'None.'
      : table(
          ['Status', 'Check', 'What', 'Expected', 'Actual', 'To do'],
          worstFirst(findings).map((row) => [
            row.status,
            row.check_name,
            row.detail,
            valueText(row.expected, 400),
            valueText(row.actual, 400),
            row.hint ?? '',
          ]),
        ),
    '## Every check',
    checks(verification.results),
    '## Not verified',
    table(
      ['What', 'Why'],
      notVerified(proof).map(({ what, why }) => [what, why]),
    ),
    ...(drill === null ? [] : ['## Follow-ups', followUps(proof), '## Notes', notes(proof)]),
    '## Guards',
    fenced(guardsText(verification).split('\n').slice(0, 60).join('\n')),
    ...(verification.answers.length === 0 ? [] : ['## Answers of the application', answers(proof)]),
    '## Environment',
    environment(proof),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function times(proof: Proof): string {
  const { verification, drill } = proof
  const bound = (name: string, one: TimeBound | null): string[] =>
    one === null
      ? [name, 'not measured', '', 'only a drill measures it']
      : [
          name,
          one.seconds === null ? 'not known' : durationText(one.seconds),
          one.budget_seconds === null ? '' : durationText(one.budget_seconds),
          `${{ pass: 'met', fail: 'not met', error: 'could not be told' }[one.status]}: ${one.detail}`,
        ]
  const moments: [string, string | null | undefined][] = [
    ['Failure point', drill?.failure_point ?? verification.failure_point],
    ['Restore point asked for', drill?.restore_point ?? verification.restore_point],
    [
      'Recovery point',
      verification.recovery?.recovery_point == null
        ? 'unknown'
        : `${verification.recovery.recovery_point} (${verification.recovery.source})`,
    ],
    ['Evidence of it', recoveryEvidence(verification) || 'none'],
    ['Drill started', drill?.started_at],
    ['Restore started', drill?.restore_started_at],
    ['Restore completed', drill?.restored_at],
    ['Verified', drill?.verified_at ?? verification.finished_at],
  ]
  const stages = stagesOf(proof)
  return [
    table(['', 'Measured', 'Budget', ''], [bound('RPO', lossOf(proof)), bound('RTO', recoveryTimeOf(proof))]),
    table(
      ['Moment', ''],
      moments.flatMap(([name, moment]) => (moment == null ? [] : [[name, moment]])),
    ),
    ...(drill === null
      ? []
      : [
          table(
            ['Stage', 'From', 'Took'],
            stages.map(({ name, started_at, ended_at }) => [
              name,
              new Date(started_at).toISOString(),
              ended_at === null ? 'never ended' : durationText((ended_at - started_at) / 1000),
            ]),
          ),
        ]),
  ].join('\n\n')
}

function counts(relations: readonly (Counts & { partitions: Counts[] })[]): string {
  if (relations.length === 0) return 'Nothing was counted.'
  const row = ({ name, before, after, newest_before, newest_after }: Counts) => [
    name,
    before === null ? 'not there' : group(before),
    after === null ? 'not counted' : group(after),
    newest_before ?? '',
    newest_after ?? '',
  ]
  return table(
    ['Table or partition', 'Rows in the baseline', 'Rows restored', 'Newest in the baseline', 'Newest restored'],
    relations.flatMap((one) => [row(one), ...one.partitions.map(row)]),
  )
}

/** One row for each check: the objects that passed are in proof.json and report.html. */
function checks(results: readonly CheckResult[]): string {
  return table(
    ['Family', 'Check', ...statusOrder.map((status) => statusWords[status])],
    byFamily(results).flatMap(([family, rows]) =>
      [...new Set(rows.map((row) => row.check_name))].map((name) => [
        families[family],
        name,
        ...statusOrder.map((status) =>
          String(rows.filter((row) => row.check_name === name && row.status === status).length),
        ),
      ]),
    ),
  )
}

function followUps({ drill }: Proof): string {
  if (drill === null || drill.follow_ups.length === 0) return 'None.'
  return table(
    ['Owner', 'Due', 'What', 'To do', 'Note'],
    drill.follow_ups.map((one) => [
      `${one.owner} (${one.role.replace('_', ' ')})`,
      one.due,
      `${one.status} ${one.check_name}: ${one.detail}`,
      one.hint ?? '',
      one.note ?? '',
    ]),
  )
}

function notes({ drill }: Proof): string {
  if (drill === null || drill.notes.length === 0) return 'None.'
  return table(
    ['When', 'Who', 'Note'],
    drill.notes.map(({ at, by, text }) => [at, by, text]),
  )
}

function answers({ verification }: Proof): string {
  return verification.answers
    .map(({ name, method, url, status, problem, body, milliseconds }) => {
      const said =
        status === null ? `no answer: ${problem ?? 'unknown'}` : `${status} in ${Math.round(milliseconds)} ms`
      return `${cell(`${name}: ${method} ${url}: ${said}`)}\n\n${fenced(body ?? '')}`
    })
    .join('\n\n')
}

function environment(proof: Proof): string {
  const { verification, drill } = proof
  const { target, baseline } = verification
  const rows: [string, string][] = [
    ['Proof', proofId(proof)],
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
    ['Verification ran', `${verification.started_at} to ${verification.finished_at}`],
    ['pgdrill', verification.tool_version],
  ]
  if (drill !== null) {
    const { lead, db_owner, app_owner } = drill.owners
    rows.unshift(
      ['Ticket', drill.ticket],
      ['DR lead, DB owner, app owner', `${lead}, ${db_owner}, ${app_owner}`],
      ['Restored by', drill.method],
      [
        'Clock of the target',
        drill.clock_skew_seconds === null ? 'not asked' : `${drill.clock_skew_seconds} s ahead of ours`,
      ],
      [
        'Proof before this',
        drill.previous === null ? 'none' : `${drill.previous.drill_id} (sha256 ${drill.previous.proof_sha256})`,
      ],
    )
  }
  return table(['', ''], rows)
}

function table(head: string[], rows: string[][]): string {
  const shown = rows.length > mostRows ? rows.slice(0, mostRows) : rows
  const lines = [head, head.map(() => '---'), ...shown.map((row) => row.map(cell))].map(
    (row) => `| ${row.join(' | ')} |`,
  )
  const rest = rows.length - shown.length
  return `${lines.join('\n')}${rest > 0 ? `\n\nAnd ${group(rest)} more: proof.json has them all.` : ''}`
}

/** A block of text as it is; the fence is longer than any inside. */
function fenced(text: string): string {
  const inside = plainText(text).trimEnd()
  const longest = Math.max(2, ...[...inside.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${inside}\n${fence}`
}

// Names come from databases: what Markdown or HTML would read as markup is shown as it is.
function cell(text: string): string {
  return plainText(text)
    .replace(/[\\`*{}[\]<>|~&#@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/:\/\//g, '&#58;//')
    .replace(/\s*\n\s*/g, ' ')
}
