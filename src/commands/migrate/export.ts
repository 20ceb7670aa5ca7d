import { Command } from 'commander'
import { exportMigrations } from '../../database/migrations.ts'
import { writeWhole } from '../../write-whole.ts'
import type { ProgramOutput } from '../program-output.ts'

/** pgdrill migrate export */
export function migrateExportCommand(output: ProgramOutput): Command {
  return new Command('export')
    .description('write the checks as one plain SQL file for other migration tools; needs no database')
    .option('-o, --out <file>', 'write to a file instead of stdout')
    .option('--after <migration>', 'only what comes after this migration, for an update')
    .addHelpText(
      'after',
      '\nExit codes: 0 written, 2 not.\n\nExamples:\n  pgdrill migrate export --out supabase/migrations/20261123043000_pgdrill.sql\n  pgdrill migrate export | psql -1 -v ON_ERROR_STOP=1 -d mydb',
    )
    .action((options: { out?: string; after?: string }) => {
      const text = exportMigrations(options.after)
      if (options.out === undefined) output.stdout(text)
      else {
        writeWhole(options.out, text)
        output.stderr(`wrote ${options.out}\n`)
      }
    })
}
