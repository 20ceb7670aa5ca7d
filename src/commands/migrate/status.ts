import { Command } from 'commander'
import { migrationStates } from '../../database/migrations.ts'
import { findTarget } from '../../database/targets.ts'
import type { ProgramOutput } from '../program-output.ts'
import { noteSandbox } from '../sandbox-note.ts'
import { formatOption, targetOption } from '../shared-options.ts'

/** pgdrill migrate status */
export function migrateStatusCommand(output: ProgramOutput): Command {
  return new Command('status')
    .description('say which migrations a database has')
    .addOption(targetOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 shown, also when some are pending; 2 could not look.\n\nExample:\n  pgdrill migrate status --target production',
    )
    .action(async (options: { target?: string; format: string }) => {
      const target = findTarget(options.target)
      const states = await migrationStates(target)
      output.stdout(
        options.format === 'json'
          ? `${JSON.stringify(states, null, 2)}\n`
          : states.map((state) => `${state.is_applied ? 'applied' : 'pending'}  ${state.name}\n`).join(''),
      )
      await noteSandbox(target, output)
    })
}
