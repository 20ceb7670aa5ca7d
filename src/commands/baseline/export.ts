import { Command } from 'commander'
import { writeBaselineFile } from '../../baselines/file.ts'
import { withDatabase } from '../../database/connect.ts'
import { exportBaseline } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import type { ProgramOutput } from '../program-output.ts'
import { noteSandbox } from '../sandbox-note.ts'
import { targetOption } from '../shared-options.ts'
import { baselineIdArgument } from './baseline-id.ts'

/** pgdrill baseline export */
export function baselineExportCommand(output: ProgramOutput): Command {
  return new Command('export')
    .description('write a stored baseline as JSON')
    .addArgument(baselineIdArgument())
    .addOption(targetOption())
    .option('-o, --out <file>', 'write to a file instead of stdout')
    .addHelpText(
      'after',
      '\nExit codes: 0 written, 2 not.\n\nExample:\n  pgdrill baseline export --target production --out verify/baselines/before.json',
    )
    .action(async (id: string | undefined, options: { target?: string; out?: string }) => {
      const target = findTarget(options.target)
      const document = await withDatabase(target, {}, async (database) => {
        await requireSchema(database, target)
        return await exportBaseline(database, id)
      })
      if (options.out === undefined) output.stdout(`${document}\n`)
      else {
        writeBaselineFile(options.out, document)
        output.stderr(`wrote ${options.out}\n`)
      }
      await noteSandbox(target, output)
    })
}
