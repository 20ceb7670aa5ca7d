import type { CadenceFacts } from './cadence-facts.ts'
import { timeOf } from './moments.ts'

/**
 * Until when the next good drill has to be finished: the end of the calendar quarter (UTC) after that of the last good
 * one, or drill_every after it. Without a good drill the clock runs from the installation.
 * @param lastFinished milliseconds since 1970; null when there is no good drill
 * @returns milliseconds since 1970; null when nothing tells since when to count
 */
export function nextDeadline(facts: CadenceFacts, lastFinished: number | null): number | null {
  const since = lastFinished ?? (facts.installed_at === null ? null : timeOf(facts.installed_at))
  if (since === null) return null
  const every = facts.drill_policy?.drill_every
  if (every) return addMonths(since, every.months) + every.days * 86_400_000 + every.seconds * 1000
  const from = new Date(since)
  const quarters = lastFinished === null ? 1 : 2
  return Date.UTC(from.getUTCFullYear(), Math.floor(from.getUTCMonth() / 3) * 3 + quarters * 3, 1)
}

/** As PostgreSQL adds months in UTC: from the 31st to the last day of a shorter month. */
function addMonths(time: number, months: number): number {
  const from = new Date(time)
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months]
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  return Date.UTC(year, month, Math.min(from.getUTCDate(), lastDay)) + (((time % 86_400_000) + 86_400_000) % 86_400_000)
}
