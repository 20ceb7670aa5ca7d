import type { KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { Attachment } from '../probes/attachment.ts'
import { proofDocument, sha256 } from './document.ts'
import { reportHtml } from './html/report.ts'
import { junitXml } from './junit.ts'
import { reportMarkdown } from './markdown.ts'
import { factFiles, textFile } from './parts.ts'
import { prometheusText } from './prometheus.ts'
import type { Proof } from './proof.ts'
import { publicKeyFile, publicPem, signatureFile, signStatement } from './signature.ts'
import { statementOf } from './statement.ts'
import { isPlainPath, sumsFile, writeSums } from './sums.ts'

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
 * Writes a proof as a folder, whole or not at all. docs/proof.md lists its files.
 * @param directory of the proof; must not exist
 * @param signingKey ed25519, private; without it the proof is not signed
 * @returns the sha256 of its SHA256SUMS in hex, by which the next proof refers to it
 * @throws CouldNotVerify when it exists or cannot be written
 */
export function writeProof(directory: string, proof: Proof, signingKey?: KeyObject): { sha256: string } {
  requireNoProof(directory)
  const { files, sums } = proofFiles(proof, signingKey)
  const beside = `${directory}.${process.pid}.partial`
  try {
    mkdirSync(dirname(directory), { recursive: true })
    mkdirSync(beside)
    for (const { path, bytes } of files) {
      mkdirSync(dirname(join(beside, path)), { recursive: true })
      // What a reboot loses must not look complete either.
      writeFileSync(join(beside, path), bytes, { flush: true })
    }
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
  return { sha256: sha256(sums) }
}

/** All files of a proof. The sums come last, and what signs them: without them no reader takes a folder for a proof. */
function proofFiles(proof: Proof, signingKey: KeyObject | undefined): { files: Attachment[]; sums: string } {
  const document = proofDocument(proof)
  const facts = factFiles(proof)
  const files = [
    textFile('proof.json', document),
    textFile('report.html', reportHtml(proof)),
    textFile('report.md', reportMarkdown(proof)),
    textFile('junit.xml', junitXml(proof)),
    textFile('metrics.prom', prometheusText(proof)),
    ...facts,
    ...proof.attachments,
    ...(signingKey === undefined ? [] : [textFile(publicKeyFile, publicPem(signingKey))]),
  ]
  requireOwnNames(files)
  const sums = writeSums(files)
  files.push(textFile(sumsFile, sums))
  if (signingKey !== undefined) {
    const baseline = facts.find(({ path }) => path === 'baseline.json')?.bytes ?? null
    files.push(textFile(signatureFile, signStatement(statementOf(proof, { sums, document, baseline }), signingKey)))
  }
  return { files, sums }
}

/** @throws CouldNotVerify when a file has no plain name, or the name of another: some disks do not tell case */
function requireOwnNames(files: readonly Attachment[]): void {
  const taken = new Set([sumsFile, signatureFile].map((name) => name.toLowerCase()))
  for (const { path } of files) {
    if (!isPlainPath(path) || taken.has(path.toLowerCase())) {
      throw new CouldNotVerify(
        `a proof cannot hold a file named ${JSON.stringify(path)}: ${isPlainPath(path) ? 'there is one already' : 'it is no plain name'}`,
        'Give it another name, of letters, digits, dots, dashes and underscores.',
      )
    }
    taken.add(path.toLowerCase())
  }
}
