import { Command } from 'commander'
import postgres from 'postgres'
import { CouldNotVerify } from '../../could-not-verify.ts'
import { sandboxDatabase } from '../../sandbox/build.ts'
import { applyFault, listFaults } from '../../sandbox/faults.ts'
import { standingSandbox } from '../../sandbox/standing.ts'
import type { ProgramOutput } from '../program-output.ts'

/** pgdrill sandbox break [fault] */
export function sandboxBreakCommand(output: ProgramOutput): Command {
  return new Command('break')
    .description('damage the restored copy; without a name: list the faults')
    .argument('[fault]', 'name of the fault')
    .addHelpText(
      'after',
      '\nExit codes: 0 damaged, or listed; 2 not.\n\nExample:\n  pgdrill sandbox break trigger-disabled',
    )
    .action(async (name: string | undefined) => {
      const faults = listFaults()
      if (name === undefined) {
        const width = Math.max(...faults.map((fault) => fault.name.length))
        for (const fault of faults) output.stdout(`${fault.name.padEnd(width)}  ${fault.imitates}\n`)
        return
      }
      const fault = faults.find((candidate) => candidate.name === name)
      if (fault === undefined) {
        throw new CouldNotVerify(
          `there is no fault ${JSON.stringify(name)}`,
          'make sandbox-break without FAULT lists them.',
        )
      }
      const { restore } = await standingSandbox()
      const sql = restore.connect(sandboxDatabase)
      try {
        await applyFault(sql, fault)
      } catch (error) {
        if (!(error instanceof postgres.PostgresError)) throw error
        throw new CouldNotVerify(
          `the fault ${fault.name} could not be applied: ${error.message}`,
          'Perhaps it is there already, or another fault took what it damages. For a fresh copy: make sandbox-down, then make sandbox.',
          { cause: error },
        )
      } finally {
        await sql.end()
      }
      output.stdout(
        `damaged: ${fault.damages}\nNow: make verify TARGET=restore${fault.depth === 'full' ? ' DEPTH=full' : ''}\n`,
      )
    })
}
