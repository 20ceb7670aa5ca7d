import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { measureClockSkew } from '../database/clock.ts'
import { withDatabase } from '../database/connect.ts'
import type { Depth } from '../database/contract.ts'
import { readOutside } from '../outside-text.ts'
import type { Attachment } from '../probes/attachment.ts'
import { sha256 } from '../proof/document.ts'
import { isFinding } from '../rules/follow-ups.ts'
import { judge } from '../rules/verdict.ts'
import type { Stages } from '../terminal/stages.ts'
import { baselineOfFile } from '../verification/baseline-source.ts'
import { type Question, type Verification, verifyTarget } from '../verification/verify-target.ts'
import { writeWhole } from '../write-whole.ts'
import { type Drill, nowText, readDrill, requireOpen, tell } from './drill.ts'
import type { EventNamed } from './events.ts'
import { drillFolder } from './journal.ts'
import { baselineFileOf, chooseBaseline, completeStart } from './start.ts'
import type { DrillState } from './state.ts'

/** What is asked within a drill; where the drill itself knows better, it is asked instead. */
export interface DrillQuestion extends Question {
  /** What the probes of the app put aside while it verifies. */
  attachments: readonly Attachment[]
  /** A baseline file that was named for this verification. */
  baselineFile: string | undefined
}

/**
 * Verifies the target within its drill, and keeps the answer in the drill's folder. The caller holds the lock.
 * @throws CouldNotVerify when it is not restored yet, its proof is being written, or there is no way to begin
 */
export async function verifyInDrill(id: string, question: DrillQuestion, stages: Stages): Promise<Drill> {
  requireReady(readDrill(id), question)
  if (question.baselineFile !== undefined) chooseBaseline(id, question.baselineFile)
  if (question.failurePoint !== undefined || question.restorePoint !== undefined) {
    const { failurePoint = null, restorePoint = null } = question
    tell(id, { event: 'points_given', at: nowText(), failure_point: failurePoint, restore_point: restorePoint })
  }
  const drill = await completeStart(readDrill(id), question.production, stages)
  const { failure_point, restore_point } = drill.state.record
  const file = baselineFileOf(drill)
  const kept = file === undefined ? undefined : baselineOfFile(file)

  tell(id, { event: 'verify_started', at: nowText() })
  const skew = await withDatabase(question.target, { isCopy: true }, measureClockSkew)
  const verification = await verifyTarget(
    {
      ...question,
      failurePoint: failure_point ?? undefined,
      restorePoint: restore_point ?? undefined,
      baseline: drill.state.baseline?.is_given === true ? kept : undefined,
      fallbackBaseline: kept,
    },
    stages,
  )
  const text = `${JSON.stringify(verification, null, 2)}\n`
  const name = `verification-${verification.verification_id}.json`
  writeWhole(join(drillFolder(id), name), text)
  const attachments = question.attachments.map((one) => keepAttachment(id, verification.verification_id, one))
  return tell(id, { ...verifiedEvent(verification), file: name, sha256: sha256(text), clock_skew: skew, attachments })
}

/**
 * The last verification of a drill, as it was kept, with what the drill adds to it and the verdict over all.
 * @throws CouldNotVerify when the file is not the one that was written
 */
export function verificationOf(id: string, state: DrillState): Verification {
  const { verification } = state
  if (verification === null) throw new CouldNotVerify(`the drill ${id} has no verification`, verifyFirst)
  const file = join(drillFolder(id), verification.file)
  let text: string
  try {
    text = readOutside(file).toString('utf8')
  } catch (error) {
    throw new CouldNotVerify(`${file} cannot be read: ${(error as Error).message}`, verifyFirst, { cause: error })
  }
  if (sha256(text) !== verification.sha256) {
    throw new CouldNotVerify(`${file} is not what the verification wrote`, verifyFirst)
  }
  const kept = JSON.parse(text) as Verification
  // Of the application the drill says more than that it was not asked.
  const own = kept.results.filter((row) => row.check_name !== 'app' || row.status !== 'skip')
  const results = [...own, ...state.results]
  return { ...kept, results, verdict: judge(results) }
}

/**
 * What belongs into the proof besides the last verification.
 * @throws CouldNotVerify when a file is not the one that was kept
 */
export function attachmentsOf(id: string, { verification }: DrillState): Attachment[] {
  if (verification === null) return []
  return verification.attachments.map(({ path, sha256: expected }) => {
    const file = join(drillFolder(id), verification.verification_id, path)
    const bytes = existsSync(file) ? readOutside(file) : undefined
    if (bytes !== undefined && sha256(bytes) === expected) return { path, bytes }
    throw new CouldNotVerify(`${file} is missing, or not what the verification kept`, verifyFirst)
  })
}

const verifyFirst = 'Verify: pgdrill drill verify.'

function requireReady(drill: Drill, question: DrillQuestion): void {
  requireOpen(drill)
  const { next, restoring, finishing } = drill.state
  if (next === 'restore') {
    throw new CouldNotVerify(
      restoring === null
        ? `nobody has said that the drill ${drill.id} is restored`
        : `the restore of the drill ${drill.id} has not ended`,
      'When it is: pgdrill drill restored (with --restore-started and --restored-at if that was earlier).',
    )
  }
  if (finishing !== null) {
    throw new CouldNotVerify(`the drill ${drill.id} is being finished`, 'Go on with it: pgdrill drill finish.')
  }
  requireDrillDepth(question.depth)
}

/** @throws CouldNotVerify when so little is looked at that it proves no restore */
export function requireDrillDepth(depth: Depth): void {
  if (depth !== 'quick') return
  throw new CouldNotVerify(
    'a drill is not verified at depth quick, which counts no row',
    'Give --depth standard or full; pgdrill verify looks at depth quick without the drill.',
  )
}

function verifiedEvent({
  verification_id,
  started_at,
  finished_at,
  recovery,
  baseline,
  target,
  app_url,
  results,
  verdict,
}: Verification): Omit<EventNamed<'verified'>, 'file' | 'sha256' | 'clock_skew' | 'attachments'> {
  return {
    event: 'verified',
    at: nowText(),
    verification_id,
    started_at,
    finished_at,
    recovery_point: recovery?.recovery_point ?? null,
    baseline_id: baseline?.document.baseline_id ?? null,
    is_sandbox: target.is_sandbox,
    is_app_asked: app_url !== null,
    counts: verdict.counts,
    findings: results.filter(isFinding).map(({ check_name, object_name, status, detail, hint }) => ({
      check_name,
      object_name,
      status: status as 'fail' | 'error',
      detail,
      hint,
    })),
  }
}

function keepAttachment(id: string, folder: string, { path, bytes }: Attachment): { path: string; sha256: string } {
  const file = join(drillFolder(id), folder, path)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes, { flush: true })
  } catch (error) {
    throw new CouldNotVerify(`${file} cannot be written: ${(error as Error).message}`, undefined, { cause: error })
  }
  return { path, sha256: sha256(bytes) }
}
