import { type DatabaseConnection, Kysely } from 'kysely'
import { PostgresJSDialect } from 'kysely-postgres-js'
import postgres from 'postgres'
import { CouldNotVerify } from '../could-not-verify.ts'
import { describeConnection } from './connection-url.ts'
import { type OpenSocket, openOnce } from './open-once.ts'
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

/**
 * Opens one connection, hands it over and closes it again whatever happens.
 * @param use gets the connection
 * @throws CouldNotVerify when the server cannot be reached, refuses the login, or is too old
 */
export async function withDatabase<T>(
  target: Target,
  limits: Limits,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const { host, port, database, user, password, ssl } = target.connection
  const connectTimeout = limits.connectTimeout ?? 10_000
  const loss = watchForLoss()
  const options: postgres.Options<Record<string, never>> & { socket: OpenSocket } = {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ssl,
    max: 1,
    max_lifetime: null,
    connect_timeout: Math.ceil(connectTimeout / 1000),
    socket: openOnce(host, port, connectTimeout),
    onclose: loss.happened,
    // Notices belong to people; the default would print them on stdout.
    onnotice: () => {},
    connection: {
      application_name: 'pgdrill',
      client_min_messages: 'warning',
      TimeZone: 'UTC',
      DateStyle: 'ISO, YMD',
      IntervalStyle: 'postgres',
      statement_timeout: limits.statementTimeout ?? 3_600_000,
      lock_timeout: limits.lockTimeout ?? 5_000,
      idle_in_transaction_session_timeout: 600_000,
      // Compiling a query over catalogs takes seconds, running it a moment.
      jit: 'off',
      // Always, and empty by default: what the database or the role sets must not decide for us.
      search_path: 'pg_catalog',
      'drill.is_copy': limits.isCopy === true ? 'on' : 'off',
      default_transaction_read_only: limits.isCopy === true,
    },
  }
  const client = postgres(options)
  const dialect = new PostgresJSDialect({ postgres: client, onReserveConnection: async (one) => loss.guard(one) })
  const kysely = new Kysely<Record<string, never>>({ dialect })
  try {
    await connectOnce(client, target, limits)
    limits.signal?.addEventListener('abort', loss.happened, { once: true })
    if (limits.signal?.aborted) loss.happened()
    return await Promise.race([use(kysely), loss.failure])
  } finally {
    limits.signal?.removeEventListener('abort', loss.happened)
    if (loss.error() === undefined) await kysely.destroy()
    else await client.end({ timeout: 0 })
  }
}

/**
 * Knows when the connection is gone. The driver itself does not cope with a query on a lost connection, such as the
 * rollback after the failure: it ends the process, or never answers.
 */
function watchForLoss() {
  let error: Error | undefined
  let fail: (error: Error) => void = () => {}
  const failure = new Promise<never>((_, reject) => {
    fail = reject
  })
  // The orderly end is a loss that nobody waits for.
  failure.catch(() => {})
  return {
    failure,
    error: () => error,
    happened: () => {
      error = Object.assign(new Error('the server closed it'), { code: 'CONNECTION_CLOSED' })
      fail(error)
    },
    guard: (connection: DatabaseConnection) => {
      const execute = connection.executeQuery.bind(connection)
      connection.executeQuery = (query, ...rest) =>
        error === undefined ? execute(query, ...rest) : Promise.reject(error)
    },
  }
}

async function connectOnce(client: postgres.Sql, target: Target, limits: Limits): Promise<void> {
  let connection: postgres.ReservedSql
  try {
    connection = await client.reserve()
  } catch (error) {
    throw cannotConnect(target, error)
  }
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

/** What to say when a connection could not be made. */
export function cannotConnect(target: Target, error: unknown): CouldNotVerify {
  return new CouldNotVerify(
    `cannot connect to the target ${target.name} (${describeConnection(target.connection)}): ${reasonOf(target, error)}`,
    `Check ${target.variable} (from ${target.configuredBy}), the network and the server.`,
    { cause: error },
  )
}

/** @param version as the server says it, such as 17.4 (Debian 17.4-1) @throws CouldNotVerify when it is too old */
export function requireSupportedServer(target: Target, version: string): void {
  if (Number.parseInt(version, 10) >= oldestServer) return
  throw new CouldNotVerify(
    `the target ${target.name} runs PostgreSQL ${version || 'of an unknown version'}, and pgdrill needs 14 to 18`,
    'Restore into a supported version.',
  )
}

function reasonOf(target: Target, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  const isPasswordWanted = code === '28P01' || message?.includes('client password must be')
  if (isPasswordWanted && target.connection.password === undefined) return 'a password is asked for, and none is given'
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
