const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i

/** A moment of a listing: ISO text in UTC, and whether its zone had to be assumed. */
export interface ListedMoment {
  at: string
  isZoneAssumed: boolean
}

/**
 * Reads a moment as listings write it: RFC 3339, the same with a blank, or seconds since 1970 (ten digits). Without a zone it
 * is taken as UTC, which the caller has to say.
 * @returns undefined when it is no moment
 */
export function listedMoment(text: string): ListedMoment | undefined {
  const trimmed = text.trim()
  if (/^\d{9,11}(\.\d+)?$/.test(trimmed)) {
    return { at: new Date(Number(trimmed) * 1000).toISOString(), isZoneAssumed: false }
  }
  const parts = pattern.exec(trimmed)
  if (parts === null) return undefined
  const [, year, month, date, hour = '00', minute = '00', second = '00', fraction = '', zone] = parts
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0')
  const offset =
    zone === undefined || /^(z|utc)$/i.test(zone)
      ? 'Z'
      : zone.replace(/^([+-]\d{2}):?(\d{2})?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
  const midnight = new Date(`${year}-${month}-${date}T00:00:00Z`)
  // JavaScript reads the 31st of February as the 3rd of March.
  if (Number.isNaN(midnight.getTime()) || midnight.getUTCDate() !== Number(date)) return undefined
  const moment = new Date(`${year}-${month}-${date}T${hour}:${minute}:${second}.${milliseconds}${offset}`)
  if (Number.isNaN(moment.getTime()) || Number(year) < 1970) return undefined
  return { at: moment.toISOString(), isZoneAssumed: zone === undefined }
}
