import { Command } from 'commander'
import { chooseDrill, readDrill } from '../../drill/drill.ts'
import { type FinishedDrill, finishDrill } from '../../drill/finish.ts'
import { withDrillLock } from '../../drill/lock.ts'
import { type ProofFormat, proofFormats, renderProof } from '../../proof/formats.ts'
import { signingKeyOf } from '../../proof/signature.ts'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { formatOption, signKeyOption } from '../shared-options.ts'
import { drillOption, productionOf } from './drill-options.ts'
import { finishedText } from './drill-text.ts'

const help = `
When production cannot be reached the drill is kept in verify/proofs/index.jsonl; drill status, or finish again, records it
later. A proof that cannot be written leaves the drill open. Exit codes, those of the verdict: 0 verified, 1 verified to be
wrong, 2 could not verify.

Examples:
  pgdrill drill finish
  pgdrill drill finish --drill 20261123T043000Z-restore-1a2b --format markdown > ticket.md`

/** pgdrill drill finish */
export function drillFinishCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('finish')
    .description('write the proof and record the drill in production')
    .addOption(drillOption())
    .addOption(formatOption(proofFormats))
    .addOption(signKeyOption())
    .addHelpText('after', help)
    .action(async (options: { drill?: string; format: ProofFormat; signKey?: string }) => {
      const signingKey = signingKeyOf(options)
      const id = chooseDrill(options.drill)
      const finished = await withDrillLock(id, () =>
        finishDrill(id, productionOf(readDrill(id).state.record), signingKey),
      )
      showFinished(finished, options.format, output, setExitCode)
    })
}

/** Shows how a drill ended, and tells the program's exit code. */
export function showFinished(
  finished: FinishedDrill,
  format: ProofFormat,
  output: ProgramOutput,
  setExitCode: SetExitCode,
): void {
  const { drill, verification } = finished
  const text = finishedText(finished)
  if (format === 'text') output.stdout(text)
  else {
    output.stdout(renderProof({ verification, drill: drill.state.record, attachments: [] }, format))
    output.stderr(text)
  }
  setExitCode(verification.verdict.exit_code)
}
