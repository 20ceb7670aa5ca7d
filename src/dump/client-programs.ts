import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { ConnectionSettings } from '../database/connection-url.ts'
import { endingText, runProgram } from './run-program.ts'

/** One of PostgreSQL's client programs, or a tool for encryption. */
export interface Program {
  name: string
  path: string
  /** What it says of itself, such as "pg_dump (PostgreSQL) 15.18". */
  version: string
}

/**
 * Finds a program of PostgreSQL: in the directory that PG_BIN names, else on the PATH. None of them comes with pgdrill.
 * @throws CouldNotVerify when it is missing or does not run
 */
export async function findClientProgram(name: 'pg_dump' | 'pg_dumpall' | 'pg_restore'): Promise<Program> {
  const bin = process.env['PG_BIN']
  if (bin) {
    const path = join(resolve(bin), name)
    if (isExecutable(path)) return await askVersion(name, path)
    throw new CouldNotVerify(
      `there is no ${name} in ${resolve(bin)}`,
      'PG_BIN must name the directory with the client programs of PostgreSQL, or be unset.',
    )
  }
  const path = findOnPath(name)
  if (path !== undefined) return await askVersion(name, path)
  throw new CouldNotVerify(
    `${name} is not installed`,
    'Install the client programs of PostgreSQL (Debian: postgresql-client), or name their directory: PG_BIN=/usr/lib/postgresql/17/bin.',
  )
}

/** Looks for a program on the PATH; undefined when it is not there. */
export function findOnPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => isAbsolute(directory))
    .map((directory) => join(directory, name))
    .find(isExecutable)
}

/** The major version in what a program or a server says, such as 15 for "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0)". */
export function majorOf(version: string): number {
  return Number(/(?:^|\s)(\d+)(?:\.|devel|beta|rc|\s|$)/.exec(version)?.[1] ?? Number.NaN)
}

/**
 * The environment in which a client program reaches a database. What it needs to log in stands here alone: an argument
 * could be read by every user of the machine. Variables of ours that would lead it elsewhere are not handed on.
 * @param database undefined: that of the settings
 */
export function clientEnvironment(settings: ConnectionSettings, program: Program, database?: string) {
  const { host, address, port, user, password, options, connectTimeout = 10_000, libpqSsl = {} } = settings
  const { sslmode, sslrootcert, sslcert, sslkey, ssl_min_protocol_version: oldest } = libpqSsl
  // Where no file is named, Node trusts the certificates that systems trust; libpq would look for a file of the user.
  const isPublic = settings.encryption.verifies === 'name' && settings.encryption.files.ca === undefined
  const root = isPublic && majorOf(program.version) >= 16 ? 'system' : sslrootcert
  const env: NodeJS.ProcessEnv = {
    ...plainEnvironment(),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGDATABASE: database ?? settings.database,
    PGAPPNAME: 'pgdrill',
    PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeout / 1000)),
  }
  const values = {
    PGHOSTADDR: address,
    PGPASSWORD: password,
    PGOPTIONS: options,
    PGSSLMODE: sslmode,
    PGSSLROOTCERT: root,
    PGSSLCERT: sslcert,
    PGSSLKEY: sslkey,
    PGSSLMINPROTOCOLVERSION: oldest,
  }
  for (const [name, value] of Object.entries(values)) if (value !== undefined) env[name] = value
  return env
}

/** What every program gets: English messages, and no variable that would configure it. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'GNUPGHOME', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH']
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
  env['LC_ALL'] = 'C'
  return env
}

async function askVersion(name: string, path: string): Promise<Program> {
  let text = ''
  let said = ''
  const ending = await runProgram(path, ['--version'], {
    env: plainEnvironment(),
    onOutput: (more) => {
      text += more
    },
    onLine: (line) => {
      said ||= line
    },
  })
  const version = text.trim().split('\n')[0] ?? ''
  if (ending.code !== 0 || !Number.isInteger(majorOf(version))) {
    throw new CouldNotVerify(`${path} does not tell its version: ${said || version || endingText(ending)}`)
  }
  return { name, path, version }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
