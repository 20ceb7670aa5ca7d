import { Command } from 'commander'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { reportHtmlCommand } from './html.ts'
import { reportKeygenCommand } from './keygen.ts'
import { reportShowCommand } from './show.ts'
import { reportVerifyCommand } from './verify.ts'

/** pgdrill report: what becomes of a proof after it was written. */
export function reportCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('report')
    .addCommand(reportVerifyCommand(output, setExitCode))
    .addCommand(reportShowCommand(output))
    .addCommand(reportHtmlCommand(output))
    .addCommand(reportKeygenCommand(output))
}
