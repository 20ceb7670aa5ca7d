import { toolVersion } from '../project-files.ts'
import { htmlPage } from '../proof/html/page.ts'
import { type Html, html } from '../proof/html/tag.ts'
import { statusWords, worstFirst } from '../proof/statuses.ts'
import { day, timeOf } from '../rules/moments.ts'
import type { Slot } from '../rules/retention.ts'
import { type Tier, tiers, weekAt } from '../rules/retention-slots.ts'
import { hours } from '../rules/wording.ts'
import type { Retention } from './retention.ts'
import { retentionSummary, type SlotSign, signsOf, slotSigns } from './summary.ts'

const slotStyle = `
.slots rect { stroke: var(--line); }
.slots .filled { fill: var(--pass); } .slots .empty { fill: var(--fail); } .slots .doubtful { fill: var(--unsure); }
.slots .open { fill: var(--page); stroke-dasharray: 2 2; } .slots .not_yet_possible { fill: var(--raised); }
.slots text { fill: var(--muted); font-size: 10px; font-family: inherit; }
.slots { display: block; max-width: 100%; height: auto; margin: 6px 0 18px; }
`
const swatches: Record<SlotSign, string> = {
  filled: '--pass',
  empty: '--fail',
  doubtful: '--unsure',
  open: '--page',
  not_yet_possible: '--raised',
}

/** The retention as one HTML file that needs nothing else: verdict, calendar of the slots, what is held, findings. */
export function retentionHtml(retention: Retention): string {
  const { question, judgement, actual, verdict, target } = retention
  const signs = signsOf(retention)
  const findings = worstFirst(judgement.results).filter(({ status }) => status !== 'pass' && status !== 'skip')
  const used = (Object.keys(slotSigns) as SlotSign[]).filter((sign) => [...signs.values()].includes(sign))
  const body = html`<header class="verdict ${verdict.status}">
<p class="above">Retention of backups${target === null ? '' : ` of ${target.name}${target.is_sandbox ? ' (SANDBOX)' : ''}`} · as of ${question.now}</p>
<h1>${{ verified: 'PASS', failed: 'FAIL', could_not_verify: 'COULD NOT VERIFY' }[verdict.status]}</h1>
<p class="why">${retentionSummary(retention).replace(/^.*? retention: /, '')}</p>
</header>
<main>
<section><h2>Slots</h2>
<p class="muted small">${question.policy.daily} daily, ${question.policy.weekly} weekly, ${question.policy.monthly} monthly, in UTC; RPO ${hours(question.rpo)}</p>
${tiers.flatMap((tier) => slotChart(tier, judgement.slots, signs))}
<p class="legend">${used.map((sign) => html`<span><i style="--swatch: var(${swatches[sign]}); border: 1px solid var(--line)"></i>${slotSigns[sign][1]}</span>`)}</p>
</section>
<section><h2>What is held</h2>
${actual.sentences.map((sentence) => html`<p>${sentence}</p>`)}
${actual.advice.map((sentence) => html`<p><b>To do:</b> ${sentence}</p>`)}
</section>
<section><h2>Findings</h2>
${findings.length === 0 ? html`<p>None.</p>` : null}
${findings.map(
  (
    row,
  ) => html`<div class="finding ${row.status}"><h4><span class="badge ${row.status}">${statusWords[row.status]}</span>${row.check_name}</h4>
<p>${row.detail}</p>${row.hint === null ? null : html`<p class="todo">${row.hint}</p>`}</div>`,
)}
</section>
<section><h2>Which backup fills each slot</h2>
<table class="stack"><thead><tr><th>Slot</th><th>Backup</th><th>Inventory</th><th>Time</th></tr></thead><tbody>
${judgement.slots.map(slotRow)}
</tbody></table>
</section>
</main>
<footer>Written by pgdrill ${toolVersion()}. A listing says that a backup is there; only a restore proves it.</footer>`
  return htmlPage(`Retention of backups${target === null ? '' : `: ${target.name}`}`, body, slotStyle)
}

function slotRow({ tier, label, state, fillers: [filler] }: Slot): Html {
  const name = `${tier} ${label}`
  return filler === undefined
    ? html`<tr><td class="title">${name}</td><td data-label="Backup">${state.replaceAll('_', ' ')}</td><td></td><td></td></tr>`
    : html`<tr><td class="title">${name}</td><td data-label="Backup">${filler.id ?? 'window of point-in-time recovery'}</td><td data-label="Inventory">${filler.source}</td><td data-label="Time">${filler.at}</td></tr>`
}

const cell = 18

/** Days as columns of weeks, Monday on top; weeks and months in a row. */
function slotChart(tier: Tier, all: readonly Slot[], signs: ReadonlyMap<string, SlotSign>): Html[] {
  const slots = all.filter((slot) => slot.tier === tier).reverse()
  const [first] = slots
  if (first === undefined) return []
  const origin = weekAt(timeOf(first.starts_at)).start
  const isDaily = tier === 'daily'
  const step = isDaily ? cell : 62
  const place = (slot: Slot, index: number) => {
    if (!isDaily) return { x: index * step, y: 0 }
    const number = Math.round((timeOf(slot.starts_at) - origin) / day)
    return { x: 24 + Math.floor(number / 7) * step, y: (number % 7) * cell }
  }
  const width = isDaily
    ? 24 + (Math.floor((timeOf(slots.at(-1)?.starts_at ?? first.starts_at) - origin) / (7 * day)) + 1) * step
    : slots.length * step
  const height = isDaily ? 7 * cell : cell + 14
  return [
    html`<h3>${{ daily: 'Days', weekly: 'Weeks', monthly: 'Months' }[tier]}</h3>
<svg class="slots" width="${width}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${tier} slots from ${first.label} to ${slots.at(-1)?.label ?? ''}: ${slots.filter(({ state }) => state === 'filled').length} of ${slots.length} have a backup">
${isDaily ? ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'].map((name, index) => html`<text x="0" y="${index * cell + 12}">${name}</text>`) : null}
${slots.map((slot, index) => {
  const { x, y } = place(slot, index)
  const sign = signs.get(`${tier} ${slot.label}`) ?? slot.state
  const filler = slot.fillers[0]
  const said = filler === undefined ? slotSigns[sign][1] : `${filler.id ?? 'window'} of ${filler.source}`
  return html`<g><title>${slot.label}: ${said}</title><rect class="${sign}" x="${x + 1}" y="${y + 1}" width="${cell - 3}" height="${cell - 3}" rx="3"/>${isDaily ? null : html`<text x="${x}" y="${cell + 11}">${slot.label}</text>`}</g>`
})}
</svg>`,
  ]
}
