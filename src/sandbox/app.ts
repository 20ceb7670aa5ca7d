// The sandbox's own application, as small as can be and real all the same: what it answers depends on the database that it
// is connected to. It answers as OpsMantik does, and knows how to do it wrong.

import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sql } from 'postgres'
import type { Cluster } from './cluster.ts'

/** Ways in which the app can be wrong, each with what it imitates. */
export const appFaults = {
  'worker-open': 'a worker that asks nobody for a signature',
  'worker-believes': 'a worker that looks whether there is a signature, and not whether it is right',
  'health-lying': 'a health that says ok without asking the database',
  'health-without-database': 'an app that does not reach its database',
  'sync-degraded': 'a queue that does not take the work',
  'sync-broken': 'an ingestion that fails',
  'page-broken': 'a page that ends in a server error',
  'page-error': 'an error page with status 200',
} as const
export type AppFault = keyof typeof appFaults

export interface AppKeys {
  current: string
  next: string
}

export interface SandboxApp {
  url: string
  keys: AppKeys
  /** What was queued and not worked on yet: the labels of the events. */
  queue: string[]
  close(): Promise<void>
}

interface Answer {
  status: number
  type?: 'application/json' | 'text/html; charset=utf-8'
  location?: string
  body: string
}

/** Makes keys in the form of QStash's. */
export function makeAppKeys(): AppKeys {
  const key = () => `sig_${randomBytes(20).toString('base64url')}`
  return { current: key(), next: key() }
}

/**
 * Starts the app on a database of a sandbox cluster, on a free port of the loopback. It connects for each request alone: a
 * client that stayed would be one more thing that the copy has and a restored one has not.
 */
export async function startSandboxApp(
  cluster: Cluster,
  database: string,
  options: { keys?: AppKeys; fault?: AppFault | undefined } = {},
): Promise<SandboxApp> {
  const { keys = makeAppKeys(), fault } = options
  const queue: string[] = []
  let origin = ''
  const server = createServer((request, response) => {
    const answering = readBody(request).then(async (body) => {
      const sql = cluster.connect(database)
      try {
        return await route(request, body, { sql, keys, fault, queue, origin })
      } finally {
        await sql.end()
      }
    })
    answering
      .catch((): Answer => page(500, 'Internal Server Error', ''))
      .then(({ status, type = 'application/json', location, body }) => {
        response.writeHead(status, { 'content-type': type, ...(location === undefined ? {} : { location }) })
        response.end(body)
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // It must not keep the program alive that started it.
  server.unref()
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: origin,
    keys,
    queue,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

interface Context {
  sql: Sql
  keys: AppKeys
  fault: AppFault | undefined
  queue: string[]
  origin: string
}

async function route(request: IncomingMessage, body: string, context: Context): Promise<Answer> {
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  const what = `${request.method} ${path}`
  if (what === 'GET /api/health') return await health(context)
  if (what === 'POST /api/sync') return await sync(body, context)
  if (what === 'POST /api/sync/worker') return worker(request, body, context)
  if (what === 'GET /login') return page(200, 'Log in', '<form><label>E-mail <input name="email"></label></form>')
  const id = /^GET \/dashboard\/site\/([^/]+)$/.exec(what)?.[1]
  return id === undefined ? page(404, 'Not found', '') : await dashboard(decodeURIComponent(id), context)
}

async function health({ sql, fault }: Context): Promise<Answer> {
  let isReached = fault === 'health-lying'
  if (fault !== 'health-lying' && fault !== 'health-without-database') {
    isReached = await sql`select from public.sites limit 1`.then(
      () => true,
      () => false,
    )
  }
  // As many do: the status says that the app runs, the body what it reaches.
  return json(200, { ok: isReached, ts: new Date().toISOString(), db_ok: isReached })
}

async function sync(body: string, { sql, fault, queue }: Context): Promise<Answer> {
  if (fault === 'sync-broken') return json(500, { ok: false, error: 'the queue cannot be reached' })
  const event = parse(body) as { site_id?: unknown; label?: unknown } | undefined
  if (typeof event?.site_id !== 'string') return json(400, { ok: false, error: 'no site_id' })
  const sites = await sql`select from public.sites where public_id = ${event.site_id}`
  if (sites.length === 0) return json(404, { ok: false, error: 'no such site' })
  const isQueued = fault !== 'sync-degraded'
  if (isQueued) queue.push(String(event.label))
  return json(200, { ok: true, score: 0, status: isQueued ? 'queued' : 'degraded', ingest_id: randomUUID() })
}

function worker(request: IncomingMessage, body: string, { keys, fault, queue, origin }: Context): Answer {
  const signature = request.headers['upstash-signature']
  const isSigned =
    fault === 'worker-open' ||
    (typeof signature === 'string' &&
      (fault === 'worker-believes' ||
        [keys.current, keys.next].some((key) => isRightSignature(signature, key, `${origin}${request.url}`, body))))
  if (!isSigned) return json(401, { ok: false, error: 'no right signature' })
  const event = parse(body) as { label?: unknown; metadata?: { pgdrill?: unknown } } | undefined
  // An event of a drill is worked on and not kept: nobody did that.
  const index = queue.indexOf(String(event?.label))
  if (index >= 0) queue.splice(index, 1)
  return json(200, { ok: true, is_synthetic: event?.metadata?.pgdrill !== undefined })
}

/** Checks what QStash signs: https://upstash.com/docs/qstash/howto/signature. */
function isRightSignature(token: string, key: string, url: string, body: string): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const right = createHmac('sha256', key).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  if (given.length !== right.length || !timingSafeEqual(given, right)) return false
  const claims = parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown> | undefined
  const hash = createHash('sha256').update(body).digest('base64url')
  const now = Date.now() / 1000
  return (
    claims?.['iss'] === 'Upstash' &&
    claims['sub'] === url &&
    Number(claims['nbf']) <= now &&
    Number(claims['exp']) > now &&
    String(claims['body']).replace(/=+$/, '') === hash
  )
}

async function dashboard(id: string, { sql, fault }: Context): Promise<Answer> {
  if (fault === 'page-broken') return page(500, 'Internal Server Error', '')
  if (fault === 'page-error') return page(200, 'Application error: a server-side exception has occurred', '')
  const sites = await sql`select from public.sites where public_id = ${id}`
  if (sites.length === 0) return page(404, 'This page could not be found', '')
  return { ...page(302, 'Log in', ''), location: `/login?next=${encodeURIComponent(`/dashboard/site/${id}`)}` }
}

function page(status: number, title: string, content: string): Answer {
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"></head><body><h1>${title}</h1>${content}</body></html>`
  return { status, type: 'text/html; charset=utf-8', body }
}

function json(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
