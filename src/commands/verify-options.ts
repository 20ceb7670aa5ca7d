// What a verification can be asked, the same in pgdrill verify and within a drill.

import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import type { BaselineSource } from '../baselines/document.ts'
import type { Depth } from '../database/contract.ts'
import { type AppFlags, type AppOptions, findApp } from '../probes/app-question.ts'
import { baselineOfFile } from '../verification/baseline-source.ts'
import { depths } from '../verification/depths.ts'
import { parseMoment } from '../verification/moment.ts'
import type { Question } from '../verification/verify-target.ts'
import { jobsOption, nowOption, statementTimeoutOption } from './shared-options.ts'

export interface VerifyOptions extends AppFlags {
  baseline?: string
  depth: Depth
  failurePoint?: string
  restorePoint?: string
  now?: string
  statementTimeout?: number
  jobs: number
}

/** Adds the options by which a verification is asked. @param failurePoint what it is without the option, in words */
export function addVerifyOptions(command: Command, failurePoint = 'now'): Command {
  return command
    .option('-b, --baseline <file>', 'baseline of production (default: the newest one inside the target)')
    .addOption(
      new Option(
        '-d, --depth <depth>',
        'quick: catalog only; standard: counts and timestamps too; full: every page of tables and indexes too',
      )
        .choices(depths)
        .default('standard'),
    )
    .addOption(failurePointOption(failurePoint))
    .addOption(restorePointOption())
    .addOption(nowOption())
    .addOption(statementTimeoutOption())
    .addOption(jobsOption(Math.min(64, availableParallelism()), 'the cores of this machine'))
    .option('--app-url <url>', 'the restored app, to be probed too (default: <TARGET>_APP_URL; docs/app.md)')
    .option('--no-app', 'judge the database alone, whatever is configured')
    .option('--probes <file>', 'what the app is asked, as JSON (default: the probes of OpsMantik)')
    .option('--browser', 'open the page in an installed Chrome or Chromium too, and put a screenshot into the proof')
    .option('--app-shares-address', "production's app may have the same address and port, as on a shared host")
}

/** --failure-point TIME. @param standard what it is without the option, in words */
export function failurePointOption(standard: string): Option {
  return new Option(
    '--failure-point <time>',
    `when production failed, such as 2026-11-23T04:30:00Z (default: ${standard})`,
  ).argParser((text) => parseMoment(text, '--failure-point'))
}

/** --restore-point TIME */
export function restorePointOption(): Option {
  return new Option(
    '--restore-point <time>',
    'the moment to which you restored, to compare with what was recovered (default: not compared)',
  ).argParser((text) => parseMoment(text, '--restore-point'))
}

/** The baseline that the options name. @throws CouldNotVerify when it is missing or no usable baseline */
export function baselineOf(options: { baseline?: string }): BaselineSource | undefined {
  return options.baseline === undefined ? undefined : baselineOfFile(options.baseline)
}

/**
 * What is asked of one target.
 * @param app what appOptionsOf() made of the same options, and where screenshots go
 * @throws CouldNotVerify when the address of the target's app is not usable
 */
export function questionOf(
  options: VerifyOptions,
  baseline: BaselineSource | undefined,
  databases: Pick<Question, 'target' | 'production'>,
  app: AppOptions,
): Question {
  return {
    ...databases,
    app: findApp(databases.target, app),
    depth: options.depth,
    baseline,
    failurePoint: options.failurePoint,
    restorePoint: options.restorePoint,
    now: options.now,
    statementTimeout: options.statementTimeout === undefined ? undefined : options.statementTimeout * 1000,
    jobs: options.jobs,
  }
}
