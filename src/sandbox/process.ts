import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { exists } from './files.ts'
import { serverIdentity } from './ownership.ts'

/** Where PostgreSQL's programs are and what they need to load their libraries. */
export interface ProgramPlace {
  /** The directory that holds initdb and postgres. */
  directory: string
  /** Directories for the dynamic linker, separated by colons; absent when the programs find their own. */
  libraryPath?: string
}

/** What a program that ended well has printed. */
export interface Output {
  stdout: string
  stderr: string
}

export interface RunOptions {
  /** Working directory; it must be reachable for the servers' user. */
  cwd?: string
  /** After so many seconds the program is killed; 120 unless told. */
  timeoutSeconds?: number
}

const KEPT_CHARACTERS = 65_536

/**
 * Runs one of PostgreSQL's programs to its end, as the unprivileged user when this process is root, in a process group
 * of its own so that Ctrl-C at the terminal does not reach it. Gives what it printed. Rejects with a one-line Error that
 * ends in the last lines of stderr when it cannot start, exits with another code than 0, or takes too long.
 */
export function runToEnd(
  place: ProgramPlace,
  program: string,
  args: readonly string[],
  { cwd = '/', timeoutSeconds = 120 }: RunOptions = {},
): Promise<Output> {
  const path = join(place.directory, program)
  const child = spawn(path, args, { ...spawnOptions(place, cwd), stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  let tooLong = false
  const timer = setTimeout(() => {
    tooLong = true
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL')
  }, timeoutSeconds * 1000)
  const ended = new Promise<Output>((resolve, reject) => {
    child.once('error', (error) => reject(cannotStart(path, error)))
    child.once('close', (code, signal) => {
      if (code === 0) return resolve({ stdout: stdout(), stderr: stderr() })
      const how = tooLong ? `took over ${timeoutSeconds} s` : signal ? `was killed by ${signal}` : `exited with ${code}`
      reject(new Error(`${program} ${how}: ${lastLines(stderr())}`))
    })
  })
  return ended.finally(() => clearTimeout(timer))
}

/**
 * Starts a server that outlives this call, under the same conditions as runToEnd. Its output goes to the open file
 * `log`. Gives the child once it runs; it does not keep this process alive. Rejects if it cannot be started.
 */
export async function launch(
  place: ProgramPlace,
  program: string,
  args: readonly string[],
  { cwd, log }: { cwd: string; log: number },
): Promise<ChildProcess> {
  const path = join(place.directory, program)
  const child = spawn(path, args, { ...spawnOptions(place, cwd), stdio: ['ignore', log, log] })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(cannotStart(path, error)))
  })
  child.unref()
  return child
}

/**
 * Tells whether a process lives and has this word on its command line. Process ids are used again by the system, so an id
 * from an old file must pass this before it is sent a signal. False for a process that has ended and was not collected.
 */
export async function commandLineHas(pid: number, word: string): Promise<boolean> {
  if (await exists('/proc/self/cmdline')) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return line.split('\0').includes(word)
  }
  const printed = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined)
  return `${printed?.stdout.trim()} `.includes(` ${word} `)
}

/** Sends a signal to a process, or to a process group by its negative id. Does nothing if it is gone already. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Takes a program's output and gives its last three lines that say something, joined into one. */
export function lastLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).slice(-3).join('; ') || 'it printed nothing'
}

// The environment is built, not inherited: PGPORT, PGOPTIONS, PGTZ and the like would change a server's settings. TZ
// spares initdb the search through all time zones.
function spawnOptions(place: ProgramPlace, cwd: string) {
  const libraries = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  const path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
  const env: NodeJS.ProcessEnv = { PATH: path, LC_ALL: 'C', TZ: 'UTC' }
  if (place.libraryPath !== undefined) env[libraries] = place.libraryPath
  return { cwd, env, detached: true, ...serverIdentity() }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-KEPT_CHARACTERS)
  })
  return () => text
}

function cannotStart(path: string, error: NodeJS.ErrnoException): Error {
  const reason = error.code === 'EACCES' ? 'permission denied' : (error.code ?? error.message)
  return new Error(`${basename(path)} could not be started from ${path}: ${reason}`, { cause: error })
}
