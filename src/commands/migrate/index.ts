import { Command } from 'commander'
import type { ProgramOutput } from '../program-output.ts'
import { migrateDownCommand } from './down.ts'
import { migrateExportCommand } from './export.ts'
import { migrateRolesCommand } from './roles.ts'
import { migrateStatusCommand } from './status.ts'
import { migrateUpCommand } from './up.ts'

/** pgdrill migrate: installs and removes the checks. */
export function migrateCommand(output: ProgramOutput): Command {
  return new Command('migrate')
    .addCommand(migrateUpCommand(output))
    .addCommand(migrateDownCommand(output))
    .addCommand(migrateStatusCommand(output))
    .addCommand(migrateExportCommand(output))
    .addCommand(migrateRolesCommand(output))
}
