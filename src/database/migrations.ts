import { readdirSync, readFileSync } from 'node:fs'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { CouldNotVerify } from '../could-not-verify.ts'
import { projectFile } from '../project-files.ts'
import { requireSupportedServer, tryEachWay } from './connect.ts'
import type { Registrations } from './contract.ts'
import { openOnce } from './open-once.ts'
import type { Target } from './targets.ts'

/** The runner keeps its table in a schema of its own, so that it is no difference between two schemas drill. */
const migrationsSchema = 'drill_migrations'
const migrationsTable = 'applied'
// Of our own, so that an application that migrates with the same library does not wait for us.
const lockValue = 7_310_014_018
/** Milliseconds; production must not queue up behind us. */
const lockTimeout = 5_000
/** How long one statement may take, and another run may keep us waiting. Milliseconds. */
const statementTimeout = 300_000
/** Milliseconds beyond it in which the server must have said how the statement ended. */
const silence = 15_000

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

/** How long the database may keep us; milliseconds. */
export interface MigrationLimits {
  statementTimeout?: number | undefined
}

/**
 * Installs or updates the checks, in one transaction. A second run at the same time waits for the first; when there
 * is nothing to do, nothing happens.
 * @param count how many to apply at most; undefined: all
 * @param registrations for a restored copy without the checks: what production had, from its baseline
 * @returns the names of the migrations applied
 */
export async function migrateUp(
  target: Target,
  count?: number,
  registrations?: Registrations,
  limits: MigrationLimits = {},
): Promise<string[]> {
  return await withLockedClient(target, limits, async (client) => {
    const before = await appliedNames(client)
    await requireAgreement(client, target, before)
    if (registrations !== undefined && before.length > 0) {
      throw new CouldNotVerify(
        `the target ${target.name} has the checks already, with registrations of its own`,
        `Leave the baseline out to update them. To install them anew with it: make migrate-down TARGET=${target.name} first.`,
      )
    }
    if (registrations !== undefined) {
      // A copy is judged, not mended: no guard is created, and what production had counts as right.
      await client.query(
        "select set_config('drill.install_guards', 'off', false), set_config('drill.registrations', $1, false)",
        [JSON.stringify(registrations)],
      )
    }
    return await run(client, 'up', count)
  })
}

/**
 * Removes the checks and everything that came with them, stored baselines included.
 * @param mayDeleteBaselines false: refuses while baselines are stored
 * @returns the names of the migrations taken back
 */
export async function migrateDown(
  target: Target,
  mayDeleteBaselines: boolean,
  limits: MigrationLimits = {},
): Promise<string[]> {
  return await withLockedClient(target, limits, async (client) => {
    const applied = await appliedNames(client)
    if (applied.length === 0 && (await drillOf(client)) !== 'ours') {
      // Whoever removed the checks may have been stopped before the record, which is empty then.
      await forgetRecord(client)
      return []
    }
    await requireAgreement(client, target, applied)
    const shipped = shippedMigrations()
    const unknown = applied.filter((name) => !shipped.includes(name))
    if (unknown.length > 0) {
      throw new CouldNotVerify(
        `the target ${target.name} has migrations that this pgdrill does not know: ${unknown.join(', ')}`,
        'Use the newer pgdrill that installed them.',
      )
    }
    const baselines = await countBaselines(client)
    if (baselines > 0n && !mayDeleteBaselines) {
      throw new CouldNotVerify(
        `the target ${target.name} holds ${baselines} baselines, which would be deleted`,
        'Export them first (pgdrill baseline export), then repeat with --delete-baselines.',
      )
    }
    const names = await run(client, 'down', applied.length)
    await forgetRecord(client)
    return names
  })
}

/** Which of the shipped migrations are applied; also those applied that are not shipped. */
export async function migrationStates(target: Target): Promise<MigrationState[]> {
  return await withClient(target, {}, async (client) => {
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
  // Before the runner begins: it would make its record outside of its transaction, and who is stopped there leaves it behind.
  await client.query('begin')
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
    // We hold one already, around more than the runner does.
    noLock: true,
    // Errors are thrown; what the runner says besides is said by the command.
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  }).catch(async (error) => {
    await client.query('rollback').catch(() => {})
    throw error
  })
  // The runner has done so, unless there was nothing to do.
  await client.query('commit')
  return done.map((migration) => migration.name)
}

async function forgetRecord(client: pg.Client): Promise<void> {
  await client.query(
    `drop table if exists ${migrationsSchema}.${migrationsTable}; drop schema if exists ${migrationsSchema}`,
  )
}

async function drillOf(client: pg.Client): Promise<'missing' | 'ours' | 'another'> {
  const { rows } = await client.query<{ is_there: boolean; is_ours: boolean }>(
    "select to_regnamespace('drill') is not null as is_there, to_regclass('drill.installation') is not null as is_ours",
  )
  if (!rows[0]?.is_there) return 'missing'
  return rows[0].is_ours ? 'ours' : 'another'
}

/** Demands that schema drill and the record of its migrations are both there or both not. */
async function requireAgreement(client: pg.Client, target: Target, applied: string[]): Promise<void> {
  const found = await drillOf(client)
  if (found === 'another') {
    throw new CouldNotVerify(
      `the schema drill of the target ${target.name} is not pgdrill's`,
      'pgdrill needs the schema name drill for itself; rename the other one.',
    )
  }
  if (found === 'ours' && applied.length === 0) {
    throw new CouldNotVerify(
      `the target ${target.name} has the checks without the record of their migrations (schema ${migrationsSchema})`,
      `Restore that schema, too; or export the baselines (pgdrill baseline export), drop schema drill cascade, and install again.`,
    )
  }
  if (found === 'missing' && applied.length > 0) {
    throw new CouldNotVerify(
      `the target ${target.name} has the record of the migrations, but schema drill is gone`,
      `Run: drop schema ${migrationsSchema} cascade; then install again.`,
    )
  }
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

/**
 * Waits for whoever else migrates this database, and lets nobody in while we do.
 * @throws CouldNotVerify when the other one takes longer than a statement may
 */
async function withLockedClient<T>(
  target: Target,
  limits: MigrationLimits,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withClient(target, limits, async (client) => {
    // Others may take their time; the limit is for the locks on tables, which somebody else waits behind.
    await client.query('set lock_timeout = 0')
    await client.query('select pg_catalog.pg_advisory_lock($1)', [lockValue]).catch((error) => {
      if ((error as { code?: string }).code !== '57014') throw error
      throw new CouldNotVerify(
        `another migration of the target ${target.name} is under way and did not end in time`,
        'Let it end, or end its session (application_name pgdrill migrate), then start again.',
        { cause: error },
      )
    })
    await client.query(`set lock_timeout = ${lockTimeout}`)
    try {
      return await use(client)
    } finally {
      // Not left to the end of the connection: behind a pooler it may live on.
      await client.query('select pg_catalog.pg_advisory_unlock($1)', [lockValue]).catch(() => {})
    }
  })
}

/** node-pg-migrate needs the driver pg; everything else goes through the other one. */
async function withClient<T>(
  target: Target,
  limits: MigrationLimits,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { client, loss } = await connect(target, limits.statementTimeout ?? statementTimeout)
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    requireSupportedServer(target, rows[0]?.server_version ?? '')
    // A migration must not go on, or wait, after we are gone. Not every system on which a server runs can notice.
    await client.query("set client_connection_check_interval = '2s'").catch(() => {})
    return await use(client)
  } catch (error) {
    // What the driver says of it has no code.
    throw loss() ?? error
  } finally {
    await client.end()
  }
}

async function connect(target: Target, timeout: number) {
  const { host, port, database, user, password, options, connectTimeout = 10_000 } = target.connection
  return await tryEachWay(target, async (attempt) => {
    const socket = openOnce(target.connection, attempt, connectTimeout)
    const stream = await socket.open()
    let lost: Error | undefined
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      // A function, for otherwise this driver would look for one itself.
      password: () => password ?? '',
      ...(options === undefined ? {} : { options }),
      application_name: 'pgdrill migrate',
      connectionTimeoutMillis: connectTimeout,
      lock_timeout: lockTimeout,
      statement_timeout: timeout,
      // The socket stands already, and is encrypted if it is to be; the driver wants to connect it itself.
      ssl: false,
      stream: () => Object.assign(stream, { connect: () => setImmediate(() => stream.emit('connect')) }),
    })
    // A lost connection fails the query that runs; without a listener it would end the process besides.
    client.on('error', (error) => {
      lost ??= Object.assign(error, { code: 'CONNECTION_CLOSED' })
    })
    try {
      await client.connect()
    } catch (error) {
      stream.destroy()
      throw error
    }
    // A network that went silent would keep us waiting for ever: the server has to answer what it gives up itself.
    stream.setTimeout(timeout + silence, () => stream.destroy(new Error('the server does not answer')))
    return { client, socket, loss: () => lost }
  })
}
