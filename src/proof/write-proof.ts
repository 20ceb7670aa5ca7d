import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Verification } from '../verification/verify-target.ts'
import { verificationJson } from './json.ts'
import { verificationMarkdown } from './markdown.ts'

/** Where proofs land, below the working directory. */
export const proofsDirectory = join('verify', 'proofs')

/** @throws CouldNotVerify when there is a proof already: nothing is ever overwritten */
export function requireNoProof(directory: string): void {
  if (existsSync(directory)) {
    throw new CouldNotVerify(
      `the proof ${directory} exists already`,
      'A proof is never overwritten: give another --out.',
    )
  }
}

/**
 * Writes the proof of a verification as a folder (proof.json, report.md), whole or not at all.
 * @param directory of the proof; must not exist
 * @throws CouldNotVerify when it exists or cannot be written
 */
export function writeProof(directory: string, verification: Verification): void {
  requireNoProof(directory)
  const beside = `${directory}.${process.pid}.partial`
  try {
    mkdirSync(dirname(directory), { recursive: true })
    mkdirSync(beside)
    writeFileSync(join(beside, 'proof.json'), verificationJson(verification))
    writeFileSync(join(beside, 'report.md'), verificationMarkdown(verification))
    renameSync(beside, directory)
  } catch (error) {
    try {
      rmSync(beside, { recursive: true, force: true })
    } catch {
      // What went wrong first is what has to be told.
    }
    throw new CouldNotVerify(
      `the proof cannot be written to ${directory}: ${(error as Error).message}`,
      'Without a proof the verification does not count: make room or give another --out.',
      { cause: error },
    )
  }
}
