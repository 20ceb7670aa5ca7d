// How the rules write numbers and counts.

/** 1,234,567. */
export function group(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** 1 day, 2 days. */
export function count(number: number, noun: string): string {
  return `${group(number)} ${number === 1 ? noun : `${noun}s`}`
}

export function hours(milliseconds: number): string {
  return `${(milliseconds / 3_600_000).toFixed(1)} h`
}

/** "a", "a and b", "a, b and c". */
export function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/**
 * What to do about a problem that kept a table or partition from being counted.
 * @param problem as the database worded it, with its SQLSTATE where it has one
 */
export function hintAgainst(problem: string | null): string {
  const state = /SQLSTATE (\w{5})/.exec(problem ?? '')?.[1]
  if (state === '57014')
    return 'It took longer than the statement timeout, or somebody cancelled it: give more with --statement-timeout SECONDS.'
  if (state === '55P03')
    return 'Somebody holds a lock on it: find out who (pg_locks), and verify again when it is free.'
  if (state === '42501') return 'Grant this role the missing right, or verify as the owner.'
  return 'Remove the obstacle, then verify again.'
}
