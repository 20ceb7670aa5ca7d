import { Argument, Command } from 'commander'
import type { BaselineSource } from '../../baselines/document.ts'
import { parseBaseline } from '../../baselines/document.ts'
import { withDatabase } from '../../database/connect.ts'
import { exportBaseline } from '../../database/facts.ts'
import { requireSchema } from '../../database/installed-schema.ts'
import { findTarget } from '../../database/targets.ts'
import { baselineDiffText } from '../../proof/baseline-diff-text.ts'
import { diffBaselines } from '../../rules/diff-baselines.ts'
import { growthOf } from '../../rules/growth-between.ts'
import { baselineOfFile } from '../../verification/baseline-source.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, targetOption } from '../shared-options.ts'
import { isBaselineId } from './baseline-id.ts'

const help = `
Differences are no failure.

Exit codes: 0 compared, also when they differ; 2 one of them cannot be read.

Examples:
  pgdrill baseline diff verify/baselines/monday.json verify/baselines/friday.json
  pgdrill baseline diff 1a2b3c4d-0000-4000-8000-000000000001 friday.json --target production
  pgdrill baseline diff monday.json friday.json --format json`

/** pgdrill baseline diff */
export function baselineDiffCommand(output: ProgramOutput): Command {
  return new Command('diff')
    .description('show what changed from one baseline to another: rows, growth, content, objects, registrations')
    .addArgument(new Argument('<before>', 'a file, or the id of a baseline stored in the target'))
    .addArgument(new Argument('<after>', 'the same'))
    .addOption(targetOption())
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (first: string, second: string, options: { target?: string; format: string }) => {
      const [before, after] = await readBaselines([first, second], options.target)
      const changes = diffBaselines(before.document, after.document)
      const growth = growthOf(before.document, after.document)
      for (const remark of remarks(before, after)) output.stderr(`${remark}\n`)
      if (options.format === 'text') output.stdout(baselineDiffText(before, after, growth, changes))
      else {
        const side = ({ origin, document: { baseline_id, captured_at } }: BaselineSource) => ({
          baseline_id,
          captured_at,
          origin,
        })
        const document = {
          format: 'pgdrill-baseline-diff',
          format_version: 1,
          before: side(before),
          after: side(after),
          growth,
          changes,
        }
        output.stdout(`${JSON.stringify(document, null, 2)}\n`)
      }
    })
}

async function readBaselines(
  [first, second]: [string, string],
  targetName: string | undefined,
): Promise<[BaselineSource, BaselineSource]> {
  // A file that is none is said before a connection is made.
  const files = [first, second].map((name) => (isBaselineId(name) ? undefined : baselineOfFile(name)))
  if (files.every((file) => file !== undefined)) return files as [BaselineSource, BaselineSource]
  const target = findTarget(targetName)
  return await withDatabase(target, {}, async (database) => {
    await requireSchema(database, target)
    const read = async (name: string, file: BaselineSource | undefined) => {
      if (file !== undefined) return file
      const origin = `in ${target.name}`
      const document = parseBaseline(await exportBaseline(database, name), origin)
      return { origin, document, isInside: false }
    }
    return [await read(first, files[0]), await read(second, files[1])]
  })
}

/** What makes the comparison mean something else than it seems to. */
function remarks({ document: before }: BaselineSource, { document: after }: BaselineSource): string[] {
  const isBackwards = Date.parse(after.captured_at) < Date.parse(before.captured_at)
  const isSameDatabase = before.source.installation_id === after.source.installation_id
  return [
    ...(isBackwards ? ['note: the second baseline is the older one'] : []),
    ...(isSameDatabase ? [] : ['note: the baselines are of two databases: each has an installation of its own']),
    ...(before.depth === 'full' && after.depth === 'full'
      ? []
      : ['note: contents are not compared: that needs two baselines of depth full']),
  ]
}
