import type { ProbeAnswer } from '../../probes/answer.ts'
import type { Attachment } from '../../probes/attachment.ts'
import { type Html, html } from './tag.ts'

/** Pictures above this size stay files beside the report, in bytes. */
const largestPicture = 4_000_000

/** What the restored application answered. */
export function answerList(answers: readonly ProbeAnswer[]): Html | null {
  if (answers.length === 0) return null
  return html`<details><summary>What the application answered (${answers.length})</summary>${answers.map(answerBlock)}</details>`
}

function answerBlock(answer: ProbeAnswer): Html {
  const { name, method, url, asked_at, status, problem, milliseconds, body, is_body_cut, redirected_to } = answer
  const said = status === null ? `no answer: ${problem ?? 'unknown'}` : `${status} in ${Math.round(milliseconds)} ms`
  return html`<div class="shot"><p class="small"><b>${name}</b> <code>${method} ${url}</code> at ${asked_at}: ${said}${
    redirected_to === null ? null : html`, redirected to <code>${redirected_to}</code>`
  }</p>${body === null || body === '' ? null : html`<pre>${body}${is_body_cut ? '\n(cut here)' : ''}</pre>`}</div>`
}

/** The pictures among the attachments, inside the report; what is too large, or no picture, by name. */
export function screenshots(attachments: readonly Attachment[]): Html[] {
  return attachments.map(({ path, bytes }) => {
    const type = pictureType(bytes)
    if (type === null || bytes.length > largestPicture)
      return html`<p class="small muted">Beside this report: ${path}</p>`
    const source = `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
    return html`<figure class="shot"><img alt="${path}" src="${source}"><figcaption>${path}</figcaption></figure>`
  })
}

/** By its first bytes: a name proves nothing, and an SVG could hold more than a picture. */
function pictureType(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  if (head === '89504e470d0a1a0a') return 'image/png'
  return head.startsWith('ffd8ff') ? 'image/jpeg' : null
}
