import { Command } from 'commander'
import { migrateDown } from '../../database/migrations.ts'
import { findTarget } from '../../database/targets.ts'
import type { ProgramOutput } from '../program-output.ts'
import { noteSandbox } from '../sandbox-note.ts'
import { migrationTimeoutOption, targetOption } from '../shared-options.ts'

/** pgdrill migrate down */
export function migrateDownCommand(output: ProgramOutput): Command {
  return new Command('down')
    .description('remove the checks and all that came with them; what was there before stays or comes back')
    .addOption(targetOption())
    .option('--delete-baselines', 'delete the stored baselines, too')
    .addOption(migrationTimeoutOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 removed, or nothing was there; 2 not.\n\nExample:\n  pgdrill migrate down --target staging --delete-baselines',
    )
    .action(async (options: { target?: string; deleteBaselines?: true; statementTimeout?: number }) => {
      const { statementTimeout } = options
      const target = findTarget(options.target)
      const names = await migrateDown(target, options.deleteBaselines === true, {
        statementTimeout,
      })
      for (const name of names) output.stdout(`removed ${name}\n`)
      if (names.length === 0) output.stdout('nothing to do: the checks are not installed\n')
      await noteSandbox(target, output)
    })
}
