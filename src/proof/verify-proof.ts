import type { KeyObject } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult, CheckStatus } from '../database/contract.ts'
import { readOutside } from '../outside-text.ts'
import { judge } from '../rules/verdict.ts'
import { count } from '../rules/wording.ts'
import { parseProof, sha256 } from './document.ts'
import type { ProofDocument } from './schema.ts'
import { keyId, openEnvelope, parsePublicKey, publicKeyFile, signatureFile } from './signature.ts'
import { isAbout } from './statement.ts'
import { parseSums, sumsFile } from './sums.ts'

export interface ProofQuestion {
  directory: string
  /** The key that the signature must be by; undefined: the one enclosed, which nobody vouches for. */
  publicKey: KeyObject | undefined
  /** The folder of the proof before this one; undefined: beside it; null: not looked at. */
  previous: string | null | undefined
  /** The sha256 that its SHA256SUMS must have, where something else says it. */
  sumsHash?: string
}

/**
 * Whether a proof is as it was written: every file as SHA256SUMS says, none missing, none added; the signature; a verdict
 * that follows from the results; the link to the proof before.
 * @returns a row for each, and one for each file that is wrong
 * @throws CouldNotVerify when the folder, or a file in it, cannot be read
 */
export function verifyProof(question: ProofQuestion): CheckResult[] {
  const files = readFolder(question.directory)
  if (!files.has('proof.json') && !files.has(sumsFile)) {
    throw new CouldNotVerify(
      `${question.directory} is no proof: it has neither proof.json nor ${sumsFile}`,
      'Name the folder of a proof, such as verify/proofs/20261123T043000Z-restore-1a2b.',
    )
  }
  const changed = checkFiles(files, question.sumsHash)
  const signature = checkSignature(files, question.publicKey, 'proof.json')
  if (changed.length > 0) return [...changed, signature]
  const document = parseProof(textOf(files, 'proof.json'), join(question.directory, 'proof.json'))
  const intact = row('files', null, 'pass', `${count(files.size, 'file')}, each as ${sumsFile} says`)
  return [intact, signature, checkVerdict(document), checkPrevious(document, question)]
}

/** The bytes of each file of a folder, by its path below it. */
export type Files = ReadonlyMap<string, Buffer>

function checkFiles(files: Files, sumsHash: string | undefined): CheckResult[] {
  const sums = files.has(sumsFile) ? parseSums(textOf(files, sumsFile)) : null
  if (sums === null) {
    const what = files.has(sumsFile) ? 'is not as it was written' : 'is missing'
    return [wrong('files', sumsFile, `${sumsFile} ${what}, so nothing says what this proof was`)]
  }
  const results: CheckResult[] = []
  const own = sha256(files.get(sumsFile) as Buffer)
  if (sumsHash !== undefined && own !== sumsHash) {
    results.push(wrong('files', sumsFile, `${sumsFile} was changed`, sumsHash, own))
  }
  for (const [path, hash] of sums) {
    const bytes = files.get(path)
    if (bytes === undefined) results.push(wrong('files', path, `${path} is missing`))
    else if (sha256(bytes) !== hash) results.push(wrong('files', path, `${path} was changed`, hash, sha256(bytes)))
  }
  for (const path of files.keys()) {
    if (!sums.has(path) && path !== sumsFile && path !== signatureFile) {
      results.push(wrong('files', path, `${path} was added`))
    }
  }
  if (!sums.has('proof.json')) results.push(wrong('files', 'proof.json', `${sumsFile} does not name proof.json`))
  return results
}

/**
 * Whether a proof is signed by the key, and as it is.
 * @param publicKey undefined: the one enclosed, which nobody vouches for
 * @param name the file that is signed beside the sums
 */
export function checkSignature(files: Files, publicKey: KeyObject | undefined, name: string): CheckResult {
  const enclosed = files.has(publicKeyFile) ? parsePublicKey(textOf(files, publicKeyFile)) : undefined
  if (!files.has(signatureFile)) {
    if (publicKey === undefined && enclosed === undefined) {
      return row('signature', null, 'skip', 'it is not signed: who can write the files can write their hashes, too')
    }
    return wrong('signature', signatureFile, `${signatureFile} is missing: it is not signed, or no longer`)
  }
  const key = publicKey ?? enclosed
  if (key === undefined || key === null) {
    return wrong('signature', publicKeyFile, `${publicKeyFile} is missing or no key, so the signature is by nobody`)
  }
  const statement = openEnvelope(textOf(files, signatureFile), key)
  if (statement === null) {
    return wrong('signature', signatureFile, `${signatureFile} is not a signature by the key ${keyId(key)}`)
  }
  const document = files.has(name) ? textOf(files, name) : ''
  const sums = files.has(sumsFile) ? textOf(files, sumsFile) : ''
  if (!isAbout(statement, sums, document, name)) {
    return wrong('signature', signatureFile, `${signatureFile} is a signature of another proof, or of what this was`)
  }
  const by = `signed by the key ${keyId(key)}`
  if (publicKey !== undefined) return row('signature', null, 'pass', by)
  const hint = 'Name the key that you trust: --public-key FILE.'
  return row('signature', null, 'warn', `${by}, which is enclosed: anybody could have made it`, hint)
}

function checkVerdict({ verification }: ProofDocument): CheckResult {
  const { verdict, results } = verification
  const judged = judge(results)
  if (isDeepStrictEqual(judged, verdict)) {
    return row('verdict', null, 'pass', `its verdict, ${verdict.status}, follows from its results`)
  }
  return wrong('verdict', 'proof.json', 'its verdict does not follow from its results', judged, verdict)
}

function checkPrevious({ drill }: ProofDocument, { directory, previous }: ProofQuestion): CheckResult {
  const link = drill?.previous ?? null
  if (link === null) {
    const why = drill === null ? 'it is of no drill' : 'it is the first of its chain'
    if (previous == null) return row('previous', null, 'skip', `${why}, so it names no proof before it`)
    return wrong('previous', previous, `${why}: it does not name ${previous} as the proof before it`)
  }
  if (previous === null)
    return row('previous', link.drill_id, 'skip', `the proof before it, ${link.drill_id}, was not asked for`)
  const folder = previous ?? join(dirname(resolve(directory)), link.drill_id)
  let sums: Buffer
  try {
    sums = readOutside(join(folder, sumsFile))
  } catch {
    return {
      ...row('previous', link.drill_id, 'error', `the proof before it, ${link.drill_id}, is not in ${folder}`),
      hint: 'Say where it is: --previous DIR; or leave it out: --without-previous.',
    }
  }
  if (sha256(sums) === link.proof_sha256) {
    return row('previous', link.drill_id, 'pass', `the proof before it is ${link.drill_id}, as it was then`)
  }
  return wrong(
    'previous',
    join(folder, sumsFile),
    `the proof before it, ${link.drill_id}, is another than when this one was written`,
    link.proof_sha256,
    sha256(sums),
  )
}

/** Every file below a folder. @throws CouldNotVerify when one cannot be read, or is no file at all */
export function readFolder(directory: string): Files {
  const files = new Map<string, Buffer>()
  try {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue
      const path = join(entry.parentPath, entry.name)
      const name = path.slice(join(directory, '/').length).replaceAll('\\', '/')
      if (!entry.isFile()) throw new CouldNotVerify(`${path} is no plain file, so it cannot be compared`)
      files.set(name, readOutside(path))
    }
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT'
        ? `there is no proof ${directory}: no such folder`
        : code === 'ENOTDIR'
          ? `${directory} is a file, and a proof is a folder`
          : `the proof cannot be read: ${message}`,
      'Name the folder of a proof, such as verify/proofs/20261123T043000Z-restore-1a2b.',
    )
  }
  return files
}

function textOf(files: Files, path: string): string {
  return (files.get(path) as Buffer).toString('utf8')
}

/** A row about a proof. */
export function row(
  check_name: string,
  object_name: string | null,
  status: CheckStatus,
  detail: string,
  hint: string | null = null,
): CheckResult {
  return { check_name, object_name, status, detail, hint, expected: null, actual: null }
}

/** A row about what is not as it was written. */
export function wrong(
  check: string,
  object: string,
  detail: string,
  expected: unknown = null,
  actual: unknown = null,
): CheckResult {
  const hint = 'Do not rely on this proof: take the copy that was attached when it was made.'
  return { ...row(check, object, 'fail', detail, hint), expected, actual }
}
