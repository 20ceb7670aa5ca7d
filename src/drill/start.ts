import { join } from 'node:path'
import { parseBaseline } from '../baselines/document.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { withDatabase } from '../database/connect.ts'
import { exportBaseline } from '../database/facts.ts'
import type { Target } from '../database/targets.ts'
import { captureBaseline, keepBaseline } from '../measuring/capture-baseline.ts'
import { toolVersion } from '../project-files.ts'
import { readNamedFile } from '../read-named-file.ts'
import { durationText } from '../rules/durations.ts'
import type { Stages } from '../terminal/stages.ts'
import { writeWhole } from '../write-whole.ts'
import { checkProduction, type ProductionCheck } from './check-production.ts'
import { type Drill, nowText, tell, throwAwayTarget } from './drill.ts'
import { makeDrillId } from './drill-id.ts'
import type { EventNamed } from './events.ts'
import { appendEvent, drillFolder } from './journal.ts'
import { withDrillLock } from './lock.ts'
import type { Method, Role } from './record.ts'

export interface DrillPlan {
  ticket: string
  owners: Record<Role, string>
  method: Method
  targetName: string
  isSandbox: boolean
  failurePoint: string | null
  restorePoint: string | null
  production: Target | undefined
  /** A baseline file; undefined: the newest of production, or a new one when that is too old. */
  baselineFile: string | undefined
}

/** The name of the baseline in the folder of its drill. */
const baselineName = 'baseline.json'

/** When the policy cannot be read it cannot say that an old one will do. */
const strictestAge = 0

/**
 * Starts a drill: the clock, the check of production, the baseline.
 * @param said is told what production answered
 * @throws CouldNotVerify when there is no baseline to go by: before anything is written when that can be known
 */
export async function startDrill(
  plan: DrillPlan,
  stages: Stages,
  said: (check: ProductionCheck) => void,
): Promise<Drill> {
  const startedAt = new Date()
  const given = plan.baselineFile === undefined ? undefined : readBaseline(plan.baselineFile)
  const check = await stages.run('check production', () => checkProduction(plan.production))
  if (check.health === null && given === undefined) {
    throw new CouldNotVerify(
      `production cannot be asked: ${check.event.problem}`,
      'Make it reachable, or, when it is down, go by a baseline file of it: pgdrill drill start --baseline verify/baselines/FILE.',
    )
  }
  said(check)
  const id = makeDrillId(startedAt, plan.targetName)
  const started: EventNamed<'started'> = {
    event: 'started',
    format: 'pgdrill-journal',
    format_version: 1,
    at: startedAt.toISOString(),
    drill_id: id,
    tool_version: toolVersion(),
    ticket: plan.ticket,
    owners: plan.owners,
    method: plan.method,
    target_name: plan.targetName,
    is_sandbox: plan.isSandbox,
    failure_point: plan.failurePoint,
    restore_point: plan.restorePoint,
  }
  appendEvent(id, started)
  return await withDrillLock(id, async () => {
    tell(id, check.event)
    return takeBaseline(id, given ?? (await baselineOfProduction(plan, check, stages)))
  })
}

/**
 * Makes up for what a drill lacks whose start was cut short, as far as production can be asked. The caller holds the lock.
 * @param production undefined: it is not configured
 */
export async function completeStart(drill: Drill, production: Target | undefined, stages: Stages): Promise<Drill> {
  const { record, isProductionKnown, baseline } = drill.state
  if (isProductionKnown && baseline !== null) return drill
  const check = await stages.run('check production', () => checkProduction(production))
  const asked = tell(drill.id, check.event)
  if (check.health === null || baseline !== null) return asked
  const plan = { production, ticket: record.ticket, targetName: record.target_name }
  return takeBaseline(drill.id, await baselineOfProduction(plan, check, stages))
}

/**
 * Takes a baseline file for a drill that goes on.
 * @throws CouldNotVerify when it is no usable baseline
 */
export function chooseBaseline(id: string, file: string): Drill {
  return takeBaseline(id, readBaseline(file))
}

/** Where the baseline of a drill is kept. */
export function baselineFileOf(drill: Drill): string | undefined {
  const { baseline } = drill.state
  return baseline === null ? undefined : join(drillFolder(drill.id), baseline.file)
}

interface Chosen {
  document: string
  origin: string
  isCaptured: boolean
  isGiven: boolean
}

function readBaseline(file: string): Chosen {
  const document = readNamedFile(file, 'baseline file')
  parseBaseline(document, file)
  return { document, origin: file, isCaptured: false, isGiven: true }
}

async function baselineOfProduction(
  plan: Pick<DrillPlan, 'production' | 'ticket' | 'targetName'>,
  { health }: ProductionCheck,
  stages: Stages,
): Promise<Chosen> {
  const production = plan.production as Target
  const allowed = health?.baseline_max_age ?? strictestAge
  const age = health?.baseline_age ?? Number.POSITIVE_INFINITY
  if (age <= allowed) {
    const document = await withDatabase(production, {}, (database) => exportBaseline(database, undefined))
    return { document, origin: `the newest of ${production.name}`, isCaptured: false, isGiven: false }
  }
  const why = Number.isFinite(age) ? `the newest is ${durationText(age)} old` : 'there is none'
  const label = `drill ${plan.ticket}`
  const document = await stages.run(`capture a baseline (${why})`, (inform) =>
    captureBaseline(production, {}, { label, depth: 'standard', jobs: 1 }, inform),
  )
  if (plan.targetName !== throwAwayTarget) keepBaseline(production, document, undefined)
  return { document, origin: 'just captured', isCaptured: true, isGiven: false }
}

/** Keeps it in the drill's folder, so that nothing of production is needed later. */
function takeBaseline(id: string, { document, origin, isCaptured, isGiven }: Chosen): Drill {
  const { baseline_id, captured_at, policies } = parseBaseline(document, origin)
  const { rto = null, rpo = null, clock_skew = null } = policies as Partial<typeof policies>
  writeWhole(join(drillFolder(id), baselineName), document.endsWith('\n') ? document : `${document}\n`)
  return tell(id, {
    event: 'baseline_chosen',
    at: nowText(),
    baseline_id,
    captured_at,
    file: baselineName,
    is_captured: isCaptured,
    is_given: isGiven,
    policies: { rto, rpo, clock_skew },
  })
}
