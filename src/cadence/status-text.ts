import type { CheckResult } from '../database/contract.ts'
import { obligations, type Standing } from '../rules/cadence-facts.ts'
import { durationWords, momentWords } from '../rules/cadence-words.ts'
import { timeOf } from '../rules/moments.ts'
import { hidePasswords, plainLine } from '../terminal/plain-text.ts'
import { sparkline } from '../terminal/sparkline.ts'
import { type Status, standingsOf } from './status.ts'

type Colors = { [name in 'green' | 'red' | 'yellow' | 'dim' | 'bold']: (text: string) => string }

/** So many drills the trend shows, and so many changes are listed. */
const shownDrills = 24
const shownChanges = 50

/** What each obligation is called. */
export const obligationNames: Record<string, string> = {
  quarterly_drill: 'regular drill',
  drill_after_schema_change: 'drill after schema change',
  drill_after_incident: 'drill after incident',
  rpo: 'RPO',
  rto: 'RTO',
  retention: 'retention',
  baseline: 'baseline',
  heartbeat: 'heartbeat',
}

const width = Math.max(...Object.values(obligationNames).map((name) => name.length))

/** How production keeps the plan, for a person at a terminal: a line per obligation, what to do, the trend. */
export function statusText(status: Status, colors: Colors): string {
  const { target, proofs, facts, results } = status
  const sources = [
    ...(target === null ? [] : [`target ${target.name}${target.is_sandbox ? ' (SANDBOX)' : ''}, ${target.url}`]),
    ...(proofs === null ? [] : [`proofs in ${plainLine(proofs)}`]),
  ]
  const lines = [
    colors.bold(`pgdrill status: ${sources.join('; ')}`),
    `  as of ${momentWords(timeOf(facts.now))}`,
    '',
    ...results.flatMap((row) => rowLines(row, colors)),
    ...trendLines(status, colors),
    ...changeLines(status),
    '',
    summary(status, colors),
  ]
  return `${lines.join('\n')}\n`
}

function rowLines(row: CheckResult, colors: Colors): string[] {
  const word = row.expected === 'met' ? String(row.actual) : row.status
  const paint = { pass: colors.green, fail: colors.red, error: colors.yellow, warn: colors.yellow }[
    row.status as 'pass'
  ]
  const label = paint?.((row.status === 'pass' ? word : word.toUpperCase()).padEnd(7)) ?? word
  const name = row.expected === 'met' ? (obligationNames[row.object_name ?? ''] ?? '') : ''
  const detail = hidePasswords(plainLine(row.detail))
  const line = `  ${label}  ${name === '' ? '' : `${name.padEnd(width)}  `}${detail}`
  return row.hint === null ? [line] : [line, `  ${' '.repeat(9)}${colors.bold('to do')}  ${plainLine(row.hint)}`]
}

/** RTO and RPO over the drills, oldest first, each against its objective. */
function trendLines({ trend, facts }: Status, colors: Colors): string[] {
  const measures = [
    ['RTO', 'rto', trend.map((drill) => drill.recovery_time)],
    ['RPO', 'rpo', trend.map((drill) => drill.data_loss)],
  ] as const
  const lines = measures.flatMap(([name, policy, all]) => {
    const limit = facts.policies[policy]
    const values = all.slice(-shownDrills)
    const known = values.filter((value) => value !== null)
    const last = known.at(-1)
    if (limit === undefined || last === undefined) return []
    const beyond = known.filter((value) => value > limit).length
    const words = `last ${durationWords(last)}, at most ${durationWords(limit)}${beyond === 0 ? '' : `; ${beyond} of ${known.length} beyond`}`
    return [`  ${name}  ${sparkline(values, limit, colors.red)}  ${words}`]
  })
  return lines.length === 0 ? [] : ['', `Trend over ${Math.min(trend.length, shownDrills)} finished drills:`, ...lines]
}

function changeLines({ facts: { schema_changes: found } }: Status): string[] {
  if (found === null || found.changes.length === 0) return []
  const named = found.changes
    .slice(0, shownChanges)
    .map((one) => `  ${plainLine(`${one.area}: ${one.object_kind} ${one.object_name} ${one.change}`)}`)
  const more = found.changes.length - named.length
  return [
    '',
    `Major schema changes since the baseline ${found.baseline_id}:`,
    ...named,
    ...(more > 0 ? [`  and ${more} more: --format json has all`] : []),
  ]
}

function summary(status: Status, colors: Colors): string {
  const standings = standingsOf(status).map(([, standing]) => standing)
  const count = (wanted: Standing) => standings.filter((standing) => standing === wanted).length
  const parts = (['met', 'due', 'broken', 'unknown'] as const).map((standing) => `${count(standing)} ${standing}`)
  const others = status.results.filter((row) => row.expected !== 'met' && row.status === 'fail').length
  const code = status.verdict.exit_code
  const paint = code === 0 ? colors.green : code === 1 ? colors.red : colors.yellow
  const more = others === 0 ? '' : `; ${others} more to look at`
  return paint(colors.bold(`${parts.join(', ')} of ${obligations.length}${more} (exit ${code})`))
}
