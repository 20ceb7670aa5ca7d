// A production whose server is of the same major version as the machine's pg_dump.

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateUp } from '../../src/database/migrations.ts'
import type { Target } from '../../src/database/targets.ts'
import { buildProduction, sandboxDatabase, sandboxTarget } from '../../src/sandbox/build.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { startWatchdog } from '../../src/sandbox/watchdog.ts'
import { Stages } from '../../src/terminal/stages.ts'
import { canary } from '../cli/program.ts'
import { startOwnCluster } from '../support/own-cluster.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'

/** The machine's PostgreSQL, with client programs and a server; undefined when there is none. */
export const system = findSystemPostgres()

export interface OwnProduction {
  cluster: Cluster
  target: Target
  /** What the program is told: the two URLs, with a password that nobody asks for, and PG_BIN. */
  env(database?: string): NodeJS.Dict<string>
  drop(): Promise<void>
}

/** Starts it with the application and the checks. @param statements are run before the checks come */
export async function startProduction(...statements: string[]): Promise<OwnProduction> {
  process.env['PGDRILL_PG_BIN'] = system?.bin
  return await startChosenProduction(...statements)
}

/** The same on the server that the environment chooses. */
export async function startChosenProduction(...statements: string[]): Promise<OwnProduction> {
  const root = await makeSandboxRoot()
  const watchdog = await startWatchdog(root)
  const cluster = await buildProduction(root, new Stages({ quiet: true }))
  const sql = cluster.connect(sandboxDatabase)
  for (const statement of statements) await sql.unsafe(statement)
  await sql.end()
  const target = sandboxTarget('production', cluster)
  await migrateUp(target)
  const drop = async () => {
    await cluster.stop('immediate')
    await rm(root, { recursive: true, force: true })
    await watchdog.release()
  }
  return { cluster, target, env: environmentOf(cluster), drop }
}

/** Starts one with a single critical table, public.calls, for what does not depend on the data: it is dumped in a moment. */
export async function startSmallProduction(...statements: string[]): Promise<OwnProduction> {
  process.env['PGDRILL_PG_BIN'] = system?.bin
  return await startChosenSmallProduction(...statements)
}

/** The same on the server that the environment chooses. */
export async function startChosenSmallProduction(...statements: string[]): Promise<OwnProduction> {
  const { cluster, createDatabase, use, drop } = await startOwnCluster('production')
  await createDatabase(sandboxDatabase)
  await use(sandboxDatabase, async (sql) => {
    await sql.unsafe(`
      create table public.calls (id integer primary key, status text, created_at timestamptz not null default now());
      insert into public.calls select i, 'new', now() - i * interval '1 hour' from generate_series(1, 100) as i`)
    for (const statement of statements) await sql.unsafe(statement)
  })
  const target = sandboxTarget('production', cluster)
  await migrateUp(target)
  await use(sandboxDatabase, async (sql) => {
    await sql.unsafe(`
      delete from drill.guards;
      delete from drill.partitioned_relations;
      delete from drill.critical_relations;
      select drill.register_critical_relation('public.calls', 'created_at', p_is_append_only => false)`)
  })
  return { cluster, target, env: environmentOf(cluster), drop }
}

function environmentOf(cluster: Cluster): OwnProduction['env'] {
  const url = (database: string) => cluster.url(database).replace('postgres@', `postgres:${canary}@`)
  return (database = 'nowhere') => ({
    PRODUCTION_DATABASE_URL: url(sandboxDatabase),
    RESTORE_DATABASE_URL: url(database),
    PG_BIN: system?.bin,
  })
}

/**
 * Makes a directory for PG_BIN in which some programs are shell scripts; "$real" in them is the real one.
 * @param scripts by the name of the program
 */
export function programsWith(scripts: Record<string, string>): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'pgdrill-bin-')))
  mkdirSync(directory, { recursive: true })
  for (const name of ['pg_dump', 'pg_dumpall', 'pg_restore']) {
    const real = join(system?.bin ?? '', name)
    const ask = `if [ "$1" = --version ]; then exec ${real} --version; fi`
    writeFileSync(join(directory, name), `#!/bin/sh\nreal=${real}\n${ask}\n${scripts[name] ?? 'exec $real "$@"'}\n`)
    chmodSync(join(directory, name), 0o755)
  }
  return directory
}
