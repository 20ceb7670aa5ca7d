import { join } from 'node:path'
import { Command, Option } from 'commander'
import { parseBaseline } from '../../baselines/document.ts'
import { baselineFileName, baselinesDirectory, writeBaselineFile } from '../../baselines/file.ts'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { type Database, type Limits, withDatabase } from '../../database/connect.ts'
import { beginBaseline, completeBaseline, exportBaseline, listChangeMarks } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget, type Target } from '../../database/targets.ts'
import { measure } from '../../measuring/measure.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, jobsOption, nowOption, statementTimeoutOption, targetOption } from '../shared-options.ts'
import { baselineText } from './show.ts'

interface Options {
  target?: string
  label?: string
  depth: 'standard' | 'full'
  full?: true
  out?: string
  now?: string
  statementTimeout?: number
  jobs: number
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
    .addOption(jobsOption(1, '1, to leave production its strength'))
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
        return await new Stages().run('counting', (tell) => capture(database, target, limits, options, tell))
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

/** Captures a baseline in one snapshot. Gives its document. */
async function capture(
  database: Database,
  target: Target,
  limits: Limits,
  { label, depth, full, jobs }: Options,
  tell: (text: string) => void,
): Promise<string> {
  // Before the snapshot: what is written after it must give another mark, or the next capture would not count it.
  const marks = await listChangeMarks(database)
  return await database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      const begun = await beginBaseline(transaction, { label, depth, isComplete: full === true })
      const { captured_at: asOf, carried_names } = begun
      const carriedNames = new Set(carried_names)
      const tenantsOf = { installationId: null }
      const measuring = { target, limits, jobs, depth, asOf, tenantsOf, carriedNames }
      await completeBaseline(transaction, begun, await measure(transaction, measuring, tell), marks)
      return await exportBaseline(transaction, begun.baseline_id)
    })
}
