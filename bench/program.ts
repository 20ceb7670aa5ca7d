// The real program, run from its bundle.

import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const bundle = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

export interface Run {
  /** Where it is run: away from any .env. */
  directory: string
  /** The URLs of its targets, by variable. */
  urls: Record<string, string>
  nodeOptions?: string[]
}

/** Runs the program to its end. Gives its stdout. @throws Error when it does not end with 0 */
export function runProgram(args: readonly string[], { directory, urls, nodeOptions = [] }: Run): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [...nodeOptions, bundle, ...args], {
    encoding: 'utf8',
    cwd: directory,
    env: { ...process.env, ...urls },
    maxBuffer: 256 * 1024 * 1024,
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}: ${stderr.trim()} ${stdout.trim()}`)
  return stdout
}

/** The most memory that the program had, in MB, while `run` ran it with the options that it is given. */
export function peakMegabytes(directory: string, run: (nodeOptions: string[]) => void): number {
  const preload = join(directory, 'memory.mjs')
  const answer = join(directory, 'memory.txt')
  writeFileSync(
    preload,
    `import { writeFileSync } from 'node:fs'
     process.on('exit', () => writeFileSync(${JSON.stringify(answer)}, String(process.resourceUsage().maxRSS)))`,
  )
  rmSync(answer, { force: true })
  run(['--import', pathToFileURL(preload).href])
  // Node gives kilobytes of 1024 bytes everywhere.
  return (Number(readFileSync(answer, 'utf8')) * 1024) / 1_000_000
}
