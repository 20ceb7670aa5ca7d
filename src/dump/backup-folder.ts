// The folder of a backup while it is made: under another name, so that whatever happens leaves nothing that looks like a
// backup. The manifest is written last, and only then does the folder get its name.

import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { open, readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { syncToDisk } from './hash-files.ts'
import { type Manifest, manifestFile } from './manifest.ts'
import { partialEnding } from './read-manifest.ts'

export class BackupFolder {
  /** Where it will be. */
  readonly place: string
  /** Where it is until then. */
  readonly partial: string
  #isDone = false
  readonly #whenLeft = () => this.remove()

  /** @throws CouldNotVerify when there is something already, or the folder cannot be made */
  constructor(place: string) {
    this.place = place
    this.partial = `${resolve(place)}${partialEnding}`
    if (existsSync(place)) {
      throw new CouldNotVerify(`${place} is there already`, 'Name another folder: a backup is never written over.')
    }
    if (existsSync(this.partial)) {
      throw new CouldNotVerify(
        `${place}${partialEnding} is there: another backup is being written, or one was killed`,
        'If none is running, remove that folder.',
      )
    }
    try {
      mkdirSync(dirname(this.partial), { recursive: true })
      // Nobody else may read a copy of production.
      mkdirSync(this.partial, { mode: 0o700 })
    } catch (error) {
      throw new CouldNotVerify(`${place}${partialEnding} cannot be made: ${(error as Error).message}`)
    }
    process.once('exit', this.#whenLeft)
  }

  path(...parts: string[]): string {
    return join(this.partial, ...parts)
  }

  /** All files in it, as paths below it, sorted. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.partial, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(this.partial.length + 1))
      .sort()
  }

  /** Bytes in one of its directories now; 0 while that is not there. */
  async size(directory: string): Promise<number> {
    const names = await readdir(this.path(directory)).catch(() => [])
    const sizes = names.map((name) =>
      stat(this.path(directory, name)).then(
        (one) => one.size,
        () => 0,
      ),
    )
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  /** Writes a file of ours, for nobody else to read, and waits until it is on the disk. */
  async write(path: string, text: string): Promise<void> {
    const handle = await open(this.path(path), 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** Writes the manifest and gives the folder its name. */
  async complete(manifest: Manifest): Promise<void> {
    const beside = `${manifestFile}.new`
    await this.write(beside, `${JSON.stringify(manifest, null, 2)}\n`)
    await rename(this.path(beside), this.path(manifestFile))
    await syncToDisk(this.partial)
    if (existsSync(this.place)) throw new CouldNotVerify(`${this.place} has appeared in the meantime`)
    await rename(this.partial, this.place)
    this.#isDone = true
    process.off('exit', this.#whenLeft)
    await syncToDisk(dirname(this.partial))
  }

  /** Takes away what is there, unless it became a backup. */
  remove(): void {
    process.off('exit', this.#whenLeft)
    if (this.#isDone) return
    try {
      // Programs that were ended a moment ago may still make a file.
      rmSync(this.partial, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    } catch {
      process.stderr.write(`pgdrill: ${basename(this.place)}${partialEnding} could not be removed\n`)
    }
  }
}
