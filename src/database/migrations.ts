import { readdirSync, readFileSync } from 'node:fs'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { CouldNotVerify } from '../could-not-verify.ts'
import { projectFile } from '../project-files.ts'
import { describeConnection } from './connection-url.ts'
import type { Target } from './targets.ts'

/** The runner keeps its table in a schema of its own, so that it is no difference between two schemas drill. */
const migrationsSchema = 'drill_migrations'
const migrationsTable = 'applied'
// Of our own, so that an application that migrates with the same library does not wait for us.
const lockValue = 7_310_014_018

export interface MigrationState {
  name: string
  is_applied: boolean
}

/** Names of the migrations that this program ships, in order. */
export function shippedMigrations(): string[] {
  return readdirSync(projectFile('migrations'))
    .filter((name) => name.endsWith('.sql'))
    .map((name) => name.slice(0, -'.sql'.length))
    .sort()
}

/**
 * Installs or updates the checks, in one transaction. A second run at the same time waits for the first; when there
 * is nothing to do, nothing happens.
 * @param count how many to apply at most; undefined: all
 * @returns the names of the migrations applied
 */
export async function migrateUp(target: Target, count?: number): Promise<string[]> {
  return await withClient(target, (client) => run(client, 'up', count))
}

/**
 * Removes the checks and everything that came with them, stored baselines included.
 * @param mayDeleteBaselines false: refuses while baselines are stored
 * @returns the names of the migrations taken back
 */
export async function migrateDown(target: Target, mayDeleteBaselines: boolean): Promise<string[]> {
  return await withClient(target, async (client) => {
    const applied = await appliedNames(client)
    if (applied.length === 0) return []
    const baselines = await countBaselines(client)
    if (baselines > 0n && !mayDeleteBaselines) {
      throw new CouldNotVerify(
        `the target ${target.name} holds ${baselines} baselines, which would be deleted`,
        'Export them first (pgdrill baseline export), then repeat with --delete-baselines.',
      )
    }
    const names = await run(client, 'down', applied.length)
    await client.query(`drop table ${migrationsSchema}.${migrationsTable}; drop schema ${migrationsSchema}`)
    return names
  })
}

/** Which of the shipped migrations are applied; also those applied that are not shipped. */
export async function migrationStates(target: Target): Promise<MigrationState[]> {
  return await withClient(target, async (client) => {
    const applied = await appliedNames(client)
    const shipped = shippedMigrations()
    return [
      ...shipped.map((name) => ({ name, is_applied: applied.includes(name) })),
      ...applied.filter((name) => !shipped.includes(name)).map((name) => ({ name, is_applied: true })),
    ]
  })
}

/**
 * All migrations as one plain SQL file for other pipelines, giving the same catalog as `migrate up`, with the
 * runner's own record, so that `migrate up` goes on from there.
 * @param after only what comes after this migration (for an update); undefined: everything
 */
export function exportMigrations(after: string | undefined): string {
  const names = shippedMigrations()
  if (after !== undefined && !names.includes(after)) {
    throw new CouldNotVerify(`there is no migration ${after}`, `The migrations are: ${names.join(', ')}.`)
  }
  const chosen = after === undefined ? names : names.slice(names.indexOf(after) + 1)
  if (chosen.length === 0) throw new CouldNotVerify(`${after} is the newest migration, there is nothing to export`)
  const table = `${migrationsSchema}.${migrationsTable}`
  return [
    '-- pgdrill: the checks of schema drill as one plain SQL file, written by `pgdrill migrate export`.',
    '-- Run it in one transaction, as the owner of the guarded tables:',
    '--   psql -1 -v ON_ERROR_STOP=1 -f FILE   (pipelines that wrap each file in a transaction take it as it is)',
    '',
    `create schema if not exists ${migrationsSchema};`,
    `create table if not exists ${table} (id serial primary key, name varchar(255) not null, run_on timestamp not null);`,
    '',
    // Half of an installation over another one would be worse than an error.
    'do $$',
    'begin',
    `  if exists (select from ${table} as m where m.name in (${chosen.map((name) => `'${name}'`).join(', ')})) then`,
    "    raise exception using message = 'pgdrill is installed already', hint = 'Update with pgdrill migrate up, or with pgdrill migrate export --after NAME.';",
    '  end if;',
    'end',
    '$$;',
    ...chosen.flatMap((name) => [
      '',
      `-- ${name}`,
      upPart(name),
      `insert into ${table} (name, run_on) values ('${name}', now());`,
    ]),
    '',
  ].join('\n')
}

function upPart(name: string): string {
  const text = readFileSync(projectFile('migrations', `${name}.sql`), 'utf8')
  const [head = ''] = text.split(/^-- Down Migration$/m)
  return head.replace(/^-- Up Migration\n/, '').trim()
}

async function run(client: pg.Client, direction: 'up' | 'down', count: number | undefined): Promise<string[]> {
  const silent = () => {}
  const done = await runner({
    dbClient: client,
    dir: projectFile('migrations'),
    direction,
    ...(count === undefined ? {} : { count }),
    migrationsSchema,
    migrationsTable,
    createMigrationsSchema: direction === 'up',
    singleTransaction: true,
    checkOrder: true,
    advisoryLockMode: 'wait',
    lockValue,
    // Errors are thrown; what the runner says besides is said by the command.
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  })
  return done.map((migration) => migration.name)
}

async function appliedNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ exists: boolean }>('select to_regclass($1) is not null as exists', [
    `${migrationsSchema}.${migrationsTable}`,
  ])
  if (!rows[0]?.exists) return []
  const names = await client.query<{ name: string }>(
    `select name from ${migrationsSchema}.${migrationsTable} order by run_on, id`,
  )
  return names.rows.map((row) => row.name)
}

async function countBaselines(client: pg.Client): Promise<bigint> {
  const { rows } = await client.query<{ exists: boolean }>(
    "select to_regclass('drill.baselines') is not null as exists",
  )
  if (!rows[0]?.exists) return 0n
  const counted = await client.query<{ count: string }>('select count(*) from drill.baselines')
  return BigInt(counted.rows[0]?.count ?? '0')
}

/** node-pg-migrate needs the driver pg; everything else goes through the other one. */
async function withClient<T>(target: Target, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const { host, port, database, user, password, ssl } = target.connection
  const settings = {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    application_name: 'pgdrill migrate',
    connectionTimeoutMillis: 10_000,
    // Installing takes locks on guarded tables: production must not queue up behind us.
    lock_timeout: 10_000,
  }
  const client = await connect(target, settings, ssl)
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function connect(
  target: Target,
  settings: pg.ClientConfig,
  ssl: Target['connection']['ssl'],
): Promise<pg.Client> {
  // This driver does not know "prefer": TLS first, plain text when the server has none.
  const attempts = ssl === 'prefer' ? [{ rejectUnauthorized: false }, false] : [ssl]
  for (const [index, attempt] of attempts.entries()) {
    const client = new pg.Client({ ...settings, ssl: attempt })
    try {
      await client.connect()
      return client
    } catch (error) {
      const message = (error as Error).message
      if (index + 1 < attempts.length && message.includes('does not support SSL')) continue
      throw new CouldNotVerify(
        `cannot connect to the target ${target.name} (${describeConnection(target.connection)}): ${message || (error as { code?: string }).code}`,
        `Check ${target.variable} (from ${target.configuredBy}), the network and the server.`,
        { cause: error },
      )
    }
  }
  throw new Error('unreachable')
}
