export const hour = 3_600_000
export const day = 24 * hour

/**
 * A moment as PostgreSQL writes it in JSON, in milliseconds since 1970: infinite ones, and years that JavaScript's
 * parser does not know (before 1 or after 9999), are infinite here.
 * @throws Error when it is no moment: a comparison with NaN would be false and look like a pass
 */
export function timeOf(text: string): number {
  if (text === 'infinity' || /^\d{5,}-/.test(text)) return Number.POSITIVE_INFINITY
  if (text === '-infinity' || text.endsWith(' BC')) return Number.NEGATIVE_INFINITY
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Error(`${text} is not a moment`)
  return time
}

/** Whether two moments are one, to the microsecond, in whatever time zone they are written. */
export function isSameMoment(a: string | null, b: string | null): boolean {
  if (a === b) return true
  if (a === null || b === null || !Number.isFinite(timeOf(a))) return false
  return timeOf(a) === timeOf(b) && microsecondsOf(a) === microsecondsOf(b)
}

/** Whether a is the earlier one, to the microsecond. */
export function isEarlier(a: string, b: string): boolean {
  return timeOf(a) < timeOf(b) || (timeOf(a) === timeOf(b) && microsecondsOf(a) < microsecondsOf(b))
}

/** The UTC day of a moment, as 2026-11-23. */
export function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** The start of the UTC day that holds a moment. */
export function startOfDay(time: number): number {
  return Math.floor(time / day) * day
}

/** The first UTC day that a baseline of this moment counts by day: that of the month two months before; older rows by month. */
export function firstCountedDay(from: number): number {
  const date = new Date(from)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 2)
}

// Date.parse cuts after the milliseconds.
function microsecondsOf(text: string): string {
  return (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(3, 6)
}

/** The oldest and the newest of some rows; null when none of them is dated. */
export function spanOf(rows: readonly { oldest_at: string | null; newest_at: string | null }[]): {
  oldest_at: string | null
  newest_at: string | null
} {
  let oldest_at: string | null = null
  let newest_at: string | null = null
  for (const row of rows) {
    if (row.oldest_at !== null && (oldest_at === null || isEarlier(row.oldest_at, oldest_at))) oldest_at = row.oldest_at
    if (row.newest_at !== null && (newest_at === null || isEarlier(newest_at, row.newest_at))) newest_at = row.newest_at
  }
  return { oldest_at, newest_at }
}
