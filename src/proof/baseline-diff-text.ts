import type { BaselineSource } from '../baselines/document.ts'
import { describeDifference } from '../rules/describe-difference.ts'
import type { BaselineChange } from '../rules/diff-baselines.ts'
import type { Growth } from '../rules/growth-between.ts'
import { day, timeOf } from '../rules/moments.ts'
import { group } from '../rules/wording.ts'
import { plainLine } from '../terminal/plain-text.ts'

/** Beyond this many lines of one kind nobody reads on; the JSON has them all. */
const mostLines = 50

const headings: Record<BaselineChange['kind'], string> = {
  relation: 'critical tables',
  partition: 'partitions',
  day: 'rows per day (UTC)',
  content: 'content of settled buckets',
  'critical relation': 'registrations of critical tables',
  'partitioned relation': 'registrations of partitioned tables',
  guard: 'guards',
  policy: 'policies',
  'isolation policy': 'isolation policy',
  waiver: 'waivers',
  object: 'objects',
}
const marks = { added: '+', removed: '-', changed: '~' }

/** What changed between two baselines, for people: growth first, then every kind of change. */
export function baselineDiffText(
  before: BaselineSource,
  after: BaselineSource,
  growth: readonly Growth[],
  changes: readonly BaselineChange[],
): string {
  const lines = [
    `before: ${title(before)}`,
    `after:  ${title(after)}, ${elapsed(timeOf(after.document.captured_at) - timeOf(before.document.captured_at))}`,
    '',
    'rows',
    ...growth.map((one) => `  ${growthLine(one)}`),
  ]
  for (const [kind, heading] of Object.entries(headings)) {
    const chosen = changes.filter((change) => change.kind === kind)
    if (chosen.length === 0) continue
    lines.push('', heading, ...chosen.slice(0, mostLines).map((change) => `  ${changeLine(change)}`))
    if (chosen.length > mostLines) lines.push(`  and ${chosen.length - mostLines} more (--format json shows all)`)
  }
  if (changes.length === 0) lines.push('', 'nothing else changed')
  return `${lines.join('\n')}\n`
}

function title({ origin, document: { baseline_id, captured_at, depth } }: BaselineSource): string {
  return `baseline ${baseline_id} of ${captured_at}, depth ${depth} (${plainLine(origin)})`
}

function elapsed(milliseconds: number): string {
  const [size, word] = [Math.abs(milliseconds), milliseconds < 0 ? 'earlier' : 'later']
  return size < 2 * day ? `${((size / day) * 24).toFixed(1)} hours ${word}` : `${(size / day).toFixed(1)} days ${word}`
}

function growthLine({ relation_name, before, after, per_day }: Growth): string {
  const name = plainLine(relation_name)
  if (before === null || after === null) return `${name}: ${counted(before)} before, ${counted(after)} after`
  const rate = per_day === null || before === after ? '' : `, ${signed(per_day)} a day`
  return `${name}: ${group(BigInt(before))} before, ${group(BigInt(after))} after${difference(before, after, rate)}`
}

function counted(rows: string | null): string {
  return rows === null ? 'not there' : group(BigInt(rows))
}

function difference(before: string, after: string, more = ''): string {
  const by = BigInt(after) - BigInt(before)
  return by === 0n ? '' : ` (${signed(by)}${more})`
}

function signed(value: bigint | number): string {
  const [whole, rest] = value.toString().split('.')
  const text = `${group(BigInt(whole as string))}${rest === undefined ? '' : `.${rest}`}`
  return value > 0 ? `+${text}` : text
}

function changeLine(change: BaselineChange): string {
  const { kind, object_name, part } = change
  const name = {
    relation: object_name,
    partition: part,
    day: `${object_name} ${part}`,
    content: part,
    object: `${part} ${object_name}`,
    waiver: `${part} ${object_name}`,
  }[kind as string]
  const what = describe(change)
  return plainLine(`${marks[change.change]} ${name ?? object_name}${what === '' ? '' : `: ${what}`}`)
}

interface Numbers {
  row_count: string
  newest_at?: string | null
}

function describe({ kind, change, before, after }: BaselineChange): string {
  if (kind === 'relation' || kind === 'partition' || kind === 'day') {
    return numbers(before as Numbers | null, after as Numbers | null)
  }
  if (kind === 'content') {
    const names = (after as { bucket_name: string }[]).map(({ bucket_name }) => bucket_name)
    const shown = names.slice(0, 5).join(', ')
    const rest = names.length > 5 ? ` and ${names.length - 5} more` : ''
    return `as many rows, other content: ${shown}${rest}`
  }
  if (kind === 'object') {
    if (change !== 'changed') return ''
    // The words of a verification do not fit here.
    return describeDifference(before as string, after as string).replace(/ \(\d+ in production, \d+ in the copy\)$/, '')
  }
  if (change !== 'changed') return value(change === 'added' ? after : before)
  return fields(before, after)
}

function numbers(before: Numbers | null, after: Numbers | null): string {
  if (before === null || after === null) {
    const rows = BigInt((before ?? after)?.row_count ?? '0')
    return `${group(rows)} ${rows === 1n ? 'row' : 'rows'}`
  }
  const [a, b] = [before.newest_at, after.newest_at]
  const newest = a === undefined || a === b ? '' : `, newest ${a ?? 'none'} before, ${b ?? 'none'} after`
  const rows = `${group(BigInt(before.row_count))} before, ${group(BigInt(after.row_count))} after`
  return `${rows}${difference(before.row_count, after.row_count)}${newest}`
}

/** Only the fields that differ. */
function fields(before: unknown, after: unknown): string {
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) {
    return `${value(before)} before, ${value(after)} after`
  }
  const [a, b] = [before as Record<string, unknown>, after as Record<string, unknown>]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((field) => a[field] !== b[field])
    .map((field) => `${field} ${value(a[field])} before, ${value(b[field])} after`)
    .join('; ')
}

function value(content: unknown): string {
  const text = typeof content === 'string' ? content : (JSON.stringify(content) ?? 'null')
  const line = text.replace(/\s+/g, ' ')
  return line.length > 120 ? `${line.slice(0, 120)} …` : line
}
