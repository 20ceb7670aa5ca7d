import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { withDatabase } from '../database/connect.ts'
import { type KnownProof, lastProof, recordDrill } from '../database/drills.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { toolVersion } from '../project-files.ts'
import { proofsDirectory } from '../proof/write-proof.ts'
import { timeOf } from '../rules/moments.ts'
import type { Verification } from '../verification/verify-target.ts'
import { type Drill, nowText, readDrill, requireOpen, tell } from './drill.ts'
import { listDrillIds } from './journal.ts'
import { ensureProof, requireSigned } from './own-proof.ts'
import { type DrillDocument, listEnded, noteEnded, noteRecorded } from './proofs-index.ts'
import type { DrillRecord } from './record.ts'
import { attachmentsOf, verificationOf } from './verify.ts'

/** How a drill ended. */
export interface FinishedDrill {
  drill: Drill
  /** With what the drill adds. */
  verification: Verification
  /** Folder of the proof. */
  directory: string
  /** Why production does not know of it; null when it does. */
  notRecorded: string | null
}

/**
 * Ends a drill: how it ends is decided, then its proof is written, then it is recorded in production, or else only in the
 * index of proofs. Each step that was done before is not done again. The caller holds the lock.
 * @param signingKey signs the proof
 * @throws CouldNotVerify when nothing was verified, or the proof cannot be written: then the drill stays open; or when the
 * proof was written before and is not signed by the key
 */
export async function finishDrill(
  id: string,
  production: Target | undefined,
  signingKey?: KeyObject,
): Promise<FinishedDrill> {
  let drill = readDrill(id)
  const directory = join(proofsDirectory, id)
  if (drill.state.record.state !== 'finished') {
    requireOpen(drill)
    if (drill.state.next !== 'finish') {
      throw new CouldNotVerify(
        `nothing was verified in the drill ${id} since it was restored`,
        'Verify first: pgdrill drill verify; or end it without: pgdrill drill abort.',
      )
    }
    verificationOf(id, drill.state)
    if (drill.state.finishing === null) {
      const previous = await previousProof(drill.state.record, production)
      drill = tell(id, { event: 'finishing', at: nowText(), previous })
    }
    const verification = verificationOf(id, drill.state)
    const attachments = attachmentsOf(id, drill.state)
    const proof = { verification, drill: asFinished(drill.state.record), attachments }
    drill = tell(id, { event: 'proof_written', at: nowText(), sha256: ensureProof(directory, proof, signingKey) })
  } else if (signingKey !== undefined) requireSigned(directory, signingKey)
  const verification = verificationOf(id, drill.state)
  const notRecorded = drill.state.isRecorded ? null : await recordEnd(id, production)
  return { drill: readDrill(id), verification, directory, notRecorded }
}

/** Ends a drill without a proof. The caller holds the lock. @returns why production does not know of it; null when it does */
export async function abortDrill(id: string, why: string, production: Target | undefined): Promise<string | null> {
  requireOpen(readDrill(id))
  tell(id, { event: 'aborted', at: nowText(), why })
  return await recordEnd(id, production)
}

/**
 * Records in production what ended while it could not be reached, or was stopped before it told.
 * @returns the ids that are recorded now, and why the others are not
 */
export async function recordWaiting(
  production: Target | undefined,
): Promise<{ recorded: string[]; waiting: string[]; problem: string | null }> {
  noteUntold()
  // A rehearsal never counts, and its production may be gone.
  const waiting = listEnded().filter((one) => !one.isRecorded && !one.document.is_sandbox)
  const recorded: string[] = []
  let problem: string | null = null
  for (const { document } of waiting) {
    const why = await record(document, production)
    problem ??= why?.problem ?? null
    // One that is refused says nothing of the others.
    if (why?.isOfDrill === true) continue
    if (why !== null) break
    noteRecorded(document.drill_id)
    recorded.push(document.drill_id)
  }
  const left = waiting.map((one) => one.document.drill_id).filter((id) => !recorded.includes(id))
  return { recorded, waiting: left, problem }
}

async function recordEnd(id: string, production: Target | undefined): Promise<string | null> {
  const document = documentOf(readDrill(id))
  if (!listEnded().some((one) => one.document.drill_id === id)) noteEnded(document)
  const why = await record(document, production)
  if (why !== null) return why.problem
  noteRecorded(id)
  tell(id, { event: 'recorded', at: nowText() })
  return null
}

function documentOf({ state }: Drill): DrillDocument {
  return { ...state.record, tool_version: toolVersion(), proof_sha256: state.proofSha256 }
}

/** Whoever ended them was stopped before the index knew: nobody would ever hear of them. */
function noteUntold(): void {
  const known = new Set(listEnded().map((one) => one.document.drill_id))
  for (const id of listDrillIds().filter((one) => !known.has(one))) {
    let drill: Drill
    try {
      drill = readDrill(id)
    } catch (error) {
      // A journal that is damaged is told with those of the open drills.
      if (error instanceof CouldNotVerify) continue
      throw error
    }
    if (drill.state.record.state !== 'open' && !drill.state.isRecorded) noteEnded(documentOf(drill))
  }
}

/** Why a drill could not be recorded; isOfDrill: production was asked, and refuses this one. */
interface NotRecorded {
  problem: string
  isOfDrill: boolean
}

/** @returns null when it is recorded */
async function record(document: DrillDocument, production: Target | undefined): Promise<NotRecorded | null> {
  if (production === undefined) return { problem: 'PRODUCTION_DATABASE_URL is not set', isOfDrill: false }
  try {
    await withDatabase(production, { connectTimeout: 5_000, statementTimeout: 30_000 }, async (database) => {
      await requireSchema(database, production)
      await recordDrill(database, document)
    })
    return null
  } catch (error) {
    const { message, code } = error as { message: string; code?: string }
    if (error instanceof CouldNotVerify) return { problem: message, isOfDrill: false }
    // An SQLSTATE of ours, or of data that does not fit, is an answer about the document.
    if (code !== undefined) return { problem: message, isOfDrill: /^(RD|22|23)/.test(code) }
    throw error
  }
}

/** The proof before this one: the last that production or the index of proofs knows. */
async function previousProof(drill: DrillRecord, production: Target | undefined): Promise<DrillRecord['previous']> {
  const here = listEnded()
    .map((one) => one.document)
    .filter((one) => one.state === 'finished' && one.is_sandbox === drill.is_sandbox && one.drill_id !== drill.drill_id)
    .flatMap(({ drill_id, proof_sha256, finished_at }) =>
      proof_sha256 === null || finished_at === null ? [] : [{ drill_id, proof_sha256, finished_at }],
    )
  const known = [...here, ...(await lastProofOf(production, drill.is_sandbox))]
  const [last] = known.sort((a, b) => timeOf(b.finished_at) - timeOf(a.finished_at))
  return last === undefined ? null : { drill_id: last.drill_id, proof_sha256: last.proof_sha256 }
}

async function lastProofOf(production: Target | undefined, isSandbox: boolean): Promise<KnownProof[]> {
  if (production === undefined) return []
  try {
    const limits = { connectTimeout: 5_000, statementTimeout: 30_000 }
    const last = await withDatabase(production, limits, (database) => lastProof(database, isSandbox))
    return last === null ? [] : [last]
  } catch {
    // Production may be down, and what is known here has to do.
    return []
  }
}

function asFinished(record: DrillRecord): DrillRecord {
  return { ...record, state: 'finished' }
}
