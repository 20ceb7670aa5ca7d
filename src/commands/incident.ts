import { Command } from 'commander'
import { CouldNotVerify } from '../could-not-verify.ts'
import { listIncidents, recordIncident } from '../database/cadence.ts'
import { withDatabase } from '../database/connect.ts'
import { requireSchema } from '../database/installed-schema.ts'
import { findTarget, lookUpProductionOf } from '../database/targets.ts'
import { hidePasswords, plainLine } from '../terminal/plain-text.ts'
import { parseMoment } from '../verification/moment.ts'
import { refuseCopy } from '../verification/refuse-copy.ts'
import type { ProgramOutput } from './program-output.ts'
import { noteSandbox } from './sandbox-note.ts'
import { formatOption, nowOption, targetOption } from './shared-options.ts'

interface Options {
  target?: string
  at?: string
  what?: string
  now?: string
  format: 'text' | 'json'
}

const help = `
An incident is corrupted or deleted data in production. The plan wants a drill after each: pgdrill status says that one is
due until a good one was started after it. Recording the same again changes nothing. A copy of production is refused: the
record would be lost with it.

Exit codes: 0 recorded (or listed), 2 could not.

Examples:
  pgdrill incident --target production --at 2026-11-23T04:30:00Z --what "rows of public.calls deleted by a script"
  pgdrill incident list --target production`

/** pgdrill incident: records one; pgdrill incident list shows them. */
export function incidentCommand(output: ProgramOutput): Command {
  return new Command('incident')
    .addOption(targetOption())
    .option('--at <time>', 'when it happened, such as 2026-11-23T04:30:00Z')
    .option('--what <text>', 'what happened, in words; nothing secret')
    .addOption(nowOption())
    .addOption(formatOption())
    .addHelpText('after', help)
    .addCommand(listCommand(output))
    .action(async (options: Options) => {
      if (options.at === undefined || options.what === undefined) {
        throw new CouldNotVerify(
          `an incident needs ${options.at === undefined ? 'its time (--at)' : 'words (--what)'}`,
          'Record one: pgdrill incident --target production --at 2026-11-23T04:30:00Z --what "..."; list them: pgdrill incident list.',
        )
      }
      const at = parseMoment(options.at, '--at')
      const what = options.what.trim()
      if (what === '' || what.length > 2000 || hasControlCharacters(what)) {
        throw new CouldNotVerify(
          '--what is empty, longer than 2000 characters, or not in one line',
          'Say in one line what happened.',
        )
      }
      const target = findTarget(options.target)
      const { id, doubt } = await withDatabase(target, { now: options.now }, async (database) => {
        await requireSchema(database, target)
        const doubt = await refuseCopy(database, target, lookUpProductionOf(target), 'an incident')
        return { id: await recordIncident(database, at, what), doubt }
      })
      if (options.format === 'json') {
        output.stdout(`${JSON.stringify({ incident_id: id, occurred_at: at, what }, null, 2)}\n`)
      } else output.stdout(`${id}\n`)
      output.stderr(`recorded in ${target.name}: a drill is due until a good one was started after ${at}\n`)
      if (doubt !== null) {
        output.stderr(
          `it is not known that ${target.name} is production and no copy: ${doubt}; in a copy the record is lost with it\n`,
        )
      }
      await noteSandbox(target, output)
    })
}

function listCommand(output: ProgramOutput): Command {
  return new Command('list')
    .description('list the recorded incidents, newest first')
    .addOption(targetOption())
    .addOption(nowOption())
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 listed, 2 could not look.\n\nExample:\n  pgdrill incident list --target production',
    )
    .action(async (_: Options, list: Command) => {
      // Options that both know are taken by the command above, wherever they stand.
      const options = (list.parent ?? list).opts<Options>()
      const target = findTarget(options.target)
      const incidents = await withDatabase(target, { now: options.now }, async (database) => {
        await requireSchema(database, target)
        return await listIncidents(database)
      })
      if (options.format === 'json') output.stdout(`${JSON.stringify(incidents, null, 2)}\n`)
      else if (incidents.length === 0) output.stdout('no incident is recorded\n')
      else {
        for (const { occurred_at, what, drill_id } of incidents) {
          const answer = drill_id === null ? 'a drill is due' : `good drill ${plainLine(drill_id)}`
          output.stdout(`${occurred_at}  ${answer}  ${hidePasswords(plainLine(what))}\n`)
        }
      }
    })
}

function hasControlCharacters(text: string): boolean {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}
