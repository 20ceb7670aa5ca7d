// The journal of a drill: one JSON object a line, only ever appended to. It is all that there is to know of a drill that is
// not finished, so that a process may die at any moment.

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { parseOutsideJson, readOutside } from '../outside-text.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { writeWhole } from '../write-whole.ts'
import { drillIdPattern } from './drill-id.ts'
import { type DrillEvent, drillEvent } from './events.ts'
import { appendLine, splitLines, syncDirectory } from './lines.ts'

/** Where drills are kept, below the working directory. */
export const drillsDirectory = join('verify', 'drills')

/** The folder of a drill. @param drillId checked before: it becomes part of the path */
export function drillFolder(drillId: string): string {
  return join(drillsDirectory, drillId)
}

/** What a journal tells. */
export interface Journal {
  drillId: string
  events: DrillEvent[]
  /** How many lines were cut off when their writers died; what they said has to be done again. */
  lostLines: number
}

/** The ids of all drills that have a journal, oldest first. */
export function listDrillIds(): string[] {
  if (!existsSync(drillsDirectory)) return []
  return readdirSync(drillsDirectory)
    .filter((name) => drillIdPattern.test(name) && existsSync(journalFile(name)))
    .sort()
}

/** @throws CouldNotVerify when there is none, or one that is damaged in another way than by a writer that died */
export function readJournal(drillId: string): Journal {
  const file = journalFile(drillId)
  let text: string
  try {
    text = readOutside(file).toString('utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') throw new CouldNotVerify(`the journal ${file} cannot be read: ${message}`)
    throw new CouldNotVerify(
      `there is no drill ${drillId} here`,
      `Run pgdrill in the directory in which the drill was started: its journal is ${file}.`,
    )
  }
  return parseJournal(text, drillId, file)
}

/**
 * Reads the text of a journal.
 * @param file what it is called in messages
 * @throws CouldNotVerify with the number of the line that is wrong
 */
export function parseJournal(text: string, drillId: string, file: string): Journal {
  const { lines, lost } = splitLines(text)
  const events = lines.map((line) => parseLine(line.text, `${file}, line ${line.number}`))
  const [first] = events
  if (first === undefined) {
    throw new CouldNotVerify(
      `the journal ${file} is empty: whoever started the drill was stopped before anything was done`,
      `Remove ${drillFolder(drillId)} and start the drill again.`,
    )
  }
  if (
    first.event !== 'started' ||
    first.drill_id !== drillId ||
    events.filter((one) => one.event === 'started').length > 1
  ) {
    throw new CouldNotVerify(
      `the journal ${file} does not begin with the start of the drill ${drillId}, or is of several`,
      'A journal is not edited or moved: take it from a backup, or start another drill.',
    )
  }
  return { drillId, events, lostLines: lost }
}

/**
 * Adds an event, on the disk when this returns. Several processes may do so at once: each line is one write at the end.
 * @throws CouldNotVerify when it cannot be written, or has a value that no journal keeps; then it did not happen
 */
export function appendEvent(drillId: string, event: DrillEvent): void {
  const file = journalFile(drillId)
  const parsed = drillEvent.safeParse(event)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const value = issue?.path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)?.[key], event)
    throw new CouldNotVerify(
      `the drill ${drillId} was told what it cannot keep: ${issue?.path.join('.')} ${plainLine(String(value)).slice(0, 80)}: ${issue?.message}`,
      'Put that value right where it comes from, such as an infinite policy or moment in the database, then do the same again.',
    )
  }
  try {
    const line = JSON.stringify(parsed.data)
    if (event.event === 'started') {
      // Whole or not there: a drill without its start would be none.
      mkdirSync(drillFolder(drillId), { recursive: true })
      writeWhole(file, `${line}\n`)
      for (const directory of [drillFolder(drillId), drillsDirectory]) syncDirectory(directory)
    } else appendLine(file, line)
  } catch (error) {
    throw new CouldNotVerify(
      `the journal ${file} cannot be written: ${(error as Error).message}`,
      'Make room or put the rights right, then do the same again: the drill stays as it was.',
      { cause: error },
    )
  }
}

function journalFile(drillId: string): string {
  return join(drillFolder(drillId), 'journal.jsonl')
}

function parseLine(line: string, where: string): DrillEvent {
  const hint = 'A journal is not edited: put it back as it was, or use the pgdrill that wrote it.'
  let json: unknown
  try {
    json = parseOutsideJson(line)
  } catch (error) {
    throw new CouldNotVerify(`${where} ${(error as Error).message}`, hint)
  }
  const parsed = drillEvent.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CouldNotVerify(
    `${where}: this is no event of a drill: ${issue?.path.join('.') || 'the line'}: ${issue?.message}`,
    hint,
  )
}
