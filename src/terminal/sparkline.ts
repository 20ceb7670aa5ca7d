const bars = [...'▁▂▃▄▅▆▇█']

/**
 * Numbers as a row of bars, the highest for the largest. What is not known is a dot.
 * @param limit the bars are drawn so that it would be one of them, too; 0 or less is the lowest bar
 * @param paint colours the bar of a value beyond the limit
 */
export function sparkline(
  values: readonly (number | null)[],
  limit: number,
  paint: (bar: string) => string = (bar) => bar,
): string {
  const highest = Math.max(limit, ...values.map((value) => value ?? 0))
  return values
    .map((value) => {
      if (value === null) return '·'
      const share = highest > 0 ? Math.max(value, 0) / highest : 0
      const bar = bars[Math.min(bars.length - 1, Math.floor(share * bars.length))] as string
      return value > limit ? paint(bar) : bar
    })
    .join('')
}
