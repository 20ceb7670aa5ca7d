import { Command } from 'commander'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { drillAbortCommand } from './abort.ts'
import { drillFinishCommand } from './finish.ts'
import { drillNoteCommand } from './note.ts'
import { drillRestoredCommand } from './restored.ts'
import { drillRunCommand } from './run.ts'
import { drillStartCommand } from './start.ts'
import { drillStatusCommand } from './status.ts'
import { drillVerifyCommand } from './verify.ts'

/** pgdrill drill: the clock and the proof around a restore made elsewhere, or all in one. */
export function drillCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('drill')
    .addCommand(drillRunCommand(output, setExitCode))
    .addCommand(drillStartCommand(output))
    .addCommand(drillRestoredCommand(output))
    .addCommand(drillVerifyCommand(output, setExitCode))
    .addCommand(drillFinishCommand(output, setExitCode))
    .addCommand(drillStatusCommand(output, setExitCode))
    .addCommand(drillNoteCommand(output))
    .addCommand(drillAbortCommand(output))
}
