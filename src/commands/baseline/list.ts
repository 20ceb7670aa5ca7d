import { Command } from 'commander'
import { withDatabase } from '../../database/connect.ts'
import { listBaselines } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import type { ProgramOutput } from '../program-output.ts'
import { noteSandbox } from '../sandbox-note.ts'
import { formatOption, targetOption } from '../shared-options.ts'

/** pgdrill baseline list */
export function baselineListCommand(output: ProgramOutput): Command {
  return new Command('list')
    .description('list the baselines stored in a database, newest first')
    .addOption(targetOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 listed, 2 could not look.\n\nExample:\n  pgdrill baseline list --target production',
    )
    .action(async (options: { target?: string; format: string }) => {
      const target = findTarget(options.target)
      const baselines = await withDatabase(target, {}, async (database) => {
        await requireSchema(database, target)
        return await listBaselines(database)
      })
      if (options.format === 'json') output.stdout(`${JSON.stringify(baselines, null, 2)}\n`)
      else if (baselines.length === 0) output.stdout('no baseline is stored\n')
      else {
        for (const baseline of baselines) {
          const label = baseline.label === null ? '' : `  ${plainLine(baseline.label)}`
          output.stdout(
            `${baseline.baseline_id}  ${baseline.captured_at}  ${baseline.depth.padEnd(8)}  ${baseline.relation_count} relations, ${baseline.bucket_count} buckets, ${baseline.row_count} rows${label}\n`,
          )
        }
      }
      await noteSandbox(target, output)
    })
}
