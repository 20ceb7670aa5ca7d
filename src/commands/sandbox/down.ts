import { Command } from 'commander'
import { removeSandbox } from '../../sandbox/standing.ts'
import type { ProgramOutput } from '../program-output.ts'

/** pgdrill sandbox down */
export function sandboxDownCommand(output: ProgramOutput): Command {
  return new Command('down').description('stop and remove it').action(async () => {
    output.stdout((await removeSandbox()) ? 'the sandbox is removed\n' : 'nothing to do: no sandbox is up\n')
  })
}
