import type { KeyObject } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { publicPem } from './signature.ts'

/**
 * Writes a private key, which only its owner can read, and its public half beside it as FILE.pub.
 * @throws CouldNotVerify when one of the files exists or cannot be written; then neither is left
 */
export function writeKeyPair(file: string, key: KeyObject): void {
  const written: string[] = []
  const write = (path: string, pem: string, mode: number) => {
    // wx: a key that is in use is never overwritten.
    writeFileSync(path, pem, { flag: 'wx', mode })
    written.push(path)
  }
  try {
    mkdirSync(dirname(file), { recursive: true })
    write(file, key.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600)
    write(`${file}.pub`, publicPem(key), 0o644)
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    const { code, message, path } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'EEXIST' ? `${path ?? file} exists already` : `the key cannot be written: ${message}`,
      code === 'EEXIST' ? 'A key is never overwritten: give another --out.' : undefined,
    )
  }
}
