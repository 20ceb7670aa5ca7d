import { CouldNotVerify } from './could-not-verify.ts'
import { mostBytes, readOutside } from './outside-text.ts'

/**
 * Reads a text file that somebody named.
 * @param kind what it is called in messages, such as "baseline file"
 * @param hint what to do when it cannot be read
 * @param most how large it may be, in bytes
 * @throws CouldNotVerify when it is missing, unreadable, no file, or too large
 */
export function readNamedFile(path: string, kind: string, hint?: string, most = mostBytes): string {
  try {
    return readOutside(path, most).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT' ? `the ${kind} ${path} does not exist` : `the ${kind} ${path} cannot be read: ${message}`,
      hint,
      { cause: error },
    )
  }
}
