import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { CouldNotVerify } from './could-not-verify.ts'
import { readOutside } from './outside-text.ts'

/** Writes a file beside its place and renames it, so that a reader never meets half of it. @throws CouldNotVerify */
export function writeWhole(path: string, content: string): void {
  const beside = `${path}.${process.pid}.partial`
  try {
    writeFileSync(beside, content, { flush: true })
    renameSync(beside, path)
  } catch (error) {
    try {
      rmSync(beside, { force: true })
    } catch {
      // What went wrong first is what has to be told.
    }
    throw new CouldNotVerify(`${path} cannot be written: ${(error as Error).message}`, undefined, { cause: error })
  }
}

/** Reads a text file. @param kind what it is called in messages @throws CouldNotVerify when it is missing or unreadable */
export function readWholeFile(path: string, kind: string): string {
  try {
    return readOutside(path).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT' ? `the ${kind} ${path} does not exist` : `the ${kind} ${path} cannot be read: ${message}`,
      undefined,
      { cause: error },
    )
  }
}
