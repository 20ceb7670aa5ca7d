// The README's psql session, run as it stands there: what it shows is what comes, but for numbers and dates.

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import { projectFile } from '../src/project-files.ts'
import { suite } from './support/suite.ts'
import { findSystemPostgres } from './support/system-postgres.ts'

const test = suite('readme')
const run = promisify(execFile)
const system = findSystemPostgres()

/** The project as somebody has it who cloned it: a directory of its own, so that no other sandbox is in the way. */
function cloned(): string {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'pgdrill-readme-')))
  for (const name of readdirSync(projectFile())) {
    if (name.startsWith('.') || name === 'verify') continue
    symlinkSync(projectFile(name), join(place, name))
  }
  cpSync(projectFile('verify'), join(place, 'verify'), {
    recursive: true,
    filter: (path) => !/proofs|drills/.test(path),
  })
  return place
}

interface Step {
  command: string
  shown: string[]
}

/** The commands of the session with what is printed below each. */
function session(): Step[] {
  const text = readFileSync(projectFile('README.md'), 'utf8')
  const block = /## With psql alone[\s\S]*?```\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const steps: Step[] = []
  for (const line of block.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [] })
    else steps.at(-1)?.shown.push(line)
  }
  return steps
}

// Counts and partitions go with the day on which it runs, rules and padding with the width of names.
const plain = (line: string) => line.replace(/\d+/g, 'N').replace(/-{2,}/g, '--').replace(/ +/g, ' ').trim()

test.needs(system !== undefined, 'psql is not installed')('the psql session shows what the README says', async () => {
  const steps = session()
  assert.ok(steps.length >= 6, 'the session was not found')
  const place = cloned()
  const mark = '=== next command ==='
  // One shell for all: the session reads a file of variables.
  const script = steps.map(({ command }) => `echo '${mark}'\n${command}`).join('\n')
  const env = {
    ...process.env,
    PATH: `${system?.bin}:${process.env['PATH']}`,
    MAKEFLAGS: '',
    MAKELEVEL: '',
    NO_COLOR: '1',
  }
  try {
    const { stdout } = await run('bash', ['-c', `exec 2>&1\n${script}`], { cwd: place, env, maxBuffer: 1e7 })
    const outputs = stdout.split(`${mark}\n`).slice(1)
    for (const [index, { command, shown }] of steps.entries()) {
      const lines = (outputs[index] ?? '').split('\n').map(plain)
      for (const line of shown.map(plain)) {
        assert.ok(lines.includes(line), `${command}\nshould show: ${line}\nshows:\n${lines.join('\n')}`)
      }
    }
  } finally {
    await run('make', ['sandbox-down'], { cwd: place, env }).catch(() => {})
    rmSync(place, { recursive: true, force: true })
  }
})

test.run()
