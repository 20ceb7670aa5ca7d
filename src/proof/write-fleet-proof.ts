import type { KeyObject } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Fleet } from '../verification/verify-fleet.ts'
import { sha256 } from './document.ts'
import { fleetJson } from './fleet-document.ts'
import { textFile } from './parts.ts'
import { publicKeyFile, publicPem, signatureFile, signStatement } from './signature.ts'
import { fleetStatementOf } from './statement.ts'
import { sumsFile } from './sums.ts'
import { requireNoProof, writeProof } from './write-proof.ts'

/** The file of a fleet's proof that says which targets there are, with the hash of the proof of each. */
export const fleetFile = 'fleet.json'

/**
 * Writes one proof of several verifications, whole or not at all: a folder with the proof of each target, and what holds
 * them together.
 * @param signingKey signs the proof of each target, and which targets there are
 * @throws CouldNotVerify when it exists or cannot be written
 */
export function writeFleetProof(directory: string, fleet: Fleet, signingKey: KeyObject | undefined): void {
  requireNoProof(directory)
  const beside = `${directory}.${process.pid}.partial`
  try {
    mkdirSync(dirname(directory), { recursive: true })
    mkdirSync(beside)
    const proofs = new Map<string, string>()
    for (const { target, verification, attachments } of fleet.members) {
      if (verification === null) continue
      const proof = { verification, drill: null, attachments }
      proofs.set(target, writeProof(join(beside, target), proof, signingKey).sha256)
    }
    const document = fleetJson(fleet, proofs)
    const key = signingKey === undefined ? null : publicPem(signingKey)
    const sums = fleetSums(Buffer.from(document), proofs, key === null ? null : Buffer.from(key))
    const files = [textFile(fleetFile, document), textFile(sumsFile, sums)]
    if (signingKey !== undefined && key !== null) {
      const statement = fleetStatementOf(fleet, { sums, document, name: fleetFile })
      files.push(textFile(publicKeyFile, key), textFile(signatureFile, signStatement(statement, signingKey)))
    }
    for (const { path, bytes } of files) writeFileSync(join(beside, path), bytes, { flush: true })
    renameSync(beside, directory)
  } catch (error) {
    try {
      rmSync(beside, { recursive: true, force: true })
    } catch {
      // What went wrong first is what has to be told.
    }
    if (error instanceof CouldNotVerify) throw error
    throw new CouldNotVerify(
      `the proof cannot be written to ${directory}: ${(error as Error).message}`,
      'Without a proof the verification does not count: make room or give another --out.',
      { cause: error },
    )
  }
}

/**
 * SHA256SUMS of a fleet's proof: of its own files, and of the sums of each target, which stand for all else.
 * @param proofs the sha256 of the sums of each target, by target, in the order of the fleet
 * @param publicKey the file with the public half of the key; null when it is not signed
 */
export function fleetSums(
  document: Uint8Array,
  proofs: ReadonlyMap<string, string>,
  publicKey: Uint8Array | null,
): string {
  const ofTargets = [...proofs].map(([target, hash]) => `${hash}  ${target}/${sumsFile}\n`)
  const ofKey = publicKey === null ? [] : [`${sha256(publicKey)}  ${publicKeyFile}\n`]
  return [`${sha256(document)}  ${fleetFile}\n`, ...ofTargets, ...ofKey].join('')
}
