import { isAbsolute } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
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
  ssl: false | 'prefer' | Pick<ConnectionOptions, 'rejectUnauthorized' | 'ca' | 'cert' | 'key' | 'checkServerIdentity'>
}

const example = 'postgresql://user:password@host:5432/database'
const sslmodes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']

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
  const encode = `${wanted} Percent-encode special characters of the password.`
  if (!isWellEncoded(url)) throw new CouldNotVerify(`${name} cannot be read as a URL`, encode)
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(url, { useLibpqCompat: true })
  } catch (error) {
    // The library's messages are not repeated, for one of them could hold the URL.
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new CouldNotVerify(`${name}: a certificate file that it names does not exist`)
    if (message.includes('sslrootcert')) {
      throw new CouldNotVerify(`${name}: sslmode=verify-ca needs the certificate file`, 'Add &sslrootcert=FILE.')
    }
    throw new CouldNotVerify(`${name} cannot be read as a URL`, encode)
  }
  const sslmode = parsed['sslmode'] as string | undefined
  if (sslmode !== undefined && !sslmodes.includes(sslmode)) {
    throw new CouldNotVerify(`${name} has an unknown sslmode`, `It is one of ${sslmodes.join(', ')}.`)
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
    database: (parsed['dbname'] as string | undefined) || databaseOf(url) || user,
    user,
    password: parsed.password || process.env['PGPASSWORD'] || undefined,
    ssl: sslOf(sslmode, parsed.ssl, isAbsolute(host)),
  }
}

// An unescaped character of a password moves the rest of it into the host, the port or the database, which are shown.
function isWellEncoded(url: string): boolean {
  const [path = '', query = ''] = url.replace(/^[^:]*:\/\/[^/?#]*/, '').split(/\?(.*)/s)
  const parameters = query.split('&').filter((parameter) => !/^(user|password|host|options|ssl\w+)=/.test(parameter))
  return !/%(?![0-9a-f]{2})/i.test(url) && !/[@#]/.test(path) && !/[@#]/.test(parameters.join('&'))
}

// The library leaves some characters encoded.
function databaseOf(url: string): string | undefined {
  const path = /^[^:]*:\/\/[^/?]*\/([^?]*)/.exec(url)?.[1]
  return path === undefined ? undefined : decodeURIComponent(path)
}

// https://www.postgresql.org/docs/current/libpq-ssl.html: prefer is libpq's default, and ssl=true means require.
function sslOf(sslmode: string | undefined, ssl: unknown, isSocket: boolean): ConnectionSettings['ssl'] {
  if (isSocket || sslmode === 'disable') return false
  if (sslmode === undefined && ssl === true) return { rejectUnauthorized: false }
  if (sslmode === undefined || sslmode === 'prefer' || sslmode === 'allow') return 'prefer'
  const { rejectUnauthorized = true, ...options } = ssl as Exclude<ConnectionSettings['ssl'], false | 'prefer'>
  return { rejectUnauthorized, ...options }
}

/** The settings as a URL without the password, for people to read. */
export function describeConnection(settings: ConnectionSettings): string {
  const user = encodeURIComponent(settings.user)
  const database = encodeURIComponent(settings.database)
  return isAbsolute(settings.host)
    ? `postgresql://${user}@/${database}?host=${encodeURIComponent(settings.host)}&port=${settings.port}`
    : `postgresql://${user}@${settings.host}:${settings.port}/${database}`
}
