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

const drillId = z.string().regex(drillIdPattern)
// What else the document has, drill.record_drill() judges.
const Entry = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('ended'),
    at: z.iso.datetime(),
    drill: z.looseObject({
      drill_id: drillId,
      state: z.enum(['finished', 'aborted']),
      is_sandbox: z.boolean(),
      verdict: z.enum(['verified', 'failed', 'could_not_verify']).nullable(),
      finished_at: z.iso.datetime(),
      proof_sha256: z.string().nullable(),
      target_name: z.string(),
    }),
  }),
  z.strictObject({ event: z.literal('recorded'), at: z.iso.datetime(), drill_id: drillId }),
  z.strictObject({ event: z.literal('line_lost'), at: z.iso.datetime() }),
])

/** A drill that ended here, and whether production knows of it. */
export interface EndedDrill {
  document: DrillDocument
  isRecorded: boolean
}

/** All drills that ended here, in the order of their ends. @throws CouldNotVerify when the index is damaged */
export function listEnded(): EndedDrill[] {
  let text: string
  try {
    text = readOutside(proofsIndex).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new CouldNotVerify(`${proofsIndex} cannot be read: ${(error as Error).message}`)
  }
  const ended = new Map<string, EndedDrill>()
  for (const line of splitLines(text).lines) {
    const entry = parseEntry(line.text, line.number)
    if (entry.event === 'ended') {
      const document = entry.drill as unknown as DrillDocument
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

function parseEntry(text: string, number: number): z.infer<typeof Entry> {
  const hint = `Put it back as it was, or move it away: the proofs themselves are in their folders.`
  let json: unknown
  try {
    json = parseOutsideJson(text)
  } catch (error) {
    throw new CouldNotVerify(`${proofsIndex}, line ${number} ${(error as Error).message}`, hint)
  }
  const parsed = Entry.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new CouldNotVerify(
    `${proofsIndex}, line ${number}: this is no entry: ${issue?.path.join('.')}: ${issue?.message}`,
    hint,
  )
}
