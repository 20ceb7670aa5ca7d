import { Command } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { lookUpTarget } from '../../database/targets.ts'
import { type Drill, openDrills, readDrill, throwAwayTarget } from '../../drill/drill.ts'
import { requireDrillId } from '../../drill/drill-id.ts'
import { recordWaiting } from '../../drill/finish.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import type { ProgramOutput, SetExitCode } from '../program-output.ts'
import { formatOption } from '../shared-options.ts'
import { drillText, nextStepsText } from './drill-text.ts'

const help = `
Also records in production what ended while it could not be reached. Exit codes: 0 shown, 2 a journal cannot be read, or
something could not be recorded.

Examples:
  pgdrill drill status
  pgdrill drill status --drill 20261123T043000Z-restore-1a2b --format json`

/** pgdrill drill status */
export function drillStatusCommand(output: ProgramOutput, setExitCode: SetExitCode): Command {
  return new Command('status')
    .description('show open drills: stages, times, what comes next')
    .option('--drill <id>', 'this drill alone, open or not')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(async (options: { drill?: string; format: string }) => {
      const { open, damaged } =
        options.drill === undefined ? openDrills() : { open: [readDrill(requireDrillId(options.drill))], damaged: [] }
      const waiting = await recordWaiting(productionToRecordIn()).catch(unreadableIndex)
      if (options.format === 'json') {
        const document = {
          drills: open.map(({ state, lostLines }) => ({ ...state.record, next: state.next, lost_lines: lostLines })),
          damaged,
          recorded: waiting.recorded,
          waiting: waiting.waiting,
        }
        output.stdout(`${JSON.stringify(document, null, 2)}\n`)
      } else if (open.length === 0) output.stdout('no drill is open here\n')
      else output.stdout(`${open.map(oneText).join('\n\n')}\n`)
      for (const id of waiting.recorded) output.stderr(`recorded in production: ${id}\n`)
      for (const { problem } of damaged) output.stderr(`pgdrill: ${plainLine(problem)}\n`)
      if (waiting.problem !== null) {
        const what =
          waiting.waiting.length === 0 ? '' : `not yet recorded in production: ${waiting.waiting.join(', ')}: `
        output.stderr(`pgdrill: ${what}${plainLine(waiting.problem)}\n`)
      }
      if (damaged.length > 0 || waiting.problem !== null) setExitCode(2)
    })
}

// What can be shown is shown all the same.
function unreadableIndex(error: unknown): Awaited<ReturnType<typeof recordWaiting>> {
  if (!(error instanceof CouldNotVerify)) throw error
  return { recorded: [], waiting: [], problem: error.message }
}

// A rehearsal's production is not the one to record real drills in.
function productionToRecordIn() {
  const production = lookUpTarget('production')
  return production?.configuredBy === 'the sandbox' ? undefined : production
}

function oneText(drill: Drill): string {
  const text = drillText(drill, new Date())
  if (drill.state.next === 'nothing') return text
  if (drill.state.record.target_name !== throwAwayTarget) return `${text}\nNext:\n${nextStepsText(drill)}`
  return `${text}\nIts sandbox may be gone: pgdrill drill abort --drill ${drill.id} --why "interrupted"`
}
