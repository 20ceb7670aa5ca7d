import type { CheckResult } from '../database/contract.ts'
import type { Asked } from '../probes/ask-probes.ts'
import type { Probe } from '../probes/probe-file.ts'
import type { Reply } from '../probes/request.ts'
import { errorWordOf, pageText } from './error-page.ts'

/** What a judgement adds to the row of its probe. */
type Judgement = Pick<CheckResult, 'status' | 'detail' | 'hint' | 'expected' | 'actual'>

/** How deep an answer in JSON is looked into for a value to be shown, in characters. */
const shown = 120

/**
 * The row of one probe: what was asked for, what came, what to do. No answer, or no way to ask, is an error: it was not
 * looked at. Secrets in it are masked by the caller.
 */
export function judgeProbe(asked: Asked): CheckResult {
  const { probe, replies, unasked } = asked
  const row = { check_name: probe.check, object_name: probe.name }
  const what = `${probe.name}: ${probe.method} ${probe.path}`
  const expected = expectationOf(probe)
  const reply = replies.at(-1)
  if (unasked !== null || reply === undefined) {
    const { detail, hint } = unasked ?? { detail: 'it was not asked', hint: '' }
    return { ...row, status: 'error', detail: `${what} was not asked: ${detail}`, hint, expected, actual: null }
  }
  if (reply.problem !== null) {
    const status = reply.answer.status
    const actual = status === null ? reply.problem.text : `${status}, then: ${reply.problem.text}`
    return {
      ...row,
      status: 'error',
      detail: `${what}: ${reply.problem.text}`,
      hint: reply.problem.hint,
      expected,
      actual,
    }
  }
  const judgement = judgeReply(asked, reply)
  return { ...row, ...judgement, detail: `${what} ${judgement.detail}` }
}

function judgeReply(asked: Asked, reply: Reply): Judgement {
  const { probe, replies } = asked
  const { answer } = reply
  const status = answer.status ?? 0
  const fail = (detail: string, hint: string, expected: unknown, actual: unknown): Judgement => {
    return { status: 'fail', detail, hint, expected, actual }
  }
  if (status >= 300 && status <= 399 && !probe.expect.status.includes(status)) return judgeRedirect(asked, reply)
  if (!probe.expect.status.includes(status)) {
    const sentTo = replies.length > 1 ? ` at ${answer.url}` : ''
    return fail(`answered ${status}${sentTo}`, hintFor(probe, status), expectationOf(probe), status)
  }
  const wrongPlace = replies.length > 1 ? placeProblem(probe, replies) : undefined
  if (wrongPlace !== undefined) {
    return fail(
      `was sent to ${answer.url}, which is neither the page nor a login`,
      'Look where the app sends those who are not logged in; its words are in redirect_to of the probes.',
      probe.expect.redirect_to,
      wrongPlace,
    )
  }
  const type = probe.expect.content_type
  if (type !== undefined && !(answer.content_type ?? '').toLowerCase().startsWith(type.toLowerCase())) {
    const isHtml = /html/i.test(answer.content_type ?? '') || /^\s*<(!doctype|html)/i.test(reply.text ?? '')
    return fail(
      `answered ${status} with ${isHtml ? 'HTML' : (answer.content_type ?? 'no content type')} instead of ${type}`,
      isHtml
        ? 'Something else answers in place of the app: a login page, an error page, or the front end for every path. Look at the body in the proof.'
        : 'Look at the body in the proof.',
      type,
      answer.content_type,
    )
  }
  return judgeBody(asked, reply)
}

function judgeRedirect({ probe, replies }: Asked, reply: Reply): Judgement {
  const { answer, location } = reply
  const expected = expectationOf(probe)
  const fail = (detail: string, hint: string): Judgement => {
    return {
      status: 'fail',
      detail,
      hint,
      expected,
      actual: answer.redirected_to ?? `${answer.status} without a place`,
    }
  }
  if (location === null) {
    return fail(`answered ${answer.status} without saying where to go`, 'Look at the log of the app.')
  }
  if (reply.url.hostname !== location.hostname || probe.expect.redirect_to === undefined) {
    const isOther = reply.url.hostname !== location.hostname
    return fail(
      `is sent ${isOther ? 'to another host' : 'elsewhere'}: ${answer.redirected_to}`,
      isOther
        ? 'It was not followed. Look at the addresses that the restored app is configured with: they may be those of production.'
        : 'Look at the address of the app, and whether a login or a maintenance page stands in front of it.',
    )
  }
  if (replies.length > 5) {
    return fail(
      `is sent on and on, at last to ${answer.redirected_to}`,
      'Look at the redirects and the cookies of the app.',
    )
  }
  return fail(
    `is sent to another port or protocol: ${answer.redirected_to}`,
    'Look at the addresses that the restored app is configured with.',
  )
}

/** Where it ended, when that is neither the page (at most with a language in front) nor one of the allowed places. */
function placeProblem(probe: Probe, replies: readonly Reply[]): string | undefined {
  const pathOf = (reply: Reply | undefined) => (reply?.url.pathname ?? '').replace(/\/+$/, '').toLowerCase()
  const [asked, ended] = [pathOf(replies[0]), pathOf(replies.at(-1))]
  const isAllowed = (probe.expect.redirect_to ?? []).some((word) => hasPart(ended, word.toLowerCase()))
  return isAllowed || ended.endsWith(asked) ? undefined : ended
}

/** Whether a path has a word as a part of its own: /auth/login has auth, /unauthorized and /author do not. */
function hasPart(path: string, word: string): boolean {
  const pieces = path.split(word.startsWith('/') ? word : `/${word}`)
  return pieces.slice(1).some((rest) => !/^\p{L}/u.test(rest))
}

function judgeBody({ probe, isSecondKey }: Asked, reply: Reply): Judgement {
  const { answer, text } = reply
  const { json, text_absent: unwanted, content_type: type } = probe.expect
  const values: string[] = []
  let warning: Judgement | undefined
  if (json !== undefined) {
    let document: unknown
    try {
      document = JSON.parse(text ?? '')
    } catch {
      const body = text === null ? 'nothing to read' : reply.isCut ? 'over a mebibyte, which is not read' : 'no JSON'
      return {
        status: 'fail',
        detail: `answered ${answer.status} with ${body}`,
        hint: 'Look at the body in the proof, and at the log of the app.',
        expected: 'JSON',
        actual: text === null ? null : text.slice(0, shown),
      }
    }
    for (const { path, equals, warn_on: warnings } of json) {
      const value = valueAt(document, path)
      values.push(`${path} ${JSON.stringify(equals)}`)
      if (value === equals) continue
      const judgement: Judgement = {
        status: warnings?.some((one) => one === value) ? 'warn' : 'fail',
        detail: `answered ${answer.status}, but ${path} is ${brief(value)}`,
        hint: hintForValue(probe),
        expected: { [path]: equals },
        actual: { [path]: ['boolean', 'number'].includes(typeof value) ? value : brief(value) },
      }
      if (judgement.status === 'fail') return judgement
      warning ??= judgement
    }
  }
  if (unwanted !== undefined || type?.includes('html')) {
    const problem = judgePage(reply, unwanted ?? [])
    if (problem !== undefined) return problem
  }
  if (warning !== undefined) return warning
  const said = values.length > 0 ? `, ${values.join(', ')}` : ''
  const place = reply.answer.name === probe.name || isSecondKey ? '' : ` at ${answer.url}`
  if (isSecondKey) {
    return {
      status: 'warn',
      detail: `answered ${answer.status} to the next signing key only: the current one was refused`,
      hint: 'Give the app and pgdrill the same current key: keys were rotated in between.',
      expected: 'accepted with the current key',
      actual: 'accepted with the next key',
    }
  }
  return {
    status: 'pass',
    detail: `${(answer.status ?? 0) >= 400 ? 'was refused with' : 'answered'} ${answer.status}${place}${said}`,
    hint: null,
    expected: expectationOf(probe),
    actual: answer.status,
  }
}

function judgePage({ answer, text }: Reply, unwanted: readonly string[]): Judgement | undefined {
  const isHtml = /html/i.test(answer.content_type ?? '')
  if (text === null || text.trim() === '') {
    return {
      status: 'fail',
      detail: `answered ${answer.status} with an empty page`,
      hint: 'Look at the log of the app.',
      expected: 'a page',
      actual: 'nothing',
    }
  }
  const page = isHtml ? pageText(text) : { title: '', headings: text, text }
  const word = errorWordOf(page, unwanted)
  if (word === undefined) return undefined
  return {
    status: 'fail',
    detail: `answered ${answer.status}, but shows an error page: ${word}`,
    hint: 'Look at the log of the app, and at the page itself: --browser puts a screenshot into the proof.',
    expected: 'a page without an error',
    actual: (page.title || page.headings || page.text).slice(0, shown),
  }
}

function hintFor(probe: Probe, status: number): string {
  if (isRefusalWanted(probe)) {
    return status < 400
      ? 'The worker takes work from anybody: have it check the signature or the secret, and answer 401 or 403 without it.'
      : 'It has to refuse with 401 or 403: another answer does not show that the signature is checked. Look at the log of the app.'
  }
  if (status >= 500) return 'Look at the log of the restored app: it failed.'
  if (probe.authorization !== undefined && (status === 401 || status === 403)) {
    return 'Give the app and pgdrill the same key. A signature is for one address: the app may know itself by another one.'
  }
  if (status === 401 || status === 403) {
    return 'Something refuses before the app answers, such as a login of the hosting: send what it wants as a header of the probes (docs/app.md).'
  }
  if (status === 404 || status === 405) return 'Look whether this is the app, in the version that belongs to the data.'
  return 'Look at the body in the proof, and at the log of the app.'
}

function hintForValue(probe: Probe): string {
  if (probe.check === 'app_health')
    return 'Look at the log of the app: it does not reach its database, or not this one.'
  if (probe.check === 'app_sync')
    return 'Look at the queue of the app: its address and key, and whether it takes messages.'
  return 'Look at the body in the proof, and at the log of the app.'
}

function isRefusalWanted(probe: Probe): boolean {
  return probe.expect.status.every((status) => status === 401 || status === 403)
}

function expectationOf(probe: Probe): unknown {
  const { status, json, redirect_to: places } = probe.expect
  return {
    status,
    ...Object.fromEntries((json ?? []).map(({ path, equals }) => [path, equals])),
    ...(places === undefined ? {} : { or_redirect_to: places }),
  }
}

function valueAt(document: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      document,
    )
}

function brief(value: unknown): string {
  if (value === undefined) return 'not there'
  const text = jsonOf(value)
  return text.length > shown ? `${text.slice(0, shown)} …` : text
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // An answer may be nested deeper than there is stack to walk through it.
    return 'nested too deeply to be shown'
  }
}
