import * as assert from 'uvu/assert'
import type { Workplace } from './program.ts'

/** The words of the command lines of pgdrill in a text: `npx pgdrill ...` and `pgdrill ...`, continued lines joined. */
export function commandLines(text: string): string[] {
  const joined = text.replace(/ *\\\n */g, ' ')
  return [...joined.matchAll(/(?:^|[\s`(/;&|])pgdrill (?=[a-z-]+(?:\s|$))([^\n`]*)/g)].map(([, words = '']) => words)
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
  for (const [, option = ''] of line.matchAll(/(?:^|\s)(--[a-z][a-z-]*)/g)) {
    assert.ok(new RegExp(`(^|[ ,])${option}(?![a-z-])`, 'm').test(help), `${option} is no option of: pgdrill ${line}`)
  }
}
