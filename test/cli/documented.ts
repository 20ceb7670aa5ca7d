import * as assert from 'uvu/assert'
import type { Workplace } from './program.ts'

/** The command behind each target of the Makefile that takes ARGS. */
const makeTargets: Record<string, string> = {
  verify: 'verify',
  drill: 'drill run',
  report: 'report verify',
  backup: 'backup',
  restore: 'restore',
  disarm: 'disarm',
  baseline: 'baseline capture',
  retention: 'retention',
  status: 'status',
  schedule: 'schedule',
  migrate: 'migrate up',
}

/** The targets of make that a text names: as a command between backticks, or at the beginning of an indented line. */
export function makeTargetsIn(text: string): string[] {
  return [...text.matchAll(/(?:`|^ {4,}|^\$ )make ([a-z-]+)/gm)].map(([, target = '']) => target)
}

/**
 * The words of the command lines of pgdrill in a text: `npx pgdrill ...`, `pgdrill ...`, `node dist/bin.js ...` and what make
 * is given as ARGS, continued lines joined.
 */
export function commandLines(text: string): string[] {
  const joined = text
    .replace(/ *\\\n */g, ' ')
    .replaceAll('node dist/bin.js ', 'pgdrill ')
    .replace(/\bmake ([a-z-]+)\b([^\n`]*)/g, (line, target: string, rest: string) => {
      const command = makeTargets[target]
      const args = /\bARGS=(?:'([^'\n]*)'|(\S+))/.exec(rest)
      return command === undefined || args === null ? line : `pgdrill ${command} ${args[1] ?? args[2]}`
    })
  return [...joined.matchAll(/(?:^|[\s`(/;&|])(?<!\bof )pgdrill (?=[a-z-]+(?:\s|$))([^\n`]*)/g)].map(
    ([, words = '']) => words,
  )
}

/**
 * Asserts that the command and each of its options exist, by asking the program for its help.
 * @param line words behind `pgdrill`
 */
export async function assertCommandExists(place: Workplace, line: string): Promise<void> {
  const words = line.split(/\s+/)
  const firstOption = words.findIndex((word) => !/^[a-z-]+$/.test(word) || word.startsWith('-'))
  let names = firstOption < 0 ? words : words.slice(0, firstOption)
  // What follows a command may be an argument of it.
  let help = ''
  for (; names.length > 0; names = names.slice(0, -1)) {
    const outcome = await place.run([...names, '--help'])
    if (outcome.code === 0 && outcome.stdout.startsWith(`Usage: pgdrill ${names.join(' ')} `)) {
      help = outcome.stdout
      break
    }
  }
  assert.ok(help !== '', `there is no command: pgdrill ${line}`)
  // What is quoted is a value, perhaps another program's command line.
  for (const [, option = ''] of line.replace(/'[^']*'|"[^"]*"/g, '').matchAll(/(?:^|\s)(--[a-z][a-z-]*)/g)) {
    assert.ok(new RegExp(`(^|[ ,])${option}(?![a-z-])`, 'm').test(help), `${option} is no option of: pgdrill ${line}`)
  }
}
