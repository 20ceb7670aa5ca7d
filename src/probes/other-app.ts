import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult } from '../database/contract.ts'
import type { AppQuestion } from './app-question.ts'

/** Resolves a host name to its addresses; as node:dns does. */
export type Resolve = (host: string) => Promise<string[]>

/**
 * Makes sure, before anything is sent, that the app is not production's.
 * @returns the row that says how it was told apart; a warning when production's is not known
 * @throws CouldNotVerify when it is production's, or is served from the same address and port and nobody said that it may
 */
export async function requireOtherApp(app: AppQuestion, resolve: Resolve = addressesOf): Promise<CheckResult> {
  const row = { check_name: 'app', object_name: null, expected: "another app than production's" }
  const { production } = app
  if (production === undefined) {
    return {
      ...row,
      status: 'warn',
      detail: `it is not proven that the app at ${app.url.origin} is not production's: PRODUCTION_APP_URL is not set`,
      hint: 'Set PRODUCTION_APP_URL to the address of the app in production, which is never asked anything.',
      actual: 'not known',
    }
  }
  if (originOf(production) === originOf(app.url)) {
    throw refusal(`${app.variable} is the address of PRODUCTION_APP_URL`)
  }
  if (!app.mayShareAddress && portOf(production) === portOf(app.url)) {
    const shared = await commonAddress(production, app.url, resolve)
    if (shared !== undefined) {
      throw refusal(
        `${app.url.hostname} and ${production.hostname} of PRODUCTION_APP_URL are the same address and port, ${shared}`,
        'Name the restored app. When one server serves both under two names, as shared hosts do, say so: --app-shares-address.',
      )
    }
  }
  return {
    ...row,
    status: 'pass',
    detail: `the app at ${app.url.origin} is another one than production's at ${production.origin}`,
    hint: null,
    actual: app.url.origin,
  }
}

/** Host and port alone: http and https of one host are one app. */
function originOf(url: URL): string {
  const port = url.port === '' ? '' : `:${url.port}`
  return `${hostOf(url)}${port}`
}

function portOf(url: URL): string {
  return url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
}

function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, '').replace(/^\[|\]$/g, '')
}

async function commonAddress(one: URL, other: URL, resolve: Resolve): Promise<string | undefined> {
  const of = async (url: URL) => {
    const host = hostOf(url)
    // A name that is not known reaches nobody, so it is not production's.
    return isIP(host) === 0 ? await resolve(host).catch(() => []) : [host]
  }
  const [ones, others] = await Promise.all([of(one), of(other)])
  return ones.find((address) => others.includes(address))
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function refusal(why: string, hint?: string): CouldNotVerify {
  return new CouldNotVerify(
    `the app is production's and is refused: ${why}`,
    hint ?? 'Name the restored app; pgdrill never treats production as a restore target.',
  )
}
