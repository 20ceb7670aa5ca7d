import { Command } from 'commander'
import { targetVariable } from '../../database/targets.ts'
import { type Sandbox, sandboxDatabase } from '../../sandbox/build.ts'
import { standingSandbox } from '../../sandbox/standing.ts'
import type { ProgramOutput } from '../program-output.ts'

/** pgdrill sandbox status */
export function sandboxStatusCommand(output: ProgramOutput): Command {
  return new Command('status')
    .description('say what is up and how to reach it')
    .addHelpText('after', '\nExit codes: 0 it is up, 2 it is not.\n\nExample:\n  pgdrill sandbox status')
    .action(async () => {
      output.stdout(sandboxText(await standingSandbox()))
    })
}

/** How to reach the two databases, and what to try next. */
export function sandboxText(sandbox: Sandbox): string {
  const shadowed = (['production', 'restore'] as const).filter((name) => process.env[targetVariable(name)])
  return [
    'The sandbox is up. Reach its databases with:',
    `  psql '${sandbox.production.url(sandboxDatabase)}'   # production`,
    `  psql '${sandbox.restore.url(sandboxDatabase)}'   # restore, a copy by point-in-time recovery`,
    ...shadowed.map(
      (name) =>
        `  but ${targetVariable(name)} is set in your environment: TARGET=${name} is that database, not the sandbox`,
    ),
    'Try:',
    '  make verify TARGET=restore',
    '  make baseline TARGET=production',
    '  make sandbox-break                lists the faults; FAULT=name applies one to the copy',
    '  make sandbox-app                  runs an application on the copy, for verify to probe; ARGS=--help lists its faults',
    '  make sandbox-down                 stops and removes everything',
    '',
  ].join('\n')
}
