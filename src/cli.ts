import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { type ProgramOutput, processOutput, type SetExitCode } from './commands/program-output.ts'
import { connectionWarnings } from './database/connection-warnings.ts'
import { explainError } from './explain-error.ts'
import { toolVersion } from './project-files.ts'
import { hidePasswords, plainLine, plainSentence } from './terminal/plain-text.ts'

interface CommandEntry {
  name: string
  description: string
  /** Loaded when it is called: --help must not wait for database drivers. */
  load: (output: ProgramOutput, setExitCode: SetExitCode) => Promise<Command>
}

const entries: CommandEntry[] = [
  {
    name: 'verify',
    description: 'verify a restored database: verdict, results, proof',
    load: async (output, setExitCode) => (await import('./commands/verify.ts')).verifyCommand(output, setExitCode),
  },
  {
    name: 'drill',
    description: 'a drill from start to proof: the clock around a restore made elsewhere, or all in one',
    load: async (output, setExitCode) => (await import('./commands/drill/index.ts')).drillCommand(output, setExitCode),
  },
  {
    name: 'report',
    description: 'check, show and render a proof; make a key to sign proofs with',
    load: async (output, setExitCode) =>
      (await import('./commands/report/index.ts')).reportCommand(output, setExitCode),
  },
  {
    name: 'baseline',
    description: 'capture, list, show, export and compare the facts of production',
    load: async (output) => (await import('./commands/baseline/index.ts')).baselineCommand(output),
  },
  {
    name: 'migrate',
    description: 'install or remove the checks (schema drill)',
    load: async (output) => (await import('./commands/migrate/index.ts')).migrateCommand(output),
  },
  {
    name: 'backup',
    description: 'dump production with an exact baseline; prune old backups',
    load: async (output) => (await import('./commands/backup/index.ts')).backupCommand(output),
  },
  {
    name: 'restore',
    description: 'restore such a backup into an empty database',
    load: async (output, setExitCode) => (await import('./commands/restore.ts')).restoreCommand(output, setExitCode),
  },
  {
    name: 'disarm',
    description: 'show, or run, what keeps a restored copy from acting on the outside',
    load: async (output, setExitCode) => (await import('./commands/disarm.ts')).disarmCommand(output, setExitCode),
  },
  {
    name: 'retention',
    description:
      'judge the backups held against the policy: which slot has one, how old the newest is, what is missing',
    load: async (output, setExitCode) =>
      (await import('./commands/retention.ts')).retentionCommand(output, setExitCode),
  },
  {
    name: 'status',
    description: 'say whether production keeps the plan: drills, baselines, heartbeat, retention',
    load: async (output, setExitCode) => (await import('./commands/status.ts')).statusCommand(output, setExitCode),
  },
  {
    name: 'incident',
    description: 'record, or list, incidents, after which a drill is due',
    load: async (output) => (await import('./commands/incident.ts')).incidentCommand(output),
  },
  {
    name: 'schedule',
    description: 'print, or install, the jobs that keep the plan: heartbeat, baseline, cadence check',
    load: async (output) => (await import('./commands/schedule.ts')).scheduleCommand(output),
  },
  {
    name: 'sandbox',
    description: 'a throw-away production and a restored copy of it, to try everything on',
    load: async (output) => (await import('./commands/sandbox/index.ts')).sandboxCommand(output),
  },
  {
    name: 'help',
    description: 'show the options of a command, or a page of the documents',
    load: async (output) => (await import('./commands/help.ts')).helpCommand(output),
  },
]

const help = `
Exit codes, the same for every command:
  0  verified (or done)
  1  verified to be wrong
  2  could not verify: usage, connection, a missing part, nothing to compare with

Examples:
  pgdrill verify --target sandbox                 see the whole job on a throw-away production
  pgdrill migrate up --target production          install the checks
  pgdrill baseline capture --target production    store what production holds
  pgdrill verify --target restore                 judge a restored copy
  pgdrill backup --target production              dump production, with an exact baseline
  pgdrill restore --from DIR --target restore     restore that dump into an empty database`

/**
 * Runs the program.
 * @param args the command line without node and script
 * @returns the exit code; never throws
 */
export async function runCli(args: readonly string[], output: ProgramOutput = processOutput): Promise<0 | 1 | 2> {
  let exitCode: 0 | 1 | 2 = 0
  const program = new Command('pgdrill')
    .description(
      'Tells whether a restored PostgreSQL database is really your production data: complete, guarded, and how much was lost.',
    )
    .version(toolVersion())
    // A command with commands of its own has options that those have, too.
    .enablePositionalOptions()
    .helpCommand(false)
    .addHelpText('after', help)
  const setExitCode: SetExitCode = (code) => {
    exitCode = code
  }
  for (const { name, description, load } of entries) {
    const command = args.includes(name) ? await load(output, setExitCode) : new Command(name)
    program.addCommand(command.description(description))
  }
  prepare(program, output)
  const told = new Set<string>()
  const tell = (message: string, hint: string) => {
    if (!told.has(message)) warn(message, hint, output)
    told.add(message)
  }
  connectionWarnings.on('warning', tell)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    report(error, output)
    return 2
  } finally {
    connectionWarnings.off('warning', tell)
  }
}

function warn(message: string, hint: string, output: ProgramOutput): void {
  const colors = pc.createColors(output.isErrorColored)
  output.stderr(`${colors.yellow('warning:')} ${plainLine(message)}\n  ${plainLine(hint)}\n`)
}

// Not inherited by commands that were made elsewhere, so each gets it.
function prepare(command: Command, output: ProgramOutput): void {
  command
    .exitOverride()
    .showHelpAfterError('(--help shows the options and examples)')
    .configureOutput({
      writeOut: output.stdout,
      writeErr: (text) => output.stderr(hidePasswords(text)),
      outputError: (text, write) => write(usageError(text)),
    })
  for (const child of command.commands) prepare(child, output)
}

/** What commander says of a wrong command line, which it repeats: a line, and perhaps one with what may have been meant. */
function usageError(text: string): string {
  const [, message = '', suggestion = ''] = /^(?:error: )?(.*?)(\n\(Did you mean [^\n]*\))?\n?$/s.exec(text) ?? []
  return `pgdrill: ${plainSentence(message)}${suggestion}\n`
}

/** One line that says what is wrong and one that says what to do; a stack trace only when asked for. */
function report(error: unknown, output: ProgramOutput): void {
  // commander has said it already.
  if (error instanceof CommanderError) return
  const colors = pc.createColors(output.isErrorColored)
  const { message, hint } = explainError(error)
  output.stderr(`${colors.red('pgdrill:')} ${message}\n`)
  if (hint !== null) output.stderr(`${colors.bold('to do:')} ${hint}\n`)
  if (process.env['PGDRILL_DEBUG']) output.stderr(`${(error as Error).stack ?? ''}\n`)
}
