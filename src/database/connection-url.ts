import { isAbsolute } from 'node:path'
import { parse } from 'pg-connection-string'
import { CouldNotVerify } from '../could-not-verify.ts'

/** Where a database is and how to log in; the same for both drivers. */
export interface ConnectionSettings {
  /** Host name, address, or the directory of a Unix socket. */
  host: string
  port: number
  database: string
  user: string
  password: string | undefined
  /** false: plain text; 'prefer': TLS when the server offers it; else options of node:tls. */
  ssl: false | 'prefer' | { rejectUnauthorized: boolean; ca?: string }
}

const example = 'postgresql://user:password@host:5432/database'

/**
 * Reads a libpq connection URL. Never repeats the URL in an error: it may hold a password.
 * @param url the URL
 * @param name what the URL is called in messages, such as RESTORE_DATABASE_URL
 * @throws CouldNotVerify when it is not a usable PostgreSQL URL
 */
export function parseConnectionUrl(url: string, name: string): ConnectionSettings {
  const wanted = `Write it as ${example}.`
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CouldNotVerify(`${name} is not a PostgreSQL URL: it must begin with postgresql://`, wanted)
  }
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(url, { useLibpqCompat: true })
  } catch (error) {
    // Of the library's messages only the ones about a certificate file say more, and those name a path.
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? ': a certificate file it names does not exist' : ''
    throw new CouldNotVerify(
      `${name} cannot be read as a URL${reason}`,
      `${wanted} Percent-encode special characters of the password.`,
    )
  }
  const host = parsed.host || 'localhost'
  const port = Number(parsed.port || 5432)
  if (host.includes(',')) {
    throw new CouldNotVerify(`${name} names several hosts`, 'Name the one host that is to be looked at.')
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new CouldNotVerify(`${name} has no usable port`, wanted)
  }
  if (port === 6543) {
    throw new CouldNotVerify(
      `${name} points at port 6543, a transaction pooler, through which sessions, locks and settings do not hold`,
      'Use the direct connection, or the session pooler on port 5432.',
    )
  }
  const user = parsed.user || process.env['PGUSER'] || 'postgres'
  return {
    host,
    port,
    database: parsed.database || user,
    user,
    password: parsed.password || process.env['PGPASSWORD'] || undefined,
    ssl: sslOf(parsed['sslmode'], parsed.ssl, isAbsolute(host)),
  }
}

// https://www.postgresql.org/docs/current/libpq-ssl.html: prefer is libpq's default.
function sslOf(sslmode: unknown, ssl: unknown, isSocket: boolean): ConnectionSettings['ssl'] {
  if (isSocket || sslmode === 'disable') return false
  if (sslmode === undefined || sslmode === 'prefer' || sslmode === 'allow') return 'prefer'
  const options = ssl as { rejectUnauthorized?: boolean; ca?: string }
  return {
    rejectUnauthorized: options.rejectUnauthorized !== false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  }
}

/** The settings as a URL without the password, for people to read. */
export function describeConnection(settings: ConnectionSettings): string {
  const user = encodeURIComponent(settings.user)
  const database = encodeURIComponent(settings.database)
  return isAbsolute(settings.host)
    ? `postgresql://${user}@/${database}?host=${encodeURIComponent(settings.host)}&port=${settings.port}`
    : `postgresql://${user}@${settings.host}:${settings.port}/${database}`
}
