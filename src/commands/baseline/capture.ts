import { join } from 'node:path'
import { Command, Option } from 'commander'
import { parseBaseline } from '../../baselines/document.ts'
import { baselineFileName, baselinesDirectory, writeBaselineFile } from '../../baselines/file.ts'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { withDatabase } from '../../database/connect.ts'
import { captureBaseline, exportBaseline } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, nowOption, statementTimeoutOption, targetOption } from '../shared-options.ts'
import { baselineText } from './show.ts'

interface Options {
  target?: string
  label?: string
  depth: 'standard' | 'full'
  full?: true
  out?: string
  now?: string
  statementTimeout?: number
  format: 'text' | 'json'
}

/** pgdrill baseline capture: stores the facts in production and as a file. */
export function baselineCaptureCommand(output: ProgramOutput): Command {
  return new Command('capture')
    .description('measure production and store the facts, in the database and as a JSON file')
    .addOption(targetOption())
    .option('-l, --label <text>', 'a note kept with the baseline')
    .addOption(
      new Option(
        '-d, --depth <depth>',
        'standard: counts and timestamps; full: fingerprints of the content and tenants too',
      )
        .choices(['standard', 'full'])
        .default('standard'),
    )
    .option('--full', 'measure closed partitions anew, even when nobody wrote into them since the last baseline')
    .addOption(nowOption())
    .addOption(statementTimeoutOption())
    .addOption(formatOption())
    .option('-o, --out <file>', `the JSON file (default: ${baselinesDirectory}/<target>-<time>-<id>.json)`)
    .addHelpText(
      'after',
      '\nExamples:\n  pgdrill baseline capture --target production --label "before the release"\n  pgdrill baseline capture --target production --depth full',
    )
    .action(async (options: Options) => {
      const target = findTarget(options.target)
      const { now, statementTimeout } = options
      const limits = { now, statementTimeout: statementTimeout === undefined ? undefined : statementTimeout * 1000 }
      const document = await withDatabase(target, limits, async (database) => {
        await requireSchema(database, target)
        // Not repeatable read: its snapshot is older than the counters of changes that the next capture goes by. All
        // that is counted comes from one statement, hence from one snapshot.
        return await new Stages().run('counting', () =>
          database
            .transaction()
            .setIsolationLevel('read committed')
            .execute(async (transaction) =>
              exportBaseline(
                transaction,
                await captureBaseline(transaction, {
                  label: options.label,
                  depth: options.depth,
                  isComplete: options.full === true,
                }),
              ),
            ),
        )
      })
      const baseline = parseBaseline(document, 'just captured')
      const file = options.out ?? join(baselinesDirectory, baselineFileName(target.name, baseline))
      try {
        writeBaselineFile(file, document)
      } catch (error) {
        throw new CouldNotVerify(
          `the baseline ${baseline.baseline_id} is stored in ${target.name}, but ${file} cannot be written: ${(error as Error).message}`,
          `Make room, then: pgdrill baseline export ${baseline.baseline_id} --target ${target.name} --out FILE.`,
          { cause: error },
        )
      }
      output.stdout(options.format === 'json' ? `${document}\n` : baselineText(baseline))
      output.stderr(`stored in ${target.name} and in ${file}\n`)
    })
}
