import { userInfo } from 'node:os'
import { Command } from 'commander'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { chooseDrill, nowText, readDrill, requireOpen, tell } from '../../drill/drill.ts'
import { requireLabel } from '../../drill/drill-id.ts'
import type { ProgramOutput } from '../program-output.ts'
import { drillOption } from './drill-options.ts'

interface Options {
  drill?: string
  by?: string
  check?: string
  object?: string
}

/** pgdrill drill note */
export function drillNoteCommand(output: ProgramOutput): Command {
  return new Command('note')
    .description('write down what happened, or what is to be done about a finding')
    .argument('<text>', 'the note')
    .addOption(drillOption())
    .option('--by <name>', 'who writes it (default: the user of this machine)')
    .option('--check <name>', 'the check whose follow-up it is about')
    .option('--object <name>', 'only the finding about this object')
    .addHelpText(
      'after',
      '\nA note may be added while another command works on the drill. Exit codes: 0 noted, 2 not.\n\nExamples:\n  pgdrill drill note "the snapshot was an hour late"\n  pgdrill drill note "fixed in OPS-31" --by Grace --check partition_triggers',
    )
    .action((text: string, options: Options) => {
      const id = chooseDrill(options.drill)
      const drill = readDrill(id)
      requireOpen(drill)
      if (text.trim() === '' || text.length > 10_000) {
        throw new CouldNotVerify('the note is empty or longer than 10000 characters', 'Write some sentences.')
      }
      if (options.object !== undefined && options.check === undefined) {
        throw new CouldNotVerify(
          '--object needs --check',
          'Name the check, too: --check row_counts --object public.calls.',
        )
      }
      const { check = null, object = null } = options
      const isFound = drill.state.record.follow_ups.some(
        (one) => one.check_name === check && (object === null || one.object_name === object),
      )
      if (check !== null && !isFound) {
        throw new CouldNotVerify(
          `the drill ${id} has no finding of ${JSON.stringify(object === null ? check : `${check} ${object}`)}`,
          'pgdrill drill status --format json lists the follow-ups; leave --check out for a note on the drill.',
        )
      }
      const by = requireLabel(options.by ?? userInfo().username, '--by')
      tell(id, { event: 'noted', at: nowText(), by, text: text.trim(), check_name: check, object_name: object })
      output.stdout(`noted in the drill ${id}\n`)
    })
}
