import { Command } from 'commander'
import { migrateUp } from '../../database/migrations.ts'
import { findTarget } from '../../database/targets.ts'
import type { ProgramOutput } from '../program-output.ts'
import { positiveInteger, targetOption } from '../shared-options.ts'

/** pgdrill migrate up */
export function migrateUpCommand(output: ProgramOutput): Command {
  return new Command('up')
    .description('install or update the checks; safe to repeat')
    .addOption(targetOption())
    .option('--count <number>', 'apply at most so many migrations', positiveInteger)
    .addHelpText('after', '\nExample:\n  pgdrill migrate up --target production')
    .action(async (options: { target?: string; count?: number }) => {
      const target = findTarget(options.target)
      const names = await migrateUp(target, options.count)
      for (const name of names) output.stdout(`applied ${name}\n`)
      if (names.length === 0) output.stdout('nothing to do: the checks are up to date\n')
    })
}
