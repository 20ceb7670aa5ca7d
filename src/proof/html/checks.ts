import type { CheckResult, CheckStatus } from '../../database/contract.ts'
import { byFamily, type Family, families } from '../../rules/families.ts'
import { group } from '../../rules/wording.ts'
import { guardsText } from '../guards-text.ts'
import type { Proof } from '../proof.ts'
import { countedWords, statusOrder, statusWords, valueText, worstFirst } from '../statuses.ts'
import { answerList, screenshots } from './application.ts'
import { type Html, html } from './tag.ts'

/** Of one family: beyond these a browser gets slow; proof.json has them all. */
const mostFindings = 500
const mostQuiet = 400

/** Every check by family; families with failures first, in each the failures first. */
export function checksSection(proof: Proof): Html {
  const { results } = proof.verification
  const found = byFamily(results)
  if (!found.some(([family]) => family === 'application') && proof.verification.answers.length > 0) {
    found.push(['application', []])
  }
  const badness = ([, rows]: [Family, CheckResult[]]) =>
    rows.some((row) => row.status === 'fail') ? 0 : rows.some((row) => row.status === 'error') ? 1 : 2
  const ordered = [...found].sort((a, b) => badness(a) - badness(b))
  return html`<section id="checks">
<h2>Every check</h2>
${ordered.map(([family, rows]) => familyBlock(family, rows, proof))}
</section>`
}

function familyBlock(family: Family, rows: readonly CheckResult[], proof: Proof): Html {
  const isQuiet = ({ status }: CheckResult) => status === 'pass' || status === 'skip'
  const findings = worstFirst(rows.filter((row) => !isQuiet(row)))
  const quiet = rows.filter(isQuiet)
  return html`<div class="family"><div class="head"><h3>${families[family]}</h3><span class="small muted">${tally(rows)}</span></div>
${findings.slice(0, mostFindings).map(finding)}
${rest(findings.length - mostFindings, 'findings')}
${quiet.length === 0 ? null : quietList(quiet)}
${
  family === 'guards'
    ? html`<details><summary>The SQL and its output</summary><pre>${firstLines(guardsText(proof.verification))}</pre></details>`
    : null
}
${family === 'application' ? answerList(proof.verification.answers) : null}${family === 'application' ? screenshots(proof.attachments) : null}</div>`
}

function finding(row: CheckResult): Html {
  const values: [string, string][] = [
    ['expected', valueLines(row.expected)],
    ['actual', valueLines(row.actual)],
  ]
  return html`<article class="finding ${row.status}"><h4>${badge(row.status)}<code>${row.check_name}</code>${
    row.object_name === null ? null : html`<code>${row.object_name}</code>`
  }</h4><p>${row.detail}</p><dl>${values.flatMap(([name, value]) =>
    value === '' ? [] : [html`<dt>${name}</dt><dd class="mono">${value}</dd>`],
  )}${row.hint === null ? null : html`<dt>to do</dt><dd class="todo">${row.hint}</dd>`}</dl></article>`
}

/** The parts of a value on a line each. */
function valueLines(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return valueText(value)
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${valueText(part ?? 'null', 1000)}`)
    .join('\n')
}

function quietList(rows: readonly CheckResult[]): Html {
  const shown = rows.slice(0, mostQuiet)
  return html`<details><summary>${tally(rows)}</summary><ul class="rows">${shown.map(
    (row) =>
      html`<li>${row.status === 'skip' ? html`<span class="muted">not applicable</span> ` : null}<code>${row.check_name}</code> ${row.detail}</li>`,
  )}</ul>${rest(rows.length - mostQuiet, 'rows')}</details>`
}

function badge(status: CheckStatus): Html {
  return html`<span class="badge ${status}">${statusWords[status]}</span>`
}

function tally(rows: readonly CheckResult[]): string {
  return statusOrder
    .map((status) => [status, rows.filter((row) => row.status === status).length] as const)
    .flatMap(([status, number]) => (number === 0 ? [] : [`${group(number)} ${countedWords(status, number)}`]))
    .join(', ')
}

function rest(number: number, noun: string): Html | null {
  return number > 0
    ? html`<p class="small muted">And ${group(number)} more ${noun}: proof.json has them all.</p>`
    : null
}

function firstLines(text: string): string {
  const lines = text.split('\n')
  return lines.length <= 500
    ? text
    : `${lines.slice(0, 500).join('\n')}\n... and ${group(lines.length - 500)} more lines: guards.txt has them all`
}
