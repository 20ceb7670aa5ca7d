// Judges the backups that are held against the policy: rows like those of drill.verify_retention(), which judges what was
// recorded by the same rules; test/rules/retention-vectors.json holds both to the same answers.
//
// Whatever the backups are, one more good backup never makes the verdict worse: what could (an odd size, an order that goes
// backwards) is a warning and no failure.

import type { CheckResult } from '../database/contract.ts'
import { oddSizes, oddTimes } from './backup-oddities.ts'
import type { BackupSource, ResolvedBackup } from './backups-held.ts'
import { day, timeOf, utcDay } from './moments.ts'
import { compareBytes, type FilledSlots, fillSlots, type RetentionInput, type Slot } from './retention.ts'
import { doubtFrom, type Gap, gapsOf, type RestorableSpan, spansOf } from './retention-gaps.ts'
import { count, hours } from './wording.ts'

export interface RetentionQuestion extends RetentionInput {
  /** How much data may be lost, in milliseconds. */
  rpo: number
  /** By how much an age or a gap may exceed the RPO and be a warning only: a daily backup does not end at the same minute. */
  gapTolerance: number
}

export interface RetentionJudgement extends FilledSlots {
  results: CheckResult[]
  /** Moments that can be restored: each backup's, and windows. Oldest first. */
  spans: RestorableSpan[]
  /** Those of the window that the daily slots span which exceed the RPO, longest first. */
  gaps: Gap[]
}

/** Judges everything: inventories, slots, reach, age, gaps, and what is odd. */
export function judgeRetention(question: RetentionQuestion): RetentionJudgement {
  const filled = fillSlots(question)
  const now = timeOf(question.now)
  const spans = spansOf(filled.good, question.sources, now)
  const doubt = doubtFrom(question.sources, now, now - question.rpo - question.gapTolerance)
  const gaps = gapsOf(spans, windowStart(filled, question), now, doubt).filter(
    ({ from, until }) => until - from > question.rpo,
  )
  // Without an inventory nothing was looked at.
  if (question.sources.length === 0) return { ...filled, results: inventoryRows(question, filled), spans, gaps }
  const results = [
    ...inventoryRows(question, filled),
    ...filled.slots.map((slot) => slotRow(slot, doubt)),
    reachRow(question, filled, spans),
    ...limitRows(question, filled),
    ageRow(question, spans, doubt),
    gapRow(question, filled, spans, gaps),
    ...usableRows(filled),
    ...perSource('backup_sizes', oddSizes(filled.good), 'no backup is far smaller than its neighbours'),
    ...perSource('backup_times', oddTimes(filled), 'times are in order, and none lies in the future'),
    duplicateRow(question),
  ]
  return { ...filled, results, spans, gaps }
}

/** Where gaps begin to count: with the oldest day of the policy, or with the first backup as somebody stated it. */
function windowStart({ slots, since, is_since_stated }: FilledSlots, { policy }: RetentionQuestion): number | null {
  const daily = slots.filter(({ tier, state }) => tier === 'daily' && state !== 'open')
  const oldest = daily.at(-1)
  if (policy.daily === 0 || oldest === undefined) return null
  const start = timeOf(oldest.starts_at)
  // What is missing before the first backup is a failure of its own where nobody states since when there are any.
  const isCounted = is_since_stated || daily.some(({ state }) => state === 'not_yet_possible')
  return isCounted && since !== null ? Math.max(start, timeOf(since)) : start
}

function row(
  check_name: string,
  object_name: string | null,
  status: CheckResult['status'],
  detail: string,
  hint: string | null = null,
  expected: unknown = null,
  actual: unknown = null,
): CheckResult {
  return { check_name, object_name, status, detail, hint, expected, actual }
}

function inventoryRows({ sources, now, rpo, gapTolerance }: RetentionQuestion, filled: FilledSlots): CheckResult[] {
  if (sources.length === 0) {
    return [row('inventory', null, 'error', 'there is no inventory', 'Give one with --inventory, or record one.')]
  }
  const listed = countBy(filled.resolved)
  const good = countBy(filled.good)
  return [...sources]
    .sort((a, b) => compareBytes(a.source, b.source))
    .map(({ source, read_at, window }) => {
      const [all, usable] = [listed.get(source) ?? 0, good.get(source) ?? 0]
      const age = timeOf(now) - timeOf(read_at)
      const words = `${source}: ${count(all, 'backup')} listed, ${usable === 1 ? '1 counts' : `${usable} count`}${window === null ? '' : ', and a window of point-in-time recovery'}`
      const actual = { listed: all, usable }
      if (age > rpo + gapTolerance) {
        const detail = `${words}; read ${hours(age)} ago, so what is held now is not known`
        return row('inventory', source, 'error', detail, 'Read the inventory again, and record it.', null, actual)
      }
      const isEmpty = all === 0 && window === null
      const hint = isEmpty ? 'Check that this is the right repository, server or folder.' : null
      return row('inventory', source, isEmpty ? 'warn' : 'pass', words, hint, null, actual)
    })
}

function countBy(backups: readonly ResolvedBackup[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { backup } of backups) counts.set(backup.source, (counts.get(backup.source) ?? 0) + 1)
  return counts
}

const doubtHint =
  'Read the inventory again; with point-in-time recovery write something (drill.record_heartbeat()) and see whether the newest restore point follows.'

function slotRow({ tier, label, state, fillers, not_counted, ends_at }: Slot, doubt: number): CheckResult {
  const name = `${tier} ${label}`
  const filler = fillers[0]
  if (filler !== undefined) {
    const what = filler.id === null ? `the window of ${filler.source}` : `${filler.id} of ${filler.source}`
    return row('retention', name, 'pass', `${name}: ${what}, ${filler.at}`, null, null, {
      source: filler.source,
      id: filler.id,
    })
  }
  const others = not_counted.map(({ id, reason }) => `${id} does not count: ${reason}`).join('; ')
  const behind = others === '' ? '' : ` (${others})`
  if (state === 'open')
    return row('retention', name, 'skip', `${name}: no backup yet, and the day is not over${behind}`)
  if (state === 'not_yet_possible') return row('retention', name, 'skip', `${name}: before the first backup${behind}`)
  if (timeOf(ends_at) > doubt) {
    const detail = `${name}: no backup is known${behind}, and what the inventories say does not reach so far`
    return row('retention', name, 'error', detail, doubtHint)
  }
  const hint = 'It cannot be made up for: find out why it was not made or was deleted, so that it does not go on.'
  return row('retention', name, 'fail', `${name}: no backup${behind}`, hint)
}

function reachRow(question: RetentionQuestion, filled: FilledSlots, spans: readonly RestorableSpan[]): CheckResult {
  const first = spans[0]
  const judged = filled.slots.filter(({ state }) => state !== 'open')
  const wanted = judged.map(({ starts_at }) => timeOf(starts_at)).reduce((a, b) => Math.min(a, b), timeOf(question.now))
  const expected = { reaches_back_to: utcDay(wanted) }
  if (first === undefined) {
    return row('retention_reach', null, 'fail', 'there is no usable backup', 'Make one now.', expected)
  }
  const oldest = new Date(first.from).toISOString()
  const days = ((timeOf(question.now) - first.from) / day).toFixed(1)
  const words = `backups reach back to ${oldest} (${days} days)`
  const actual = { reaches_back_to: utcDay(first.from) }
  const before = judged.filter(({ state }) => state === 'not_yet_possible').length
  if (before > 0 && !filled.is_since_stated) {
    return row(
      'retention_reach',
      null,
      'fail',
      `${words}; ${count(before, 'slot')} of the policy lie before the first backup, and nothing says whether none was made then or they were deleted`,
      'If backups are made only since then, say so: --since TIME, or backups_since in drill.retention_policy. Else keep them longer.',
      expected,
      actual,
    )
  }
  if (filled.is_since_stated && filled.since !== null && first.from < timeOf(filled.since)) {
    const detail = `${words}, but are said to be made only since ${filled.since}`
    return row('retention_reach', null, 'warn', detail, 'Correct since when backups are made.', expected, actual)
  }
  const excused = before > 0 ? `; ${count(before, 'slot')} lie before ${filled.since}, since when backups are made` : ''
  return row('retention_reach', null, 'pass', `${words}${excused}`, null, expected, actual)
}

/** Only where each source deletes by itself: one that does not may hold what the others no longer have. */
function limitRows({ sources, now }: RetentionQuestion, { slots }: FilledSlots): CheckResult[] {
  const limits = sources.map(({ keeps_days }) => keeps_days)
  if (sources.length === 0 || limits.some((limit) => limit === null)) return []
  const longest = Math.max(...(limits as number[]))
  const ends = slots.filter(({ state }) => state !== 'open').map(({ ends_at }) => timeOf(ends_at))
  const needed = ends.length === 0 ? 0 : (timeOf(now) - Math.min(...ends)) / day
  const isEnough = longest >= needed
  return [
    row(
      'retention_limit',
      null,
      isEnough ? 'pass' : 'fail',
      isEnough
        ? `${sourceNames(sources)} may keep backups for ${longest} days, which the policy does not exceed`
        : `the policy cannot be met: ${sourceNames(sources)} keeps backups for at most ${longest} days, and it needs one that is ${Math.ceil(needed)} days old`,
      isEnough
        ? null
        : 'Keep backups of your own beside it (pgdrill backup), and give them as a second inventory; or write down what is kept as the policy.',
      { days: Math.ceil(needed) },
      { days: longest },
    ),
  ]
}

function sourceNames(sources: readonly BackupSource[]): string {
  return sources
    .map(({ source }) => source)
    .sort(compareBytes)
    .join(' and ')
}

function ageRow(
  { now, rpo, gapTolerance }: RetentionQuestion,
  spans: readonly RestorableSpan[],
  doubt: number,
): CheckResult {
  const expected = { rpo_seconds: Math.round(rpo / 1000) }
  if (spans.length === 0) return row('backup_age', null, 'fail', 'there is no usable backup', 'Make one now.', expected)
  const newest = spans.reduce((latest, { until }) => Math.max(latest, until), Number.NEGATIVE_INFINITY)
  const age = Math.max(0, timeOf(now) - newest)
  const words = `the newest restorable moment is ${new Date(newest).toISOString()}, ${hours(age)} ago`
  const actual = { age_seconds: Math.round(age / 1000) }
  const limit = `the RPO of ${hours(rpo)}`
  if (age <= rpo) return row('backup_age', null, 'pass', `${words}, within ${limit}`, null, expected, actual)
  if (age <= rpo + gapTolerance) {
    const hint = 'The next backup is due now: look again.'
    return row('backup_age', null, 'warn', `${words}, a little over ${limit}`, hint, expected, actual)
  }
  // What lies before the doubt is sure.
  if (Number.isFinite(doubt) && doubt - newest <= rpo + gapTolerance) {
    const detail = `${words}, over ${limit}; but an inventory is old, or point-in-time recovery ends early: in a database without writes, or because archiving has stopped`
    return row('backup_age', null, 'error', detail, doubtHint, expected, actual)
  }
  return row('backup_age', null, 'fail', `${words}, over ${limit}`, 'Make a backup now.', expected, actual)
}

function gapRow(
  { rpo, gapTolerance, policy }: RetentionQuestion,
  { good }: FilledSlots,
  spans: readonly RestorableSpan[],
  gaps: readonly Gap[],
): CheckResult {
  if (policy.daily === 0 || spans.length === 0) {
    const why = policy.daily === 0 ? 'the policy asks for no days' : 'there is no usable backup'
    return row('backup_gaps', null, 'skip', `gaps are not looked for: ${why}`)
  }
  const expected = { rpo_seconds: Math.round(rpo / 1000) }
  const longest = gaps[0]
  if (longest === undefined) {
    const detail = `no pause between ${count(good.length, 'backup')} in the days of the policy is longer than the RPO of ${hours(rpo)}`
    return row('backup_gaps', null, 'pass', detail, null, expected, { gaps: 0 })
  }
  const wide = gaps.filter(({ from, until }) => until - from > rpo + gapTolerance)
  const sure = wide.filter((gap) => gap.sure > rpo + gapTolerance)
  const shown = sure[0] ?? wide[0] ?? longest
  const words = `${count(gaps.length, 'pause')} between backups longer than the RPO of ${hours(rpo)}, such as ${hours(shown.until - shown.from)} from ${new Date(shown.from).toISOString()} to ${new Date(shown.until).toISOString()}`
  const actual = { gaps: gaps.length, longest_seconds: Math.round((longest.until - longest.from) / 1000) }
  const hint = 'Restoring to a moment in a pause loses all since its beginning: find out which backup was not made.'
  if (sure.length > 0) return row('backup_gaps', null, 'fail', words, hint, expected, actual)
  if (wide.length > 0) {
    const detail = `${words}; an inventory is old, or a window of point-in-time recovery ends early, as in a database without writes`
    return row('backup_gaps', null, 'error', detail, hint, expected, actual)
  }
  return row('backup_gaps', null, 'warn', `${words}, within the tolerance`, hint, expected, actual)
}

function usableRows({ resolved, good, future }: FilledSlots): CheckResult[] {
  const bad = resolved.filter(({ usable }) => usable !== 'yes')
  if (bad.length === 0) {
    if (resolved.length === 0) return [row('backups_usable', null, 'skip', 'no backup is listed')]
    const detail = `all of ${count(good.length + future.length, 'backup')} are usable as far as the inventories tell`
    return [row('backups_usable', null, 'pass', detail)]
  }
  const bySource = new Map<string, string[]>()
  for (const { backup, usable, reason } of bad) {
    const why = reason ?? (usable === 'no' ? 'it is not usable' : 'it is not known whether it is usable')
    const list = bySource.get(backup.source) ?? []
    list.push(`${backup.id}: ${why}`)
    bySource.set(backup.source, list)
  }
  return perSource('backups_usable', bySource, '').map((one) => ({
    ...one,
    hint: 'They fill no slot. Look why they failed, and delete them if nothing depends on them.',
  }))
}

/** One warning for each source with something odd, or one pass. */
function perSource(check_name: string, odd: ReadonlyMap<string, readonly string[]>, fine: string): CheckResult[] {
  if (odd.size === 0) return [row(check_name, null, 'pass', fine)]
  return [...odd]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([source, list]) => {
      const more = list.length > 5 ? `; and ${list.length - 5} more` : ''
      const detail = `${source}: ${list.slice(0, 5).join('; ')}${more}`
      return row(check_name, source, 'warn', detail, 'Look at these before you rely on them.', null, {
        backups: list.length,
      })
    })
}

function duplicateRow({ backups, sources }: RetentionQuestion): CheckResult {
  const twice = backups
    .filter(({ times_listed }) => times_listed > 1)
    .map(({ id, source }) => `${id} twice in ${source}`)
  // Ids of one source differ, so a single source has no more of them.
  const firsts = new Map<string, { source: string; time: number }[]>()
  for (const { id, source, finished_at } of sources.length > 1 ? backups : []) {
    if (finished_at === null) continue
    const time = timeOf(finished_at)
    const known = firsts.get(id) ?? []
    const other = known.find((one) => one.time === time)
    if (other !== undefined) twice.push(`${id} in ${other.source} and in ${source}`)
    else firsts.set(id, [...known, { source, time }])
  }
  if (twice.length === 0) return row('backup_duplicates', null, 'pass', 'no backup is listed twice')
  const more = twice.length > 5 ? `; and ${twice.length - 5} more` : ''
  return row(
    'backup_duplicates',
    null,
    'warn',
    `listed more than once: ${twice.slice(0, 5).join('; ')}${more}`,
    'It counts once: check that the inventories are not of the same place.',
    null,
    { backups: twice.length },
  )
}
