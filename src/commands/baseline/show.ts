import { Command } from 'commander'
import { type Baseline, parseBaseline } from '../../baselines/document.ts'
import { withDatabase } from '../../database/connect.ts'
import { exportBaseline } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { isSandbox } from '../../database/sandbox-mark.ts'
import { findTarget } from '../../database/targets.ts'
import { spanOf } from '../../rules/moments.ts'
import { byPartition, rowsIn } from '../../rules/pair-buckets.ts'
import { count } from '../../rules/wording.ts'
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
    .addHelpText(
      'after',
      '\nExit codes: 0 shown, 2 could not look.\n\nExample:\n  pgdrill baseline show --target production',
    )
    .action(async (id: string | undefined, options: { target?: string; format: string }) => {
      const target = findTarget(options.target)
      const [document, isOfSandbox] = await withDatabase(target, {}, async (database) => {
        await requireSchema(database, target)
        return [await exportBaseline(database, id), await isSandbox(database)] as const
      })
      output.stdout(
        options.format === 'json'
          ? `${document}\n`
          : baselineText(parseBaseline(document, `in ${target.name}`), isOfSandbox),
      )
    })
}

/** A baseline for people: what it is of, and each partition or table with its rows and newest timestamp. */
export function baselineText(baseline: Baseline, isOfSandbox: boolean): string {
  const { source } = baseline
  const partitions = baseline.relations.flatMap((relation) =>
    [...byPartition(relation.buckets)].map(([name, buckets]) => ({
      name: plainLine(name),
      rows: rowsIn(buckets).toString(),
      newest_at: spanOf(buckets).newest_at,
      isCarried: buckets.some((bucket) => bucket.is_carried),
    })),
  )
  const longest = (texts: string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0)
  const width = longest(partitions.map(({ name }) => name))
  const digits = longest(partitions.map(({ rows }) => rows))
  return [
    `baseline ${baseline.baseline_id}${isOfSandbox ? ' (SANDBOX)' : ''}${baseline.label === null ? '' : ` (${plainLine(baseline.label)})`}`,
    `  captured ${baseline.captured_at} at LSN ${baseline.captured_lsn}`,
    `  of ${plainLine(source.database_name)}, PostgreSQL ${source.server_version}, system ${source.system_identifier}, timeline ${source.timeline_id}`,
    `  ${depthLine(baseline, partitions)}`,
    ...partitions.map(({ name, rows, newest_at, isCarried }) => {
      const newest = newest_at === null ? '' : `, newest ${newest_at}`
      return `  ${name.padEnd(width)}  ${rows.padStart(digits)} rows${newest}${isCarried ? ', taken over' : ''}`
    }),
    '',
  ].join('\n')
}

/** What was looked at, and what was taken over from an earlier baseline. */
function depthLine({ depth, is_exact, relations }: Baseline, partitions: readonly { isCarried: boolean }[]): string {
  const printed = relations.filter(({ recipe }) => recipe !== null).length
  const tenants = relations.filter((relation) => relation.tenants.length > 0)
  const tenantCount = tenants.reduce((sum, relation) => sum + relation.tenants.length, 0)
  const carried = partitions.filter(({ isCarried }) => isCarried).length
  return [
    `depth ${depth}${is_exact ? ', exact' : ''}`,
    ...(depth === 'full' ? [`fingerprints of ${printed} of ${count(relations.length, 'table')}`] : []),
    ...(tenantCount > 0 ? [`${count(tenantCount, 'tenant')} of ${count(tenants.length, 'table')}`] : []),
    ...(carried > 0 ? [`${carried} of ${count(partitions.length, 'partition')} taken over from an earlier one`] : []),
  ].join(', ')
}
