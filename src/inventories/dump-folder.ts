// A folder of plain dumps: what pg_dump, pg_dumpall or a tool of your own left there. Names tell nothing, the bytes a little.

import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type HeldBackup, plainBackup } from '../rules/backups-held.ts'
import { readDirectoryDump } from './directory-dump.ts'
import { type Inventory, mostBackups } from './inventory.ts'

/** Names of files that are dumps. Others (checksums, logs, notes) are left out, and it is said how many. */
const dumpName = /\.(dump|dmp|pgdump|custom|backup|bak|sql|tar|tgz)(\.(gz|zst|bz2|xz|lz4))?(\.(age|gpg|enc|asc))?$/i
/** Names of files that are being written, or were never finished. */
export const partialName = /\.(partial|part|tmp|temp|incomplete)$/i

/** Whether a dump can be used, as far as its bytes tell. */
export type Fitness = Pick<HeldBackup, 'usable' | 'reason'>
const good: Fitness = { usable: 'yes', reason: null }

/**
 * The dumps of a folder; those below it only as folders of pg_dump's directory format (with a toc.dat). A dump is dated by its
 * last modification, which changes when it is copied without keeping times.
 * @throws CouldNotVerify when the folder cannot be read
 */
export async function readDumpFolder(directory: string, label: string): Promise<Inventory[]> {
  const source = `dumps ${label}`
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new CouldNotVerify(`the folder ${directory} cannot be read: ${error.message}`, 'Name a folder of dumps.')
  })
  if (names.length > mostBackups)
    throw new CouldNotVerify(`the folder ${directory} has more than ${mostBackups} entries`)
  const backups: HeldBackup[] = []
  let left = 0
  for (const name of names.sort()) {
    const backup = await readEntry(directory, name, source)
    if (backup === undefined) left += 1
    else backups.push(backup)
  }
  const remarks = [
    ...(backups.length > 0
      ? [`${source}: dumps are dated by their last modification, which changes when they are copied`]
      : []),
    ...(left > 0
      ? [`${source}: ${left} ${left === 1 ? 'entry is no dump by its name' : 'entries are no dumps by their names'}`]
      : []),
  ]
  return [{ source, format: 'dumps', backups, keeps_days: null, window: null, remarks }]
}

async function readEntry(directory: string, name: string, source: string): Promise<HeldBackup | undefined> {
  const path = join(directory, name)
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const base = { ...plainBackup, source, id: name, kind: 'logical' as const, finished_at: found.mtime.toISOString() }
  const isPartial = partialName.test(name)
  if (found.isDirectory()) {
    const contents = await lstat(join(path, 'toc.dat')).catch(() => undefined)
    if (contents === undefined) return undefined
    const { finished_at, bytes, fitness } = await readDirectoryDump(path)
    const believed =
      fitness.usable === 'yes' ? await looksLikeDump(join(path, 'toc.dat'), name, contents.size) : fitness
    return { ...base, finished_at, bytes, ...(isPartial ? unfinished : believed) }
  }
  if (!found.isFile() || !(dumpName.test(name) || (isPartial && dumpName.test(name.replace(partialName, ''))))) {
    return undefined
  }
  const fitness = isPartial ? unfinished : await looksLikeDump(path, name, found.size)
  return { ...base, bytes: String(found.size), ...fitness }
}

/** What such a file is. */
export const unfinished: Fitness = { usable: 'no', reason: 'it is being written, or was never finished' }

/** What the first and last bytes tell. Compressed and encrypted ones are believed: only a restore proves more. */
async function looksLikeDump(path: string, name: string, size: number): Promise<Fitness> {
  if (size === 0) return { usable: 'no', reason: 'it is empty (0 bytes)' }
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const head = await piece(file, 0, 2048)
    if (/\.(age|gpg|enc|asc)$/i.test(name)) return good
    for (const [ending, magic] of Object.entries(magics)) {
      if (name.toLowerCase().endsWith(ending)) {
        if (head.subarray(0, magic.length).equals(magic)) return good
        return { usable: 'no', reason: `it does not begin as a file ${ending} does` }
      }
    }
    if (head.subarray(0, 5).toString('latin1') === 'PGDMP') {
      // The contents of a directory say nothing of their own end. An archive in one file ends with the length of a next
      // piece, which is 0, or with an offset that is not set.
      if (name !== basename(path) || (await endsWithZeros(file, size, 5))) return good
      return { usable: 'no', reason: 'it is cut off, or still being written: an archive of pg_dump ends with zeros' }
    }
    const isScript = /^--\r?\n-- PostgreSQL database (cluster )?dump\r?\n/.test(head.toString('latin1'))
    if (isScript) {
      const tail = (await piece(file, Math.max(0, size - 4096), 4096)).toString('latin1')
      if (/-- PostgreSQL database (cluster )?dump complete/.test(tail)) return good
      return { usable: 'no', reason: 'it is cut off: pg_dump ends with "dump complete"' }
    }
    if (/\.tar$/i.test(name)) {
      if (await endsWithZeros(file, size, 1024)) return good
      return { usable: 'no', reason: 'it is cut off, or no tar: that ends with two empty blocks' }
    }
    if (/\.sql$/i.test(name)) return good
    return { usable: 'unknown', reason: 'it does not begin as a dump of pg_dump does' }
  } catch (error) {
    return { usable: 'unknown', reason: `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}` }
  } finally {
    await file?.close()
  }
}

async function endsWithZeros(file: FileHandle, size: number, count: number): Promise<boolean> {
  if (size < count) return false
  const tail = await piece(file, size - count, count)
  return tail.length === count && tail.every((byte) => byte === 0)
}

const magics: Record<string, Buffer> = {
  '.gz': Buffer.from([0x1f, 0x8b]),
  '.tgz': Buffer.from([0x1f, 0x8b]),
  '.zst': Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  '.bz2': Buffer.from('BZh'),
  '.xz': Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]),
  '.lz4': Buffer.from([0x04, 0x22, 0x4d, 0x18]),
}

async function piece(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
