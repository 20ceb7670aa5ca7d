import { constants } from 'node:fs'
import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { giveToServer } from './ownership.ts'

export interface CopyOptions {
  /** Told the path inside the tree of every entry; false leaves it out. */
  include?: (relative: string, isDirectory: boolean) => boolean
  /** True: an entry that disappears between listing and copying is left out. False, the default: it is an error. */
  mayVanish?: boolean
  /** Whose the copy is: the servers' user alone (the default), or readable by everybody. */
  audience?: 'server' | 'everybody'
}

/**
 * Copies a directory with all that is in it, sharing blocks where the file system can. The destination is made; it must
 * be empty if it exists. Symbolic links are copied as they are. Gives the number of bytes in the copied files. Rejects with the file
 * system's error; what was copied by then stays.
 */
export async function copyTree(source: string, destination: string, options: CopyOptions = {}): Promise<number> {
  const { include = () => true, mayVanish = false, audience = 'server' } = options

  async function copyDirectory(relative: string): Promise<number> {
    const entries = await unlessVanished(readdir(join(source, relative), { withFileTypes: true }))
    if (!entries) return 0
    const target = join(destination, relative)
    await mkdir(target, { recursive: true })
    await chmod(target, audience === 'server' ? 0o700 : 0o755)
    if (audience === 'server') await giveToServer(target)
    const sizes = entries.map(async (entry) => {
      const path = join(relative, entry.name)
      if (!include(path, entry.isDirectory())) return 0
      if (entry.isDirectory()) return copyDirectory(path)
      if (entry.isSymbolicLink()) return copyLink(path)
      return entry.isFile() ? copyOne(path) : 0
    })
    return sum(sizes)
  }

  async function copyOne(relative: string): Promise<number> {
    const target = join(destination, relative)
    const copied = copyFile(join(source, relative), target, constants.COPYFILE_FICLONE)
    if ((await unlessVanished(copied.then(() => true))) === undefined) return 0
    const { mode, size } = await lstat(target)
    if (audience === 'server') await giveToServer(target)
    else await chmod(target, mode & 0o100 ? 0o755 : 0o644)
    return size
  }

  async function copyLink(relative: string): Promise<number> {
    const points = await unlessVanished(readlink(join(source, relative)))
    if (points !== undefined) await symlink(points, join(destination, relative))
    return 0
  }

  async function unlessVanished<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      if (mayVanish && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  await mkdir(destination, { recursive: true })
  if ((await readdir(destination)).length > 0) throw new Error(`${destination} is not empty`)
  return copyDirectory('')
}

// Waits for every part even when one has failed, so that nothing is still being written once the caller hears of it.
async function sum(parts: Promise<number>[]): Promise<number> {
  let total = 0
  for (const part of await Promise.allSettled(parts)) {
    if (part.status === 'rejected') throw part.reason
    total += part.value
  }
  return total
}
