import { Command, Option } from 'commander'
import { baselinesDirectory } from '../../baselines/file.ts'
import { isSandboxTarget } from '../../database/sandbox-mark.ts'
import { findTarget } from '../../database/targets.ts'
import { captureBaseline, keepBaseline } from '../../measuring/capture-baseline.ts'
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
      '\nExit codes: 0 captured and written, 2 not.\n\nExamples:\n  pgdrill baseline capture --target production --label "before the release"\n  pgdrill baseline capture --target production --depth full',
    )
    .action(async (options: Options) => {
      const target = findTarget(options.target)
      const { now, statementTimeout } = options
      const limits = { now, statementTimeout: statementTimeout === undefined ? undefined : statementTimeout * 1000 }
      const document = await new Stages().run('counting', (tell) => captureBaseline(target, limits, options, tell))
      const { baseline, file } = keepBaseline(target, document, options.out)
      output.stdout(options.format === 'json' ? `${document}\n` : baselineText(baseline, await isSandboxTarget(target)))
      output.stderr(`stored in ${target.name} and in ${file}\n`)
    })
}
