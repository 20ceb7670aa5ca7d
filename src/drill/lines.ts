// Files of one JSON object a line that are only ever appended to, by several processes at once, and survive whatever stops
// a writer: half a line is known by its missing end, and the next writer says behind it that one was lost.

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'

/**
 * Appends a line in one write; it is on the disk when this returns.
 * @param json without a line end
 * @throws Error of the file system; then nothing, or half a line, was written
 */
export function appendLine(file: string, json: string): void {
  const handle = openSync(file, 'a+')
  try {
    const lost = JSON.stringify({ event: 'line_lost', at: new Date().toISOString() })
    const bytes = Buffer.from(isCutOff(handle) ? `\n${lost}\n${json}\n` : `${json}\n`)
    // A full disk takes the beginning without an error.
    if (writeSync(handle, bytes) !== bytes.length) throw new Error('no space left on the disk')
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** A line that counts, and its number, from 1. */
export interface Line {
  text: string
  number: number
}

/** The lines of such a file, without those that were lost. */
export function splitLines(text: string): { lines: Line[]; lost: number } {
  const all = text.split('\n')
  const isWhole = all.pop() === ''
  const lines = all.map((one, index) => ({ text: one, number: index + 1 }))
  // Whoever looked while another was writing took a whole line for half of one: behind its end there is an empty line.
  const isMistaken = ({ text, number }: Line) => text === '' && isLineLost(all[number])
  const told = lines.filter((line, index) => {
    const before = lines[index - 1]
    return !isMistaken(line) && (before === undefined || !isMistaken(before))
  })
  const kept = told.filter(({ number }) => !isLineLost(all[number]))
  return { lines: kept, lost: told.length - kept.length + (isWhole ? 0 : 1) }
}

/** The name of a new file is on the disk only with its directory. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function isLineLost(line: string | undefined): boolean {
  try {
    const json: unknown = JSON.parse(line ?? '')
    return typeof json === 'object' && json !== null && (json as { event?: unknown }).event === 'line_lost'
  } catch {
    return false
  }
}

function isCutOff(handle: number): boolean {
  const { size } = fstatSync(handle)
  if (size === 0) return false
  const last = Buffer.alloc(1)
  readSync(handle, last, 0, 1, size - 1)
  return last.toString('latin1') !== '\n'
}
