import type { CDPSession, Response } from 'playwright-core'
import type { ProbeAnswer } from './answer.ts'
import type { AppQuestion } from './app-question.ts'
import { isSameHost } from './ask-probes.ts'
import type { Mask } from './mask.ts'
import type { Problem } from './problem.ts'
import { bare } from './request.ts'

/** What a browser saw of a page. Texts are cut and masked; addresses have no query. */
export interface Visit {
  /** Where it ended. */
  url: URL
  status: number | null
  title: string
  headings: string
  /** What a person reads. */
  text: string
  consoleErrors: string[]
  /** Exceptions that nobody caught. */
  pageErrors: string[]
  /** Requests without an answer, and answers from 400 on: address and why. */
  failedRequests: string[]
  /** The same for answers from 500 on, of the app's own host. */
  serverErrors: string[]
  /** Requests to production's app, none of which was let through. */
  toProduction: string[]
}

/** A visit, or why there was none, with what may be kept of it. */
export interface PageVisit {
  answer: ProbeAnswer
  visit: Visit | null
  problem: Problem | null
  /** PNG; null when none could be made. */
  screenshot: Uint8Array | null
}

const most = 50
const longest = 500

// As few connections of its own as Chromium can be brought to: it would look for updates and Google's hosts.
const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Opens a page in the installed browser, with a new profile, waits until it is quiet and takes a screenshot. Nothing reaches
 * production's app. Never rejects.
 * @param headers sent to the app's own host alone
 * @param milliseconds for the page to load
 */
export async function visitPage(
  app: AppQuestion,
  url: URL,
  headers: Record<string, string>,
  mask: Mask,
  milliseconds: number,
): Promise<PageVisit> {
  const askedAt = new Date().toISOString()
  const start = performance.now()
  let visit: Visit | null = null
  let screenshot: Uint8Array | null = null
  let problem: Problem | null = null
  try {
    ;({ visit, screenshot } = await browse(app, url, headers, mask, milliseconds))
  } catch (error) {
    problem = problemOf(error, milliseconds)
  }
  const kept = visit === null ? null : JSON.stringify({ ...visit, url: mask(bare(visit.url)) }, null, 2)
  return {
    answer: {
      name: 'browser',
      method: 'GET',
      url: mask(bare(url)),
      asked_at: askedAt,
      milliseconds: Math.round(performance.now() - start),
      status: visit?.status ?? null,
      content_type: null,
      redirected_to: visit === null || bare(visit.url) === bare(url) ? null : mask(bare(visit.url)),
      body: kept,
      is_body_cut: false,
      problem: problem?.text ?? null,
    },
    visit,
    problem,
    screenshot,
  }
}

async function browse(
  app: AppQuestion,
  url: URL,
  headers: Record<string, string>,
  mask: Mask,
  milliseconds: number,
): Promise<{ visit: Visit; screenshot: Uint8Array | null }> {
  // Loaded when it is asked for: it is no dependency.
  const { chromium } = await import('playwright-core')
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    executablePath: app.browser as string,
    chromiumSandbox: !isRoot,
    args: [...flags, ...(app.production === undefined ? [] : [withoutHost(app.production)])],
    timeout: 30_000,
  })
  try {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      serviceWorkers: 'block',
      acceptDownloads: false,
    })
    const page = await context.newPage()
    const seen = {
      consoleErrors: [],
      pageErrors: [],
      failedRequests: [],
      serverErrors: [],
      toProduction: [],
    } as Record<'consoleErrors' | 'pageErrors' | 'failedRequests' | 'serverErrors' | 'toProduction', string[]>
    const note = (list: string[], text: string) => {
      const line = mask(text).slice(0, longest)
      if (list.length < most && !list.includes(line)) list.push(line)
    }
    const shown = (address: string) => (URL.canParse(address) ? bare(new URL(address)) : address.slice(0, 40))
    const isOwn = (address: string) => URL.canParse(address) && isSameHost(url, new URL(address))
    if (Object.keys(headers).length > 0) await sendAlong(await context.newCDPSession(page), url.origin, headers)
    page.on('request', (request) => {
      const target = URL.canParse(request.url()) ? new URL(request.url()) : undefined
      if (target?.host === app.production?.host && target !== undefined) note(seen.toProduction, shown(request.url()))
    })
    page.on('console', (message) => {
      // Requests that fail are told below, with their address.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        note(seen.consoleErrors, message.text())
      }
    })
    page.on('pageerror', (error) => note(seen.pageErrors, error.message))
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'failed'
      // Pages take back what they do not need any more.
      if (why !== 'net::ERR_ABORTED') note(seen.failedRequests, `${shown(request.url())}: ${why}`)
    })
    page.on('response', (response) => {
      if (response.status() < 400 || response.url().endsWith('/favicon.ico')) return
      const line = `${shown(response.url())}: ${response.status()}`
      note(seen.failedRequests, line)
      if (response.status() >= 500 && isOwn(response.url())) note(seen.serverErrors, line)
    })
    let response: Response | null
    try {
      response = await page.goto(url.href, { waitUntil: 'load', timeout: milliseconds })
    } catch (error) {
      if (seen.toProduction.length === 0) throw error
      // Sent to production, which is not known there: that is what was seen.
      return { visit: { url, status: null, title: '', headings: '', text: '', ...seen }, screenshot: null }
    }
    // Some pages are never quiet.
    await page.waitForLoadState('networkidle', { timeout: Math.min(5_000, milliseconds) }).catch(() => {})
    const read = (await page.evaluate(`({
      title: document.title,
      headings: [...document.querySelectorAll('h1, h2')].map((one) => one.innerText).join(' '),
      text: document.body === null ? '' : document.body.innerText,
    })`)) as { title: string; headings: string; text: string }
    const screenshot = await page.screenshot({ timeout: 10_000 }).catch(() => null)
    const cut = (text: string) => mask(text.slice(0, 4096))
    return {
      visit: {
        url: new URL(page.url()),
        status: response?.status() ?? null,
        title: cut(read.title),
        headings: cut(read.headings),
        text: cut(read.text),
        ...seen,
      },
      screenshot,
    }
  } finally {
    await browser.close().catch(() => {})
  }
}

/**
 * Adds headers to requests of one origin. Asked of the browser itself: what Playwright adds to a request goes along to
 * wherever that is redirected, secrets and all.
 */
async function sendAlong(session: CDPSession, origin: string, headers: Record<string, string>): Promise<void> {
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    const all = Object.entries({ ...request.headers, ...headers }).map(([name, value]) => ({ name, value }))
    // The page may be gone by now.
    session.send('Fetch.continueRequest', { requestId, headers: all }).catch(() => {})
  })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*` }] })
}

/** Keeps the browser from reaching production's app, also by a redirect: its name is not known there. */
function withoutHost({ hostname, port }: URL): string {
  const ports = port === '' ? ['80', '443'] : [port]
  return `--host-resolver-rules=${ports.map((one) => `MAP ${hostname}:${one} ~NOTFOUND`).join(', ')}`
}

function problemOf(error: unknown, milliseconds: number): Problem {
  // The rest of the message is a log of what the browser was told.
  const message = ((error as Error).message ?? '').split('\n')[0] ?? ''
  const network = /net::(ERR_\w+)/.exec(message)?.[1]
  if (network !== undefined) {
    return {
      text: `the browser could not open the page (${network})`,
      hint: 'Look at the other rows of the app, and at the address.',
      isUnreachable: true,
    }
  }
  if ((error as Error).name === 'TimeoutError') {
    return {
      text: `the page did not load within ${milliseconds / 1000} s`,
      hint: 'Look at the load and the log of the app; timeout_seconds of the probes gives it up to 60, and the browser twice that.',
      isUnreachable: false,
    }
  }
  return {
    text: `the browser could not be used: ${message.replace(/^browserType\.launch: /, '').slice(0, 200)}`,
    hint: 'Try the program by hand: it must be a Chrome or Chromium that starts here. CHROME_BIN names another one.',
    isUnreachable: false,
  }
}
