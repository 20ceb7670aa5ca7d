import type { CadenceFacts, DrillFact } from './cadence-facts.ts'
import { timeOf } from './moments.ts'

/** A drill on a real target as it stood at the moment of the facts. Times in milliseconds since 1970. */
export interface CountedDrill {
  drill_id: string
  state: string
  verdict: string | null
  is_good: boolean
  started: number
  finished: number | null
  recovery_time: number | null
  data_loss: number | null
  baseline_id: string | null
  problem: string | null
  remark: string | null
}

/** Up to when something counts as having happened, in milliseconds: clocks differ by the policy clock_skew. */
export function newestMoment(facts: CadenceFacts): number {
  return timeOf(facts.now) + (facts.policies['clock_skew'] ?? 0) * 1000
}

/**
 * The drills that may count, rehearsals on the sandbox left out. A good one is finished with the verdict verified, whole
 * (or of the database alone, if the policy asks for no app). As of the moment of the facts: one that began later is not
 * there, one that ended later is still open.
 */
export function countedDrills(facts: CadenceFacts): CountedDrill[] {
  const newest = newestMoment(facts)
  const isAppRequired = facts.drill_policy?.is_app_required ?? true
  return facts.drills.flatMap((drill) => {
    const started = timeOf(drill.started_at)
    if (drill.is_sandbox !== false || started > newest) return []
    const finished = drill.finished_at === null ? null : timeOf(drill.finished_at)
    const state = isStillOpen(drill, finished, newest) ? 'open' : drill.state
    const isWholeEnough = drill.scope === 'whole' || (drill.scope === 'database_only' && !isAppRequired)
    const isGood =
      state === 'finished' &&
      drill.verdict === 'verified' &&
      finished !== null &&
      finished >= started &&
      drill.problem === null &&
      isWholeEnough
    const { drill_id, verdict, recovery_time, data_loss, baseline_id, problem, remark } = drill
    return [
      {
        drill_id,
        state,
        verdict,
        is_good: isGood,
        started,
        finished,
        recovery_time,
        data_loss,
        baseline_id,
        problem,
        remark,
      },
    ]
  })
}

function isStillOpen(drill: DrillFact, finished: number | null, newest: number): boolean {
  if (drill.state === 'open') return true
  if (finished === null) return drill.state === 'finished'
  return finished > newest
}

/** The good drill that was finished last. */
export function lastGoodDrill(drills: readonly CountedDrill[]): (CountedDrill & { finished: number }) | undefined {
  return newestFirst(drills.filter((drill) => drill.is_good))[0]
}

/** Drills that ended, the one that ended last before the others. */
export function newestFirst(drills: readonly CountedDrill[]): (CountedDrill & { finished: number })[] {
  const ended = drills.flatMap((drill) => (drill.finished === null ? [] : [{ ...drill, finished: drill.finished }]))
  return ended.sort((a, b) => b.finished - a.finished || (a.drill_id < b.drill_id ? 1 : -1))
}
