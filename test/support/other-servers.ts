// Servers of another version than the one the suite runs on: PGDRILL_PG_MAJOR and PGDRILL_PG_BIN choose, for this process.

import { findBinaries } from '../../src/sandbox/binaries.ts'
import { type OwnCluster, startOwnCluster } from './own-cluster.ts'

/** Which server: a major version that `make postgres` fetches (or the npm package brings), or a directory of programs. */
export type Which = { major: number } | { bin: string }

/** Runs something while the environment chooses another server, and puts it back as it was. */
export async function choosing<T>(which: Which, work: () => Promise<T>): Promise<T> {
  const names = ['PGDRILL_PG_BIN', 'PGDRILL_PG_MAJOR'] as const
  const before = names.map((name) => [name, process.env[name]] as const)
  for (const name of names) delete process.env[name]
  if ('major' in which) process.env['PGDRILL_PG_MAJOR'] = String(which.major)
  else process.env['PGDRILL_PG_BIN'] = which.bin
  try {
    return await work()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

/** Starts such a server, which archives nothing, as it is right for a copy; hands it over, and removes it. */
export async function withServer<T>(which: Which, work: (own: OwnCluster) => Promise<T>): Promise<T> {
  const own = await choosing(which, () => startOwnCluster('other', { archive_mode: 'off' }))
  try {
    return await work(own)
  } finally {
    await own.drop()
  }
}

/** Which of these major versions can be started here: fetched into build/postgres/, or the npm package's own. */
export async function availableMajors(...majors: number[]): Promise<Set<number>> {
  const found = new Set<number>()
  for (const major of majors) {
    const runs = await choosing({ major }, findBinaries).catch(() => undefined)
    if (runs?.major === major) found.add(major)
  }
  return found
}

/** Makes the roles that pg_dumpall tells of, but for the superuser, who is there. */
export async function makeRoles(own: OwnCluster, globals: string): Promise<void> {
  const statements = globals.replace(/^(?:CREATE|ALTER) ROLE postgres\b.*$|^\\.*$/gm, '')
  await own.use('postgres', (sql) => sql.unsafe(statements).simple())
}
