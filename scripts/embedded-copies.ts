// How sql/ (the present) and migrations/ (what happened) are tied: a migration
// holds verbatim copies of files of sql/ between two marker lines.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One file of sql/ as a migration embeds it. */
export interface EmbeddedCopy {
  /** Path below the project root, such as sql/core/get_now.sql. */
  path: string
  text: string
  migration: string
}

const copyPattern = /^-- begin copy of (sql\/\S+\.sql)\n([\s\S]*?)^-- end copy of \1\n/gm

/** The text that embeds one file of sql/ in a migration. */
export function embed(path: string, text: string): string {
  return `-- begin copy of ${path}\n${text}-- end copy of ${path}\n`
}

/** The copies that one migration file holds, in order. */
export function copiesOf(migration: string, text: string): EmbeddedCopy[] {
  return [...text.matchAll(copyPattern)].map((match) => ({
    path: match[1] as string,
    text: match[2] as string,
    migration,
  }))
}

/** The newest embedded copy of each file of sql/, by path. */
export function newestCopies(migrationsDirectory: string): Map<string, EmbeddedCopy> {
  const newest = new Map<string, EmbeddedCopy>()
  for (const name of readdirSync(migrationsDirectory).sort()) {
    if (!name.endsWith('.sql')) continue
    for (const copy of copiesOf(name, readFileSync(join(migrationsDirectory, name), 'utf8')))
      newest.set(copy.path, copy)
  }
  return newest
}

/** The files that sql/install.sql names, in its order, as paths below the project root. */
export function installOrder(root: string): string[] {
  return [...readFileSync(join(root, 'sql/install.sql'), 'utf8').matchAll(/^\\ir (\S+)$/gm)].map(
    (match) => `sql/${match[1]}`,
  )
}
