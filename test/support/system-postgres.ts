import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** The user's own PostgreSQL: client programs and the server of the same major version. */
export interface SystemPostgres {
  /** Directory with pg_dump, pg_restore, psql, initdb and postgres. */
  bin: string
}

/**
 * Looks for a PostgreSQL installation that has both client programs and a server; undefined when there is none. The npm
 * packages have no pg_dump, so tests of logical restores need one. PG_BIN names it; else pg_config and PATH are asked.
 */
export function findSystemPostgres(): SystemPostgres | undefined {
  const candidates = [
    process.env['PG_BIN'],
    ask('pg_config', ['--bindir']),
    ...(process.env['PATH'] ?? '').split(delimiter).flatMap((directory) => {
      const file = join(directory, 'pg_dump')
      return existsSync(file) ? [dirname(realpathSync(file))] : []
    }),
    // Debian's pg_dump on the PATH is a wrapper; the programs are beside each other here.
    ...['18', '17', '16', '15', '14'].map((major) => join('/usr/lib', 'postgresql', major, 'bin')),
  ]
  const bin = candidates.find(
    (directory) =>
      directory !== undefined &&
      ['pg_dump', 'pg_restore', 'psql', 'initdb', 'postgres'].every((program) => existsSync(join(directory, program))),
  )
  return bin === undefined ? undefined : { bin }
}

function ask(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
