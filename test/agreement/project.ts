import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installOrder } from '../../scripts/embedded-copies.ts'
import { projectFile } from '../../src/project-files.ts'
import type { Files } from './problems.ts'

/** The files of a folder of the project, and of the folders in it, by path below the project root. */
export function readFiles(folder: string, ending: string): Files {
  return new Map(
    readdirSync(projectFile(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => [`${folder}/${name}`, readFileSync(projectFile(folder, name), 'utf8')]),
  )
}

/** The files of sql/ that hold an object each. */
export function sourceFiles(): Files {
  return new Map([...readFiles('sql', '.sql')].filter(([path]) => path !== 'sql/install.sql'))
}

/** Checksums of everything in migrations/, by path. */
export function migrationChecksums(): Map<string, string> {
  return new Map(
    readdirSync(projectFile('migrations')).map((name) => [
      join('migrations', name),
      createHash('sha256')
        .update(readFileSync(projectFile('migrations', name)))
        .digest('hex'),
    ]),
  )
}

/** What psql would run for sql/install.sql: the files that it names, then its own statements. */
export function installText(): string[] {
  const own = readFileSync(projectFile('sql/install.sql'), 'utf8').replace(/^(\\ir|--).*$/gm, '')
  return [...installOrder(projectFile()).map((path) => readFileSync(projectFile(path), 'utf8')), own]
}
