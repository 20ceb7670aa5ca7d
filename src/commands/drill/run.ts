import { Command } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { findTarget, urlOfTarget } from '../../database/targets.ts'
import { chooseDrill, readDrill, throwAwayTarget } from '../../drill/drill.ts'
import { refuseProduction, restoreByCommand } from '../../drill/restore.ts'
import { baselineOfDump, restoreDump } from '../../drill/restore-dump.ts'
import { runDrill } from '../../drill/run.ts'
import { startDrill } from '../../drill/start.ts'
import { requireDrillDepth } from '../../drill/verify.ts'
import { readBackup } from '../../dump/read-manifest.ts'
import { type AppOptions, appOptionsOf } from '../../probes/app-question.ts'
import type { Attachment } from '../../probes/attachment.ts'
import { type ProofFormat, proofFormats } from '../../proof/formats.ts'
import { signingKeyOf } from '../../proof/signature.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { formatOption, signKeyOption } from '../shared-options.ts'
import { addVerifyOptions, questionOf, type VerifyOptions } from '../verify-options.ts'
import {
  addPlanOptions,
  databasesOf,
  drillOption,
  failurePointOfDrill,
  type PlanOptions,
  planOf,
} from './drill-options.ts'
import { productionText, withoutAppText } from './drill-text.ts'
import { showFinished } from './finish.ts'

/** Everything that can be said to a drill that is done in one go. */
export type RunOptions = Omit<PlanOptions, 'baseline' | 'failurePoint' | 'restorePoint'> &
  VerifyOptions & {
    drill?: string
    restoreCmd?: string
    fromDump?: string
    identity?: string
    signKey?: string
    format: ProofFormat
  }

const help = `
The command runs by sh -c, with the target's URL in its variable (RESTORE_DATABASE_URL); what it prints goes into
verify/drills/ID/restore.log, secrets hidden. Without --ticket the only open drill goes on where it was stopped. The drill is
finished whatever the verdict; it stays open when a step could not be done. Exit codes: 0 verified, 1 verified to be wrong,
2 could not verify.

Examples:
  pgdrill drill run --target sandbox          all of it on a throw-away production, app and proof included
  pgdrill drill run --ticket DR-12 --lead Ada --db-owner Grace --app-owner Edsger --method pitr \\
    --restore-cmd './restore-into-new-project.sh "$RESTORE_DATABASE_URL"' --app-url https://restored.example.com
  pgdrill drill run --ticket DR-12 --lead Ada --db-owner Grace --app-owner Edsger --from-dump backups/20261123
  pgdrill drill run --drill 20261123T043000Z-restore-1a2b --restore-cmd ./restore.sh      go on`

/** pgdrill drill run */
export function drillRunCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return addVerifyOptions(addPlanOptions(new Command('run').addOption(drillOption())), failurePointOfDrill)
    .description('do all of a drill: start, restore, verify, finish')
    .option('--restore-cmd <command>', 'the command that restores the target')
    .option('--from-dump <directory>', 'restore this backup of pgdrill')
    .option('--identity <file>', 'with --from-dump: the secret key of a backup that age encrypted')
    .addOption(formatOption(proofFormats))
    .addOption(signKeyOption())
    .addHelpText('after', help)
    .action(async (options: RunOptions) => {
      if (options.restoreCmd !== undefined && options.fromDump !== undefined) {
        throw new CouldNotVerify('--restore-cmd and --from-dump contradict each other', 'Leave one of them out.')
      }
      // What can be known to be wrong is said now, not after hours of restoring.
      requireDrillDepth(options.depth)
      const signingKey = signingKeyOf(options)
      const attachments: Attachment[] = []
      const app = appOptionsOf(options, (attachment) => attachments.push(attachment))
      const stages = new Stages()
      if (options.target === throwAwayTarget) {
        const { runOnSandbox } = await import('./run-sandbox.ts')
        showFinished(
          await runOnSandbox(options, app, attachments, stages, output, signingKey),
          options.format,
          output,
          setExitCode,
        )
        return
      }
      const id = options.ticket === undefined ? chooseDrill(options.drill) : await begin(options, app, stages, output)
      const { record, next } = readDrill(id).state
      const { restoreCmd, fromDump } = options
      if (next === 'restore' && restoreCmd === undefined && fromDump === undefined) {
        throw new CouldNotVerify(
          `the drill ${id} is not restored, and nothing says how to`,
          'Give --restore-cmd or --from-dump; when somebody else restores: pgdrill drill restored.',
        )
      }
      const { target, production } = databasesOf(record)
      const question = questionOf(options, undefined, { target, production }, app)
      const missing = withoutAppText(readDrill(id), question.app !== undefined)
      if (missing !== null) output.stderr(`${missing}\n`)
      const print = (line: string) => output.stderr(`  | ${plainLine(line)}\n`)
      const finished = await runDrill(
        id,
        {
          production,
          signingKey,
          restore: async (drill) => {
            await refuseProduction(target)
            if (fromDump !== undefined) {
              const { jobs, identity: identityFile } = options
              const dump = { directory: fromDump, target, production, jobs, identityFile, announce: print }
              return await restoreDump(drill.id, dump, stages)
            }
            const env = { [target.variable]: urlOfTarget(target.name) }
            return await stages.run('restore', () => restoreByCommand(drill.id, restoreCmd ?? 'false', env, print))
          },
          question: async () => ({
            ...question,
            baselineFile: options.baseline ?? (fromDump === undefined ? undefined : baselineOfDump(fromDump)),
            attachments,
          }),
        },
        stages,
      )
      showFinished(finished, options.format, output, setExitCode)
    })
}

async function begin(options: RunOptions, app: AppOptions, stages: Stages, output: ProgramOutput): Promise<string> {
  if (options.drill !== undefined) {
    throw new CouldNotVerify('--ticket and --drill contradict each other', 'Leave --ticket out to go on with a drill.')
  }
  if (options.restoreCmd === undefined && options.fromDump === undefined) {
    throw new CouldNotVerify(
      'nothing says how to restore',
      'Give --restore-cmd or --from-dump; when somebody else restores: pgdrill drill start.',
    )
  }
  if (options.fromDump !== undefined) await readBackup(options.fromDump, 'sizes')
  const method = options.method ?? (options.fromDump === undefined ? undefined : 'dump')
  const baseline = options.baseline ?? (options.fromDump === undefined ? undefined : baselineOfDump(options.fromDump))
  const given = { ...(method === undefined ? {} : { method }), ...(baseline === undefined ? {} : { baseline }) }
  const plan = planOf({ ...options, ...given })
  // Its target and its app, too, before there is a drill.
  questionOf(options, undefined, { target: findTarget(plan.targetName), production: plan.production }, app)
  const drill = await startDrill(plan, stages, (check) => output.stderr(`${productionText(check)}\n`))
  output.stderr(`drill ${drill.id}\n`)
  return drill.id
}
