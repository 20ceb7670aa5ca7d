import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { readOutside } from '../outside-text.ts'
import { sizeText } from '../terminal/sizes.ts'
import { forEachOf, sha256Of } from './hash-files.ts'
import { type Manifest, manifestFile, parseManifest } from './manifest.ts'

/** A folder that holds a whole backup. */
export interface Backup {
  directory: string
  manifest: Manifest
}

/** A folder among backups that is none, or no whole one. */
export interface NoBackup {
  directory: string
  why: string
}

/** What a backup that is still being written, or was killed, ends in. */
export const partialEnding = '.partial'

/**
 * Reads the manifest of a backup and checks that every file it names is there.
 * @param directory the folder that pgdrill backup wrote
 * @param check sizes: each file has its size, which costs next to nothing; hashes: its content is the one that was
 *   written, which reads everything
 * @param tell is told how far it is
 * @throws CouldNotVerify when the folder is no backup, or not as it was written: names the first such files
 */
export async function readBackup(
  directory: string,
  check: 'sizes' | 'hashes',
  tell: (text: string) => void = () => {},
): Promise<Backup> {
  const manifest = parseManifest(await readManifestText(directory), directory)
  const problems = (await forEachOf(manifest.files, (file) => wrongSize(directory, file))).filter(isText)
  if (problems.length === 0 && check === 'hashes') {
    const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
    let done = 0
    const onBytes = (count: number) => {
      done += count
      tell(`${sizeText(done)} of ${sizeText(total)}`)
    }
    problems.push(...(await forEachOf(manifest.files, (file) => wrongContent(directory, file, onBytes))).filter(isText))
  }
  const [first, ...more] = problems
  if (first !== undefined) {
    const rest = more.length === 0 ? '' : `, and ${more.length} more`
    throw new CouldNotVerify(
      `the backup ${directory} is not as it was written: ${first}${rest}`,
      'Use another backup, or another copy of this one.',
    )
  }
  return { directory, manifest }
}

/**
 * Every backup in a directory, oldest first, and what there is that is none.
 * @throws CouldNotVerify when the directory cannot be read
 */
export async function listBackups(
  directory: string,
  check: 'sizes' | 'hashes',
): Promise<{ backups: Backup[]; others: NoBackup[] }> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CouldNotVerify(
      error.code === 'ENOENT'
        ? `the directory of backups ${directory} does not exist`
        : `the directory of backups ${directory} cannot be read: ${error.message}`,
      'Name the directory in which pgdrill backup leaves its folders.',
    )
  })
  const backups: Backup[] = []
  const others: NoBackup[] = []
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const folder = join(directory, name)
    if (name.endsWith(partialEnding)) {
      others.push({ directory: folder, why: `${folder} is being written, or was never finished` })
      continue
    }
    try {
      backups.push(await readBackup(folder, check))
    } catch (error) {
      if (!(error instanceof CouldNotVerify)) throw error
      others.push({ directory: folder, why: error.message })
    }
  }
  const moment = ({ manifest }: Backup) => Date.parse(manifest.snapshot.taken_at)
  backups.sort((a, b) => moment(a) - moment(b) || (a.directory < b.directory ? -1 : 1))
  others.sort((a, b) => (a.directory < b.directory ? -1 : 1))
  return { backups, others }
}

async function readManifestText(directory: string): Promise<string> {
  try {
    return readOutside(join(directory, manifestFile)).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isThere = (await lstat(directory).catch(() => undefined)) !== undefined
    throw new CouldNotVerify(
      code !== 'ENOENT' && code !== 'ENOTDIR'
        ? `the manifest of ${directory} cannot be read: ${message}`
        : isThere
          ? `${directory} is no backup: it has no ${manifestFile}, which is written last`
          : `the backup ${directory} does not exist`,
      'Name a folder that pgdrill backup wrote.',
    )
  }
}

async function wrongSize(directory: string, { path, bytes }: Manifest['files'][number]): Promise<string | undefined> {
  let found: Stats
  try {
    found = await lstat(join(directory, path))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? `${path} is missing` : `${path} cannot be looked at: ${message}`
  }
  if (!found.isFile()) return `${path} is no plain file`
  return found.size === bytes ? undefined : `${path} has ${found.size} bytes instead of ${bytes}`
}

async function wrongContent(
  directory: string,
  { path, sha256 }: Manifest['files'][number],
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  try {
    return (await sha256Of(join(directory, path), onBytes)) === sha256 ? undefined : `the content of ${path} changed`
  } catch (error) {
    return `${path} cannot be read: ${(error as Error).message}`
  }
}

function isText(text: string | undefined): text is string {
  return text !== undefined
}
