import type { CheckResult } from '../database/contract.ts'
import { day, timeOf, utcDay } from '../rules/moments.ts'
import type { Slot } from '../rules/retention.ts'
import { weekAt } from '../rules/retention-slots.ts'
import { hours, list } from '../rules/wording.ts'
import { hidePasswords, plainLine } from '../terminal/plain-text.ts'
import type { Retention } from './retention.ts'
import { retentionSummary, type SlotSign, signsOf, slotSigns } from './summary.ts'

type Colors = { [name in 'green' | 'red' | 'yellow' | 'dim' | 'bold']: (text: string) => string }

const words = { pass: 'pass ', warn: 'warn ', fail: 'FAIL ', error: 'ERROR', skip: 'skip ', waived: 'WAIVED' }

/**
 * The retention for a person at a terminal: inventories, a calendar of the slots, findings, what is actually held, the verdict.
 * @param isVerbose lists which backup fills each slot, and every pass
 */
export function retentionText(retention: Retention, colors: Colors, isVerbose: boolean): string {
  const { target, question, judgement, actual, is_recorded } = retention
  const { policy, rpo, now } = question
  const plain = (text: string) => hidePasswords(plainLine(text))
  const where =
    target === null ? 'no target' : `target ${target.name}${target.is_sandbox ? ' (SANDBOX)' : ''}, ${target.url}`
  const results = judgement.results
  const lines = [
    colors.bold(`pgdrill retention: ${plain(where)}${is_recorded ? ', recorded inventories' : ''}`),
    `  policy  ${policy.daily} daily, ${policy.weekly} weekly, ${policy.monthly} monthly (UTC); RPO ${hours(rpo)}; as of ${now}`,
    `  since   ${judgement.since === null ? 'no backup' : `${judgement.since}, ${judgement.is_since_stated ? 'as stated' : 'the oldest one listed'}`}`,
    '',
    ...results.filter(({ check_name }) => check_name === 'inventory').flatMap((row) => rowLines(row, colors, plain)),
    '',
    ...calendar(retention, colors),
    '',
    ...fillLines(judgement.slots, isVerbose, plain),
    ...results
      .filter(
        ({ check_name, status }) =>
          check_name !== 'inventory' &&
          (isVerbose ? check_name !== 'retention' : status !== 'pass') &&
          !(check_name === 'retention' && status === 'skip'),
      )
      .flatMap((row) => rowLines(row, colors, plain)),
    '',
    ...actual.sentences.map((sentence) => `  ${plain(sentence)}`),
    ...actual.advice.map((sentence) => `  ${colors.bold('to do')}  ${plain(sentence)}`),
    '',
    paintVerdict(retention, colors)(colors.bold(retentionSummary(retention))),
  ]
  return `${lines.join('\n').replace(/\n{3,}/g, '\n\n')}\n`
}

function rowLines(row: CheckResult, colors: Colors, plain: (text: string) => string): string[] {
  const paint = {
    pass: colors.green,
    fail: colors.red,
    error: colors.red,
    warn: colors.yellow,
    waived: colors.yellow,
    skip: colors.dim,
  }
  const line = `  ${paint[row.status](words[row.status])} ${row.check_name}  ${plain(row.detail)}`
  return row.hint === null ? [line] : [line, `        ${colors.bold('to do')}  ${plain(row.hint)}`]
}

/** Days as a calendar with a line for each week, then weeks and months, oldest first. */
function calendar(retention: Retention, colors: Colors): string[] {
  const signs = signsOf(retention)
  const paint: Record<SlotSign, (text: string) => string> = {
    filled: colors.green,
    empty: colors.red,
    doubtful: colors.yellow,
    open: colors.dim,
    not_yet_possible: colors.dim,
  }
  const draw = (name: string) => {
    const sign = signs.get(name)
    return sign === undefined ? ' ' : paint[sign](slotSigns[sign][0])
  }
  const of = (tier: string) => retention.judgement.slots.filter((slot) => slot.tier === tier).reverse()
  const days = of('daily')
  const weeks = new Map<string, string[]>()
  for (const { starts_at } of days) {
    const { label, start } = weekAt(timeOf(starts_at))
    if (!weeks.has(label)) {
      weeks.set(
        label,
        Array.from({ length: 7 }, (_, index) => draw(`daily ${utcDay(start + index * day)}`)),
      )
    }
  }
  const row = (tier: string) =>
    of(tier).map(({ label }) => `${label.replace(/^\d+-W/, 'W')} ${draw(`${tier} ${label}`)}`)
  const used = (Object.keys(slotSigns) as SlotSign[]).filter((sign) => [...signs.values()].includes(sign))
  return [
    ...(days.length === 0 ? [] : ['  daily     Mo Tu We Th Fr Sa Su']),
    ...[...weeks].map(([label, cells]) => `  ${label}  ${cells.map((cell) => ` ${cell}`).join(' ')}`.trimEnd()),
    ...chunks('weekly ', row('weekly')),
    ...chunks('monthly', row('monthly')),
    ...(used.length === 0 ? [] : [`  ${colors.dim(used.map((sign) => slotSigns[sign].join(' ')).join(', '))}`]),
  ]
}

function chunks(name: string, cells: readonly string[]): string[] {
  const lines: string[] = []
  for (let index = 0; index < cells.length; index += 6) {
    lines.push(`  ${index === 0 ? name : ' '.repeat(name.length)}   ${cells.slice(index, index + 6).join('   ')}`)
  }
  return lines
}

/** Which inventory filled how many slots; with every slot, when asked. */
function fillLines(slots: readonly Slot[], isVerbose: boolean, plain: (text: string) => string): string[] {
  if (isVerbose) {
    return slots.map(({ tier, label, state, fillers: [filler, ...others] }) => {
      const name = `  ${tier.padEnd(7)} ${label.padEnd(10)}`
      if (filler === undefined) return `${name}  ${state.replaceAll('_', ' ')}`
      const also = others.length === 0 ? '' : `  (also ${list(others.map(({ source }) => source))})`
      return plain(`${name}  ${filler.id ?? 'window'} of ${filler.source}, ${filler.at}${also}`)
    })
  }
  const counts = new Map<string, number>()
  for (const {
    fillers: [filler],
  } of slots) {
    if (filler !== undefined) counts.set(filler.source, (counts.get(filler.source) ?? 0) + 1)
  }
  if (counts.size === 0) return []
  const parts = [...counts].map(([source, number]) => `${source} ${number}`)
  return [plain(`  filled by ${list(parts)} (--verbose names the backup of each slot; one may fill several)`)]
}

function paintVerdict({ verdict }: Retention, colors: Colors): (text: string) => string {
  return [colors.green, colors.red, colors.yellow][verdict.exit_code] ?? colors.red
}
