import { getCadenceFacts, getSchemaChanges } from '../database/cadence.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { CheckResult } from '../database/contract.ts'
import { getIdentity } from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { judgeCadence } from '../rules/cadence.ts'
import type { CadenceFacts, DrillFact, Standing } from '../rules/cadence-facts.ts'
import { type CountedDrill, countedDrills, lastGoodDrill, newestFirst } from '../rules/counted-drills.ts'
import { mergeDrills } from '../rules/merge-drills.ts'
import { nextDeadline } from '../rules/next-drill.ts'
import { judge, type Verdict } from '../rules/verdict.ts'
import { readOpenDrills } from './open-drills.ts'
import { type ProofsFolder, readProofsFolder } from './proofs-folder.ts'

/** What is asked: production, a folder of proofs, or both. */
export interface StatusQuestion {
  target: Target | undefined
  proofs: string | undefined
  /** ISO; undefined: the clock of production, or without it the one here. */
  now: string | undefined
  /** Milliseconds. */
  statementTimeout: number | undefined
}

/** A drill that was measured, for the trend. */
export interface MeasuredDrill {
  drill_id: string
  finished_at: string
  verdict: string | null
  is_good: boolean
  recovery_time: number | null
  data_loss: number | null
}

/** How production keeps the plan. */
export interface Status {
  target: { name: string; url: string; is_sandbox: boolean } | null
  proofs: string | null
  facts: CadenceFacts
  results: CheckResult[]
  verdict: Verdict
  last_good: CountedDrill | null
  /** Milliseconds since 1970; null when nothing tells. */
  deadline: number | null
  /** Finished drills on real targets, oldest first. */
  trend: MeasuredDrill[]
}

/** How each obligation stands, by name, in the order of the plan. */
export function standingsOf({ results }: Pick<Status, 'results'>): [string, Standing][] {
  return results.filter((row) => row.expected === 'met').map((row) => [row.object_name ?? '', row.actual as Standing])
}

/** Gathers what is known and judges it. @throws CouldNotVerify when a source that was named cannot be read */
export async function lookAtStatus(question: StatusQuestion): Promise<Status> {
  const { target, proofs, now, statementTimeout } = question
  const folder = proofs === undefined ? undefined : readProofsFolder(proofs)
  const open = readOpenDrills()
  const found =
    target === undefined
      ? { facts: factsOfProofs(folder, open.drills, now), isSandbox: false }
      : await withDatabase(target, { now, statementTimeout }, async (database) => {
          await requireSchema(database, target)
          return await database
            .transaction()
            .setIsolationLevel('repeatable read')
            .setAccessMode('read only')
            .execute((transaction) => askProduction(transaction, folder?.drills, open.drills))
        })
  const { facts } = found
  const drills = countedDrills(facts)
  const last = lastGoodDrill(drills) ?? null
  const results = [...judgeCadence(facts), ...(folder?.unreadable ?? []), ...open.unreadable]
  return {
    target:
      target === undefined
        ? null
        : { name: target.name, url: describeConnection(target.connection), is_sandbox: found.isSandbox },
    proofs: proofs ?? null,
    facts,
    results,
    verdict: judge(results),
    last_good: last,
    deadline: nextDeadline(facts, last?.finished ?? null),
    trend: newestFirst(drills.filter((drill) => drill.state === 'finished' && drill.problem === null))
      .reverse()
      .map(({ drill_id, finished, verdict, is_good, recovery_time, data_loss }) => ({
        drill_id,
        finished_at: new Date(finished).toISOString(),
        verdict,
        is_good,
        recovery_time,
        data_loss,
      })),
  }
}

async function askProduction(database: Database, proven: DrillFact[] | undefined, open: DrillFact[]) {
  const known = await getCadenceFacts(database)
  const { is_sandbox: isSandbox } = await getIdentity(database)
  const facts = { ...known, drills: withOpen(mergeDrills(known.drills, proven), open) }
  const last = lastGoodDrill(countedDrills(facts))
  const schema_changes = last === undefined ? null : await getSchemaChanges(database, last.baseline_id)
  return { facts: { ...facts, schema_changes }, isSandbox }
}

/** A drill that has ended somewhere else is not open. */
function withOpen(ended: DrillFact[], open: DrillFact[]): DrillFact[] {
  const known = new Set(ended.map((drill) => drill.drill_id))
  return [...ended, ...open.filter((drill) => !known.has(drill.drill_id))]
}

/**
 * Proofs alone: of production's policies only the objectives that the last drill was held against are known. The rest is as
 * the plan has it, and strict: quarters, and a drill without the application is none.
 */
function factsOfProofs(folder: ProofsFolder | undefined, open: DrillFact[], now: string | undefined): CadenceFacts {
  return {
    now: now ?? new Date().toISOString(),
    is_database_read: false,
    installed_at: null,
    policies: { ...folder?.objectives, clock_skew: 300, drill_notice: 1_209_600 },
    drill_policy: { is_app_required: true, drill_every: null },
    drills: withOpen(folder?.drills ?? [], open),
    incidents: [],
    schema_changes: null,
    newest_baseline_at: null,
    newest_heartbeat_at: null,
    retention: null,
  }
}
