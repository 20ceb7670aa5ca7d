import { Command } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { chooseDrill, readDrill } from '../../drill/drill.ts'
import { abortDrill } from '../../drill/finish.ts'
import { withDrillLock } from '../../drill/lock.ts'
import { plainLine } from '../../terminal/plain-text.ts'
import type { ProgramOutput } from '../program-output.ts'
import { drillOption, productionOf } from './drill-options.ts'

/** pgdrill drill abort */
export function drillAbortCommand(output: ProgramOutput): Command {
  return new Command('abort')
    .description('end a drill without a proof')
    .addOption(drillOption())
    .requiredOption('--why <text>', 'why it ends')
    .addHelpText(
      'after',
      '\nIt is recorded as aborted and never counts. Exit codes: 0 aborted, 2 not.\n\nExample:\n  pgdrill drill abort --why "the backup of the night is missing: OPS-31"',
    )
    .action(async (options: { drill?: string; why: string }) => {
      const why = options.why.trim()
      if (why === '' || why.length > 2000) {
        throw new CouldNotVerify(
          '--why is empty or longer than 2000 characters',
          'Say in a sentence why the drill ends.',
        )
      }
      const id = chooseDrill(options.drill)
      const notRecorded = await withDrillLock(id, () => abortDrill(id, why, productionOf(readDrill(id).state.record)))
      output.stdout(`drill ${id}: aborted\n`)
      if (notRecorded !== null) output.stderr(`not recorded in production: ${plainLine(notRecorded)}\n`)
    })
}
