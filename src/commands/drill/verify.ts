import { Command } from 'commander'
import pc from 'picocolors'
import { chooseDrill, readDrill } from '../../drill/drill.ts'
import { withDrillLock } from '../../drill/lock.ts'
import { verificationOf, verifyInDrill } from '../../drill/verify.ts'
import { appOptionsOf } from '../../probes/app-question.ts'
import type { Attachment } from '../../probes/attachment.ts'
import { type ProofFormat, proofFormats, renderProof } from '../../proof/formats.ts'
import { verificationText } from '../../proof/text.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'
import { addVerifyOptions, questionOf, type VerifyOptions } from '../verify-options.ts'
import { databasesOf, drillOption, failurePointOfDrill } from './drill-options.ts'
import { drillText } from './drill-text.ts'

interface Options extends VerifyOptions {
  drill?: string
  format: ProofFormat
  verbose?: true
}

const help = `
Like pgdrill verify, and judges the times of the drill as well. It can be repeated until the drill is finished; the last one
counts. Exit codes: 0 verified, 1 verified to be wrong, 2 could not verify.

Examples:
  pgdrill drill verify
  pgdrill drill verify --drill 20261123T043000Z-restore-1a2b --depth full --failure-point 2026-11-23T04:30:00Z`

/** pgdrill drill verify */
export function drillVerifyCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return addVerifyOptions(new Command('verify').addOption(drillOption()), failurePointOfDrill)
    .description('verify the target within the drill')
    .addOption(formatOption(proofFormats))
    .option('-v, --verbose', 'list every pass and what is not applicable, too')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const id = chooseDrill(options.drill)
      const attachments: Attachment[] = []
      const app = appOptionsOf(options, (attachment) => attachments.push(attachment))
      const stages = new Stages()
      const drill = await withDrillLock(id, async () => {
        const question = questionOf(options, undefined, databasesOf(readDrill(id).state.record), app)
        return await verifyInDrill(id, { ...question, baselineFile: options.baseline, attachments }, stages)
      })
      const verification = verificationOf(id, drill.state)
      const proof = { verification, drill: drill.state.record, attachments: [] }
      const colors = pc.createColors(output.isColored)
      output.stdout(
        options.format === 'text'
          ? `${drillText(drill, new Date())}\n\n${verificationText(verification, colors, options.verbose === true)}`
          : renderProof(proof, options.format),
      )
      output.stderr(`Next: pgdrill drill finish --drill ${id}\n`)
      setExitCode(verification.verdict.exit_code)
    })
}
