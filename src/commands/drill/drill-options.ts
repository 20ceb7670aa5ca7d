// Options that several commands of a drill share.

import { type Command, Option } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { findTarget, lookUpProductionOf, lookUpTarget, type Target } from '../../database/targets.ts'
import { throwAwayTarget } from '../../drill/drill.ts'
import { requireLabel } from '../../drill/drill-id.ts'
import { type DrillRecord, type Method, methods } from '../../drill/record.ts'
import type { DrillPlan } from '../../drill/start.ts'
import { targetOption } from '../shared-options.ts'
import { failurePointOption, restorePointOption } from '../verify-options.ts'

/** --drill ID */
export function drillOption(): Option {
  return new Option('--drill <id>', 'the drill (default: the only open one here)')
}

export interface PlanOptions {
  target?: string
  ticket?: string
  lead?: string
  dbOwner?: string
  appOwner?: string
  method?: Method
  failurePoint?: string
  restorePoint?: string
  baseline?: string
}

/** Adds what a drill has to be told when it starts. */
export function addPlanOptions(command: Command): Command {
  return command
    .addOption(targetOption().default('restore'))
    .option('--ticket <text>', 'the ticket of the drill, such as DR-12')
    .option('--lead <name>', 'DR lead: coordinates the drill, records the proof')
    .option('--db-owner <name>', 'database owner: restores')
    .option('--app-owner <name>', 'app owner: validates the application')
    .addOption(new Option('--method <method>', 'what it is restored by').choices(methods))
}

/** What the failure point of a drill is when nobody gives it. */
export const failurePointOfDrill = 'when the restore began'

/** Adds the moments of a drill. */
export function addPointOptions(command: Command): Command {
  return command.addOption(restorePointOption()).addOption(failurePointOption(failurePointOfDrill))
}

/** The plan that the options give. @throws CouldNotVerify when something is missing or no usable text */
export function planOf(options: PlanOptions): DrillPlan {
  const targetName = options.target ?? 'restore'
  if (targetName.toLowerCase() === 'production') {
    throw new CouldNotVerify('the target production is refused', 'Name the database to restore into: --target restore.')
  }
  if (targetName === throwAwayTarget) {
    throw new CouldNotVerify(
      'the sandbox is thrown away when its drill ends, so it is done in one go',
      'Run it: pgdrill drill run --target sandbox; or start a sandbox that stays (make sandbox) and drill on --target restore.',
    )
  }
  const missing = Object.entries({
    '--ticket': options.ticket,
    '--lead': options.lead,
    '--db-owner': options.dbOwner,
    '--app-owner': options.appOwner,
    '--method': options.method,
  }).flatMap(([option, value]) => (value === undefined ? [option] : []))
  if (missing.length > 0) {
    throw new CouldNotVerify(
      `a drill needs ${missing.join(', ')}`,
      'Such as: --ticket DR-12 --lead Ada --db-owner Grace --app-owner Edsger --method pitr.',
    )
  }
  const target = lookUpTarget(targetName)
  const production = productionBeside(target)
  return {
    ticket: requireLabel(options.ticket ?? '', '--ticket'),
    owners: {
      lead: requireLabel(options.lead ?? '', '--lead'),
      db_owner: requireLabel(options.dbOwner ?? '', '--db-owner'),
      app_owner: requireLabel(options.appOwner ?? '', '--app-owner'),
    },
    method: options.method as Method,
    targetName,
    isSandbox: (target ?? production)?.configuredBy === 'the sandbox',
    failurePoint: options.failurePoint ?? null,
    restorePoint: options.restorePoint ?? null,
    production,
    baselineFile: options.baseline,
  }
}

/** The two databases of a drill. @throws CouldNotVerify when its target is not configured, or was thrown away */
export function databasesOf(record: DrillRecord): { target: Target; production: Target | undefined } {
  if (record.target_name === throwAwayTarget) {
    throw new CouldNotVerify(
      `the sandbox of the drill ${record.drill_id} is gone`,
      `End it: pgdrill drill abort --drill ${record.drill_id} --why "interrupted"; then run another one.`,
    )
  }
  const target = findTarget(record.target_name)
  return { target, production: lookUpProductionOf(target) }
}

/** The production of a drill, whose target may not be configured any more. */
export function productionOf(record: DrillRecord): Target | undefined {
  return record.target_name === throwAwayTarget ? undefined : productionBeside(lookUpTarget(record.target_name))
}

function productionBeside(target: Target | undefined): Target | undefined {
  return target === undefined ? lookUpTarget('production') : lookUpProductionOf(target)
}
