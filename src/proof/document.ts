import { createHash } from 'node:crypto'
import type { Proof } from './proof.ts'
import { proofId } from './proof.ts'

/** The sha256 of some bytes or of a text in UTF-8, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The proof as proof.json holds it; attachments by name and hash. docs/proof.md describes it. */
export function proofDocument(proof: Proof): string {
  const { verification, drill, attachments } = proof
  const document = {
    format: 'pgdrill-proof',
    format_version: 1,
    proof_id: proofId(proof),
    tool_version: verification.tool_version,
    drill,
    verification,
    attachments: attachments.map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256(bytes) })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
