import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { CouldNotVerify } from '../could-not-verify.ts'

/** How a program ended. */
export interface Ending {
  /** Null when a signal ended it. */
  code: number | null
  signal: NodeJS.Signals | null
}

export interface RunOptions {
  env: NodeJS.ProcessEnv
  /** Gets each line of stderr; stdout is thrown away unless `onOutput` takes it. */
  onLine?: (line: string) => void
  onOutput?: (text: string) => void
  /** Ends the program, with all that it started. */
  signal?: AbortSignal
}

const running = new Set<ChildProcess>()

// Whatever ends this process in an orderly way (Ctrl-C too) ends them. Of a SIGKILL nobody hears: then the programs notice
// when they write their next line, as nobody reads it.
process.on('exit', () => {
  for (const child of running) end(child)
})

/**
 * Runs a program to its end, in a process group of its own: what it starts can be ended with it.
 * @throws CouldNotVerify when it cannot be started
 */
export async function runProgram(path: string, args: readonly string[], options: RunOptions): Promise<Ending> {
  const { env, onLine, onOutput, signal } = options
  const child = spawn(path, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const stop = () => end(child)
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  child.stdout.setEncoding('utf8').on('data', (text: string) => onOutput?.(text))
  const lines = createInterface({ input: child.stderr, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('line', (line) => onLine?.(line))
  try {
    return await new Promise<Ending>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(new CouldNotVerify(`${path} cannot be started: ${error.code ?? error.message}`)),
      )
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
  } finally {
    running.delete(child)
    signal?.removeEventListener('abort', stop)
  }
}

/** How a program ended, in words. */
export function endingText({ code, signal }: Ending): string {
  return signal === null ? `it exited with ${code}` : `it was ended by ${signal}`
}

function end({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
