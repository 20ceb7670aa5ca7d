// What comes from outside as a file or as JSON: of any size, nested as deep as somebody likes, perhaps without an end.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** Nothing that pgdrill writes comes near it; a program that walks through JSON runs out of stack far beyond it. */
const deepest = 200

/** More is none of pgdrill's files; in bytes. */
export const mostBytes = 256 * 1024 * 1024

/** The same of what somebody writes by hand, such as settings, passwords, certificates and keys. */
export const mostSettingsBytes = 4 * 1024 * 1024

/** How much is read at a time, in bytes. */
const pieceBytes = 1024 * 1024

/**
 * Reads a file whole, as long as it is no larger than any of ours is. A pipe is read only where it is open already, as
 * `<(zcat FILE)` gives it: any other may never have somebody who writes into it, and a device never ends.
 * @throws Error of the file system, or one that says that it is no file, or too large
 */
export function readOutside(path: string, most = mostBytes): Buffer {
  const handle = openFile(path)
  try {
    const pieces: Buffer[] = []
    for (let size = 0; ; ) {
      const piece = Buffer.allocUnsafe(pieceBytes)
      const count = readSync(handle, piece, 0, piece.length, null)
      if (count === 0) return Buffer.concat(pieces)
      size += count
      if (size > most) throw new Error(`it is larger than ${most / 1024 / 1024} MiB`)
      pieces.push(count === piece.length ? piece : piece.subarray(0, count))
    }
  } finally {
    closeSync(handle)
  }
}

/** Whether a path is a file or pipe that whoever started this program has opened: /dev/stdin, /dev/fd/63. */
export function isHandedOver(path: string): boolean {
  return /^\/(dev\/stdin|(dev|proc\/self)\/fd\/\d+)$/.test(path)
}

function openFile(path: string): number {
  if (isHandedOver(path)) return openSync(path, 'r')
  // Without waiting: to open a pipe takes until somebody writes into it.
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const found = fstatSync(handle)
  if (found.isFile()) return handle
  closeSync(handle)
  throw new Error(found.isDirectory() ? 'it is a folder' : 'it is no plain file')
}

/**
 * Parses JSON that somebody else wrote.
 * @param text a byte order mark at its beginning is passed over: some editors write one
 * @throws Error that says what it is instead, to stand behind its name: "is not JSON, or is cut off". Nothing of the text is
 *   repeated: what was given by mistake may be a file of passwords
 */
export function parseOutsideJson(text: string): unknown {
  if (isTooDeep(text)) throw new Error(`is nested more than ${deepest} deep`)
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text)
  } catch {
    throw new Error('is not JSON, or is cut off')
  }
}

/** The version of a format that is not the expected one, in words; what is no number is not repeated. */
export function versionText(version: unknown): string {
  return typeof version === 'number' ? `format version ${version}` : 'no format version that is a number'
}

/** One pass over the brackets outside of texts. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code === 0x5b || code === 0x7b) {
      depth += 1
      if (depth > deepest) return true
    } else if (code === 0x5d || code === 0x7d) depth -= 1
    else if (code === 0x22) {
      index = endOfText(text, index)
      // It is cut off, which the parser says.
      if (index === -1) return false
    }
  }
  return false
}

function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return -1
}
