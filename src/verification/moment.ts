import { CouldNotVerify } from '../could-not-verify.ts'

/** Clocks differ a little: so much later than ours a moment may be, in milliseconds. */
const clockSkew = 300_000

/**
 * A moment given by a person, as ISO text in UTC.
 * @param option what it was given as, for messages
 * @throws CouldNotVerify when it is no moment, lies in the future, or has no time zone: a guess could be hours off
 */
export function parseMoment(text: string, option: string): string {
  const given = `${option} is`
  const example = '2026-11-23T04:30:00Z'
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))? ?(Z|[+-]\d{2}(?::?\d{2})?)?$/i.exec(
    text,
  )
  const [, date = '', time = '00:00', zone] = parts ?? []
  // As PostgreSQL writes it, an offset may be of hours alone.
  const offset = zone
    ?.toUpperCase()
    .replace(/^([+-]\d{2}):?(\d{2})?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
  const moment = new Date(`${date}T${time}${offset ?? 'Z'}`)
  // JavaScript reads the 31st of February as the 3rd of March.
  const midnight = new Date(`${date}T00:00Z`)
  const isDay = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date)
  if (parts === null || !isDay || Number.isNaN(moment.getTime())) {
    throw new CouldNotVerify(`${given} not a moment: ${JSON.stringify(text)}`, `Write it as ${example}.`)
  }
  if (offset === undefined) {
    throw new CouldNotVerify(`${option} has no time zone: ${JSON.stringify(text)}`, `Write it in UTC, as ${example}.`)
  }
  if (moment.getTime() > Date.now() + clockSkew) {
    throw new CouldNotVerify(`${given} in the future: ${JSON.stringify(text)}`, 'Give a moment that has passed.')
  }
  return moment.toISOString()
}
