// The user's own pg_dump and pg_dumpall.

import { CouldNotVerify } from '../could-not-verify.ts'
import type { Target } from '../database/targets.ts'
import { sizeText } from '../terminal/sizes.ts'
import type { BackupFolder } from './backup-folder.ts'
import { clientEnvironment, majorOf, type Program } from './client-programs.ts'
import { dumpDirectory } from './manifest.ts'
import { endingText, runProgram } from './run-program.ts'

/** Roles and tablespaces. */
export const globalsFile = 'globals.sql'

/** pg_dump refuses a server that is newer than itself; so do we, before anything is done. @throws CouldNotVerify */
export function requireNewEnough(program: Program, target: Target, serverVersion: string): void {
  const [own, server] = [majorOf(program.version), majorOf(serverVersion)]
  if (own >= server) return
  const version = /\d[\w.]*/.exec(program.version)?.[0] ?? program.version
  throw new CouldNotVerify(
    `${program.name} is of version ${version}, and ${target.name} runs PostgreSQL ${serverVersion}: it cannot dump a server newer than itself`,
    `Install the client programs of PostgreSQL ${server} or later and name their directory: PG_BIN=/usr/lib/postgresql/${server}/bin.`,
  )
}

/**
 * Dumps the database as a snapshot sees it, which must stay open meanwhile.
 * @param tableCount how many tables have data, for the progress
 * @param signal ends it
 * @returns how many tables' data it wrote, and its warnings
 * @throws CouldNotVerify when it fails: with what it said
 */
export async function dumpDatabase(
  program: Program,
  target: Target,
  folder: BackupFolder,
  { snapshot, jobs, tableCount }: { snapshot: string; jobs: number; tableCount: number },
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<{ tables: number; warnings: string[] }> {
  let tables = 0
  const warnings: string[] = []
  const errors: string[] = []
  const onLine = (line: string) => {
    // Two programs, and each line by itself: those of several workers mix.
    const said = line.replace(/^pg_dump: /, '')
    if (said.startsWith('dumping contents of table ')) tables += 1
    else if (/^(error|detail|hint): /.test(said) && errors.length < 5) errors.push(said.replace(/^error: /, ''))
    else if (said.startsWith('warning: ')) warnings.push(said.slice('warning: '.length))
  }
  const clock = setInterval(async () => {
    const size = await folder.size(dumpDirectory)
    tell(`${tables} of ${Math.max(tables, tableCount)} tables, ${sizeText(size)}`)
  }, 1000)
  try {
    const args = [
      '--format=directory',
      `--file=${folder.path(dumpDirectory)}`,
      `--jobs=${jobs}`,
      `--snapshot=${snapshot}`,
      '--no-password',
      // A table that somebody holds must not keep all others waiting.
      '--lock-wait-timeout=60s',
      // Says what it does; and once nobody reads that any more it ends.
      '--verbose',
    ]
    const ending = await runProgram(program.path, args, {
      env: clientEnvironment(target.connection, program),
      onLine,
      signal,
    })
    if (ending.code !== 0) {
      throw new CouldNotVerify(
        `pg_dump failed: ${errors.join('; ') || endingText(ending)}`,
        'Nothing of this backup is left. Put that right and start again.',
      )
    }
  } finally {
    clearInterval(clock)
  }
  return { tables, warnings }
}

/**
 * Writes the roles and tablespaces of the server, without passwords.
 * @returns why it could not; null: it is written
 */
export async function dumpGlobals(
  program: Program,
  target: Target,
  folder: BackupFolder,
  signal: AbortSignal,
): Promise<string | null> {
  const errors: string[] = []
  const args = [
    '--globals-only',
    '--no-role-passwords',
    '--no-password',
    `--file=${folder.path(globalsFile)}`,
    `--database=${target.connection.database}`,
  ]
  const ending = await runProgram(program.path, args, {
    env: clientEnvironment(target.connection, program),
    onLine: (line) => {
      if (line.startsWith('pg_dumpall: error: ') && errors.length < 3)
        errors.push(line.slice('pg_dumpall: error: '.length))
    },
    signal,
  })
  return ending.code === 0 ? null : errors.join('; ') || endingText(ending)
}
