import { Command, Option } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { chooseDrill, nowText, readDrill, requireOpen, tell } from '../../drill/drill.ts'
import { isLiving } from '../../drill/living-process.ts'
import { withDrillLock } from '../../drill/lock.ts'
import { parseMoment } from '../../verification/moment.ts'
import type { ProgramOutput } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'
import { addPointOptions, drillOption } from './drill-options.ts'
import { drillText, nextStepsText } from './drill-text.ts'

interface Options {
  drill?: string
  restoreStarted?: string
  restoredAt?: string
  failurePoint?: string
  restorePoint?: string
  format: string
}

const help = `
The recovery time counts from the start of the restore, which is the start of the drill unless you give it. Giving it again
corrects it. Exit codes: 0 noted, 2 not.

Examples:
  pgdrill drill restored
  pgdrill drill restored --restore-started 2026-11-23T05:00:00Z --restored-at 2026-11-23T06:12:00Z`

/** pgdrill drill restored */
export function drillRestoredCommand(output: ProgramOutput): Command {
  const moment = (option: string, words: string) =>
    new Option(`${option} <time>`, words).argParser((text) => parseMoment(text, option))
  return addPointOptions(new Command('restored').addOption(drillOption()))
    .description('say that the target is restored')
    .addOption(moment('--restore-started', 'when the restore began (default: with the drill)'))
    .addOption(moment('--restored-at', 'when it ended (default: now)'))
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const id = chooseDrill(options.drill)
      const drill = await withDrillLock(id, async () => noteRestored(id, options))
      output.stdout(
        options.format === 'json'
          ? `${JSON.stringify(drill.state.record, null, 2)}\n`
          : `${drillText(drill, new Date())}\nNext:\n${nextStepsText(drill)}\n`,
      )
    })
}

function noteRestored(id: string, options: Options) {
  const drill = readDrill(id)
  requireOpen(drill)
  const { restoring, finishing, record } = drill.state
  if (finishing !== null) {
    throw new CouldNotVerify(`the drill ${id} is being finished`, `Go on with it: pgdrill drill finish --drill ${id}.`)
  }
  if (restoring !== null && restoring.pid !== null && isLiving(restoring.pid, restoring.process_started)) {
    throw new CouldNotVerify(
      `the restore of the drill ${id} still runs, as process ${restoring.pid}`,
      'Wait for it to end.',
    )
  }
  const at = nowText()
  const end = options.restoredAt ?? at
  const start = options.restoreStarted ?? record.restore_started_at ?? record.started_at
  if (Date.parse(end) < Date.parse(start)) {
    throw new CouldNotVerify(
      `the restore is said to have ended at ${end}, before it began at ${start}`,
      'Give both moments: --restore-started TIME --restored-at TIME.',
    )
  }
  const { failurePoint = null, restorePoint = null, restoreStarted } = options
  if (failurePoint !== null || restorePoint !== null) {
    tell(id, { event: 'points_given', at, failure_point: failurePoint, restore_point: restorePoint })
  }
  if (restoreStarted !== undefined) {
    tell(id, {
      event: 'restore_started',
      at,
      moment: restoreStarted,
      is_by_hand: true,
      pid: null,
      process_started: null,
    })
  }
  const none = { exit_code: null, signal: null, problem: null, errors: null, log: null }
  return tell(id, { event: 'restore_ended', at, moment: end, is_by_hand: true, ...none })
}
