import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { CouldNotVerify } from '../could-not-verify.ts'
import { projectFile } from '../project-files.ts'
import type { ProgramOutput } from './program-output.ts'

/** Folders of documents that ship with the program; a page is a topic. */
const folders = ['docs', join('docs', 'checks'), join('docs', 'OPS')]

const help = `
Exit codes: 0 shown, 2 there is no such command or topic.

Examples:
  pgdrill help                 commands and topics
  pgdrill help verify          the options of a command
  pgdrill help baselines       a page of the documents
  pgdrill help guards | less   what a check proves, and what to do about its findings`

/** pgdrill help [command or topic ...] */
export function helpCommand(output: ProgramOutput): Command {
  return new Command('help')
    .argument('[words...]', 'a command such as "drill run", or a topic')
    .addHelpText('after', help)
    .action((words: string[], _options: unknown, own: Command) => {
      const program = own.parent as Command
      if (words.length === 0) {
        program.outputHelp()
        output.stdout(`\n${topicList(pages(program))}`)
        return
      }
      const command = find(program, words)
      if (command !== undefined) command.outputHelp()
      else output.stdout(pageOf(words.join(' '), pages(program)))
    })
}

function find(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (command, word) => command?.commands.find((one) => one.name() === word),
    program,
  )
}

/** The pages by topic: a file's name without its ending; its folder stands before it where the name is taken. */
function pages(program: Command): Map<string, string> {
  const commands = new Set(program.commands.map((command) => command.name()))
  const topics = new Map<string, string>()
  for (const folder of folders) {
    const files = readdirSync(projectFile(folder)).filter((file) => file.endsWith('.md') && file !== 'README.md')
    for (const file of files.sort()) {
      const name = basename(file, '.md').toLowerCase().replaceAll('_', '-')
      const isTaken = commands.has(name) || topics.has(name)
      topics.set(isTaken ? `${basename(folder)}/${name}` : name, projectFile(folder, file))
    }
  }
  return topics
}

function topicList(topics: ReadonlyMap<string, string>): string {
  const lines = [...topics].map(([topic, path]) => `  ${topic.padEnd(28)} ${titleOf(path)}`)
  return `Topics (pgdrill help TOPIC):\n${lines.join('\n')}\n`
}

function titleOf(path: string): string {
  return /^# (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
}

/** @throws CouldNotVerify when there is no such command or topic */
function pageOf(topic: string, topics: ReadonlyMap<string, string>): string {
  // A check is named with underscores, its page with dashes.
  const path = topics.get(topic.toLowerCase().replaceAll('_', '-'))
  if (path !== undefined) return readFileSync(path, 'utf8')
  throw new CouldNotVerify(
    `there is no command and no topic ${JSON.stringify(topic)}`,
    'pgdrill help lists the commands and the topics.',
  )
}
