import { randomBytes } from 'node:crypto'
import { toolVersion } from '../project-files.ts'
import type { AppQuestion } from './app-question.ts'
import { urlBelow } from './app-settings.ts'
import type { Mask } from './mask.ts'
import { type Authorization, fillIn, needs, type Probe } from './probe-file.ts'
import { type AppRequest, ask, type Reply, type RequestLimits } from './request.ts'
import { signForUpstash } from './upstash.ts'

/** What became of one probe. */
export interface Asked {
  /** With its path filled in. */
  probe: Probe
  /** In order: redirects that were followed, a second key. The last one counts; none when it was not sent. */
  replies: Reply[]
  /** Why it was not sent. */
  unasked: Unasked | null
  /** The first key was refused and the last reply was got with the second one. */
  isSecondKey: boolean
}

export interface Unasked {
  detail: string
  hint: string
}

/** A value that stands in paths and bodies, or why it is not known. */
export type Value = { value: string } | Unasked

/** How far probes may go; tests make it shorter. */
export interface ProbingLimits extends RequestLimits {
  /** For all probes together, in milliseconds. */
  altogether: number
}

const redirects = 5

/** What probes take unless told. @param seconds for one request */
export function probingLimits(seconds = 15): ProbingLimits {
  return { milliseconds: seconds * 1000, bytes: 1_048_576, altogether: 300_000 }
}

/**
 * Asks the probes one after the other, in their order. Never rejects. When nothing can be reached, the rest is not asked.
 * @param values by name, for {name} in paths and bodies; marker is one of them
 */
export async function askProbes(
  app: AppQuestion,
  values: Record<string, Value>,
  mask: Mask,
  limits: ProbingLimits,
): Promise<Asked[]> {
  const end = performance.now() + limits.altogether
  const asked: Asked[] = []
  for (const probe of app.probes.probes) {
    const broken = asked.find(({ replies }) => replies.at(-1)?.problem?.isUnreachable === true)
    if (broken !== undefined) {
      const { problem } = broken.replies.at(-1) as Reply
      asked.push(unasked(probe, `${broken.probe.name} did not reach the app: ${problem?.text}`, problem?.hint ?? ''))
    } else if (performance.now() > end) {
      const seconds = limits.altogether / 1000
      asked.push(unasked(probe, `the probes took over ${seconds} s`, 'Look at the load and the log of the app.'))
    } else asked.push(await askProbe(app, probe, values, mask, limits))
  }
  return asked
}

async function askProbe(
  app: AppQuestion,
  raw: Probe,
  values: Record<string, Value>,
  mask: Mask,
  limits: RequestLimits,
): Promise<Asked> {
  const known: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) {
    if ('value' in value) known[name] = value.value
    else if (needs(raw, name)) return unasked(raw, value.detail, value.hint)
  }
  const probe = { ...raw, path: fillIn(raw.path, known, encodeURIComponent) }
  const body =
    probe.body === undefined
      ? undefined
      : fillIn(JSON.stringify(probe.body), known, (value) => JSON.stringify(value).slice(1, -1))
  const headers: Record<string, string> = {
    'user-agent': `pgdrill/${toolVersion()} (synthetic; ${known['marker']})`,
    'x-pgdrill': known['marker'] ?? '',
    accept: probe.expect.content_type ?? '*/*',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  for (const [header, { env, prefix = '' }] of Object.entries(probe.headers ?? {})) {
    const value = app.ofTarget(env)
    if (value === undefined) return unasked(probe, `${env} is not set`, `Set ${env}: ${probe.name} sends it along.`)
    headers[header.toLowerCase()] = `${prefix}${value}`
  }
  const url = urlBelow(app.url, probe.path)
  const credentials = credentialsOf(app, probe)
  if (!Array.isArray(credentials)) return unasked(probe, credentials.detail, credentials.hint)

  const replies: Reply[] = []
  for (const [index, credential] of credentials.entries()) {
    const name = index === 0 ? probe.name : `${probe.name}_next`
    const sent = { ...headers, ...credential(url.href, body ?? '') }
    const request = { name, method: probe.method, url, headers: sent, body }
    replies.push(...(await askAndFollow(request, probe, limits, mask, app.variable)))
    if (index === 0 && credentials.length > 1 && isRefused(replies.at(-1))) continue
    return { probe, replies, unasked: null, isSecondKey: index > 0 }
  }
  return { probe, replies, unasked: null, isSecondKey: true }
}

function isRefused(reply: Reply | undefined): boolean {
  return reply?.answer.status === 401 || reply?.answer.status === 403
}

/** Follows redirects of the same host where the probe allows any. */
async function askAndFollow(
  first: AppRequest,
  probe: Probe,
  limits: RequestLimits,
  mask: Mask,
  variable: string,
): Promise<Reply[]> {
  const replies: Reply[] = []
  let request = first
  for (;;) {
    const reply = await ask(request, limits, mask, variable)
    replies.push(reply)
    const { location } = reply
    const mayFollow = probe.expect.redirect_to !== undefined && ['GET', 'HEAD'].includes(probe.method)
    if (!mayFollow || location === null || !isSameHost(request.url, location) || replies.length > redirects) {
      return replies
    }
    request = { ...request, name: `${first.name}_${replies.length + 1}`, url: location }
  }
}

/** A host that sends from http to https sends to itself. */
export function isSameHost(from: URL, to: URL): boolean {
  if (from.hostname !== to.hostname) return false
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === ''
  return from.origin === to.origin || isUpgrade
}

type Credential = (url: string, body: string) => Record<string, string>

/** What proves that the probe may do what it asks: with a second key, two. One that sends nothing when none is wanted. */
function credentialsOf(app: AppQuestion, probe: Probe): Credential[] | Unasked {
  const ways = probe.authorization
  if (ways === undefined) return [() => ({})]
  // Made with a key that nobody has.
  if (probe.is_forged) return [credential(ways[0] as Authorization, randomBytes(24).toString('hex'))]
  for (const way of ways) {
    const key = app.ofTarget(way.env)
    if (key === undefined) continue
    const next = way.type === 'upstash' && way.next_env !== undefined ? app.ofTarget(way.next_env) : undefined
    return [key, ...(next === undefined ? [] : [next])].map((one) => credential(way, one))
  }
  const names = ways.map(({ env }) => env).join(' or ')
  return {
    detail: `no key is configured: ${names}`,
    hint: `Set ${names} to that of the restored app, in the environment or in .env; with the target's name in front it is for this target alone.`,
  }
}

function credential(way: Authorization, key: string): Credential {
  return way.type === 'upstash'
    ? (url, body) => ({ 'upstash-signature': signForUpstash(key, url, body, Date.now()) })
    : () => ({ [way.header.toLowerCase()]: `${way.prefix ?? ''}${key}` })
}

function unasked(probe: Probe, detail: string, hint: string): Asked {
  return { probe, replies: [], unasked: { detail, hint }, isSecondKey: false }
}
