import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import pc from 'picocolors'
import { CouldNotVerify } from '../could-not-verify.ts'
import type { CheckResult } from '../database/contract.ts'
import { findTarget, lookUpProductionOf, type Target } from '../database/targets.ts'
import { type AppOptions, appOptionsOf } from '../probes/app-question.ts'
import type { Attachment } from '../probes/attachment.ts'
import { type ProofFormat, proofFormats, renderProof } from '../proof/formats.ts'
import { signingKeyOf } from '../proof/signature.ts'
import { verificationText } from '../proof/text.ts'
import { proofsDirectory, requireNoProof, writeProof } from '../proof/write-proof.ts'
import { judge } from '../rules/verdict.ts'
import type { withThrowAwaySandbox } from '../sandbox/throw-away.ts'
import { Stages } from '../terminal/stages.ts'
import { type Question, type Verification, verifyTarget } from '../verification/verify-target.ts'
import type { ProgramOutput, SetExitCode } from './program-output.ts'
import { formatOption, positiveInteger, signKeyOption, targetOption } from './shared-options.ts'
import { addVerifyOptions, baselineOf, questionOf, type VerifyOptions } from './verify-options.ts'
import { jobsFor, severalTargets, verifySeveral } from './verify-several.ts'

interface Options extends VerifyOptions {
  target?: string
  targets?: string
  parallel: number
  format: ProofFormat
  out?: string
  proof: boolean
  signKey?: string
  verbose?: true
}

const help = `
Exit codes: 0 verified, 1 verified to be wrong, 2 could not verify.

Examples:
  pgdrill verify --target sandbox            try it: a production, a backup, a point-in-time restore, all thrown away
  pgdrill verify --target restore            the database of RESTORE_DATABASE_URL, against the newest baseline inside it
  pgdrill verify --target restore --baseline verify/baselines/production-20261123T043000Z-1a2b3c4d.json
  pgdrill verify --target restore --failure-point 2026-11-23T04:30:00Z --format json > result.json
  pgdrill verify --target restore --format junit > junit.xml       for CI; github writes annotations
  pgdrill verify --target restore --restore-point 2026-11-23T04:25:00Z     was that moment reached, and not passed?
  pgdrill verify --target restore --depth full --jobs 8     eight connections count
  pgdrill verify --target restore --app-url https://restored.example.com --browser     the restored app, too
  pgdrill verify --target eu,us,asia         several copies at once: one verdict, one proof`

/** pgdrill verify: the main job. Verdict on stdout, proof in a folder. */
export function verifyCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  const command = new Command('verify').addOption(targetOption('or several: a,b,c'))
  return addVerifyOptions(command)
    .option('--targets <file>', 'names of several targets, one on each line')
    .addOption(
      new Option('--parallel <number>', 'how many of several targets at a time').default(4).argParser(positiveInteger),
    )
    .addOption(formatOption(proofFormats))
    .option('-o, --out <directory>', `where the proof is written (default: ${proofsDirectory}/<id>)`)
    .option('--no-proof', 'write no proof')
    .addOption(signKeyOption())
    .option('-v, --verbose', 'list every pass and what is not applicable, too')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      // What can be known to be wrong is said now, not after an hour of counting.
      if (options.proof && options.out !== undefined) requireNoProof(options.out)
      const signingKey = signingKeyOf(options)
      const several = severalTargets(options.target, options.targets)
      if (several !== undefined) {
        const parallel = Math.min(options.parallel, several.length)
        const jobs = command.getOptionValueSource('jobs') === 'default' ? jobsFor(parallel) : options.jobs
        setExitCode(await verifySeveral(several, { ...options, parallel, jobs }, signingKey, output))
        return
      }
      const baseline = baselineOf(options)
      const attachments: Attachment[] = []
      const app = appOptionsOf(options, (attachment) => attachments.push(attachment))
      if (options.target === 'sandbox') requireNoUrl(app)
      const stages = new Stages()
      const found =
        options.target === 'sandbox'
          ? await onSandbox(stages, (sandbox) => verifyTarget(questionOf(options, baseline, sandbox, app), stages))
          : await verifyTarget(questionOf(options, baseline, databasesOf(findTarget(options.target)), app), stages)
      const directory = options.out ?? join(proofsDirectory, found.verification_id)
      const verification = options.proof ? prove(directory, found, attachments, signingKey) : found
      output.stdout(render(verification, attachments, options, output))
      if (verification === found && options.proof) output.stderr(`proof: ${directory}\n`)
      if (options.target === 'sandbox') output.stderr(`stages: ${total(verification)}\n`)
      setExitCode(verification.verdict.exit_code)
    })
}

// Loaded when it is asked for: a verification of somebody's copy must not wait for what makes and migrates clusters.
const onSandbox: typeof withThrowAwaySandbox = async (stages, use) =>
  await (await import('../sandbox/throw-away.ts')).withThrowAwaySandbox(stages, use)

// Without its proof a verification does not count, but what was found is not kept back.
function prove(
  directory: string,
  verification: Verification,
  attachments: Attachment[],
  signingKey: KeyObject | undefined,
): Verification {
  try {
    writeProof(directory, { verification, drill: null, attachments }, signingKey)
    return verification
  } catch (error) {
    if (!(error instanceof CouldNotVerify)) throw error
    const results: CheckResult[] = [
      ...verification.results,
      {
        check_name: 'proof',
        object_name: directory,
        status: 'error',
        detail: error.message,
        hint: error.hint ?? null,
        expected: 'a proof',
        actual: 'none',
      },
    ]
    return { ...verification, results, verdict: judge(results) }
  }
}

/** @throws CouldNotVerify when another app is named for the sandbox */
function requireNoUrl({ url }: AppOptions): void {
  if (!url) return
  throw new CouldNotVerify('the sandbox has an app of its own', 'Leave --app-url out, or name another target.')
}

function databasesOf(target: Target): Pick<Question, 'target' | 'production'> {
  return { target, production: lookUpProductionOf(target) }
}

function render(
  verification: Verification,
  attachments: Attachment[],
  options: Options,
  output: ProgramOutput,
): string {
  return options.format === 'text'
    ? verificationText(verification, pc.createColors(output.isColored), options.verbose === true)
    : renderProof({ verification, drill: null, attachments }, options.format)
}

function total(verification: Verification): string {
  const seconds = verification.stages.reduce((sum, stage) => sum + stage.seconds, 0)
  return `${verification.stages.map((stage) => `${stage.name} ${stage.seconds.toFixed(1)} s`).join(', ')}; ${seconds.toFixed(1)} s in all`
}
