import { Command, InvalidArgumentError } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { deleteBackup, type Pruning, planDirectory } from '../../dump/prune-backups.ts'
import { toolVersion } from '../../project-files.ts'
import { shippedSlotCounts } from '../../rules/retention.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import { sizeText } from '../../terminal/sizes.ts'
import { Stages } from '../../terminal/stages.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption, nowOption } from '../shared-options.ts'

interface Options {
  dir?: string
  apply?: true
  deep?: true
  daily: number
  weekly: number
  monthly: number
  now?: string
  format: 'text' | 'json'
}

const help = `
Without --apply it deletes nothing. A backup counts in the slot in which it was finished; of several in one slot the newest is
kept. The newest good backup of each database is never deleted, and neither is a folder that holds no whole backup. What is
kept in place of something that is deleted is read and hashed before: a damaged one fills no slot. Of the others only the
sizes of files are looked at, unless --deep is given. Backups of a target of another name are of another database.

Exit codes: 0 done, 2 could not look, or no good backup is there.

Examples:
  pgdrill backup prune --dir backups                     what the policy needs, and what it does not
  pgdrill backup prune --dir backups --apply             delete what it does not need
  pgdrill backup prune --dir backups --deep              read every backup, and leave out each that is damaged
  pgdrill backup prune --dir backups --daily 7 --weekly 4 --monthly 12`

/** pgdrill backup prune: which backups the retention policy needs; deletes the others when told to. */
export function backupPruneCommand(output: ProgramOutput): Command {
  const { daily, weekly, monthly } = shippedSlotCounts
  return new Command('prune')
    .description('say which backups the retention policy needs, and delete the others with --apply')
    .option('--dir <directory>', 'the directory that holds the folders of backups')
    .option('--apply', 'delete what no slot needs')
    .option('--deep', 'read and hash every backup, not only the newest and what is kept in place of another')
    .option('--daily <number>', 'how many days keep a backup', count, daily)
    .option('--weekly <number>', 'how many complete weeks', count, weekly)
    .option('--monthly <number>', 'how many complete months', count, monthly)
    .addOption(nowOption())
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const { dir, daily, weekly, monthly } = options
      if (dir === undefined) throw new CouldNotVerify('no directory was named', 'Name it: --dir backups.')
      const now = options.now ?? new Date().toISOString()
      const policy = { daily, weekly, monthly }
      const pruning = await planDirectory(dir, policy, now, options.deep === true, new Stages())
      const isApplied = options.apply === true
      const doomed = pruning.decisions.filter(({ isKept }) => !isKept)
      if (isApplied) {
        for (const { backup } of doomed) {
          deleteBackup(backup.directory)
          output.stderr(`  deleted ${plainLine(backup.directory)}\n`)
        }
      }
      output.stdout(options.format === 'json' ? json(pruning, isApplied) : text(pruning, isApplied))
      const bytes = sizeText(doomed.reduce((sum, { backup }) => sum + backup.bytes, 0))
      const [verb, more] = isApplied ? ['deleted', ''] : ['to delete', '; nothing was deleted: --apply does it']
      const unread = pruning.decisions.filter(({ isKept, backup }) => isKept && !backup.is_read).length
      if (unread > 0) {
        output.stderr(`of ${unread} kept only the sizes of files were looked at: --deep reads their contents, too\n`)
      }
      output.stderr(
        `${pruning.decisions.length - doomed.length} kept, ${doomed.length} ${verb} (${bytes})${doomed.length === 0 ? '' : more}\n`,
      )
    })
}

function count(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 to 9999.')
  return Number(text)
}

function text({ decisions, others }: Pruning, isApplied: boolean): string {
  const lines = [
    ...decisions.map(({ backup, isKept, reasons }) => {
      const word = isKept ? 'keep  ' : isApplied ? 'gone  ' : 'delete'
      return `${word}  ${plainLine(backup.directory)}  ${backup.finished_at}  ${sizeText(backup.bytes)}  ${reasons.join(', ')}`
    }),
    ...others.map(({ directory, why }) => `leave   ${plainLine(directory)}  ${plainLine(why)}`),
  ]
  return `${lines.join('\n')}\n`
}

function json({ decisions, others }: Pruning, isApplied: boolean): string {
  const document = {
    format: 'pgdrill-prune',
    format_version: 1,
    tool_version: toolVersion(),
    is_applied: isApplied,
    backups: decisions.map(({ backup: { database: _, ...backup }, isKept, reasons }) => ({
      ...backup,
      is_kept: isKept,
      reasons,
    })),
    others,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
