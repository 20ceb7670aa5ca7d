// A dump in pg_dump's directory format. Its table of contents is written first and names every file that follows, so a dump
// that was killed has contents and lacks files (_CloseArchive in src/bin/pg_dump/pg_backup_directory.c of PostgreSQL).

import type { Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readOutside } from '../outside-text.ts'
import type { HeldBackup } from '../rules/backups-held.ts'
import type { Fitness } from './dump-folder.ts'

/** What the files of such a dump tell. */
export interface DirectoryDump {
  /** When the last of them was written: the contents tell when the first one was begun. ISO text. */
  finished_at: string
  bytes: HeldBackup['bytes']
  /** Whether every file that the contents name is there, and none is empty. */
  fitness: Fitness
}

/** Contents of hundreds of thousands of objects are smaller. */
const mostContents = 64 * 1024 * 1024

/**
 * Looks at the files of a directory with a toc.dat.
 * @param directory whose toc.dat is there
 */
export async function readDirectoryDump(directory: string): Promise<DirectoryDump> {
  const found = new Map<string, Stats>()
  try {
    for (const name of await readdir(directory)) found.set(name, await stat(join(directory, name)))
    const files = [...found.values()].filter((one) => one.isFile())
    const newest = files.reduce((latest, { mtimeMs }) => Math.max(latest, mtimeMs), 0)
    return {
      finished_at: new Date(newest).toISOString(),
      bytes: String(files.reduce((sum, { size }) => sum + size, 0)),
      fitness: await fitnessOf(directory, found),
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = `it cannot be read: ${code ?? message}`
    return { finished_at: new Date(0).toISOString(), bytes: null, fitness: { usable: 'unknown', reason } }
  }
}

async function fitnessOf(directory: string, found: ReadonlyMap<string, Stats>): Promise<Fitness> {
  if ((found.get('toc.dat')?.size ?? 0) > mostContents) {
    return { usable: 'unknown', reason: 'its toc.dat is too large to be looked at' }
  }
  const contents = readOutside(join(directory, 'toc.dat'), mostContents).toString('latin1')
  const wanted = [...contents.matchAll(named)].flatMap(([, length = '', name = '']) =>
    length.charCodeAt(0) === name.length ? [name] : [],
  )
  for (const list of wanted.filter((name) => name.endsWith('.toc'))) {
    const file = sameFile(list, found)
    // Compressed lists cannot be looked into as cheaply; their large objects are believed.
    if (file === list) wanted.push(...largeObjects(readOutside(join(directory, list), mostContents).toString('latin1')))
  }
  const missing = wanted.filter((name) => sameFile(name, found) === undefined)
  if (missing.length > 0) {
    const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`
    return {
      usable: 'no',
      reason: `${missing[0]}${more} of its toc.dat missing: pg_dump did not end, or they were lost`,
    }
  }
  // Not even a table without rows has a file without bytes; a large object may.
  const empty = wanted.find((name) => /^\d/.test(name) && isEmpty(name, found))
  if (empty === undefined) return { usable: 'yes', reason: null }
  return { usable: 'no', reason: `${empty} is empty: pg_dump did not end` }
}

/** The name of a file in the contents: its length, in four bytes behind a sign, and itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the format has them
const named = /\x00([\x05-\x1f])\x00\x00\x00((?:\d{1,10}\.dat|blobs(?:_\d{1,10})?\.toc))/g

/** Each line of such a list is the number of a large object and its file. */
function largeObjects(list: string): string[] {
  return [...list.matchAll(/^\d+ (blob_\d+\.dat)$/gm)].map(([, name = '']) => name)
}

/** The contents name files as they are called without compression. */
function sameFile(name: string, found: ReadonlyMap<string, Stats>): string | undefined {
  return ['', '.gz', '.lz4', '.zst']
    .map((ending) => `${name}${ending}`)
    .find((one) => found.get(one)?.isFile() === true)
}

function isEmpty(name: string, found: ReadonlyMap<string, Stats>): boolean {
  return found.get(sameFile(name, found) ?? '')?.size === 0
}
