import { scaleBand, scaleLinear } from 'd3-scale'
import { group } from '../../rules/wording.ts'
import type { RelationCounts } from '../counts.ts'
import { type Html, html } from './tag.ts'

const [width, height, top, bottom] = [260, 74, 12, 14]

/**
 * Rows by day: the baseline as a wide bar, the copy as a narrow one in front, so that what is missing shows.
 * @param point the recovery point, ISO; its day is marked
 */
export function dayChart(days: RelationCounts['days'], point: string | null, name: string): Html {
  const most = Math.max(1, ...days.flatMap(({ before, after }) => [before ?? 0, after ?? 0]))
  const x = scaleBand<string>(
    days.map(({ day }) => day),
    [0, width],
  ).padding(0.18)
  const y = scaleLinear([0, most], [height - bottom, top])
  const inset = x.bandwidth() * 0.22
  const column = (kind: string, left: number, wide: number, rows: number | null) =>
    rows === null || rows === 0
      ? null
      : html`<rect class="${kind}" x="${left.toFixed(1)}" y="${y(rows).toFixed(1)}" width="${wide.toFixed(1)}" height="${(height - bottom - y(rows)).toFixed(1)}"/>`
  const marked = point === null ? undefined : x(point.slice(0, 10))
  const [first, last] = [days[0]?.day ?? '', days.at(-1)?.day ?? '']
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="Rows of ${name} by day, ${first} to ${last}, at most ${group(most)}">
${days.map(({ day, before, after }) => {
  const left = x(day) ?? 0
  return html`<g><title>${day}: baseline ${said(before)}, restored ${said(after)}</title><rect x="${left.toFixed(1)}" y="${top}" width="${x.bandwidth().toFixed(1)}" height="${height - top - bottom}" fill="transparent"/>${column('was', left, x.bandwidth(), before)}${column('is', left + inset, x.bandwidth() - 2 * inset, after)}</g>`
})}
<line class="base" x1="0" x2="${width}" y1="${height - bottom}" y2="${height - bottom}"/>
${marked === undefined ? null : html`<line class="point" x1="${(marked + x.bandwidth()).toFixed(1)}" x2="${(marked + x.bandwidth()).toFixed(1)}" y1="${top}" y2="${height - bottom}"/>`}
<text x="0" y="8">${group(most)}</text><text x="0" y="${height - 3}">${first.slice(5)}</text><text x="${width}" y="${height - 3}" text-anchor="end">${last.slice(5)}</text>
</svg>`
}

function said(rows: number | null): string {
  return rows === null ? 'not there' : group(rows)
}
