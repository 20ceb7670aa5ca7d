import { Command } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { migrateUp } from '../../database/migrations.ts'
import { findTarget } from '../../database/targets.ts'
import { registrationsOf } from '../../rules/registrations-of.ts'
import { baselineOfFile } from '../../verification/baseline-source.ts'
import type { ProgramOutput } from '../program-output.ts'
import { noteSandbox } from '../sandbox-note.ts'
import { migrationTimeoutOption, positiveInteger, targetOption } from '../shared-options.ts'

/** pgdrill migrate up */
export function migrateUpCommand(output: ProgramOutput): Command {
  return new Command('up')
    .description('install or update the checks; safe to repeat')
    .addOption(targetOption())
    .option('-b, --baseline <file>', 'for a restored copy: register what production had, and create no guard')
    .option('--count <number>', 'apply at most so many migrations', positiveInteger)
    .addOption(migrationTimeoutOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 up to date, 2 not.\n\nExamples:\n  pgdrill migrate up --target production\n  pgdrill migrate up --target restore --baseline verify/baselines/FILE   (a copy whose backup did not hold the checks)',
    )
    .action(async (options: { target?: string; baseline?: string; count?: number; statementTimeout?: number }) => {
      if (options.baseline !== undefined && options.count !== undefined) {
        throw new CouldNotVerify(
          '--baseline and --count do not go together',
          'Registering what production had needs all migrations.',
        )
      }
      const baseline = options.baseline === undefined ? undefined : baselineOfFile(options.baseline)
      const target = findTarget(options.target)
      const registrations = baseline && registrationsOf(baseline.document)
      const names = await migrateUp(target, options.count, registrations, {
        statementTimeout: options.statementTimeout,
      })
      for (const name of names) output.stdout(`applied ${name}\n`)
      if (names.length === 0) output.stdout('nothing to do: the checks are up to date\n')
      await noteSandbox(target, output)
    })
}
