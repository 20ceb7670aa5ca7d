import { Command } from 'commander'
import { raiseSandbox } from '../../sandbox/standing.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { sandboxText } from './status.ts'

/** pgdrill sandbox up */
export function sandboxUpCommand(output: ProgramOutput): Command {
  return new Command('up')
    .description('start it and leave it up')
    .addHelpText('after', '\nExit codes: 0 it is up, 2 not.\n\nExample:\n  pgdrill sandbox up')
    .action(async () => {
      output.stdout(sandboxText(await raiseSandbox(new Stages())))
    })
}
