import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findTarget, lookUpProductionOf } from '../database/targets.ts'
import { baselineFile } from '../dump/manifest.ts'
import { type RestoreReport, restoreBackup } from '../dump/restore-backup.ts'
import { restoreText } from '../proof/restore-text.ts'
import { plainLine } from '../terminal/plain-text.ts'
import { Stages } from '../terminal/stages.ts'
import { writeWhole } from '../write-whole.ts'
import type { ProgramOutput, SetExitCode } from './program-output.ts'
import { formatOption, jobsOption, targetOption } from './shared-options.ts'

/** Where the reports of restores are kept, below the working directory. */
const reportsDirectory = join('verify', 'restores')

interface Options {
  target?: string
  from?: string
  intoNew?: string
  identity?: string
  jobs: number
  report?: string
  format: 'text' | 'json'
}

const help = `
Every file of the backup is checked before anything is written. The target must be empty and not production. The program
pg_restore is your own: the one on the PATH, or in the directory that PG_BIN names. Its exit code proves nothing: what it
said is judged. Restored is not verified: run pgdrill verify with the baseline of the backup.

Exit codes: 0 restored, 1 restored but for what is listed, 2 not restored, or ended half-way.

Examples:
  pgdrill restore --from backups/production-20261123T043000Z --target restore
  pgdrill restore --from DIR --target restore --into-new copy_of_monday     in a new database of that server
  pgdrill restore --from DIR --target restore --identity key.txt            encrypted with age
  pgdrill verify --target restore --baseline DIR/${baselineFile} --depth full    what has to follow`

/** pgdrill restore: a backup into an empty database. */
export function restoreCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  const cores = Math.min(64, availableParallelism())
  return new Command('restore')
    .option('-f, --from <directory>', 'the folder of the backup')
    .addOption(targetOption())
    .option('--into-new <name>', "make this database on the target's server and restore into it")
    .option('--identity <file>', 'the file with the secret key of a backup that age encrypted')
    .addOption(jobsOption(cores, 'the cores of this machine', 'restore, 1 to 64'))
    .option('-o, --report <directory>', `where the report is written (default: ${reportsDirectory}/<target>-<time>)`)
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: Options) => {
      if (options.from === undefined) {
        throw new CouldNotVerify('no backup was named', 'Name its folder: --from backups/production-20261123T043000Z.')
      }
      if (options.intoNew === '') throw new CouldNotVerify('--into-new needs the name of a database')
      const target = findTarget(options.target)
      const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
      const directory = options.report ?? join(reportsDirectory, `${target.name}-${time}`)
      const report = await restoreBackup(
        {
          backup: options.from,
          target,
          production: lookUpProductionOf(target),
          intoNew: options.intoNew,
          jobs: options.jobs,
          identityFile: options.identity,
          announce: (line) => output.stderr(`  ${plainLine(line)}\n`),
          begun: (unfinished) => writeReport(directory, unfinished),
        },
        new Stages(),
      )
      writeReport(directory, report)
      output.stdout(options.format === 'json' ? reportJson(report) : restoreText(report, options.from))
      output.stderr(`report: ${directory}\n`)
      setExitCode(report.exit_code)
    })
}

function reportJson(report: RestoreReport): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/** In both forms; the one of a restore that never ended says so. */
function writeReport(directory: string, report: RestoreReport): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new CouldNotVerify(`the report ${directory} cannot be written: ${(error as Error).message}`)
  }
  writeWhole(join(directory, 'restore.json'), reportJson(report))
  writeWhole(join(directory, 'restore.txt'), restoreText(report, report.backup.directory))
}
