import { join } from 'node:path'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult } from '../database/contract.ts'
import { parseOutsideJson } from '../outside-text.ts'
import { count } from '../rules/wording.ts'
import { sumsFile } from './sums.ts'
import { type ProofQuestion, readFolder, row, verifyProof, wrong } from './verify-proof.ts'
import { fleetFile, fleetSums } from './write-fleet-proof.ts'

const fleetDocument = z.object({
  format: z.literal('pgdrill-fleet'),
  format_version: z.literal(1),
  members: z
    .array(
      z.object({
        target: z.string().regex(/^[a-z][a-z0-9_-]*$/i, 'must be the name of a target'),
        proof_sha256: z.string().nullable(),
      }),
    )
    .min(1),
})

/**
 * Whether a proof of several targets is as it was written: its own files, and the proof of each target.
 * @throws CouldNotVerify when the folder, or a file in it, cannot be read
 */
export function verifyFleetProof({ directory, publicKey }: ProofQuestion): CheckResult[] {
  const files = readFolder(directory)
  const document = files.get(fleetFile) as Buffer
  const { members } = parse(document.toString('utf8'), join(directory, fleetFile))
  const proofs = new Map(
    members.flatMap(({ target, proof_sha256: hash }) => (hash === null ? [] : [[target, hash] as const])),
  )
  const results: CheckResult[] = []
  if (files.get(sumsFile)?.toString('utf8') !== fleetSums(document, proofs)) {
    results.push(wrong('files', sumsFile, `${sumsFile} does not fit ${fleetFile}: one of them was changed`))
  }
  for (const path of files.keys()) {
    const [folder = '', inside] = path.split('/')
    const isOwn = path === fleetFile || path === sumsFile
    if (!isOwn && !(inside !== undefined && proofs.has(folder))) {
      results.push(wrong('files', path, `${path} was added`))
    }
  }
  if (results.length === 0)
    results.push(row('files', null, 'pass', `${fleetFile} names ${count(members.length, 'target')}`))
  for (const [target, hash] of proofs) results.push(...verifyMember(directory, target, hash, files, publicKey))
  return results
}

function verifyMember(
  directory: string,
  target: string,
  hash: string,
  files: ReadonlyMap<string, Buffer>,
  publicKey: ProofQuestion['publicKey'],
): CheckResult[] {
  const sums = `${target}/${sumsFile}`
  if (!files.has(sums)) return [wrong('files', sums, `${sums} is missing`)]
  return verifyProof({ directory: join(directory, target), publicKey, previous: null, sumsHash: hash }).map((one) => ({
    ...one,
    object_name: one.object_name === null ? target : `${target}/${one.object_name}`,
    detail: `${target}: ${one.detail}`,
  }))
}

function parse(content: string, origin: string): z.infer<typeof fleetDocument> {
  let json: unknown
  try {
    json = parseOutsideJson(content)
  } catch (error) {
    throw new CouldNotVerify(`${origin} ${(error as Error).message}`)
  }
  const parsed = fleetDocument.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CouldNotVerify(`${origin} is damaged: ${issue?.path.join('.') || 'the document'} ${issue?.message}`)
}
