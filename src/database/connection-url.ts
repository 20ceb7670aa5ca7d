import { isAbsolute } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { completeParameters, type Parameters, type UrlParts } from './connection-parameters.ts'
import { type Encryption, encryptionOf } from './encryption.ts'
import { findPassword } from './password-file.ts'

/** Where a database is and how to log in; the same for both drivers. */
export interface ConnectionSettings {
  /** Host name, address, or the directory of a Unix socket. */
  host: string
  /** The address to connect to, when it is not to be looked up by the host's name (hostaddr). */
  address?: string
  port: number
  database: string
  user: string
  password: string | undefined
  /** Why a password file was not used. */
  passwordRemark?: string
  /** Settings of the session, such as -c role=drill_reader (options, PGOPTIONS). */
  options?: string
  /** Milliseconds (connect_timeout). */
  connectTimeout?: number
  encryption: Encryption
  /** What was said about TLS, by libpq's names: for programs of PostgreSQL that are started. Absent when nothing was. */
  libpqSsl?: { [name in (typeof sslParameters)[number]]?: string }
}

const sslParameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl_min_protocol_version'] as const

const example = 'postgresql://user:password@host:5432/database'

/**
 * Reads a libpq connection URL, and what a service, the environment and a password file add to it
 * (docs/connections.md). Never repeats the URL in an error: it may hold a password.
 * @param url the URL
 * @param name what the URL is called in messages, such as RESTORE_DATABASE_URL
 * @throws CouldNotVerify when it is not a usable PostgreSQL URL, or asks for what cannot be done
 */
export function parseConnectionUrl(url: string, name: string): ConnectionSettings {
  const wanted = `Write it as ${example}.`
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CouldNotVerify(`${name} is not a PostgreSQL URL: it must begin with postgresql://`, wanted)
  }
  const parts = partsOf(url)
  if (parts === undefined) {
    const encode = `${wanted} Percent-encode special characters of the password.`
    throw new CouldNotVerify(`${name} cannot be read as a URL`, encode)
  }
  const all = completeParameters(parts, name)
  const said = (parameter: string) => all[parameter]?.value || undefined
  const host = said('host') ?? said('hostaddr') ?? 'localhost'
  const address = said('hostaddr')
  requireOneHost(all, name)
  const port = portOf(all, name)
  const user = said('user') ?? 'postgres'
  const database = said('dbname') ?? user
  const given = said('password')
  const found = given === undefined ? findPassword(said('passfile'), { host, port, database, user }) : undefined
  const options = said('options')
  const connectTimeout = timeoutOf(all)
  const libpqSsl = Object.fromEntries(
    sslParameters.flatMap((parameter) => {
      const value = said(parameter)
      return value === undefined ? [] : [[parameter, value]]
    }),
  )
  return {
    host,
    ...(address === undefined ? {} : { address }),
    port,
    database,
    user,
    password: given ?? found?.password,
    ...(found?.remark === undefined ? {} : { passwordRemark: found.remark }),
    ...(options === undefined ? {} : { options }),
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
    encryption: encryptionOf(all, isAbsolute(host)),
    ...(Object.keys(libpqSsl).length === 0 ? {} : { libpqSsl }),
  }
}

/** The parameters that a URL says, by libpq's names; undefined when it cannot be read, or not in one way only. */
function partsOf(url: string): UrlParts | undefined {
  const [, authority = '', path = '', query = ''] = /^[^:]*:\/\/([^/?#]*)([^?]*)(?:\?(.*))?$/s.exec(url) ?? []
  // Of several @ the last one counts, so that one in a password is harmless.
  const [, userinfo, hosts = ''] = /^(?:(.*)@)?([^@]*)$/s.exec(authority) ?? []
  const [, user = '', password] = /^([^:]*)(?::(.*))?$/s.exec(userinfo ?? '') ?? []
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:[\]]*)(?::([0-9]*))?$/.exec(hosts) ?? []
  const isReadable = hosts.includes(',') || /^(\[[^\]]*\]|[^:[\]]*)(:[0-9]*)?$/.test(hosts)
  const pairs = query.split('&').filter((pair) => pair !== '')
  // An unescaped character of a password moves the rest of it into the path or the query.
  const harmless = /^(user|password|host|options|ssl\w+|passfile|service)=/
  const rest = [path, ...pairs.filter((pair) => !harmless.test(pair))].join('&')
  if (!isReadable || /[@#]/.test(rest) || pairs.some((pair) => !pair.includes('='))) return undefined
  const said: [string, string][] = [
    ['host', hosts.includes(',') ? hosts : host.replace(/^\[|\]$/g, '')],
    ['port', port],
    ['user', user],
    ['password', password ?? ''],
    ['dbname', path.slice(1)],
  ]
  try {
    const fromQuery = pairs.map((pair): [string, string] => {
      const equals = pair.indexOf('=')
      return [decodeURIComponent(pair.slice(0, equals)), decodeURIComponent(pair.slice(equals + 1))]
    })
    const fromPath = said.flatMap(([name, value]): [string, string][] =>
      value === '' ? [] : [[name, decodeURIComponent(value)]],
    )
    return { fromPath, fromQuery }
  } catch {
    return undefined
  }
}

function requireOneHost(all: Parameters, name: string): void {
  for (const parameter of ['host', 'hostaddr', 'port']) {
    const said = all[parameter]
    if (said?.value.includes(',') === true) {
      throw new CouldNotVerify(`${said.by ?? name} names several hosts`, 'Name the one host that is to be looked at.')
    }
  }
}

function portOf({ port }: Parameters, name: string): number {
  const number = port === undefined || port.value === '' ? 5432 : Number(port.value)
  const by = port?.by ?? name
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new CouldNotVerify(`${by} has no usable port`, 'A port is a number from 1 to 65535.')
  }
  if (number === 6543) {
    throw new CouldNotVerify(
      `${by} points at port 6543, a transaction pooler, through which sessions, locks and settings do not hold`,
      'Use the direct connection, or the session pooler on port 5432.',
    )
  }
  return number
}

function timeoutOf({ connect_timeout: said }: Parameters): number | undefined {
  if (said === undefined || said.value === '') return undefined
  if (!/^-?\d{1,6}$/.test(said.value)) {
    throw new CouldNotVerify(`${said.by} has an unusable connect_timeout`, 'It is a whole number of seconds.')
  }
  // To libpq zero and less mean without end, which we never wait.
  const seconds = Number(said.value)
  return seconds <= 0 ? undefined : seconds * 1000
}

/** The settings as a URL without the password, for people to read. */
export function describeConnection(settings: ConnectionSettings): string {
  const user = encodeURIComponent(settings.user)
  const database = encodeURIComponent(settings.database)
  return isAbsolute(settings.host)
    ? `postgresql://${user}@/${database}?host=${encodeURIComponent(settings.host)}&port=${settings.port}`
    : `postgresql://${user}@${settings.host}:${settings.port}/${database}`
}
