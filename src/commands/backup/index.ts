import { join } from 'node:path'
import { Command } from 'commander'
import prettyMilliseconds from 'pretty-ms'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { findTarget } from '../../database/targets.ts'
import type { Encryption } from '../../dump/encryption.ts'
import { makeBackup } from '../../dump/make-backup.ts'
import { baselineFile } from '../../dump/manifest.ts'
import type { Backup } from '../../dump/read-manifest.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import { sizeText } from '../../terminal/sizes.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, jobsOption, statementTimeoutOption, targetOption } from '../shared-options.ts'
import { backupPruneCommand } from './prune.ts'

/** Where backups are kept, below the working directory. */
export const backupsDirectory = 'backups'

interface Options {
  target?: string
  out?: string
  jobs: number
  statementTimeout?: number
  encryptTo?: string[]
  gpgRecipient?: string[]
  format: 'text' | 'json'
}

const help = `
The programs pg_dump and pg_dumpall are your own: those on the PATH, or in the directory that PG_BIN names. They must not
be older than the server. The folder appears under its name only when it is whole; until then it ends in .partial.

Exit codes: 0 the backup is there, 2 there is none.

Examples:
  pgdrill backup --target production                          into ${backupsDirectory}/production-<time>
  pgdrill backup --target production --out /backups/nightly-23 --jobs 4
  PG_BIN=/usr/lib/postgresql/17/bin pgdrill backup --target production
  pgdrill backup --target production --encrypt-to age1...     with age; --gpg-recipient FINGERPRINT with gpg
  pgdrill backup prune --dir ${backupsDirectory}                           what the retention policy does not need`

/** pgdrill backup: a dump with an exact baseline, in a folder; and backup prune. */
export function backupCommand(output: ProgramOutput): Command {
  const collect = (value: string, list: string[] = []) => [...list, value]
  return (
    new Command('backup')
      // prune has options of the same names.
      .enablePositionalOptions()
      .addOption(targetOption())
      .option('-o, --out <directory>', `the folder of the backup (default: ${backupsDirectory}/<target>-<time>)`)
      .addOption(jobsOption(1, '1, to leave production its strength', 'dump and count, 1 to 64, all in one snapshot'))
      .addOption(statementTimeoutOption())
      .option('--encrypt-to <recipient>', 'encrypt with age for this recipient; may be given several times', collect)
      .option('--gpg-recipient <key>', 'encrypt with gpg for this key; may be given several times', collect)
      .addOption(formatOption())
      .addHelpText('after', help)
      .addCommand(backupPruneCommand(output))
      .action(async (options: Options) => {
        const target = findTarget(options.target)
        const encryption = encryptionOf(options)
        const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
        const { backup, warnings } = await makeBackup(
          {
            target,
            out: options.out ?? join(backupsDirectory, `${target.name}-${time}`),
            jobs: options.jobs,
            statementTimeout: options.statementTimeout === undefined ? undefined : options.statementTimeout * 1000,
            encryption,
          },
          new Stages(),
        )
        for (const warning of warnings) output.stderr(`pg_dump warns: ${plainLine(warning)}\n`)
        output.stdout(options.format === 'json' ? `${JSON.stringify(backup.manifest, null, 2)}\n` : backupText(backup))
      })
  )
}

function encryptionOf({ encryptTo, gpgRecipient }: Options): Encryption | undefined {
  if (encryptTo !== undefined && gpgRecipient !== undefined) {
    throw new CouldNotVerify('--encrypt-to and --gpg-recipient do not go together', 'Choose one tool.')
  }
  if (encryptTo !== undefined) return { tool: 'age', recipients: encryptTo }
  return gpgRecipient === undefined ? undefined : { tool: 'gpg', recipients: gpgRecipient }
}

function backupText({ directory, manifest }: Backup): string {
  const { snapshot, source, globals, encryption } = manifest
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  const took = Date.parse(manifest.finished_at) - Date.parse(manifest.started_at)
  const lines = [
    `pgdrill backup: ${directory}${source.is_sandbox ? ' (SANDBOX)' : ''}`,
    `  of         ${source.target}, database ${source.database_name}, PostgreSQL ${source.server_version}`,
    `  as of      ${snapshot.taken_at}, LSN ${snapshot.lsn}`,
    `  holds      ${manifest.table_count} tables, ${sizeText(bytes)} in ${manifest.files.length} files (${sizeText(source.database_bytes)} in the database), in ${prettyMilliseconds(took)}`,
    `  baseline   ${manifest.baseline.baseline_id}, exact`,
    `  roles      ${globals.is_included ? 'included, without passwords' : `not included: ${plainLine(globals.problem ?? '')}`}`,
    `  encrypted  ${encryption === null ? 'no' : `with ${encryption.tool}, for ${encryption.recipients.map(plainLine).join(', ')}`}`,
    '',
    `Restore it:  pgdrill restore --from ${directory} --target restore`,
    `Verify that: pgdrill verify --target restore --baseline ${join(directory, baselineFile)} --depth full`,
  ]
  return `${lines.join('\n')}\n`
}
