import { CouldNotVerify } from '../could-not-verify.ts'
import { type Inventory, mostBackups } from './inventory.ts'
import { parseJsonText } from './json-text.ts'
import { readSupabase } from './supabase.ts'

/** Where the Management API is; SUPABASE_API_URL in the environment names another place, for tests and proxies. */
const publicApi = 'https://api.supabase.com'
const mostBytes = 16 * 1024 * 1024

/**
 * Asks Supabase for the backups of a project: one GET, nothing else.
 * @param project its reference, as in the address of its dashboard
 * @param environment has SUPABASE_ACCESS_TOKEN
 * @throws CouldNotVerify with what to do when there is no token, no answer, or a refusal; the token is in no message
 */
export async function askSupabase(project: string, environment: NodeJS.Dict<string>): Promise<Inventory[]> {
  if (!/^[a-z0-9]{8,40}$/.test(project)) {
    throw new CouldNotVerify(
      `${JSON.stringify(project)} is not the reference of a project`,
      'It is the part of the dashboard address behind /project/, such as abcdefghijklmnopqrst.',
    )
  }
  const token = environment['SUPABASE_ACCESS_TOKEN']?.trim()
  if (token === undefined || token === '') {
    throw new CouldNotVerify(
      'SUPABASE_ACCESS_TOKEN is not set',
      'Make an access token in the Supabase dashboard and put it into the environment, never on the command line.',
    )
  }
  const url = new URL(`/v1/projects/${project}/database/backups`, apiOf(environment['SUPABASE_API_URL']))
  const origin = `Supabase (${url.host})`
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      // A redirect would carry the token elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    })
    text = await bodyOf(response, origin)
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    const cause = (error as { cause?: { code?: string } }).cause?.code
    const why = (error as Error).name === 'TimeoutError' ? 'no answer in 30 seconds' : (cause ?? 'the request failed')
    throw new CouldNotVerify(
      `${origin} cannot be asked: ${why}`,
      'Check the network; or save the answer and give it as a file.',
    )
  }
  if (response.status !== 200) throw refusal(origin, response, project)
  return readSupabase(parseJsonText(text, origin, mostBackups), origin, project)
}

function apiOf(given: string | undefined): URL {
  const text = given === undefined || given === '' ? publicApi : given
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLoopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (
    url === undefined ||
    url.username !== '' ||
    !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))
  ) {
    throw new CouldNotVerify('SUPABASE_API_URL is no https address', 'Leave it unset to ask Supabase itself.')
  }
  return url
}

async function bodyOf(response: Response, origin: string): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > mostBytes) throw new CouldNotVerify(`${origin} answers with more than ${mostBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function refusal(origin: string, response: Response, project: string): CouldNotVerify {
  const { status } = response
  if (status === 401) {
    return new CouldNotVerify(`${origin} does not accept the token (401)`, 'Make a new SUPABASE_ACCESS_TOKEN.')
  }
  if (status === 403 || status === 404) {
    return new CouldNotVerify(
      `${origin} does not let this token see the project ${project} (${status})`,
      'Check the reference, and that the token is of a member of its organisation.',
    )
  }
  if (status === 429) {
    const wait = response.headers.get('retry-after')
    const again = wait !== null && /^\d{1,5}$/.test(wait) ? `Try again in ${wait} seconds.` : 'Try again in a minute.'
    return new CouldNotVerify(`${origin} refuses for now: too many requests (429)`, again)
  }
  return new CouldNotVerify(
    `${origin} answers with status ${status}`,
    'Try again later; or give a saved answer as a file.',
  )
}
