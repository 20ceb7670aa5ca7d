// What a connection URL, a service and the environment may say, and which of them wins: as libpq does it
// (https://www.postgresql.org/docs/current/libpq-connect.html). What is not understood is refused, never left out: a
// misspelt sslmode must not become an unencrypted connection.

import { CouldNotVerify } from '../could-not-verify.ts'
import { readService } from './service-file.ts'

/** The value of a parameter, and where it was said, for messages: such as RESTORE_DATABASE_URL or PGSSLMODE. */
export interface Said {
  value: string
  by: string
}

/** Parameters by libpq's names. */
export type Parameters = Partial<Record<string, Said>>

/** What a URL says, by libpq's names: before its question mark, and behind it, where a name may be one that nobody knows. */
export interface UrlParts {
  fromPath: [name: string, value: string][]
  fromQuery: [name: string, value: string][]
}

/** What we act on, and the environment variable that stands in for it. */
const used: Record<string, string | undefined> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  service: 'PGSERVICE',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: undefined,
  ssl: undefined,
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  channel_binding: 'PGCHANNELBINDING',
  gssencmode: 'PGGSSENCMODE',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  sslnegotiation: 'PGSSLNEGOTIATION',
}

/** What changes nothing for us: our own name for the session, its time-outs, its encoding. */
const withoutEffect = new Set([
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslcompression',
  'sslsni',
  'krbsrvname',
  'gsslib',
  'gssdelegation',
  'load_balance_hosts',
  // Of node-postgres: libpq's meaning is the only one that there is here.
  'uselibpqcompat',
])

/** What libpq knows and we cannot keep: to leave it out would be less than was asked for. */
const refused: Record<string, string | undefined> = {
  require_auth: 'PGREQUIREAUTH',
  requirepeer: 'PGREQUIREPEER',
  requiressl: 'PGREQUIRESSL',
  replication: undefined,
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  sslcertmode: 'PGSSLCERTMODE',
  sslkeylogfile: undefined,
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  min_protocol_version: 'PGMINPROTOCOLVERSION',
  max_protocol_version: 'PGMAXPROTOCOLVERSION',
  scram_client_key: undefined,
  scram_server_key: undefined,
  servicefile: undefined,
}

const jdbcModes: Record<string, string> = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' }

/** The values with which what we do is what was asked for. */
const onlyValues: Record<string, { values: string[]; toDo: string }> = {
  gssencmode: { values: ['disable', 'prefer'], toDo: 'pgdrill encrypts with TLS, not with GSSAPI: use sslmode.' },
  sslnegotiation: { values: ['postgres'], toDo: 'Leave it out: the server is asked for TLS first.' },
  target_session_attrs: { values: ['any'], toDo: 'Leave it out, and name the one host that is to be looked at.' },
  channel_binding: {
    values: ['disable', 'prefer', 'require'],
    toDo: 'It is disable, prefer, or, together with sslmode=verify-full, require.',
  },
}

/**
 * Puts together what a URL says, what a service says and what the environment says; the earlier wins.
 * @param by what the URL is called, such as RESTORE_DATABASE_URL
 * @throws CouldNotVerify for a parameter, or a value, that cannot be kept
 */
export function completeParameters({ fromPath, fromQuery }: UrlParts, by: string): Parameters {
  const parameters: Parameters = Object.fromEntries(fromPath.map(([name, value]) => [name, { value, by }]))
  fromQuery.forEach(([name, value], index) => {
    // The name itself could be the rest of a password with an & in it.
    if (!isKnown(name)) {
      throw new CouldNotVerify(
        `${by}: part ${index + 1} behind its ? is no parameter that pgdrill knows`,
        `Percent-encode special characters of the password. It knows ${Object.keys(used).join(', ')}.`,
      )
    }
    add(parameters, name, { value, by })
  })
  const fromEnvironment: Parameters = {}
  for (const [name, variable] of Object.entries({ ...used, ...refused })) {
    const value = variable === undefined ? undefined : process.env[variable]
    if (variable !== undefined && value !== undefined && value !== '') fromEnvironment[name] = { value, by: variable }
  }
  const service = parameters['service'] ?? fromEnvironment['service']
  const fromService: Parameters = {}
  if (service !== undefined) {
    const { entries, file } = readService(service.value, service.by)
    for (const { name, value, line } of entries) {
      if (!isKnown(name) || name === 'service') {
        throw new CouldNotVerify(
          `${file}, line ${line}: this is no parameter that pgdrill knows`,
          `It knows ${Object.keys(used).join(', ')}; write NAME=VALUE without blanks.`,
        )
      }
      add(fromService, name, { value, by: `the service ${JSON.stringify(service.value)} of ${file}` })
    }
  }
  const all = { ...fromEnvironment, ...fromService, ...parameters }
  // Not as libpq: several targets are asked in one run, and each must lead to its own host whatever PGHOSTADDR says.
  if (parameters['host'] !== undefined && parameters['hostaddr'] === undefined) delete all['hostaddr']
  for (const [name, said] of Object.entries(all)) if (said !== undefined) requireKept(name, said, all)
  return all
}

/** Adds what one place says; ssl=true, which is of JDBC, means there what sslmode=require means. */
function add(parameters: Parameters, name: string, said: Said): void {
  if (name !== 'ssl') parameters[name] = said
  else parameters['sslmode'] ??= { ...said, value: jdbcModes[said.value] ?? said.value }
}

function isKnown(name: string): boolean {
  return Object.hasOwn(used, name) || Object.hasOwn(refused, name) || withoutEffect.has(name) || /^oauth_/.test(name)
}

function requireKept(name: string, { value, by }: Said, all: Parameters): void {
  if (Object.hasOwn(refused, name) || /^oauth_/.test(name)) {
    throw new CouldNotVerify(`${by} asks for ${name}, which pgdrill cannot do`, 'Leave it out, or unset it.')
  }
  const only = Object.hasOwn(onlyValues, name) ? onlyValues[name] : undefined
  if (only !== undefined && !only.values.includes(value)) {
    throw new CouldNotVerify(`${by} asks for a ${name} that pgdrill cannot do`, only.toDo)
  }
  // What it is for, a server that proves who it is, a certificate gives as well.
  if (name === 'channel_binding' && value === 'require' && all['sslmode']?.value !== 'verify-full') {
    throw new CouldNotVerify(
      `${by} asks for channel_binding=require, which pgdrill cannot do`,
      'Use sslmode=verify-full, which keeps others from posing as the server, too; or leave channel_binding out.',
    )
  }
}
