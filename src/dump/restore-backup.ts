import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { Target } from '../database/targets.ts'
import { readOutside } from '../outside-text.ts'
import { toolVersion } from '../project-files.ts'
import type { Stages } from '../terminal/stages.ts'
import { findClientProgram, majorOf, type Program, plainEnvironment } from './client-programs.ts'
import {
  applyProperties,
  createDatabase,
  type DatabaseProperties,
  parseProperties,
  propertiesFile,
} from './database-properties.ts'
import { globalsFile } from './dump-database.ts'
import { decryptFile, encryptedName, requireDecryption } from './encryption.ts'
import { forEachOf, sha256Of } from './hash-files.ts'
import { baselineFile, dumpDirectory, type Manifest, manifestFile } from './manifest.ts'
import { type Backup, readBackup } from './read-manifest.ts'
import type { RestoreProblem, RestoreQuestion, RestoreReport } from './restore-report.ts'
import { runProgram } from './run-program.ts'
import { runRestore } from './run-restore.ts'
import { listMissingRoles, requireEmpty, requireNotProduction, type TargetState } from './target-database.ts'

export type { RestoreProblem, RestoreQuestion, RestoreReport } from './restore-report.ts'

/** The restored rows go through no statement of ours; what we run takes moments, but for ANALYZE. */
const limits = { statementTimeout: 6 * 3_600_000 }

/**
 * Restores a backup into an empty database of a server that is not production. Checks every file of it first.
 * @returns what was done: problems are judged, its exit code is 0, or 1 when something is missing in the copy
 * @throws CouldNotVerify when nothing was restored, or when it ended half-way: the message says which
 */
export async function restoreBackup(question: RestoreQuestion, stages: Stages): Promise<RestoreReport> {
  const { target, intoNew } = question
  const startedAt = new Date()
  const program = await findClientProgram('pg_restore')
  const { manifest } = await readBackup(question.backup, 'sizes')
  // What can be known to be in the way is said before everything is read.
  if (manifest.encryption !== null) requireDecryption(manifest.encryption.tool, question.identityFile)
  await withDatabase(target, limits, (database) => requireFit(database, question, manifest))
  const backup = await stages.run('check the backup', (tell) => readBackup(question.backup, 'hashes', tell))
  const plain = new PlainFiles(backup)
  try {
    await plain.open(question.identityFile, stages)
    const properties = await plain.properties()
    await requireReadable(program, plain.path(dumpDirectory), backup.manifest)
    const prepared = await withDatabase(target, limits, async (database) => {
      const state = await requireFit(database, question, backup.manifest)
      const missingRoles = await listMissingRoles(database, backup.manifest.roles)
      await announce(question, backup.manifest, plain, state, missingRoles)
      const report = await unfinished(question, backup, program, state, missingRoles, startedAt)
      question.begun?.(report)
      const remark = intoNew === undefined ? null : await createDatabase(database, intoNew, properties)
      return { report, remark }
    })
    if (prepared.remark !== null) question.announce(prepared.remark)
    const copy = intoNew === undefined ? target : databaseOf(target, intoNew)
    return await fill(question, copy, program, plain.path(dumpDirectory), properties, prepared.report, stages)
  } finally {
    plain.remove()
  }
}

/** From here on something is in the target: whatever ends this says so. */
async function fill(
  question: RestoreQuestion,
  copy: Target,
  program: Program,
  dump: string,
  properties: DatabaseProperties,
  begun: RestoreReport,
  stages: Stages,
): Promise<RestoreReport> {
  const name = copy.connection.database
  const again = `Drop the database ${name}, or empty it, and restore again.`
  try {
    const { problems, warnings } = await stages.run('pg_restore', (tell) =>
      runRestore(program, copy, dump, question.jobs, tell),
    )
    const more = await withDatabase(copy, limits, async (database) => {
      await stages.run('analyze', () => sql`analyze`.execute(database))
      return await applyProperties(database, name, properties)
    })
    return finished(begun, [...problems, ...more], warnings, stages)
  } catch (error) {
    const { message } = error as Error
    const hint = error instanceof CouldNotVerify && error.hint !== undefined ? error.hint : again
    throw new CouldNotVerify(
      `the restore into the database ${name} ended half-way and must not be used: ${message}`,
      hint,
      { cause: error },
    )
  }
}

function finished(begun: RestoreReport, problems: RestoreProblem[], warnings: string[], stages: Stages): RestoreReport {
  const harmful = problems.filter(({ harmless }) => harmless === null).length
  const { target, backup } = begun
  const what = `the database ${target.database_name} holds the backup of ${backup.taken_at}`
  return {
    ...begun,
    outcome: harmful === 0 ? 'restored' : 'restored with errors',
    statement:
      harmful === 0
        ? `${what}; verify it before anybody relies on it`
        : `${what}, but ${harmful} ${harmful === 1 ? 'thing' : 'things'} could not be restored: it is not production's whole`,
    exit_code: harmful === 0 ? 0 : 1,
    finished_at: new Date().toISOString(),
    problems,
    warnings,
    stages: stages.times,
  }
}

/** @throws CouldNotVerify when the target is production, or not empty */
async function requireFit(
  database: Database,
  { target, production, intoNew }: RestoreQuestion,
  manifest: Manifest,
): Promise<TargetState> {
  const state = await requireNotProduction(database, target, production, manifest)
  if (intoNew === undefined) await requireEmpty(database, target)
  else await requireNoDatabase(database, target, intoNew)
  return state
}

async function unfinished(
  { target, intoNew, jobs }: RestoreQuestion,
  { directory, manifest }: Backup,
  program: Program,
  state: TargetState,
  missingRoles: string[],
  startedAt: Date,
): Promise<RestoreReport> {
  const name = intoNew ?? target.connection.database
  return {
    format: 'pgdrill-restore',
    format_version: 1,
    tool_version: toolVersion(),
    outcome: 'unfinished',
    statement: `the restore into the database ${name} was begun and never ended: drop that database`,
    exit_code: 2,
    started_at: startedAt.toISOString(),
    finished_at: null,
    backup: {
      directory: resolve(directory),
      backup_id: manifest.backup_id,
      baseline_id: manifest.baseline.baseline_id,
      taken_at: manifest.snapshot.taken_at,
      manifest_sha256: await sha256Of(join(directory, manifestFile)),
    },
    target: {
      name: target.name,
      url: describeConnection({ ...target.connection, database: name }),
      database_name: name,
      is_new: intoNew !== undefined,
      server_version: state.serverVersion,
      is_sandbox: state.isSandbox,
    },
    pg_restore: program.version,
    jobs,
    missing_roles: missingRoles,
    problems: [],
    warnings: [],
    stages: [],
  }
}

async function announce(
  { announce: say, target, intoNew, jobs }: RestoreQuestion,
  manifest: Manifest,
  plain: PlainFiles,
  state: TargetState,
  missingRoles: readonly string[],
): Promise<void> {
  const into = intoNew === undefined ? `the empty database ${target.connection.database}` : `a new database ${intoNew}`
  say(
    `restores the backup ${manifest.backup_id} of ${manifest.snapshot.taken_at} (${manifest.table_count} tables) into ${into} of ${describeConnection(target.connection)}, over ${jobs} ${jobs === 1 ? 'connection' : 'connections'}, then runs ANALYZE`,
  )
  if (!state.isNotProduction) say('production could not be asked whether this is another database; it is empty or new')
  if (missingRoles.length === 0) return
  say(
    `the server has no role ${missingRoles.join(', ')}: what they own will belong to ${target.connection.user}, and their rights and policies will be missing`,
  )
  const globals = plain.has(globalsFile) ? readOutside(plain.path(globalsFile)).toString('utf8') : ''
  const statements = missingRoles.flatMap((role) => statementsOf(globals, role))
  if (statements.length > 0) say(`to have them, stop this and run: ${statements.join(' ')}`)
}

/** What makes a role, in the words of pg_dumpall. Names that are quoted in an unusual way are left to people. */
function statementsOf(globals: string, role: string): string[] {
  const name = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`
  const lines = globals.split('\n')
  return [`CREATE ROLE ${name};`, `ALTER ROLE ${name} WITH `].flatMap((start) =>
    lines.filter((line) => line.startsWith(start) && !/password/i.test(line.slice(start.length))).slice(0, 1),
  )
}

/** An archive of a newer format than pg_restore knows is told before anything is made. */
async function requireReadable(program: Program, dump: string, { tools }: Manifest): Promise<void> {
  const errors: string[] = []
  const ending = await runProgram(program.path, ['--list', dump], {
    env: plainEnvironment(),
    onLine: (line) => errors.push(line.replace(/^pg_restore: (error: )?/, '')),
  })
  if (ending.code === 0) return
  const newer = majorOf(tools.pg_dump)
  throw new CouldNotVerify(
    `${program.version} cannot read what ${tools.pg_dump} wrote: ${errors[0] ?? 'it does not say why'}`,
    `Use the client programs of PostgreSQL ${newer} or later: PG_BIN=/usr/lib/postgresql/${newer}/bin.`,
  )
}

async function requireNoDatabase(database: Database, target: Target, name: string): Promise<void> {
  const { rows } = await sql`select from pg_database as d where d.datname = ${name}`.execute(database)
  if (rows.length === 0) return
  throw new CouldNotVerify(
    `the server of the target ${target.name} has a database ${name} already`,
    'Give another name, or drop that database yourself.',
  )
}

function databaseOf(target: Target, database: string): Target {
  return { ...target, connection: { ...target.connection, database } }
}

/** The files of a backup as pg_restore needs them: where they are, or decrypted into a directory that goes with us. */
class PlainFiles {
  readonly #backup: Backup
  #directory: string
  readonly #whenLeft = () => this.remove()

  constructor(backup: Backup) {
    this.#backup = backup
    this.#directory = backup.directory
  }

  async open(identityFile: string | undefined, stages: Stages): Promise<void> {
    const { encryption, files } = this.#backup.manifest
    if (encryption === null) return
    const { tool } = encryption
    this.#directory = mkdtempSync(join(tmpdir(), 'pgdrill-restore-'))
    process.once('exit', this.#whenLeft)
    const encrypted = files.filter(({ path }) => path !== baselineFile)
    await stages.run('decrypt', (tell) => {
      let done = 0
      return forEachOf(encrypted, async ({ path }) => {
        const plain = path.slice(0, -encryptedName('', tool).length)
        mkdirSync(dirname(this.path(plain)), { recursive: true })
        await decryptFile(tool, join(this.#backup.directory, path), this.path(plain), identityFile)
        done += 1
        tell(`${done} of ${encrypted.length} files`)
      })
    })
  }

  path(name: string): string {
    return join(this.#directory, name)
  }

  has(name: string): boolean {
    const { encryption, files } = this.#backup.manifest
    const stored = encryption === null ? name : encryptedName(name, encryption.tool)
    return files.some(({ path }) => path === stored)
  }

  async properties(): Promise<DatabaseProperties> {
    const origin = `${this.#backup.directory}/${propertiesFile}`
    if (!this.has(propertiesFile)) {
      throw new CouldNotVerify(`the backup has no ${propertiesFile}`, 'Name a folder that pgdrill backup wrote.')
    }
    return parseProperties(readOutside(this.path(propertiesFile)).toString('utf8'), origin)
  }

  remove(): void {
    process.off('exit', this.#whenLeft)
    if (this.#directory !== this.#backup.directory)
      rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }
}
