import { type CompiledQuery, type DatabaseConnection, Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { CouldNotVerify } from '../could-not-verify.ts'
import { describeConnection } from './connection-url.ts'
import { connectionWarnings } from './connection-warnings.ts'
import { openOnce } from './open-once.ts'
import { type Attempt, attemptsOf, mayTryNext, type Transport } from './open-socket.ts'
import type { Target } from './targets.ts'

/** A connection to one database. The tables are not declared: the program calls functions of schema drill. */
export type Database = Kysely<Record<string, never>>

/** How long the database may keep us, and we it. All in milliseconds. */
export interface Limits {
  statementTimeout?: number | undefined
  lockTimeout?: number
  connectTimeout?: number
  /** A restored copy: only read, and what it wrote itself since it runs is no evidence. */
  isCopy?: boolean
  /** What "now" is for the checks (setting drill.now); an ISO timestamp. */
  now?: string | undefined
  /** The moment to which a person restored (setting drill.restore_point); an ISO timestamp. */
  restorePoint?: string | undefined
  /** Cuts the connection off, whatever it is doing. */
  signal?: AbortSignal
}

const oldestServer = 14
/** Milliseconds beyond its timeout in which the server must have said how a statement ended. */
const silence = 15_000

/**
 * Opens one connection, hands it over and closes it again whatever happens.
 * @param use gets the connection, and how it is protected
 * @throws CouldNotVerify when the server cannot be reached, refuses the login, or is too old
 */
export async function withDatabase<T>(
  target: Target,
  limits: Limits,
  use: (database: Database, transport: Transport) => Promise<T>,
): Promise<T> {
  const { client, loss, socket } = await tryEachWay(target, (attempt) => login(target, limits, attempt))
  const dialect = new PostgresJSDialect({ postgres: client, onReserveConnection: async (one) => loss.guard(one) })
  const kysely = new Kysely<Record<string, never>>({ dialect })
  try {
    limits.signal?.addEventListener('abort', loss.happened, { once: true })
    if (limits.signal?.aborted) loss.happened()
    return await Promise.race([use(kysely, socket.transport()), loss.failure])
  } finally {
    limits.signal?.removeEventListener('abort', loss.happened)
    if (loss.error() === undefined) {
      await kysely.destroy()
      // That does nothing where nothing was asked.
      await client.end()
    } else {
      await client.end({ timeout: 0 })
      // A peer that went silent would never close it, and the program would not end.
      socket.destroy()
    }
  }
}

/**
 * Tries plain text and TLS in the order of the target's sslmode, and warns of plain text on a network.
 * @param connect makes a connection in one of these ways
 * @throws CouldNotVerify when none of them leads to the server
 */
export async function tryEachWay<C extends { socket: { transport: () => Transport } }>(
  target: Target,
  connect: (attempt: Attempt) => Promise<C>,
): Promise<C> {
  const failures = new Map<Attempt, unknown>()
  for (const attempt of attemptsOf(target.connection)) {
    try {
      const connected = await connect(attempt)
      warnOfPlainText(target, connected.socket.transport())
      return connected
    } catch (error) {
      if (error instanceof CouldNotVerify) throw error
      failures.set(attempt, error)
      if (!mayTryNext(error)) break
    }
  }
  // Where both ways failed, the one with TLS is what is to be put right; unless the server has none.
  const [first, last] = [failures.get('tls'), failures.get('plain')]
  const isWithoutTls = (first as { code?: string } | undefined)?.code === 'PGDRILL_TLS_MISSING'
  throw cannotConnect(target, first === undefined || (isWithoutTls && last !== undefined) ? last : first)
}

async function login(target: Target, limits: Limits, attempt: Attempt) {
  const { host, port, database, user, password, options: sessionOptions } = target.connection
  const connectTimeout = limits.connectTimeout ?? target.connection.connectTimeout ?? 10_000
  const statementTimeout = limits.statementTimeout ?? 3_600_000
  const loss = watchForLoss(statementTimeout + silence)
  const socket = openOnce(target.connection, attempt, connectTimeout)
  const options: postgres.Options<Record<string, never>> & { socket: () => Promise<unknown> } = {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    // The socket is encrypted already, if it is to be.
    ssl: false,
    max: 1,
    max_lifetime: null,
    connect_timeout: Math.ceil(connectTimeout / 1000),
    socket: socket.open,
    onclose: loss.happened,
    // Notices belong to people; the default would print them on stdout.
    onnotice: () => {},
    connection: {
      application_name: 'pgdrill',
      client_min_messages: 'warning',
      TimeZone: 'UTC',
      DateStyle: 'ISO, YMD',
      IntervalStyle: 'postgres',
      statement_timeout: statementTimeout,
      lock_timeout: limits.lockTimeout ?? 5_000,
      idle_in_transaction_session_timeout: 600_000,
      // Compiling a query over catalogs takes seconds, running it a moment.
      jit: 'off',
      // Always, and empty by default: what the database or the role sets must not decide for us.
      search_path: 'pg_catalog',
      'drill.is_copy': limits.isCopy === true ? 'on' : 'off',
      default_transaction_read_only: limits.isCopy === true,
      // What is set here wins over it.
      ...(sessionOptions === undefined ? {} : { options: sessionOptions }),
    },
  }
  const client = postgres(options)
  try {
    await connectOnce(client, target, limits)
    return { client, loss, socket }
  } catch (error) {
    await client.end({ timeout: 0 })
    throw error
  }
}

/**
 * Knows when the connection is gone. The driver itself does not cope with a query on a lost connection, such as the
 * rollback after the failure: it ends the process, or never answers.
 * @param patience milliseconds in which the server must answer a query: one that does not is as good as gone
 */
function watchForLoss(patience: number) {
  let error: Error | undefined
  let fail: (error: Error) => void = () => {}
  const failure = new Promise<never>((_, reject) => {
    fail = reject
  })
  // The orderly end is a loss that nobody waits for.
  failure.catch(() => {})
  const happened = (why: string) => {
    error ??= Object.assign(new Error(why), { code: 'CONNECTION_CLOSED' })
    fail(error)
  }
  return {
    failure,
    error: () => error,
    happened: () => happened('the server closed it'),
    guard: (connection: DatabaseConnection) => {
      const execute: DatabaseConnection['executeQuery'] = connection.executeQuery.bind(connection)
      connection.executeQuery = async <R>(query: CompiledQuery) => {
        if (error !== undefined) throw error
        const timer = setTimeout(() => happened('the server does not answer'), patience)
        try {
          // Without the race a query on a connection that is lost meanwhile would wait for ever, and its timer keep the
          // program from ending.
          return await Promise.race([execute<R>(query), failure])
        } finally {
          clearTimeout(timer)
        }
      }
    },
  }
}

async function connectOnce(client: postgres.Sql, target: Target, limits: Limits): Promise<void> {
  const connection = await client.reserve()
  try {
    requireSupportedServer(target, String(client.parameters['server_version'] ?? ''))
    await Promise.all([
      // Not among the options of the connection: the driver sends no empty ones.
      connection`
        select set_config('drill.now', ${limits.now ?? ''}, false), set_config('drill.failure_point', '', false),
          set_config('drill.restore_point', ${limits.restorePoint ?? ''}, false), set_config('drill.is_not_production', '', false)`,
      // A query must not go on for an hour after we are gone. Not every system on which a server runs can notice.
      connection`select set_config('client_connection_check_interval', '2s', false)`.catch(() => {}),
    ])
  } finally {
    connection.release()
  }
}

function warnOfPlainText(target: Target, transport: Transport): void {
  if (transport.isLocal || transport.protocol !== null) return
  connectionWarnings.emit(
    'warning',
    `the connection to the target ${target.name} is not encrypted: others on the network can read and change what is said`,
    `Add sslmode=verify-full and sslrootcert=FILE to ${target.variable}, or at least sslmode=require.`,
  )
}

/** What to say when a connection could not be made. */
export function cannotConnect(target: Target, error: unknown): CouldNotVerify {
  return new CouldNotVerify(
    `cannot connect to the target ${target.name} (${describeConnection(target.connection)}): ${reasonOf(target, error)}`,
    refusalHints[(error as { code?: string }).code ?? ''] ??
      `Check ${target.variable} (from ${target.configuredBy}), ${isAboutPassword(error) ? 'its user and its password, whose special characters are percent-encoded, or PGPASSWORD and the password file' : 'the network and the server'}.`,
    { cause: error },
  )
}

// The server was reached, so it is none of these.
const refusalHints: Record<string, string> = {
  '53300': 'All its connections, or those of the database or the role, are taken: close others, or try again later.',
  '57P03': 'It starts, stops or recovers: try again when it is ready.',
}

/** @param version as the server says it, such as 17.4 (Debian 17.4-1) @throws CouldNotVerify when it is too old */
export function requireSupportedServer(target: Target, version: string): void {
  if (Number.parseInt(version, 10) >= oldestServer) return
  throw new CouldNotVerify(
    `the target ${target.name} runs PostgreSQL ${version || 'of an unknown version'}, and pgdrill needs 14 to 18`,
    'Restore into a supported version.',
  )
}

function isAboutPassword(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return code === '28P01' || message?.includes('client password must be') === true
}

function reasonOf(target: Target, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  if (isAboutPassword(error) && target.connection.password === undefined) {
    const { passwordRemark } = target.connection
    return `a password is asked for, and none is given${passwordRemark === undefined ? '' : ` (${passwordRemark})`}`
  }
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'no server answers there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known'
    case 'CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'no answer in time'
    case '28P01':
      return 'the password was refused'
    case '3D000':
      return 'there is no such database'
    default:
      if (message === 'timeout expired') return 'no answer in time'
      return (message || code || 'unknown reason').split('\n')[0] as string
  }
}
