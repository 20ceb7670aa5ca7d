import { Command } from 'commander'
import { type Baseline, parseBaseline } from '../../baselines/document.ts'
import { withDatabase } from '../../database/connect.ts'
import { exportBaseline } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, targetOption } from '../shared-options.ts'
import { baselineIdArgument } from './baseline-id.ts'

/** pgdrill baseline show */
export function baselineShowCommand(output: ProgramOutput): Command {
  return new Command('show')
    .description('show a stored baseline')
    .addArgument(baselineIdArgument())
    .addOption(targetOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  pgdrill baseline show --target production')
    .action(async (id: string | undefined, options: { target?: string; format: string }) => {
      const target = findTarget(options.target)
      const document = await withDatabase(target, {}, async (database) => {
        await requireSchema(database, target)
        return await exportBaseline(database, id)
      })
      output.stdout(
        options.format === 'json' ? `${document}\n` : baselineText(parseBaseline(document, `in ${target.name}`)),
      )
    })
}

/** A baseline for people: what it is of, and each bucket with its rows and newest timestamp. */
export function baselineText(baseline: Baseline): string {
  const { source } = baseline
  const buckets = baseline.relations.flatMap((relation) => relation.buckets)
  const width = Math.max(...buckets.map((bucket) => plainLine(bucket.bucket_name).length))
  const digits = Math.max(...buckets.map((bucket) => bucket.row_count.length))
  return [
    `baseline ${baseline.baseline_id}${baseline.label === null ? '' : ` (${plainLine(baseline.label)})`}`,
    `  captured ${baseline.captured_at} at LSN ${baseline.captured_lsn}`,
    `  of ${plainLine(source.database_name)}, PostgreSQL ${source.server_version}, system ${source.system_identifier}, timeline ${source.timeline_id}`,
    ...buckets.map(
      (bucket) =>
        `  ${plainLine(bucket.bucket_name).padEnd(width)}  ${bucket.row_count.padStart(digits)} rows${bucket.newest_at === null ? '' : `, newest ${bucket.newest_at}`}`,
    ),
    '',
  ].join('\n')
}
