// A folder of plain dumps: what pg_dump, pg_dumpall or a tool of your own left there. Names tell nothing, the bytes a little.

import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { HeldBackup } from '../rules/backups-held.ts'
import { type Inventory, mostBackups, plainBackup } from './inventory.ts'

/** Names of files that are dumps. Others (checksums, logs, notes) are left out, and it is said how many. */
const dumpName = /\.(dump|dmp|pgdump|custom|backup|bak|sql|tar|tgz)(\.(gz|zst|bz2|xz|lz4))?(\.(age|gpg|enc|asc))?$/i
const partialName = /\.(partial|part|tmp|temp|incomplete)$/i

type Fitness = Pick<HeldBackup, 'usable' | 'reason'>
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
    // pg_dump writes the table of contents last.
    const finished_at = contents.mtime.toISOString()
    return {
      ...base,
      finished_at,
      ...(isPartial ? unfinished : await looksLikeDump(join(path, 'toc.dat'), name, contents.size)),
    }
  }
  if (!found.isFile() || !(dumpName.test(name) || (isPartial && dumpName.test(name.replace(partialName, ''))))) {
    return undefined
  }
  const fitness = isPartial ? unfinished : await looksLikeDump(path, name, found.size)
  return { ...base, bytes: String(found.size), ...fitness }
}

const unfinished: Fitness = { usable: 'no', reason: 'it is being written, or was never finished' }

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
    if (head.subarray(0, 5).toString('latin1') === 'PGDMP') return good
    const isScript = /^--\r?\n-- PostgreSQL database (cluster )?dump\r?\n/.test(head.toString('latin1'))
    if (isScript) {
      const tail = (await piece(file, Math.max(0, size - 4096), 4096)).toString('latin1')
      if (/-- PostgreSQL database (cluster )?dump complete/.test(tail)) return good
      return { usable: 'no', reason: 'it is cut off: pg_dump ends with "dump complete"' }
    }
    if (/\.sql$/i.test(name) || /\.tar$/i.test(name)) return good
    return { usable: 'unknown', reason: 'it does not begin as a dump of pg_dump does' }
  } catch (error) {
    return { usable: 'unknown', reason: `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}` }
  } finally {
    await file?.close()
  }
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
