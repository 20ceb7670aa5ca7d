import { createHash } from 'node:crypto'
import { CouldNotVerify } from '../could-not-verify.ts'
import { parseOutsideJson, versionText } from '../outside-text.ts'
import { type Proof, proofId } from './proof.ts'
import { type ProofDocument, proofSchema } from './schema.ts'

/** The sha256 of some bytes or of a text in UTF-8, in hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** The proof as proof.json holds it; attachments by name and hash. */
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
  } satisfies ProofDocument
  return `${JSON.stringify(document, null, 2)}\n`
}

/**
 * Reads proof.json.
 * @param origin what it is called in messages
 * @throws CouldNotVerify with one line that says what is wrong and where
 */
export function parseProof(content: string, origin: string): ProofDocument {
  let json: unknown
  try {
    json = parseOutsideJson(content)
  } catch (error) {
    throw new CouldNotVerify(`${origin} ${(error as Error).message}`)
  }
  const head = json as { format?: unknown; format_version?: unknown } | null
  if (head === null || typeof head !== 'object' || head.format !== 'pgdrill-proof') {
    throw new CouldNotVerify(`${origin} is not a proof of pgdrill`)
  }
  if (head.format_version !== 1) {
    throw new CouldNotVerify(
      `${origin} has ${versionText(head.format_version)}, this pgdrill reads version 1`,
      'Use the pgdrill that wrote it.',
    )
  }
  const parsed = proofSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CouldNotVerify(`${origin} is damaged: ${issue?.path.join('.') || 'the document'} ${issue?.message}`)
}
