/** A duration in words of whole seconds, such as 3 h 12 min or 42 s; of less than a minute with tenths when it has any. */
export function durationText(seconds: number): string {
  const sign = seconds < 0 ? '-' : ''
  const size = Math.abs(seconds)
  if (size < 60) return `${sign}${Math.round(size * 10) / 10} s`
  const whole = Math.round(size)
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3600), 'h'],
    [Math.floor((whole % 3600) / 60), 'min'],
    [whole % 60, 's'],
  ]
  // The two largest are what a reader needs; a second of a day is none of them.
  const first = parts.findIndex(([count]) => count > 0)
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return sign + shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}
