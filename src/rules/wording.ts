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
