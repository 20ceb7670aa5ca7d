import { Command } from 'commander'
import type { ProgramOutput } from '../program-output.ts'
import { baselineCaptureCommand } from './capture.ts'
import { baselineDiffCommand } from './diff.ts'
import { baselineExportCommand } from './export.ts'
import { baselineListCommand } from './list.ts'
import { baselineShowCommand } from './show.ts'

/** pgdrill baseline: the facts of production that a restored copy is compared with. */
export function baselineCommand(output: ProgramOutput): Command {
  return new Command('baseline')
    .addCommand(baselineCaptureCommand(output))
    .addCommand(baselineListCommand(output))
    .addCommand(baselineShowCommand(output))
    .addCommand(baselineExportCommand(output))
    .addCommand(baselineDiffCommand(output))
}
