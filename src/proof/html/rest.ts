import { group } from '../../rules/wording.ts'
import { type NotVerified, notVerified } from '../not-verified.ts'
import { type Proof, proofId } from '../proof.ts'
import { type Html, html } from './tag.ts'

const mostRows = 500

/** What this proof says nothing about. */
export function notVerifiedSection(proof: Proof): Html {
  const list = notVerified(proof)
  const needed = list.filter(({ isApplicable }) => isApplicable)
  const rest = list.filter(({ isApplicable }) => !isApplicable)
  return html`<section id="not-verified">
<h2>What was not verified</h2>
${needed.length === 0 ? html`<p class="muted">All that applies was looked at.</p>` : whyTable(needed)}
${rest.length === 0 ? null : html`<details><summary>${rest.length} not applicable</summary>${whyTable(rest)}</details>`}
</section>`
}

function whyTable(list: readonly NotVerified[]): Html {
  return html`<table class="stack"><thead><tr><th>What</th><th>Why</th></tr></thead><tbody>${list
    .slice(0, mostRows)
    .map(
      ({ what, why }) => html`<tr><td class="title">${what}</td><td data-label="Why">${why}</td></tr>`,
    )}</tbody></table>${
    list.length > mostRows
      ? html`<p class="small muted">And ${group(list.length - mostRows)} more: proof.json has them all.</p>`
      : null
  }`
}

/** What is left to do, by whom and until when; notes of those who did the drill. */
export function followUpsSection({ drill, verification }: Proof): Html {
  if (drill === null) {
    const open = verification.verdict.counts.fail + verification.verdict.counts.error
    return html`<section id="follow-ups"><h2>Follow-ups</h2><p class="muted">${
      open === 0
        ? 'None: nothing failed, and all that was asked for was looked at.'
        : `${group(open)} findings are to be followed up. Owners and dates are given in a drill; this was a verification alone.`
    }</p></section>`
  }
  return html`<section id="follow-ups"><h2>Follow-ups</h2>
${
  drill.follow_ups.length === 0
    ? html`<p class="muted">None.</p>`
    : html`<table class="stack"><thead><tr><th>What</th><th>Owner</th><th>Due</th><th>To do</th><th>Note</th></tr></thead><tbody>${drill.follow_ups
        .slice(0, mostRows)
        .map(
          (one) =>
            html`<tr><td class="title"><code>${one.check_name}</code> ${one.detail}</td><td data-label="Owner">${one.owner} <span class="muted">(${one.role.replace('_', ' ')})</span></td><td class="nowrap" data-label="Due">${one.due}</td><td data-label="To do">${one.hint ?? ''}</td><td data-label="Note">${one.note ?? ''}</td></tr>`,
        )}</tbody></table>`
}
${
  drill.notes.length === 0
    ? null
    : html`<h3 style="margin-top:18px">Notes</h3><ul class="rows">${drill.notes.map(
        ({ at, by, text }) => html`<li><span class="muted">${at} ${by}</span> ${text}</li>`,
      )}</ul>`
}</section>`
}

/** Where it ran, with what. */
export function environmentSection(proof: Proof): Html {
  const { verification, drill } = proof
  const { target, baseline } = verification
  const { identity } = target
  const list: [string, string | null | undefined][] = [
    ['Proof', proofId(proof)],
    ['Ticket', drill?.ticket],
    ['DR lead', drill?.owners.lead],
    ['Database owner', drill?.owners.db_owner],
    ['App owner', drill?.owners.app_owner],
    ['Restored by', drill?.method],
    [
      'Proof before this',
      drill === null
        ? null
        : drill.previous === null
          ? 'none'
          : `${drill.previous.drill_id} (sha256 ${drill.previous.proof_sha256})`,
    ],
    ['Target', `${target.name}, ${target.url}`],
    [
      'Server',
      identity === null
        ? 'identity unknown'
        : `PostgreSQL ${identity.server_version}, system ${identity.system_identifier}, timeline ${identity.timeline_id}, started ${identity.started_at}`,
    ],
    ['Clock of the target', drill === null ? null : skew(drill.clock_skew_seconds)],
    ['Clock of production', drill === null ? null : skew(drill.production_clock_skew_seconds)],
    [
      'Baseline',
      baseline === null
        ? 'none'
        : `${baseline.document.baseline_id}, ${baseline.document.captured_at}, LSN ${baseline.document.captured_lsn}, PostgreSQL ${baseline.document.source.server_version} (${baseline.origin})`,
    ],
    ['Application', verification.app_url],
    ['Depth', verification.depth],
    ['Verification', `${verification.verification_id}, ${verification.started_at} to ${verification.finished_at}`],
    ['pgdrill', verification.tool_version],
  ]
  return html`<section id="environment"><h2>Environment and versions</h2><dl class="facts">${list.flatMap(
    ([name, value]) => (value == null ? [] : [html`<dt>${name}</dt><dd>${value}</dd>`]),
  )}</dl></section>`
}

function skew(seconds: number | null): string {
  return seconds === null ? 'not asked' : `${seconds} s ahead of ours`
}
