import { Command } from 'commander'
import type { ProgramOutput } from '../program-output.ts'
import { sandboxAppCommand } from './app.ts'
import { sandboxBreakCommand } from './break.ts'
import { sandboxDownCommand } from './down.ts'
import { sandboxStatusCommand } from './status.ts'
import { sandboxUpCommand } from './up.ts'

/** pgdrill sandbox: a throw-away production and a restored copy of it, to try everything on. */
export function sandboxCommand(output: ProgramOutput): Command {
  return new Command('sandbox')
    .addCommand(sandboxUpCommand(output))
    .addCommand(sandboxStatusCommand(output))
    .addCommand(sandboxBreakCommand(output))
    .addCommand(sandboxAppCommand(output))
    .addCommand(sandboxDownCommand(output))
}
