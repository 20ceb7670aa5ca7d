import { group } from '../../rules/wording.ts'
import { type Counts, type RelationCounts, relationCounts } from '../counts.ts'
import type { Proof } from '../proof.ts'
import { dayChart } from './day-chart.ts'
import { type Html, html, trusted } from './tag.ts'

/** The objects of which something failed. */
type Wrong = ReadonlySet<string | null>

/** Rows before and after of each critical relation, its days around the recovery point, and its partitions. */
export function countsSection({ verification }: Proof): Html {
  const relations = relationCounts(verification)
  const point = verification.recovery?.recovery_point ?? null
  const wrong = new Set(verification.results.filter(({ status }) => status === 'fail').map((row) => row.object_name))
  return html`<section id="counts">
<h2>Rows before and after</h2>
${
  relations.length === 0
    ? html`<p class="muted">Nothing was counted.</p>`
    : html`<table class="stack"><thead><tr><th>Table</th><th class="num">Baseline</th><th class="num">Restored</th><th class="num">Difference</th><th>Newest, baseline</th><th>Newest, restored</th><th>By day</th></tr></thead><tbody>
${relations.map((one) => relationRow(one, point, wrong))}</tbody></table>
<div class="legend"><span><i style="--swatch:var(--before)"></i>baseline</span><span><i style="--swatch:var(--after)"></i>restored</span>${
        point === null ? null : html`<span>dashed: the day of the recovery point</span>`
      }</div>
${relations.filter(({ partitions }) => partitions.length > 0).map((one) => partitionTable(one, wrong))}`
}
</section>`
}

function relationRow(one: RelationCounts, point: string | null, wrong: Wrong): Html {
  return html`<tr class="${isLost(one, wrong) ? 'lost' : ''}"><td class="title mono">${one.name}</td>${cells(one)}<td class="day" data-label="Days">${
    one.days.length === 0 ? html`<span class="small muted">not cut by day</span>` : dayChart(one.days, point, one.name)
  }</td></tr>`
}

function partitionTable({ name, partitions }: RelationCounts, wrong: Wrong): Html {
  // Opened: the sum of the table may have grown all the same.
  const lost = partitions.filter((one) => isLost(one, wrong)).length
  return html`${trusted(lost > 0 ? '<details open>' : '<details>')}<summary>${partitions.length} partitions of ${name}${lost > 0 ? `, ${lost} with lost rows` : ''}</summary><table class="stack"><thead><tr><th>Partition</th><th class="num">Baseline</th><th class="num">Restored</th><th class="num">Difference</th><th>Newest, baseline</th><th>Newest, restored</th></tr></thead><tbody>
${partitions.map((one) => html`<tr class="${isLost(one, wrong) ? 'lost' : ''}"><td class="title mono">${one.name}</td>${cells(one)}</tr>`)}</tbody></table></details>`
}

function cells(one: Counts): Html {
  const { before, after, newest_before, newest_after } = one
  return html`<td class="num" data-label="Baseline">${before === null ? 'not there' : group(before)}</td><td class="num" data-label="Restored">${after === null ? 'not counted' : group(after)}</td><td class="num delta" data-label="Difference">${difference(one)}</td><td class="small nowrap" data-label="Newest before">${shortMoment(newest_before)}</td><td class="small nowrap" data-label="Newest after">${shortMoment(newest_after)}</td>`
}

function difference({ before, after }: Counts): string {
  if (before === null || after === null || before === after) return before === null || after === null ? '' : '0'
  return after > before ? `+${group(after - before)}` : `−${group(before - after)}`
}

/** Fewer rows are not always wrong: rows of a mutable table may go. */
function isLost({ name, before, after }: Counts, wrong: Wrong): boolean {
  return before !== null && after !== null && after < before && wrong.has(name)
}

/** To the second: the exact values are in the findings and in proof.json. */
function shortMoment(moment: string | null): string {
  return moment === null
    ? ''
    : moment
        .replace('T', ' ')
        .replace(/\.\d+/, '')
        .replace(/\+00:00$/, ' UTC')
}
