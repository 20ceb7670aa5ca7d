import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ProbeAnswer } from './answer.ts'
import type { Mask } from './mask.ts'
import { type Problem, problemOf } from './problem.ts'

/** One request to the restored app. */
export interface AppRequest {
  name: string
  method: string
  url: URL
  /** May hold secrets: they are sent and kept nowhere. */
  headers: Record<string, string>
  body: string | undefined
}

/** What came back: what may be kept, and what is only judged. */
export interface Reply {
  answer: ProbeAnswer
  /** What was asked, whole. */
  url: URL
  /** The whole body up to the limit, secrets and all; null when there was none, or it is no text. */
  text: string | null
  /** The body was longer than the limit. */
  isCut: boolean
  /** Where a redirect points to, whole; null when there is none, or it is no address. */
  location: URL | null
  problem: Problem | null
}

/** What a request may take. */
export interface RequestLimits {
  /** From the first packet to the end of the body. */
  milliseconds: number
  /** Of the body; the rest is not read. */
  bytes: number
}

/** How much of a body is kept for the proof, in characters. */
const kept = 4096

/**
 * Sends one request and reads the answer. Follows no redirect, keeps no connection and no header. Never rejects: what
 * went wrong is the problem of the reply.
 * @param variable where the address comes from, for the words of a problem
 */
export async function ask(request: AppRequest, limits: RequestLimits, mask: Mask, variable: string): Promise<Reply> {
  const askedAt = new Date().toISOString()
  const start = performance.now()
  const got = await exchange(request, limits, variable)
  const location = locationOf(got.response, request.url)
  const shown = got.text === null ? null : mask(got.text)
  return {
    answer: {
      name: request.name,
      method: request.method,
      url: mask(bare(request.url)),
      asked_at: askedAt,
      milliseconds: Math.round(performance.now() - start),
      status: got.response?.statusCode ?? null,
      content_type: contentType(got.response, mask),
      redirected_to: location === null ? null : mask(bare(location)),
      body: shown === null ? null : shown.slice(0, kept),
      is_body_cut: got.isCut || (got.text?.length ?? 0) > kept,
      problem: got.problem?.text ?? null,
    },
    url: request.url,
    text: got.text,
    isCut: got.isCut,
    location,
    problem: got.problem,
  }
}

/** An address without user, password, query and fragment. */
export function bare(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

interface Exchange {
  response: IncomingMessage | undefined
  text: string | null
  /** The body was longer than the limit. */
  isCut: boolean
  problem: Problem | null
}

function exchange(request: AppRequest, limits: RequestLimits, variable: string): Promise<Exchange> {
  return new Promise((resolve) => {
    const send = request.url.protocol === 'https:' ? requestHttps : requestHttp
    const chunks: Buffer[] = []
    let size = 0
    let response: IncomingMessage | undefined
    let outgoing: ClientRequest
    try {
      outgoing = send(request.url, {
        method: request.method,
        headers: {
          ...request.headers,
          // An answer that is compressed all the same is no text.
          'accept-encoding': 'identity',
          ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
        },
        agent: false,
      })
    } catch (error) {
      // A line end in a value of the environment, say.
      resolve({ response, text: null, isCut: false, problem: problemOf((error as { code?: string }).code, variable) })
      return
    }
    let isOver = false
    const end = (problem: Problem | null, isCut = false) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      outgoing.destroy()
      resolve({ response, text: textOf(response, Buffer.concat(chunks)), isCut, problem })
    }
    const fail = (error: NodeJS.ErrnoException) => end(problemOf(error.code, variable))
    const timer = setTimeout(() => end(tooLong(limits, response !== undefined)), limits.milliseconds)
    outgoing.on('error', fail)
    outgoing.on('upgrade', (incoming) => {
      response = incoming
      end(null)
    })
    outgoing.on('response', (incoming) => {
      response = incoming
      incoming.on('data', (chunk: Buffer) => {
        const room = limits.bytes - size
        chunks.push(chunk.subarray(0, room))
        size += chunk.length
        if (chunk.length > room) end(null, true)
      })
      incoming.on('end', () => end(null))
      incoming.on('error', fail)
      incoming.on('close', () => end(problemOf('ECONNRESET', variable)))
    })
    outgoing.end(request.body)
  })
}

function tooLong({ milliseconds }: RequestLimits, isAnswering: boolean): Problem {
  const seconds = `${milliseconds / 1000} s`
  return {
    text: isAnswering ? `the answer did not end within ${seconds}` : `no answer within ${seconds}`,
    hint: 'Look at the load and the log of the app, and whether it reaches the restored database; timeout_seconds of the probes gives it up to 60.',
    isUnreachable: false,
  }
}

function locationOf(response: IncomingMessage | undefined, base: URL): URL | null {
  const { statusCode = 0, headers } = response ?? { headers: {} }
  if (statusCode < 300 || statusCode > 399 || headers.location === undefined) return null
  try {
    const url = new URL(headers.location, base)
    return /^https?:$/.test(url.protocol) ? url : null
  } catch {
    return null
  }
}

function contentType(response: IncomingMessage | undefined, mask: Mask): string | null {
  const type = response?.headers['content-type']
  return type === undefined ? null : mask(type).slice(0, 200)
}

function textOf(response: IncomingMessage | undefined, bytes: Buffer): string | null {
  const type = response?.headers['content-type'] ?? ''
  const isText = type === '' || /^text\/|[/+](json|xml|javascript|x-www-form-urlencoded)\b/i.test(type)
  const isEncoded = !['', 'identity'].includes(response?.headers['content-encoding'] ?? '')
  if (bytes.length === 0 || !isText || isEncoded || bytes.includes(0)) return null
  return bytes.toString('utf8')
}
