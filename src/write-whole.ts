import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { CouldNotVerify } from './could-not-verify.ts'

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
