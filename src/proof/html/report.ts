import type { CheckStatus } from '../../database/contract.ts'
import { group } from '../../rules/wording.ts'
import { outcomeOf, outcomeWords } from '../outcome.ts'
import { type Proof, proofId } from '../proof.ts'
import { countedWords, statusOrder } from '../statuses.ts'
import { checksSection } from './checks.ts'
import { countsSection } from './counts.ts'
import { htmlPage } from './page.ts'
import { environmentSection, followUpsSection, notVerifiedSection } from './rest.ts'
import { type Html, html } from './tag.ts'
import { timesSection } from './times.ts'

/** The proof as one HTML file that needs nothing else: for a browser, a phone and paper. */
export function reportHtml(proof: Proof): string {
  const { status } = outcomeOf(proof)
  const body = html`${
    proof.verification.target.is_sandbox
      ? html`<p class="rehearsal">This ran on the sandbox. It is a rehearsal and never counts as a drill.</p>`
      : null
  }
${verdictHeader(proof)}
<main>
${timesSection(proof)}
${countsSection(proof)}
${checksSection(proof)}
${notVerifiedSection(proof)}
${followUpsSection(proof)}
${environmentSection(proof)}
</main>
<footer>Written by pgdrill ${proof.verification.tool_version} from proof.json; SHA256SUMS names every file of this proof with its hash.</footer>`
  return htmlPage(`${outcomeWords[status]}: ${titleOf(proof)}`, body)
}

function titleOf(proof: Proof): string {
  const { drill, verification } = proof
  return drill === null
    ? `verification of ${verification.target.name}`
    : `drill ${drill.ticket} into ${drill.target_name}`
}

function verdictHeader(proof: Proof): Html {
  const { status, reason } = outcomeOf(proof)
  const { counts } = proof.verification.verdict
  const classes: Record<CheckStatus, string> = {
    fail: 'fail',
    error: 'error',
    waived: 'waived',
    warn: 'warn',
    skip: 'skip',
    pass: 'pass',
  }
  return html`<header class="verdict ${status}">
<p class="above">${titleOf(proof)} · ${proofId(proof)}</p>
<h1>${outcomeWords[status]}</h1>
<p class="why">${sentence(reason)}</p>
<div class="pills">${statusOrder.flatMap((one) =>
    counts[one] === 0
      ? []
      : [
          html`<span class="pill ${classes[one]}"><b>${group(counts[one])}</b> ${countedWords(one, counts[one])}</span>`,
        ],
  )}</div>
</header>`
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
