const units = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** A number of bytes in words, such as "12.3 MB"; a kB is 1000 bytes. */
export function sizeText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]}`
}
