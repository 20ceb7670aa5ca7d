import { Command } from 'commander'
import { removeSandbox } from '../../sandbox/standing.ts'
import type { ProgramOutput } from '../program-output.ts'

/** pgdrill sandbox down */
export function sandboxDownCommand(output: ProgramOutput): Command {
  return new Command('down')
    .description('stop and remove it')
    .addHelpText('after', '\nExit codes: 0 removed, or none was up; 2 not.\n\nExample:\n  pgdrill sandbox down')
    .action(async () => {
      output.stdout((await removeSandbox()) ? 'the sandbox is removed\n' : 'nothing to do: no sandbox is up\n')
    })
}
