// Drills as the folder of proofs tells them: one folder a finished drill, and an index that also has those that were aborted.

import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult } from '../database/contract.ts'
import { proofsIndex, readProofsIndex, recordedDrill } from '../drill/proofs-index.ts'
import { parseOutsideJson, readOutside } from '../outside-text.ts'
import { sha256 } from '../proof/document.ts'
import { sumsFile } from '../proof/sums.ts'
import type { DrillFact } from '../rules/cadence-facts.ts'

const Proof = z.looseObject({
  format: z.literal('pgdrill-proof'),
  drill: recordedDrill.nullable(),
  verification: z.looseObject({ verdict: z.looseObject({ status: z.string() }) }),
})

/** What a folder of proofs tells; unreadable has one row for each that could not be read. */
export interface ProofsFolder {
  drills: DrillFact[]
  /** What the drill that ended last was held against, in seconds, as far as it knew; undefined without a drill. */
  objectives: Objectives | undefined
  unreadable: CheckResult[]
}

type Objectives = Partial<Record<'rpo' | 'rto', number>>

interface ReadDrill {
  fact: DrillFact
  objectives: Objectives
}

/**
 * Reads the drills of a folder of proofs. Proofs of verifications that were no part of a drill are passed over.
 * @throws CouldNotVerify when there is no such folder
 */
export function readProofsFolder(directory: string): ProofsFolder {
  const drills = new Map<string, ReadDrill>()
  const unreadable: CheckResult[] = []
  for (const entry of listFolder(directory)) {
    // Half of one is what a writer that was killed left; the whole one has been written since, or will be.
    if (!entry.isDirectory() || entry.name.endsWith('.partial')) continue
    const folder = join(directory, entry.name)
    try {
      const drill = readProof(folder)
      if (drill === null) continue
      const { drill_id: id, proof_sha256: hash } = drill.fact
      const other = drills.get(id)
      if (other === undefined) drills.set(id, drill)
      else if (hash === null || hash !== other.fact.proof_sha256) {
        other.fact.problem ??= 'it has two proofs that differ'
      }
    } catch (error) {
      unreadable.push(couldNotRead(`proof ${entry.name}`, `${join(folder, 'proof.json')}: ${(error as Error).message}`))
    }
  }
  try {
    for (const entry of readProofsIndex(join(directory, basename(proofsIndex)))) {
      if (entry.event !== 'ended') continue
      const drill = readDrill(entry.drill, entry.drill.proof_sha256)
      const { drill_id: id, proof_sha256: hash } = drill.fact
      const proof = drills.get(id)
      if (proof === undefined) drills.set(id, withoutProof(drill))
      else if (hash !== null && hash !== proof.fact.proof_sha256) {
        proof.fact.problem ??= 'its proof is not the one that the index of proofs knows'
      }
    }
  } catch (error) {
    unreadable.push(couldNotRead('proofs index', (error as Error).message))
  }
  const read = [...drills.values()]
  const newest = read
    .filter(({ fact }) => fact.finished_at !== null)
    .sort((a, b) => Date.parse(b.fact.finished_at ?? '') - Date.parse(a.fact.finished_at ?? ''))[0]
  return { drills: read.map(({ fact }) => fact), objectives: newest?.objectives, unreadable }
}

function listFolder(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CouldNotVerify(
      code === 'ENOENT' ? `there is no folder of proofs ${directory}` : `${directory} cannot be read: ${message}`,
      'Give the folder in which pgdrill wrote its proofs: --proofs verify/proofs.',
    )
  }
}

/** @returns null when it is no drill's proof */
function readProof(folder: string): ReadDrill | null {
  const file = join(folder, 'proof.json')
  if (!existsSync(file)) return null
  const bytes = readOutside(file)
  const document = parseJson(bytes.toString('utf8'))
  // A verification alone, of this or an earlier version.
  const { format, drill: part } = (document ?? {}) as { format?: unknown; drill?: unknown }
  if (format !== 'pgdrill-proof' || part === null) return null
  const { drill, verification } = checked(Proof, document)
  if (drill === null) return null
  const sums = existsSync(join(folder, sumsFile)) ? readOutside(join(folder, sumsFile)).toString('utf8') : null
  const read = readDrill(drill, sums === null ? null : sha256(sums))
  if (sums === null || !sums.split('\n').includes(`${sha256(bytes)}  proof.json`)) {
    read.fact.problem = `its proof.json is not the one of its ${sumsFile}`
  } else if (drill.verdict === 'verified' && verification.verdict.status !== 'verified') {
    read.fact.problem = `its proof says verified, its verification ${verification.verdict.status}`
  }
  return read
}

function readDrill(drill: z.infer<typeof recordedDrill>, proofSha256: string | null): ReadDrill {
  const { drill_id, scope, is_sandbox, state, verdict, started_at, finished_at, baseline_id } = drill
  const fact = {
    drill_id,
    scope,
    is_sandbox,
    state,
    verdict,
    started_at,
    finished_at,
    recovery_time: drill.rto.seconds,
    data_loss: drill.rpo.seconds,
    baseline_id,
    proof_sha256: proofSha256,
    problem: null,
    remark: null,
  }
  const budgets = { rpo: drill.rpo.budget_seconds, rto: drill.rto.budget_seconds }
  const known = Object.entries(budgets).filter(([, seconds]) => seconds !== null)
  return { fact, objectives: Object.fromEntries(known) as Objectives }
}

function withoutProof({ fact, objectives }: ReadDrill): ReadDrill {
  if (fact.state !== 'finished') return { fact, objectives }
  return { fact: { ...fact, remark: 'is in the index of proofs, and its proof is not in the folder' }, objectives }
}

function parseJson(text: string): unknown {
  try {
    return parseOutsideJson(text)
  } catch (error) {
    throw new Error(`it ${(error as Error).message}`)
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${issue?.path.join('.') || 'the document'}: ${issue?.message}`)
}

function couldNotRead(name: string, why: string): CheckResult {
  return {
    check_name: 'cadence',
    object_name: name,
    status: 'error',
    detail: `a record of a drill cannot be read: ${why}`,
    hint: 'Put it back as it was, or move it out of the folder of proofs.',
    expected: 'readable',
    actual: 'not readable',
  }
}
