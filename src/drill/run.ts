import type { KeyObject } from 'node:crypto'
import type { Target } from '../database/targets.ts'
import type { Stages } from '../terminal/stages.ts'
import { type Drill, readDrill } from './drill.ts'
import { type FinishedDrill, finishDrill } from './finish.ts'
import { withDrillLock } from './lock.ts'
import { completeStart } from './start.ts'
import { type DrillQuestion, verifyInDrill } from './verify.ts'

/** How the steps of a drill are done when all of it is done in one go. */
export interface DrillSteps {
  production: Target | undefined
  /** Restores, unless it is restored already; throws when it did not end well. */
  restore: (drill: Drill) => Promise<Drill>
  /** What is asked of what was restored. */
  question: () => Promise<DrillQuestion>
  /** Signs the proof; undefined: it is not signed. */
  signingKey: KeyObject | undefined
}

/**
 * Does what is left of a drill: the restore, the verification, the proof. What was done before is not done again.
 * @throws CouldNotVerify when a step could not be done: then the drill stays open, and the same again goes on from there
 */
export async function runDrill(id: string, steps: DrillSteps, stages: Stages): Promise<FinishedDrill> {
  return await withDrillLock(id, async () => {
    let drill = readDrill(id)
    if (drill.state.next === 'restore') {
      drill = await completeStart(drill, steps.production, stages)
      drill = await steps.restore(drill)
    }
    if (drill.state.next === 'verify') await verifyInDrill(id, await steps.question(), stages)
    return await finishDrill(id, steps.production, steps.signingKey)
  })
}
