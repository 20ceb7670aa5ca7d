// The sentences about the buckets of a partition.

import { type Fault, isMoved, type Part } from './judge-buckets.ts'
import { isEarlier, timeOf } from './moments.ts'
import { isWhole, type Pair } from './pair-buckets.ts'
import { count, group, list } from './wording.ts'

/** What was asked of a part, with its numbers: "22 settled days equal", "1 open day: 1,239 rows, 1,100 to 4,300 are plausible". */
export function describePart(part: Part, isAppendOnly: boolean): string {
  const { range, now, pairs, kind } = part
  const isCut = pairs.some(({ bucket }) => !isWhole(bucket))
  if (range !== undefined) {
    const plausible = `${group(range.lowest)} to ${group(range.highest)} are plausible`
    return isCut
      ? `${countOf(pairs, kind)}: ${group(now)} rows, ${plausible}`
      : `${headOf(part, isAppendOnly)}: ${plausible}`
  }
  if (!isCut) return `${headOf(part, isAppendOnly)}: equal`
  return kind === 'exact' ? `exact baseline: ${countOf(pairs)} equal` : `${countOf(pairs, kind)} equal`
}

/** What is wrong with a part: the rule, and which buckets break it by how much. */
export function describeFault(fault: Fault, part: Part, isAppendOnly: boolean): string {
  const head = headOf(part, isAppendOnly)
  if (fault.rule === 'equal') return `(${head}: must be equal): ${differences(fault.pairs)}`
  if (fault.rule === 'kept') {
    const rule = isAppendOnly ? 'may have fewer rows than came before' : 'in the middle may lose all of its rows'
    const lost = fault.pairs.reduce((sum, { before, now }) => sum + before.rows - now.rows, 0n)
    return `(${head}: no ${nounOf(fault.pairs)} ${rule}): ${group(lost)} missing${where(fault.pairs)}`
  }
  const { before, now, range } = part
  const highest = range?.highest ?? before
  const rule = `(${describePart(part, isAppendOnly)})`
  if (now < before) return `${rule}: ${group(before - now)} missing${where(fault.pairs)}`
  if (part.kind !== 'open' || highest === before)
    return `${rule}: ${group(now - highest)} too many${where(fault.pairs)}`
  const guess = fault.isGuess ? ', but there is less than a week of history' : ''
  return `${rule}: ${group(now - highest)} more than the busiest day explains${guess}${where(fault.pairs)}`
}

/** Between which good rows the lost ones of a cut partition lay; empty when none are lost. */
export function describeGoodRows(faulty: readonly Pair[], good: readonly Pair[]): string {
  const cut = faulty.filter(({ bucket, before, now }) => isSlice(bucket) && now.rows < before.rows)
  const first = cut[0]?.bucket.starts_at
  const last = cut.at(-1)?.bucket.ends_at
  if (first === undefined || first === null || last === undefined || last === null) return ''
  let before: string | null = null
  let after: string | null = null
  for (const { oldest_at, newest_at } of good.map(({ now }) => now)) {
    if (newest_at !== null && timeOf(newest_at) < timeOf(first) && (before === null || isEarlier(before, newest_at)))
      before = newest_at
    if (oldest_at !== null && timeOf(oldest_at) >= timeOf(last) && (after === null || isEarlier(oldest_at, after)))
      after = oldest_at
  }
  return `; last good row before: ${before ?? 'none'}, first good after: ${after ?? 'none'}`
}

function isSlice({ grain }: Pair['bucket']): boolean {
  return grain === 'day' || grain === 'month'
}

/** "22 settled days", "1 month and 3 days". */
export function countOf(pairs: readonly Pair[], kind = ''): string {
  const number = (grain: string) => pairs.filter(({ bucket }) => bucket.grain === grain).length
  const noun = (word: string) => (kind === '' ? word : `${kind} ${word}`)
  const wholes = number('partition') + number('table')
  return list([
    ...(wholes > 0 ? [count(wholes, noun('bucket'))] : []),
    ...(number('month') > 0 ? [count(number('month'), noun('month'))] : []),
    ...(number('day') > 0 ? [count(number('day'), noun('day'))] : []),
    ...(number('undated') > 0 ? ['rows without a date'] : []),
  ])
}

/** Those whose number of rows differs most first; of equal ones the older. */
export function worstFirst(pairs: readonly Pair[]): Pair[] {
  return [...pairs].sort((a, b) => {
    const [left, right] = [differenceOf(a), differenceOf(b)]
    return left === right ? 0 : left < right ? 1 : -1
  })
}

function differenceOf({ before, now }: Pair): bigint {
  return before.rows > now.rows ? before.rows - now.rows : now.rows - before.rows
}

function headOf({ kind }: Part, isAppendOnly: boolean): string {
  return kind === 'exact' ? 'exact baseline' : `${kind}, ${isAppendOnly ? 'append-only' : 'mutable'}`
}

function nounOf(pairs: readonly Pair[]): string {
  return pairs.every(({ bucket }) => bucket.grain === 'day') ? 'day' : 'bucket'
}

function differences(pairs: readonly Pair[]): string {
  const fewer = pairs.filter(({ before, now }) => now.rows < before.rows)
  const more = pairs.filter(({ before, now }) => now.rows > before.rows)
  const sum = (some: readonly Pair[]) => some.reduce((total, pair) => total + differenceOf(pair), 0n)
  return [
    ...(fewer.length > 0 ? [`${group(sum(fewer))} missing${where(fewer)}`] : []),
    ...(more.length > 0 ? [`${group(sum(more))} too many${where(more)}`] : []),
    ...moves(pairs.filter(isMoved)),
  ].join(', ')
}

function moves(pairs: readonly Pair[]): string[] {
  const [first] = pairs
  if (first === undefined) return []
  const { before, now, bucket } = first
  const reach = `reach from ${now.oldest_at} to ${now.newest_at} instead of ${before.oldest_at} to ${before.newest_at}`
  if (isWhole(bucket)) return [`its rows ${reach}`]
  const others = pairs.length === 1 ? '' : `${countOf(pairs)} with as many rows of another time, `
  return [`${others}those ${placeOf(first)} ${reach}`]
}

/** On which buckets: " on 3 days, 2026-08-03 to 2026-08-05, most on 2026-08-04: 12 rows, baseline has 800". */
function where(pairs: readonly Pair[]): string {
  const [worst] = worstFirst(pairs)
  if (worst === undefined || isWhole(worst.bucket)) return ''
  const numbers = `${group(worst.now.rows)} rows, baseline has ${group(worst.before.rows)}`
  if (pairs.length === 1) return ` ${placeOf(worst)}: ${numbers}`
  const dated = pairs.filter(({ bucket }) => bucket.grain !== 'undated')
  const range = dated.length < 2 ? '' : `, ${dated[0]?.label} to ${dated.at(-1)?.label}`
  return ` on ${countOf(pairs)}${range}, most ${placeOf(worst)}: ${numbers}`
}

function placeOf({ bucket: { grain }, label }: Pair): string {
  if (grain === 'undated') return 'among rows without a date'
  return grain === 'month' ? `in ${label}` : `on ${label}`
}
