import type { Attachment } from '../probes/attachment.ts'
import { sha256 } from './document.ts'

/** The file that names all others with their hashes; its own hash stands for the whole proof. */
export const sumsFile = 'SHA256SUMS'

/** Whether a path is one that a file of a proof may have: below the folder, nothing hidden, nothing to escape, nothing that looks like an option. */
export function isPlainPath(path: string): boolean {
  return /^\w[\w.-]*(\/\w[\w.-]*)*$/.test(path)
}

/** SHA256SUMS as sha256sum prints it, by name. */
export function writeSums(files: readonly Attachment[]): string {
  return [...files]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, bytes }) => `${sha256(bytes)}  ${path}\n`)
    .join('')
}

/** The hashes by path; null when it is not exactly as writeSums makes it. */
export function parseSums(text: string): Map<string, string> | null {
  const sums = new Map<string, string>()
  let last = ''
  for (const line of text.split('\n').slice(0, -1)) {
    const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? []
    if (hash === undefined || path === undefined || !isPlainPath(path) || path <= last) return null
    sums.set(path, hash)
    last = path
  }
  return text.endsWith('\n') ? sums : null
}
