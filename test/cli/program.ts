// Runs the program as its users do: as a process of its own, or, where that adds nothing, in this process with the
// same environment, directory and streams as a process would have.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli.ts'
import { projectFile } from '../../src/project-files.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import type { Scratch } from '../support/databases.ts'

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
  /** What is in the working directory afterwards. */
  files: string[]
}

/** The files of a proof of a verification with a baseline and without an application, sorted. */
export const proofFiles = [
  'SHA256SUMS',
  'baseline.json',
  'guards.txt',
  'junit.xml',
  'metrics.prom',
  'proof.json',
  'report.html',
  'report.md',
  'restored.json',
]

/** What the probes of the sandbox's app add to them. */
export const answerFiles = [
  'health.json',
  'page.json',
  'page_2.json',
  'sync.json',
  'worker.json',
  'worker_forged.json',
  'worker_unsigned.json',
]

/** A password that must never be seen again; percent-encoded and plain it has this part in common. */
export const canary = 'C4nary%21s3cret'
const seen = /C4nary/

export class Workplace {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'pgdrill-cli-')))

  path(...parts: string[]): string {
    return join(this.directory, ...parts)
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8')
  }

  /** All files below the working directory, sorted. */
  files(): string[] {
    return readdirSync(this.directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(this.path(name)).isFile())
      .sort()
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** Starts a process of its own. @param shell text around the command `"$0" "$@"`, such as `"$0" "$@" > /dev/full` */
  async spawn(args: string[], env: NodeJS.Dict<string> = {}, shell?: string): Promise<Outcome> {
    return await this.start(args, env, shell).ended
  }

  /** The same, with the process, to do something to it before it ends. */
  start(
    args: string[],
    env: NodeJS.Dict<string> = {},
    shell?: string,
  ): { child: ChildProcess; ended: Promise<Outcome> } {
    const command = ['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts'), ...args]
    const options = { cwd: this.directory, env: environment(env) }
    const child =
      shell === undefined
        ? spawn(process.execPath, command, options)
        : spawn('bash', ['-o', 'pipefail', '-c', shell, process.execPath, ...command], options)
    let stdout = ''
    let stderr = ''
    child.stdin.end()
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const code = new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done))
    return { child, ended: code.then((ended) => this.#outcome(ended, stdout, stderr)) }
  }

  /** Runs it in this process; one at a time. What bypasses the given output is caught, too. */
  async run(args: string[], env: NodeJS.Dict<string> = {}): Promise<Outcome> {
    const before = { env: process.env, cwd: process.cwd(), out: process.stdout.write, err: process.stderr.write }
    let stdout = ''
    let stderr = ''
    const toStdout = (text: string) => {
      stdout += text
      return true
    }
    const toStderr = (text: string) => {
      stderr += text
      return true
    }
    process.env = environment(env)
    process.chdir(this.directory)
    process.stdout.write = toStdout as typeof process.stdout.write
    process.stderr.write = toStderr as typeof process.stderr.write
    try {
      const code = await runCli(args, { stdout: toStdout, stderr: toStderr, isColored: false, isErrorColored: false })
      return this.#outcome(code, stdout, stderr)
    } finally {
      process.stdout.write = before.out
      process.stderr.write = before.err
      process.chdir(before.cwd)
      process.env = before.env
    }
  }

  #outcome(code: number | null, stdout: string, stderr: string): Outcome {
    const files = this.files()
    assert.not.match(stdout + stderr, seen, 'a password was shown')
    for (const file of files) {
      if (file !== '.env') assert.not.match(this.read(file), seen, `a password is in ${file}`)
    }
    return { code, stdout, stderr, files }
  }
}

/** The environment of this process without what would configure the program. */
function environment(env: NodeJS.Dict<string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^PG|_DATABASE_URL$|^(NO_COLOR|FORCE_COLOR|CI|NODE_OPTIONS|NODE_V8_COVERAGE)$/.test(name),
  )
  return { ...Object.fromEntries(own), ...env }
}

/** The URL of a scratch database, with a password that nobody asks for. */
export function urlOf(database: Scratch | { cluster: Cluster; name: string }): string {
  const name = 'target' in database ? database.target.connection.database : database.name
  return database.cluster.url(name).replace('postgres@', `postgres:${canary}@`)
}

/**
 * Asserts a refusal: exit code 2, nothing on stdout, one line that says what is wrong and at most one that says what to do,
 * no stack trace, nothing written.
 */
export function assertRefused(outcome: Outcome, message: RegExp, toDo?: RegExp, files: string[] = []): void {
  const shown = `${outcome.code}\n${outcome.stdout}${outcome.stderr}`
  assert.is(outcome.code, 2, shown)
  assert.is(outcome.stdout, '', shown)
  // Stages that were done before it are told as well.
  const lines = outcome.stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !/^ {2}[✓✗…] /.test(line))
  assert.match(lines[0] ?? '', /^pgdrill: /, shown)
  assert.match(lines[0] ?? '', message, shown)
  assert.ok(lines.length <= 2, `more than two lines:\n${shown}`)
  if (lines.length === 2) assert.match(lines[1] ?? '', /^to do: /, shown)
  if (toDo !== undefined) assert.match(lines[1] ?? '', toDo, shown)
  assert.not.match(shown, /internal error|^\s+at /m)
  assert.equal(outcome.files, files)
}

/** Asserts an exit code and shows everything when it is another. */
export function assertCode(outcome: Outcome, code: number): void {
  assert.is(outcome.code, code, `exit ${outcome.code}\n${outcome.stdout}${outcome.stderr}`)
}
