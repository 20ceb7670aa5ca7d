// How the cadence says times and durations, as sql/cadence/ says them.

/** 3 d 4 h, 4 h 30 min, 12 min 5 s, 40 s: two units, rounded down. @param seconds less than zero counts as zero */
export function durationWords(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0))
  const part = (size: number, below: number) => Math.floor((whole % below) / size)
  if (whole >= 86_400) return `${Math.floor(whole / 86_400)} d ${part(3600, 86_400)} h`
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${part(60, 3600)} min`
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${whole} s`
}

/** 2026-11-23 04:30 UTC. @param time milliseconds since 1970 */
export function momentWords(time: number): string {
  if (!Number.isFinite(time)) return time > 0 ? 'infinity' : '-infinity'
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
