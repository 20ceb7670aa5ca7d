import { Command, Option } from 'commander'
import { whileInterruptible } from '../../interruption.ts'
import { type AppFault, appFaults, startSandboxApp } from '../../sandbox/app.ts'
import { sandboxAppSettings } from '../../sandbox/app-settings.ts'
import { sandboxDatabase } from '../../sandbox/build.ts'
import { standingSandbox, writeTargets } from '../../sandbox/standing.ts'
import type { ProgramOutput } from '../program-output.ts'

const help = `
It stays until Ctrl-C; meanwhile verify --target restore probes it along with the database.

Faults:
${Object.entries(appFaults)
  .map(([name, imitates]) => `  ${name.padEnd(24)}${imitates}`)
  .join('\n')}

Exit codes: 0 it was ended, 2 it could not be started.

Example:
  pgdrill sandbox app --fault worker-open`

/** pgdrill sandbox app */
export function sandboxAppCommand(output: ProgramOutput): Command {
  return new Command('app')
    .description('run a small application on the restored copy, until Ctrl-C')
    .addOption(new Option('--fault <name>', 'let it be wrong in one way').choices(Object.keys(appFaults)))
    .addHelpText('after', help)
    .action(async ({ fault }: { fault?: AppFault }) => {
      const sandbox = await standingSandbox()
      const restored = await startSandboxApp(sandbox.restore, sandboxDatabase, { fault })
      const production = await startSandboxApp(sandbox.production, sandboxDatabase)
      writeTargets(sandbox, sandboxAppSettings('restore', restored, production))
      output.stdout(
        `the app of the restored copy runs at ${restored.url}, until Ctrl-C\nNow, elsewhere: make verify TARGET=restore\n`,
      )
      // The servers do not keep the program alive.
      const alive = setInterval(() => {}, 60_000)
      let stop = () => {}
      const stopped = new Promise<void>((resolve) => {
        stop = resolve
      })
      try {
        await whileInterruptible(
          () => {
            stop()
            return true
          },
          () => stopped,
        )
      } finally {
        clearInterval(alive)
        writeTargets(sandbox, {})
        await Promise.all([restored.close(), production.close()])
      }
    })
}
