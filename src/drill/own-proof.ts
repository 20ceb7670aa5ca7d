// The proof of a drill, whose writer may have been stopped at any moment: written once, and signed when that is asked for.

import type { KeyObject } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { readOutside } from '../outside-text.ts'
import { sha256 } from '../proof/document.ts'
import type { Proof } from '../proof/proof.ts'
import { publicHalf, signatureFile } from '../proof/signature.ts'
import { sumsFile } from '../proof/sums.ts'
import { checkSignature, readFolder } from '../proof/verify-proof.ts'
import { writeProof } from '../proof/write-proof.ts'

/**
 * Writes the proof of a drill whose journal does not know of one. A folder that is there already was written by somebody who
 * was stopped before the journal knew. Nobody was told its hash, so that one without a signature is written anew with it.
 * @param signingKey undefined: a proof that is there stays as it is, signed or not
 * @returns the sha256 of its SHA256SUMS in hex
 * @throws CouldNotVerify when it cannot be written, is the proof of something else, or is signed by another key
 */
export function ensureProof(directory: string, proof: Proof, signingKey: KeyObject | undefined): string {
  const unsigned = `${directory}.unsigned.partial`
  if (existsSync(unsigned)) rmSync(unsigned, { recursive: true, force: true })
  if (existsSync(directory)) {
    const hash = ownProof(directory, proof.verification.verification_id)
    if (signingKey === undefined || isSignedBy(directory, signingKey)) return hash
    if (existsSync(join(directory, signatureFile))) {
      throw new CouldNotVerify(
        `${directory} is signed, but not by the key given`,
        'Give the key that signed it, or finish without --sign-key: the signature stays.',
      )
    }
    // In one step: half of a proof must never stand under its name.
    renameSync(directory, unsigned)
  }
  const { sha256: hash } = write(directory, proof, signingKey)
  rmSync(unsigned, { recursive: true, force: true })
  return hash
}

/**
 * @param directory of a proof whose hash is known already: nothing can be added to it
 * @throws CouldNotVerify when it is not signed by the key
 */
export function requireSigned(directory: string, signingKey: KeyObject): void {
  if (existsSync(directory) && isSignedBy(directory, signingKey)) return
  throw new CouldNotVerify(
    `the drill is finished, and its proof ${directory} is ${existsSync(directory) ? 'not signed by the key given' : 'not here'}: nothing can be added to it any more`,
    'Leave --sign-key out; the next drill can be signed.',
  )
}

function isSignedBy(directory: string, signingKey: KeyObject): boolean {
  return checkSignature(readFolder(directory), publicHalf(signingKey), 'proof.json').status === 'pass'
}

/** @throws CouldNotVerify when there is no room or no right: the drill stays open */
function write(...proof: Parameters<typeof writeProof>): ReturnType<typeof writeProof> {
  try {
    return writeProof(...proof)
  } catch (error) {
    if (!(error instanceof CouldNotVerify)) throw error
    throw new CouldNotVerify(error.message, 'The drill stays open: make room, then pgdrill drill finish.', {
      cause: error,
    })
  }
}

/** A folder with the sums is whole. */
function ownProof(directory: string, verificationId: string): string {
  const refuse = (why: string) =>
    new CouldNotVerify(
      `${directory} exists and is not the proof of this verification: ${why}`,
      'Move it away, then finish again.',
    )
  let sums: string
  let proof: { verification?: { verification_id?: unknown } }
  try {
    sums = readOutside(join(directory, sumsFile)).toString('utf8')
    const text = readOutside(join(directory, 'proof.json'))
    if (!sums.includes(`${sha256(text)}  proof.json\n`)) throw new Error('its files are not those of its sums')
    proof = JSON.parse(text.toString('utf8')) as typeof proof
  } catch (error) {
    throw refuse((error as Error).message)
  }
  if (proof.verification?.verification_id !== verificationId) throw refuse('it is of another verification')
  return sha256(sums)
}
