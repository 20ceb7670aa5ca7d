import { Command } from 'commander'
import { raiseSandbox } from '../../sandbox/standing.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { sandboxText } from './status.ts'

/** pgdrill sandbox up */
export function sandboxUpCommand(output: ProgramOutput): Command {
  return new Command('up').description('start it and leave it up').action(async () => {
    output.stdout(sandboxText(await raiseSandbox(new Stages())))
  })
}
