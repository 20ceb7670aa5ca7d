import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult } from '../database/contract.ts'
import { parseOutsideJson } from '../outside-text.ts'
import { judgeFleet } from '../rules/fleet-verdict.ts'
import { count } from '../rules/wording.ts'
import { parseProof } from './document.ts'
import { publicKeyFile, signatureFile } from './signature.ts'
import { sumsFile } from './sums.ts'
import { checkSignature, type Files, type ProofQuestion, readFolder, row, verifyProof, wrong } from './verify-proof.ts'
import { fleetFile, fleetSums } from './write-fleet-proof.ts'

const verdict = z.object({
  status: z.enum(['verified', 'failed', 'could_not_verify']),
  exit_code: z.literal([0, 1, 2]),
})
const number = z.int().nonnegative()
const fleetDocument = z.object({
  format: z.literal('pgdrill-fleet'),
  format_version: z.literal(1),
  verdict,
  members: z
    .array(
      z.object({
        target: z.string().regex(/^[a-z][a-z0-9_-]*$/i, 'must be the name of a target'),
        proof_sha256: z.string().nullable(),
        verdict: verdict
          .extend({
            counts: z.object({ pass: number, warn: number, fail: number, skip: number, error: number, waived: number }),
          })
          .nullable(),
      }),
    )
    .min(1),
})

/**
 * Whether a proof of several targets is as it was written: its own files and its signature, a verdict that follows from
 * those of the targets, and the proof of each target.
 * @throws CouldNotVerify when the folder, or a file in it, cannot be read
 */
export function verifyFleetProof({ directory, publicKey }: ProofQuestion): CheckResult[] {
  const files = readFolder(directory)
  const document = files.get(fleetFile) as Buffer
  const fleet = parse(document.toString('utf8'), join(directory, fleetFile))
  const { members } = fleet
  const proofs = new Map(
    members.flatMap(({ target, proof_sha256: hash }) => (hash === null ? [] : [[target, hash] as const])),
  )
  const results: CheckResult[] = []
  if (files.get(sumsFile)?.toString('utf8') !== fleetSums(document, proofs, files.get(publicKeyFile) ?? null)) {
    results.push(wrong('files', sumsFile, `${sumsFile} does not fit ${fleetFile}: one of them was changed`))
  }
  for (const path of files.keys()) {
    const [folder = '', inside] = path.split('/')
    const isOwn = [fleetFile, sumsFile, signatureFile, publicKeyFile].includes(path)
    if (!isOwn && !(inside !== undefined && proofs.has(folder))) {
      results.push(wrong('files', path, `${path} was added`))
    }
  }
  if (results.length === 0)
    results.push(row('files', null, 'pass', `${fleetFile} names ${count(members.length, 'target')}`))
  const isIntact = results.every(({ status }) => status === 'pass')
  results.push(checkSignature(files, publicKey, fleetFile))
  if (isIntact) results.push(checkVerdict(fleet, files))
  for (const [target, hash] of proofs) results.push(...verifyMember(directory, target, hash, files, publicKey))
  return results
}

function checkVerdict({ members, verdict: given }: z.infer<typeof fleetDocument>, files: Files): CheckResult {
  for (const { target, verdict: told, proof_sha256 } of members) {
    const bytes = files.get(`${target}/proof.json`)
    // One whose proof.json is missing is told as such.
    if (proof_sha256 !== null && bytes === undefined) continue
    const proven = bytes === undefined ? null : parseProof(bytes.toString('utf8'), `${target}/proof.json`)
    const found = proven?.verification.verdict ?? null
    if (!isDeepStrictEqual(told, found)) {
      return wrong('verdict', fleetFile, `its verdict over ${target} is not that of its proof`, found, told)
    }
  }
  const judged = judgeFleet(members.map((one) => one.verdict))
  if (isDeepStrictEqual(judged, given)) {
    return row('verdict', null, 'pass', `its verdict, ${given.status}, follows from those of its targets`)
  }
  return wrong('verdict', fleetFile, 'its verdict does not follow from those of its targets', judged, given)
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
