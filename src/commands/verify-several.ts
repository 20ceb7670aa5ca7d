// pgdrill verify --target a,b,c: several restored databases at once, with one verdict and one proof.

import type { KeyObject } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import pc from 'picocolors'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findTarget, lookUpProductionOf, targetVariable } from '../database/targets.ts'
import { type AppFlags, appOptionsOf } from '../probes/app-question.ts'
import { fleetJson } from '../proof/fleet-document.ts'
import { fleetText } from '../proof/fleet-text.ts'
import { writeFleetProof } from '../proof/write-fleet-proof.ts'
import { proofsDirectory } from '../proof/write-proof.ts'
import { readNamedFile } from '../read-named-file.ts'
import { type Fleet, type FleetQuestion, verifyFleet } from '../verification/verify-fleet.ts'
import type { ProgramOutput } from './program-output.ts'
import { baselineOf, questionOf, type VerifyOptions } from './verify-options.ts'

/** What of the command's options matters for several targets. */
export interface SeveralOptions extends VerifyOptions, AppFlags {
  format: string
  out?: string
  proof: boolean
  verbose?: true
  parallel: number
}

/**
 * The targets that were named.
 * @param target as given: one name, or several with commas between
 * @param file with one name on each line; # begins a remark
 * @returns undefined when at most one is named, and in no file
 * @throws CouldNotVerify when a name is empty or stands twice, or the file cannot be read
 */
export function severalTargets(target: string | undefined, file: string | undefined): string[] | undefined {
  if (file === undefined && target?.includes(',') !== true) return undefined
  const names = [...(target === undefined ? [] : target.split(',')), ...(file === undefined ? [] : namesIn(file))].map(
    (name) => name.trim(),
  )
  if (names.length === 0) throw new CouldNotVerify(`${file} names no target`, 'Write one name on each line.')
  for (const [index, name] of names.entries()) {
    if (name === '') throw new CouldNotVerify('one of the targets has no name', 'Write them as --target one,two,three.')
    const same = names.findIndex((other) => targetVariable(other) === targetVariable(name))
    if (same < index) throw new CouldNotVerify(`the target ${JSON.stringify(name)} is named twice`, 'Name each once.')
  }
  if (names.includes('sandbox')) {
    throw new CouldNotVerify('the sandbox is no target among others', 'Verify it alone: --target sandbox.')
  }
  return names
}

function namesIn(file: string): string[] {
  return readNamedFile(file, 'targets file')
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
}

/**
 * Verifies them, writes the proof and shows the result.
 * @returns the exit code
 * @throws CouldNotVerify before anything is asked, when an option makes no sense for several
 */
export async function verifySeveral(
  names: readonly string[],
  options: SeveralOptions,
  signingKey: KeyObject | undefined,
  output: ProgramOutput,
): Promise<0 | 1 | 2> {
  if (options.format !== 'text' && options.format !== 'json') {
    throw new CouldNotVerify(
      `--format ${options.format} is of one target`,
      'Use text or json; the proof of each target has the other formats.',
    )
  }
  if (options.appUrl !== undefined) {
    throw new CouldNotVerify('--app-url is of one target', 'Set <TARGET>_APP_URL for each.')
  }
  const baseline = baselineOf(options)
  const questions = names.map((name): FleetQuestion => {
    // What is wrong with a name or an option is wrong before an hour of counting; what is not configured, too.
    const target = findTarget(name)
    return {
      name,
      ask: (attachments) =>
        questionOf(
          options,
          baseline,
          { target, production: lookUpProductionOf(target) },
          appOptionsOf(options, (attachment) => attachments.push(attachment)),
        ),
    }
  })
  const fleet = await verifyFleet(questions, options.parallel, (text) => output.stderr(`  ${text}\n`))
  const directory = options.out ?? join(proofsDirectory, fleet.fleet_id)
  const shown = options.proof ? prove(directory, fleet, signingKey, output) : fleet
  output.stdout(
    options.format === 'json'
      ? fleetJson(shown, null)
      : fleetText(shown, pc.createColors(output.isColored), options.verbose === true),
  )
  return shown.verdict.exit_code
}

// Without its proof a verification does not count, but what was found is not kept back.
function prove(directory: string, fleet: Fleet, signingKey: KeyObject | undefined, output: ProgramOutput): Fleet {
  try {
    writeFleetProof(directory, fleet, signingKey)
    output.stderr(`proof: ${directory}\n`)
    return fleet
  } catch (error) {
    if (!(error instanceof CouldNotVerify)) throw error
    output.stderr(`pgdrill: ${error.message}\n`)
    return fleet.verdict.exit_code === 1 ? fleet : { ...fleet, verdict: { status: 'could_not_verify', exit_code: 2 } }
  }
}

/** How many connections each counts with when nobody says: the cores are shared. */
export function jobsFor(parallel: number): number {
  return Math.max(1, Math.floor(availableParallelism() / parallel))
}
