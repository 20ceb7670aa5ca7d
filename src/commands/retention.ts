import { Command, InvalidArgumentError, Option } from 'commander'
import pc from 'picocolors'
import { CouldNotVerify } from '../could-not-verify.ts'
import { findTarget } from '../database/targets.ts'
import { formats, type Inventory, type InventoryFormat } from '../inventories/inventory.ts'
import { parseAsked, readInventory } from '../inventories/read-inventory.ts'
import { runPgbackrest } from '../inventories/run-pgbackrest.ts'
import { askSupabase } from '../inventories/supabase-api.ts'
import { lookAtRetention, type Retention } from '../retention/retention.ts'
import { retentionHtml } from '../retention/retention-html.ts'
import { retentionJson } from '../retention/retention-json.ts'
import { retentionJunit } from '../retention/retention-junit.ts'
import { retentionPrometheus } from '../retention/retention-prometheus.ts'
import { retentionText } from '../retention/retention-text.ts'
import { hidePasswords, plainLine } from '../terminal/plain-text.ts'
import { parseMoment } from '../verification/moment.ts'
import { writeWhole } from '../write-whole.ts'
import type { ProgramOutput, SetExitCode } from './program-output.ts'
import { formatOption, nowOption, statementTimeoutOption, targetOption } from './shared-options.ts'

interface Options {
  inventory?: string[]
  inventoryFormat?: InventoryFormat
  pgbackrestStanza?: string[]
  supabase?: string[]
  deep?: boolean
  target?: string
  record?: boolean
  now?: string
  since?: string
  daily?: number
  weekly?: number
  monthly?: number
  rpo?: number
  statementTimeout?: number
  format: 'text' | keyof typeof writers
  out?: string
  verbose?: boolean
}

const writers = {
  json: retentionJson,
  html: retentionHtml,
  prometheus: retentionPrometheus,
  junit: retentionJunit,
} satisfies Record<string, (retention: Retention) => string>

const help = `
Slots, all in UTC: daily is each of the last 30 days (today counts once it has its backup), weekly each of the last 12
complete ISO weeks, monthly each of the last 12 complete months. A backup counts where it was finished, and may fill one
slot of each tier. What failed, is unknown, or has an incomplete chain fills none.

Inventories: a folder of pgdrill backup (own), a folder of plain dumps (dumps), a listing name,time,size (csv, json), and
what pgbackrest info --output=json, barman -f json list-backups SERVER, wal-g backup-list --detail --json and the Supabase
API (GET /v1/projects/REF/database/backups) print. The format is recognised, or given before a colon. Without any
inventory those recorded in the target are judged. The policy is that of the target (drill.retention_policy), or 30, 12, 12.

Exit codes: 0 the policy is met, 1 it is not, 2 could not verify (an inventory cannot be read, or is too old).

Examples:
  pgdrill retention --inventory /backups/pgdrill --target production --record
  pgbackrest info --output=json | pgdrill retention --inventory pgbackrest:-
  pgdrill retention --pgbackrest-stanza main --inventory csv:older.csv --since 2026-06-01T00:00:00Z
  pgdrill retention --supabase abcdefghijklmnopqrst --inventory /backups/pgdrill     with SUPABASE_ACCESS_TOKEN set
  pgdrill retention --inventory listing.csv --daily 7 --weekly 4 --monthly 0 --rpo 24h
  pgdrill retention --target production --format prometheus --out /var/lib/node_exporter/pgdrill-retention.prom`

/** pgdrill retention: whether the backups that are held meet the policy. */
export function retentionCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('retention')
    .option('-i, --inventory <[format:]path>', 'a file, a folder, or - for stdin; may be repeated', gather)
    .addOption(
      new Option('--inventory-format <format>', 'format of the inventories that do not say it').choices(formats),
    )
    .option('--pgbackrest-stanza <name>', 'run pgbackrest info for this stanza; may be repeated', gather)
    .option(
      '--supabase <ref>',
      'ask the Supabase API for this project, with SUPABASE_ACCESS_TOKEN; may be repeated',
      gather,
    )
    .option('--deep', 'read every file of own backups, and compare with its hash')
    .addOption(targetOption())
    .option('--record', 'keep the inventories in the target (drill.backups), for drill.verify_retention() and status')
    .addOption(nowOption())
    .addOption(
      new Option('--since <time>', 'since when backups are made: slots before it are neither pass nor fail').argParser(
        (text) => parseMoment(text, '--since'),
      ),
    )
    .option('--daily <number>', 'days with a backup, instead of the policy', wholeNumber(3660))
    .option('--weekly <number>', 'weeks with a backup, instead of the policy', wholeNumber(520))
    .option('--monthly <number>', 'months with a backup, instead of the policy', wholeNumber(120))
    .option('--rpo <duration>', 'how much may be lost, such as 24h, 90m or 2d, instead of the policy', duration)
    .addOption(statementTimeoutOption())
    .addOption(formatOption(['text', ...Object.keys(writers)]))
    .option('-o, --out <file>', 'write it to this file, whole or not at all, instead of stdout')
    .option('-v, --verbose', 'name the backup of every slot, and list every pass')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const inventories = await readInventories(options)
      const { target: targetName, record = false, statementTimeout } = options
      if (inventories === null && targetName === undefined) {
        throw new CouldNotVerify(
          'neither an inventory nor a target was given',
          'Give --inventory FILE (repeatable), or --target production to judge what is recorded there.',
        )
      }
      if (record && (targetName === undefined || inventories === null)) {
        throw new CouldNotVerify(
          '--record needs an inventory, and a target to keep it in',
          'Add --inventory FILE and --target production.',
        )
      }
      const { daily, weekly, monthly, now, since, rpo } = options
      const retention = await lookAtRetention({
        inventories,
        target: targetName === undefined ? undefined : findTarget(targetName),
        isToBeRecorded: record,
        now,
        since,
        rpo,
        policy: {
          ...(daily === undefined ? {} : { daily }),
          ...(weekly === undefined ? {} : { weekly }),
          ...(monthly === undefined ? {} : { monthly }),
        },
        limits: { statementTimeout: statementTimeout === undefined ? undefined : statementTimeout * 1000 },
      })
      for (const remark of retention.remarks) output.stderr(`note: ${hidePasswords(plainLine(remark))}\n`)
      if (record) output.stderr(`recorded in ${targetName}: ${retention.question.backups.length} backups\n`)
      write(retention, options, output)
      setExitCode(retention.verdict.exit_code)
    })
}

function write(retention: Retention, { format, out, verbose = false }: Options, output: ProgramOutput): void {
  const colors = pc.createColors(output.isColored && out === undefined)
  const content = format === 'text' ? retentionText(retention, colors, verbose) : writers[format](retention)
  if (out === undefined) output.stdout(content)
  else writeWhole(out, content)
}

/** All that was asked for; null when nothing was. */
async function readInventories(options: Options): Promise<Inventory[] | null> {
  const { inventory = [], inventoryFormat, pgbackrestStanza = [], supabase = [], deep = false } = options
  if (inventory.length + pgbackrestStanza.length + supabase.length === 0) return null
  const asked = inventory.map((text) => parseAsked(text, inventoryFormat))
  if (asked.filter(({ path }) => path === '-').length > 1) {
    throw new CouldNotVerify('stdin was given twice', 'Give - for one inventory only.')
  }
  const read: Inventory[] = []
  for (const one of asked) read.push(...(await readInventory(one, deep, process.stdin)))
  for (const stanza of pgbackrestStanza) read.push(...(await runPgbackrest(stanza)))
  for (const project of supabase) read.push(...(await askSupabase(project, process.env)))
  return read
}

function gather(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,4}$/.test(text) || Number(text) > most) {
      throw new InvalidArgumentError(`It must be a whole number from 0 to ${most}.`)
    }
    return Number(text)
  }
}

const units: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** 24h, 90m, 2d; in milliseconds. */
function duration(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? []
  const length = units[unit ?? '']
  if (number === undefined || length === undefined) {
    throw new InvalidArgumentError('It must be a number of minutes, hours or days, such as 90m, 24h or 2d.')
  }
  return Number(number) * length
}
