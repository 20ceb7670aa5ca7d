// One --inventory: a folder, a file or stdin, whose format is given or recognised.

import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { CouldNotVerify } from '../could-not-verify.ts'
import { manifestFile } from '../dump/manifest.ts'
import { isHandedOver } from '../outside-text.ts'
import { readBarman } from './barman.ts'
import { readDumpFolder } from './dump-folder.ts'
import { formats, type Inventory, type InventoryFormat, mostBackups } from './inventory.ts'
import { parseJsonText } from './json-text.ts'
import { readCsv, readPlainJson } from './listing.ts'
import { readOwnBackups } from './own-backups.ts'
import { readPgbackrest } from './pgbackrest.ts'
import { recognise } from './recognise.ts'
import { readSupabase } from './supabase.ts'
import { readWalG } from './wal-g.ts'

/** More is no listing of backups, and would not fit into memory. */
const mostBytes = 96 * 1024 * 1024

/**
 * From here on V8 is told to collect sooner: left alone it lets the garbage of so many entries grow, and a listing of a hundred
 * thousand backups takes a third of a gigabyte instead of a fifth.
 */
const largeText = 8 * 1024 * 1024

const giveFile = 'Give a file, a folder, or - for stdin.'

/** What was asked for: a path ("-" is stdin), perhaps with the format before it: barman:list.json. */
export interface Asked {
  path: string
  format: InventoryFormat | undefined
}

/** Splits FORMAT:PATH; a path that only looks like it can be written as ./name:rest. */
export function parseAsked(text: string, format: InventoryFormat | undefined): Asked {
  const prefix = formats.find((one) => text.startsWith(`${one}:`))
  return prefix === undefined ? { path: text, format } : { path: text.slice(prefix.length + 1), format: prefix }
}

/**
 * Reads one inventory, which may hold several sources.
 * @param isDeep hashes the files of own backups
 * @throws CouldNotVerify when it cannot be read, or is none
 */
export async function readInventory(
  { path, format }: Asked,
  isDeep: boolean,
  stdin: NodeJS.ReadableStream,
): Promise<Inventory[]> {
  if (path === '') throw new CouldNotVerify('--inventory names no file', 'Give a file, a folder, or - for stdin.')
  if (path !== '-' && statOf(path).isDirectory()) return await readFolder(path, format, isDeep)
  const origin = path === '-' ? 'stdin' : path
  if (format === 'own' || format === 'dumps') {
    throw new CouldNotVerify(`${origin} is no folder, which ${format} is read from`, 'Name the folder.')
  }
  const text = path === '-' ? await readStream(stdin, origin) : await readFile(path)
  const label = path === '-' ? 'stdin' : basename(path)
  if (text.trim() === '') {
    throw new CouldNotVerify(
      `${origin} is empty: not even an empty list`,
      'Did the tool fail? Look at what it said on stderr.',
    )
  }
  if (text.length > largeText) setFlagsFromString('--optimize-for-size')
  const isJson = format === undefined ? /^\uFEFF?\s*[[{]/.test(text) : format !== 'csv'
  if (!isJson) return readCsv(text, origin, label)
  const value = parseJsonText(text, origin, mostBackups)
  const known = format ?? recognise(value)
  if (known === undefined) {
    throw new CouldNotVerify(
      `${origin}: nothing tells which tool wrote it`,
      `Say the format: --inventory FORMAT:FILE, one of ${formats.join(', ')}.`,
    )
  }
  return readKnown(known, value, origin, label)
}

function readKnown(format: InventoryFormat, value: unknown, origin: string, label: string): Inventory[] {
  switch (format) {
    case 'pgbackrest':
      return readPgbackrest(value, origin)
    case 'barman':
      return readBarman(value, origin)
    case 'wal-g':
      return readWalG(value, origin)
    case 'supabase':
      return readSupabase(value, origin)
    default:
      return readPlainJson(value, origin, label)
  }
}

function statOf(path: string) {
  try {
    return statSync(path)
  } catch (error) {
    throw new CouldNotVerify(
      `the inventory ${path} cannot be read: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message}`,
      giveFile,
    )
  }
}

async function readFolder(path: string, format: InventoryFormat | undefined, isDeep: boolean): Promise<Inventory[]> {
  const label = basename(resolve(path))
  if (format !== undefined && format !== 'own' && format !== 'dumps') {
    throw new CouldNotVerify(`${path} is a folder, and ${format} is read from a file`, 'Name the file.')
  }
  const isOwn = format === undefined ? holdsOwnBackups(path) : format === 'own'
  return isOwn ? await readOwnBackups(path, label, isDeep) : await readDumpFolder(path, label)
}

function holdsOwnBackups(path: string): boolean {
  try {
    return readdirSync(path, { withFileTypes: true }).some(
      (entry) => entry.isDirectory() && existsSync(join(path, entry.name, manifestFile)),
    )
  } catch (error) {
    throw new CouldNotVerify(`the folder ${path} cannot be read: ${(error as Error).message}`)
  }
}

/** At once: the pieces of a stream would need twice the memory. */
async function readFile(path: string): Promise<string> {
  const found = statOf(path)
  if (!found.isFile()) {
    // A pipe that nobody writes into, or a device, would never end.
    if (!isHandedOver(path)) throw new CouldNotVerify(`the inventory ${path} is no plain file`, giveFile)
    return await readStream(createReadStream(path), path)
  }
  const { size } = found
  if (size > mostBytes) throw tooLarge(path)
  try {
    return requireText(readFileSync(path, 'utf8'), path)
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    throw new CouldNotVerify(`${path} cannot be read: ${(error as Error).message}`)
  }
}

async function readStream(stream: NodeJS.ReadableStream, origin: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  try {
    for await (const piece of stream) {
      const bytes = Buffer.from(piece)
      size += bytes.length
      if (size > mostBytes) throw tooLarge(origin)
      text += decoder.decode(bytes, { stream: true })
    }
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    throw new CouldNotVerify(`${origin} cannot be read: ${(error as Error).message}`)
  }
  return requireText(text + decoder.decode(), origin)
}

function tooLarge(origin: string): CouldNotVerify {
  return new CouldNotVerify(
    `${origin} is larger than ${mostBytes / 1024 / 1024} MiB, which no listing of backups is`,
    'Give the listing of the backup tool, as it wrote it.',
  )
}

function requireText(text: string, origin: string): string {
  if (!text.includes('\0')) return text
  throw new CouldNotVerify(`${origin} is no text`, 'Give the listing of the backups, not a backup.')
}
