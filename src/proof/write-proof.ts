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

/** Where proofs land, below the working directory. */
export const proofsDirectory = join('verify', 'proofs')

/** The file that names all others with their hashes; its own hash stands for the whole proof. */
export const sumsFile = 'SHA256SUMS'

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
 * @returns the sha256 of its SHA256SUMS in hex, by which the next proof refers to it
 * @throws CouldNotVerify when it exists or cannot be written
 */
export function writeProof(directory: string, proof: Proof): { sha256: string } {
  requireNoProof(directory)
  const files = proofFiles(proof)
  const sums = sumsOf(files)
  const beside = `${directory}.${process.pid}.partial`
  try {
    mkdirSync(dirname(directory), { recursive: true })
    mkdirSync(beside)
    // The sums come last: without them no reader takes a folder for a proof.
    for (const { path, bytes } of [...files, textFile(sumsFile, sums)]) {
      mkdirSync(dirname(join(beside, path)), { recursive: true })
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

/** All files of a proof but the sums. @throws CouldNotVerify when an attachment has the name of another file */
function proofFiles(proof: Proof): Attachment[] {
  const files = [
    textFile('proof.json', proofDocument(proof)),
    textFile('report.html', reportHtml(proof)),
    textFile('report.md', reportMarkdown(proof)),
    textFile('junit.xml', junitXml(proof)),
    textFile('metrics.prom', prometheusText(proof)),
    ...factFiles(proof),
    ...proof.attachments,
  ]
  const paths = new Set<string>()
  for (const { path } of files) {
    const key = path.toLowerCase()
    const isPlain = /^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/.test(path)
    if (!isPlain || paths.has(key) || key === sumsFile.toLowerCase()) {
      throw new CouldNotVerify(
        `a proof cannot hold a file named ${JSON.stringify(path)}: ${isPlain ? 'there is one already' : 'it is no plain name'}`,
        'Give it another name, of letters, digits, dots, dashes and underscores.',
      )
    }
    paths.add(key)
  }
  return files
}

/** As sha256sum prints them and --check reads them. */
function sumsOf(files: readonly Attachment[]): string {
  return files
    .map(({ path, bytes }) => `${sha256(bytes)}  ${path}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .join('')
}
