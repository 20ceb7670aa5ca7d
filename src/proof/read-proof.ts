import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { readOutside } from '../outside-text.ts'
import { parseProof } from './document.ts'
import type { Proof } from './proof.ts'
import { isPlainPath } from './sums.ts'

/**
 * Reads a proof from its folder, as it was when it was written; hashes and signature are not checked.
 * @throws CouldNotVerify when it is missing, damaged or of another version
 */
export function readProof(directory: string): Proof {
  const { verification, drill, attachments } = parseProof(
    readPart(directory, 'proof.json').toString('utf8'),
    join(directory, 'proof.json'),
  )
  return {
    verification,
    drill,
    attachments: attachments.map(({ path }) => {
      if (!isPlainPath(path))
        throw new CouldNotVerify(`${join(directory, 'proof.json')} is damaged: it names a file ${JSON.stringify(path)}`)
      return { path, bytes: readPart(directory, path) }
    }),
  }
}

function readPart(directory: string, path: string): Buffer {
  try {
    const file = join(directory, path)
    // A link could lead to any file of whoever shows the proof.
    if (realpathSync(file) !== join(realpathSync(directory), path)) {
      throw new Error(`${file} is a link, or lies behind one`)
    }
    return readOutside(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `${directory} is no proof, or not a whole one: it has no ${path}`
        : `the proof cannot be read: ${message}`,
      'Name the folder of a proof, such as verify/proofs/20261123T043000Z-restore-1a2b.',
    )
  }
}
