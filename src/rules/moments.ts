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
