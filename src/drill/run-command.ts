import { spawn } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { CouldNotVerify } from '../could-not-verify.ts'
import { whileInterruptible } from '../interruption.ts'
import { secretHider, secretsOf } from '../terminal/hide-secrets.ts'
import { plainLine } from '../terminal/plain-text.ts'

export interface CommandRun {
  command: string
  /** What it gets on top of our own environment. */
  env: NodeJS.Dict<string>
  logFile: string
  /** Told as soon as it runs. */
  began: (pid: number) => void
  /** Told each line that it prints, secrets hidden. */
  printed: (line: string) => void
}

/** How a command ended. */
export interface CommandEnd {
  exit_code: number | null
  signal: string | null
  /** The signal by which somebody interrupted us meanwhile, which was handed on. */
  interruptedBy: NodeJS.Signals | null
}

/** So long a line may be before it is written in parts, in characters; no secret is longer than half of it. */
const longestLine = 32_768

/** How long what a command printed last may take to come, in milliseconds. */
const longestRest = 2000

/**
 * Runs a command by sh -c to its end, in a process group of its own; what it prints goes into a file, secrets hidden.
 * Ctrl-C is handed on to all that it started, a second one kills them.
 * @throws CouldNotVerify when it cannot be started or the file cannot be written
 */
export async function runCommand(run: CommandRun): Promise<CommandEnd> {
  const env = { ...process.env, ...run.env }
  const hide = secretHider(secretsOf(env))
  const log = openLog(run.logFile)
  let interruptedBy: NodeJS.Signals | null = null
  try {
    const child = spawn('/bin/sh', ['-c', run.command], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const signalGroup = (signal: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // It has ended meanwhile.
      }
    }
    const write = (shown: string) => {
      writeSync(log, `${shown}\n`)
      run.printed(plainLine(shown))
    }
    for (const stream of [child.stdout, child.stderr]) byLines(stream, hide, write)
    const ended = new Promise<CommandEnd>((done, fail) => {
      child.once('spawn', () => run.began(child.pid as number))
      child.once('error', (error) => fail(new CouldNotVerify(`the command could not be started: ${error.message}`)))
      child.once('exit', (code, signal) => {
        const finish = () => done({ ...endOf(code, signal), interruptedBy })
        // What it put into the background was told nothing by a shell that ignores Ctrl-C for it.
        if (interruptedBy !== null) signalGroup('SIGTERM')
        child.once('close', finish)
        // A server that it started may keep our end of its output open for ever.
        setTimeout(() => {
          child.stdout.destroy()
          child.stderr.destroy()
          finish()
        }, longestRest).unref()
      })
    })
    return await whileInterruptible(
      (signal) => {
        signalGroup(interruptedBy === null ? signal : 'SIGKILL')
        interruptedBy = signal
        return true
      },
      () => ended,
    )
  } finally {
    closeSync(log)
  }
}

// A shell whose last command was killed says so by a number.
function endOf(code: number | null, signal: NodeJS.Signals | null): Pick<CommandEnd, 'exit_code' | 'signal'> {
  const name = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)?.[0]
  return { exit_code: code, signal: signal ?? name ?? null }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (error) {
    throw new CouldNotVerify(`${path} cannot be written: ${(error as Error).message}`, undefined, { cause: error })
  }
}

// By whole lines, for a secret may come in two pieces.
function byLines(stream: NodeJS.ReadableStream, hide: (text: string) => string, write: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r\n|[\n\r]/)
    rest = lines.pop() ?? ''
    for (const line of lines) write(hide(line))
    if (rest.length > longestLine) {
      const shown = hide(rest)
      // What has come of a secret so far is in the part that is kept.
      const kept = shown.length - longestLine / 2
      write(shown.slice(0, kept))
      rest = shown.slice(kept)
    }
  })
  stream.on('end', () => {
    if (rest !== '') write(hide(rest))
  })
}
