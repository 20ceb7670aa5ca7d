// What is over, one line a drill, beside the proofs: for when production cannot be reached, and to record it there later.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { parseOutsideJson, readOutside } from '../outside-text.ts'
import { proofsDirectory } from '../proof/write-proof.ts'
import { drillIdPattern } from './drill-id.ts'
import { appendLine, splitLines } from './lines.ts'
import type { DrillRecord } from './record.ts'

/** A drill as drill.record_drill() takes it. */
export type DrillDocument = DrillRecord & { tool_version: string; proof_sha256: string | null }

/** The index of all drills that ended here. */
export const proofsIndex = join(proofsDirectory, 'index.jsonl')

const moment = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'not a moment')
const bound = z.looseObject({ seconds: z.number().nullable(), budget_seconds: z.number().nullable() })

/** What is read of a drill that ended, here and in its proof. What else it has, drill.record_drill() judges. */
export const recordedDrill = z.looseObject({
  drill_id: z.string().min(1),
  target_name: z.string(),
  scope: z.string(),
  is_sandbox: z.boolean(),
  state: z.enum(['open', 'finished', 'aborted']),
  verdict: z.enum(['verified', 'failed', 'could_not_verify']).nullable(),
  started_at: moment,
  finished_at: moment.nullable(),
  rto: bound,
  rpo: bound,
  baseline_id: z.uuid().nullable(),
})

const Entry = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('ended'),
    at: moment,
    drill: z.looseObject({
      ...recordedDrill.shape,
      state: z.enum(['finished', 'aborted']),
      finished_at: moment,
      proof_sha256: z.string().nullable(),
    }),
  }),
  z.strictObject({ event: z.literal('recorded'), at: moment, drill_id: z.string().min(1) }),
  z.strictObject({ event: z.literal('line_lost'), at: moment }),
])

/** A line of the index. */
export type IndexEntry = z.infer<typeof Entry>

/** A drill that ended here, and whether production knows of it. */
export interface EndedDrill {
  document: DrillDocument
  isRecorded: boolean
}

/**
 * The lines of an index of proofs; none when there is no such file.
 * @param path the file, of this directory or of somebody else's folder of proofs
 * @throws CouldNotVerify when it cannot be read, or is damaged: names the line
 */
export function readProofsIndex(path: string): IndexEntry[] {
  let text: string
  try {
    text = readOutside(path).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new CouldNotVerify(`${path} cannot be read: ${(error as Error).message}`)
  }
  return splitLines(text)
    .lines.filter((line) => line.text.trim() !== '')
    .map((line) => parseEntry(line.text, `${path}, line ${line.number}`))
}

/** All drills that ended here, in the order of their ends. @throws CouldNotVerify when the index is damaged */
export function listEnded(): EndedDrill[] {
  const ended = new Map<string, EndedDrill>()
  for (const entry of readProofsIndex(proofsIndex)) {
    if (entry.event === 'ended') {
      const document = entry.drill as unknown as DrillDocument
      // It becomes part of paths.
      if (!drillIdPattern.test(document.drill_id)) {
        throw new CouldNotVerify(`${proofsIndex}: the drill_id of an entry is none`, putBack)
      }
      if (!ended.has(document.drill_id)) ended.set(document.drill_id, { document, isRecorded: false })
    } else if (entry.event === 'recorded') {
      const known = ended.get(entry.drill_id)
      if (known !== undefined) known.isRecorded = true
    }
  }
  return [...ended.values()]
}

/** Notes that a drill is over. Of one that is there already the first line counts. */
export function noteEnded(document: DrillDocument): void {
  append({ event: 'ended', at: new Date().toISOString(), drill: document })
}

/** Notes that production knows of it. */
export function noteRecorded(id: string): void {
  append({ event: 'recorded', at: new Date().toISOString(), drill_id: id })
}

const putBack = 'Put it back as it was, or move it away: the proofs themselves are in their folders.'

function append(entry: object): void {
  try {
    mkdirSync(proofsDirectory, { recursive: true })
    appendLine(proofsIndex, JSON.stringify(entry))
  } catch (error) {
    throw new CouldNotVerify(
      `${proofsIndex} cannot be written: ${(error as Error).message}`,
      'Make room, then do the same again.',
      { cause: error },
    )
  }
}

function parseEntry(text: string, where: string): IndexEntry {
  let json: unknown
  try {
    json = parseOutsideJson(text)
  } catch (error) {
    throw new CouldNotVerify(`${where} ${(error as Error).message}`, putBack)
  }
  const parsed = Entry.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CouldNotVerify(`${where}: this is no entry: ${issue?.path.join('.')}: ${issue?.message}`, putBack)
}
