// What a person waits for before anything happens: the start of the program against the start of an empty Node process.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bench } from './harness.ts'

const program = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

function node(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit code ${status}: ${stderr.trim()}`)
  return stdout
}

const bench: Bench = async () => ({
  measurements: [
    {
      name: 'pgdrill --help',
      limit: 6,
      detail: 'against an empty node process',
      floor: () => node('-e', '0'),
      subject: () => {
        // A program that says nothing is fast and useless.
        if (!node(program, '--help').includes('verify')) throw new Error('--help does not name the verify command')
      },
    },
  ],
})

export default bench
