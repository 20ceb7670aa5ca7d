import { rm } from 'node:fs/promises'
import { sql } from 'kysely'
import { type Baseline, parseBaseline } from '../baselines/document.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { Identity } from '../database/contract.ts'
import { exportSnapshot, getIdentity, getRegistrations, listChangeMarks } from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { captureBaseline, type Snapshot } from '../measuring/capture-baseline.ts'
import { toolVersion } from '../project-files.ts'
import { sizeText } from '../terminal/sizes.ts'
import type { Stages } from '../terminal/stages.ts'
import { BackupFolder } from './backup-folder.ts'
import { findClientProgram, type Program } from './client-programs.ts'
import { propertiesFile, readProperties, rolesOf } from './database-properties.ts'
import { dumpDatabase, dumpGlobals, globalsFile, requireNewEnough } from './dump-database.ts'
import { type Encryption, encryptFile, tryEncryption } from './encryption.ts'
import { forEachOf, sha256Of } from './hash-files.ts'
import { baselineFile, type Manifest } from './manifest.ts'
import type { Backup } from './read-manifest.ts'

/** What a backup is asked. */
export interface BackupQuestion {
  /** Production. */
  target: Target
  /** The folder that it becomes; must not be there. */
  out: string
  /** How many connections dump, and how many count. */
  jobs: number
  /** How long one statement of ours may take, in milliseconds; undefined: the default. */
  statementTimeout: number | undefined
  /** Undefined: not encrypted. */
  encryption: Encryption | undefined
}

/** What the dump and the baseline have in common. */
interface Moment {
  snapshot: Snapshot
  lsn: string
  databaseBytes: number
  tableCount: number
  roles: string[]
  properties: string
}

/**
 * Dumps a database, with a baseline of the very snapshot that it is dumped from.
 * @returns the backup, and warnings that are worth reading
 * @throws CouldNotVerify when anything is in the way; nothing that looks like a backup is left then
 */
export async function makeBackup(
  question: BackupQuestion,
  stages: Stages,
): Promise<{ backup: Backup; warnings: string[] }> {
  const { target, out, statementTimeout } = question
  const startedAt = new Date()
  const programs = { dump: await findClientProgram('pg_dump'), dumpAll: await findDumpAll() }
  if (question.encryption !== undefined) await tryEncryption(question.encryption)
  const stopping = new AbortController()
  const limits = { statementTimeout, signal: stopping.signal }
  let folder: BackupFolder | undefined
  try {
    const made = await withDatabase(target, { statementTimeout }, async (database) => {
      const identity = await requireProduction(database, target, programs.dump)
      folder = new BackupFolder(out)
      // The newest heartbeat in the dump tells its moment, also where nobody records any.
      await sql`select drill.record_heartbeat()`.execute(database)
      const marks = await listChangeMarks(database)
      const tables = await listCriticalTables(database)
      return await database
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(async (transaction) => {
          // Before the snapshot: a TRUNCATE after it would be seen by the dump, whatever the snapshot says.
          if (tables.length > 0) await lockTables(transaction, tables)
          const moment = await takeSnapshot(transaction, target, marks)
          const pulse = keepAlive(transaction)
          try {
            const parts = { question, programs, identity, moment, startedAt }
            return await fill(folder as BackupFolder, parts, limits, stages)
          } finally {
            clearInterval(pulse)
          }
        })
    })
    const { encryption } = question
    // Without the transaction: its locks and its snapshot are in production's way as long as they last.
    if (encryption !== undefined)
      await stages.run('encrypt', (tell) => encryptAll(folder as BackupFolder, encryption, tell, stopping.signal))
    const manifest = await stages.run('hash and finish', (tell) => finish(folder as BackupFolder, made.manifest, tell))
    return { backup: { directory: out, manifest }, warnings: made.warnings }
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    const what = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no room for it' : message
    throw new CouldNotVerify(`the backup ${out} could not be written: ${what}`, 'Nothing of it is left.', {
      cause: error,
    })
  } finally {
    stopping.abort()
    folder?.remove()
  }
}

type Parts = {
  question: BackupQuestion
  programs: { dump: Program; dumpAll: Program | null }
  identity: Identity
  moment: Moment
  startedAt: Date
}

type Unfinished = Omit<Manifest, 'finished_at' | 'files'>

/** Everything that needs the snapshot. */
async function fill(
  folder: BackupFolder,
  { question, programs, identity, moment, startedAt }: Parts,
  limits: Limits & { signal: AbortSignal },
  stages: Stages,
): Promise<{ manifest: Unfinished; warnings: string[] }> {
  const { target, jobs } = question
  const { snapshot } = moment
  const label = `backup ${folder.place}`
  const options = { label, depth: 'full' as const, full: true, jobs, snapshot }
  const baseline = await stages.run('baseline', async (tell) => {
    const document = await captureBaseline(target, limits, options, tell)
    return await keepExact(folder, document)
  })
  const dumped = await stages.run('pg_dump', (tell) => {
    const asked = { snapshot: snapshot.name, jobs, tableCount: moment.tableCount }
    return dumpDatabase(programs.dump, target, folder, asked, tell, limits.signal)
  })
  await folder.write(propertiesFile, moment.properties)
  const problem = await stages.run('roles and tablespaces', async () => {
    if (programs.dumpAll === null) return 'pg_dumpall is not installed'
    const refused = await dumpGlobals(programs.dumpAll, target, folder, limits.signal)
    if (refused !== null) await rm(folder.path(globalsFile), { force: true })
    return refused
  })
  const manifest: Unfinished = {
    format: 'pgdrill-backup',
    format_version: 1,
    backup_id: `${target.name}-${startedAt.toISOString().replace(/[-:]|\.\d+/g, '')}-${baseline.baseline_id.slice(0, 8)}`,
    tool_version: toolVersion(),
    started_at: startedAt.toISOString(),
    snapshot: { name: snapshot.name, taken_at: snapshot.takenAt, lsn: moment.lsn },
    source: {
      target: target.name,
      url: describeConnection(target.connection),
      database_name: identity.database_name,
      server_version: identity.server_version,
      installation_id: baseline.source.installation_id,
      system_identifier: baseline.source.system_identifier,
      timeline_id: baseline.source.timeline_id,
      server_started_at: baseline.source.started_at,
      database_bytes: moment.databaseBytes,
      is_sandbox: identity.is_sandbox,
    },
    tools: { pg_dump: programs.dump.version, pg_dumpall: programs.dumpAll?.version ?? null },
    baseline: { baseline_id: baseline.baseline_id, captured_at: baseline.captured_at },
    encryption: question.encryption ?? null,
    globals: { is_included: problem === null, problem },
    roles: moment.roles,
    table_count: dumped.tables,
  }
  return { manifest, warnings: dumped.warnings }
}

async function findDumpAll(): Promise<Program | null> {
  try {
    return await findClientProgram('pg_dumpall')
  } catch (error) {
    if (error instanceof CouldNotVerify) return null
    throw error
  }
}

async function requireProduction(database: Database, target: Target, program: Program): Promise<Identity> {
  await requireSchema(database, target)
  const identity = await getIdentity(database)
  requireNewEnough(program, target, identity.server_version)
  if (identity.is_in_recovery) {
    throw new CouldNotVerify(
      `the target ${target.name} is a standby: a baseline cannot be stored in it`,
      'Back up the primary.',
    )
  }
  return identity
}

async function listCriticalTables(database: Database): Promise<string[]> {
  const { critical_relations } = await getRegistrations(database)
  const names = critical_relations.map(({ relation_name }) => relation_name)
  // Registered names are quoted where they have to be. What is missing the baseline will tell.
  const { rows } = await sql<{ name: string }>`
    select e.name
    from jsonb_array_elements_text(${JSON.stringify(names)}::text::jsonb) as e (name)
    where to_regclass(e.name) is not null`.execute(database)
  return rows.map(({ name }) => name)
}

async function lockTables(transaction: Database, names: readonly string[]): Promise<void> {
  await sql`lock table ${sql.join(names.map((name) => sql.raw(name)))} in access share mode`.execute(transaction)
}

async function takeSnapshot(transaction: Database, target: Target, marks: string): Promise<Moment> {
  // The first statement: its moment is that of the snapshot.
  const { rows } = await sql<{ taken_at: string; lsn: string; bytes: string; table_count: number; roles: string[] }>`
    select
      to_jsonb(statement_timestamp()) #>> '{}' as taken_at,
      pg_current_wal_insert_lsn()::text as lsn,
      pg_database_size(current_database())::text as bytes,
      (
        select count(*)::integer
        from pg_class as c
        inner join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind = 'r'
          and n.nspname !~ '^pg_'
          and n.nspname <> 'information_schema'
          and not exists (
            select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
          )
      ) as table_count,
      (
        select coalesce(jsonb_agg(r.rolname order by r.rolname collate "C"), '[]')
        from pg_roles as r
        where r.rolname !~ '^pg_'
          and (
            r.oid in (
              select s.refobjid
              from pg_shdepend as s
              inner join pg_database as d on d.datname = current_database()
              where s.refclassid = 'pg_authid'::regclass
                and (s.dbid = d.oid or s.classid = 'pg_database'::regclass and s.objid = d.oid)
            )
            -- The first superuser is not listed there.
            or r.oid in (select c.relowner from pg_class as c where c.oid >= 16384)
            or r.oid in (select p.proowner from pg_proc as p where p.oid >= 16384)
          )
      ) as roles`.execute(transaction)
  const [row] = rows as [(typeof rows)[number]]
  const name = await exportSnapshot(transaction)
  if (name === null) {
    throw new CouldNotVerify(
      `the role ${target.connection.user} may not export a snapshot: pg_export_snapshot() is not granted to it`,
      'Grant it, or use another role: without it the dump and its baseline would be of two moments.',
    )
  }
  const properties = await readProperties(transaction)
  return {
    snapshot: { name, takenAt: row.taken_at, marks },
    lsn: row.lsn,
    databaseBytes: Number(row.bytes),
    tableCount: row.table_count,
    roles: [...new Set([...row.roles, ...rolesOf(properties)])].sort(),
    properties: `${JSON.stringify(properties, null, 2)}\n`,
  }
}

/** A session that only waits says so before the server takes it for forgotten. A loss is noticed where it matters. */
function keepAlive(transaction: Database): NodeJS.Timeout {
  return setInterval(() => void sql`select 1`.execute(transaction).catch(() => {}), 60_000)
}

/**
 * Keeps the baseline in the folder, as exact: beside this dump it is. Inside production it is not, as whatever copy holds
 * it there is of a later moment.
 */
async function keepExact(folder: BackupFolder, document: string): Promise<Baseline> {
  const exact = JSON.stringify({ ...JSON.parse(document), is_exact: true }, null, 2)
  const baseline = parseBaseline(exact, 'just captured')
  await folder.write(baselineFile, `${exact}\n`)
  return baseline
}

async function encryptAll(
  folder: BackupFolder,
  encryption: Encryption,
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const files = (await folder.files()).filter((path) => path !== baselineFile)
  let done = 0
  await forEachOf(files, async (path) => {
    await encryptFile(folder.path(path), encryption, signal)
    done += 1
    tell(`${done} of ${files.length} files`)
  })
}

async function finish(folder: BackupFolder, unfinished: Unfinished, tell: (text: string) => void): Promise<Manifest> {
  let done = 0
  const onBytes = (count: number) => {
    done += count
    tell(sizeText(done))
  }
  const files = await forEachOf(await folder.files(), async (path) => {
    let bytes = 0
    const sha256 = await sha256Of(folder.path(path), (count) => {
      bytes += count
      onBytes(count)
    })
    return { path, bytes, sha256 }
  })
  const manifest = { ...unfinished, finished_at: new Date().toISOString(), files }
  await folder.complete(manifest)
  return manifest
}
