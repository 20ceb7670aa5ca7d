// What pg_restore said, judged: pure. Its exit code says neither that all is well (0) nor that something is lost (1).

/** One error that pg_restore told, without values of rows. */
export interface RestoreError {
  /** What it was restoring, such as "TABLE DATA calls postgres"; null when it said nothing of that. */
  entry: string | null
  message: string
  /** Why it does no harm; null: it does. */
  harmless: string | null
}

/** All that is known to do no harm, by what was tried: messages come in the language of the server. */
const harmless: readonly { entry: RegExp; command: RegExp; why: string }[] = [
  {
    entry: /^SCHEMA public( |$)/,
    command: /^CREATE SCHEMA public;/,
    why: 'every new database has the schema public already',
  },
  {
    entry: /^COMMENT EXTENSION /,
    command: /^COMMENT ON EXTENSION /,
    why: 'only the comment of an extension is missing, which its owner alone may write',
  },
  {
    entry: /^$/,
    command: /^SET transaction_timeout = 0;/,
    why: 'pg_dump is newer than the server, which does not have this setting and needs none',
  },
]

/** What a run of pg_restore told. */
export interface RestoreLog {
  errors: RestoreError[]
  /** Warnings of pg_restore and of the server. */
  warnings: string[]
  /** How many errors it says itself to have passed over; null: it said nothing, as it had none or did not get to its end. */
  ignored: number | null
}

/**
 * Reads what pg_restore wrote to stderr, in English, with or without --verbose.
 * @param lines without their line ends. Of a message only its first line is kept: the others may hold values of rows, and
 *   the statement that failed may hold a password
 */
export function readRestoreLog(lines: readonly string[]): RestoreLog {
  const reader = new RestoreLogReader()
  for (const line of lines) reader.read(line)
  return reader.log()
}

/** The same, line by line: the whole text may be large. */
export class RestoreLogReader {
  readonly #found: { entry: string | null; message: string; command: string }[] = []
  readonly #warnings: string[] = []
  #ignored: number | null = null
  #entry: string | null = null

  read(line: string): void {
    const [, said] = /^pg_restore: (.*)$/.exec(line) ?? []
    if (said === undefined) {
      const last = this.#found.at(-1)
      if (line.startsWith('Command was: ') && last !== undefined) last.command ||= line.slice('Command was: '.length)
      else if (/^WARNING: {2}/.test(line)) this.#warnings.push(withoutValues(line.replace(/^WARNING: {2}/, '')))
      return
    }
    const [, entry] = /^from TOC entry \d+; \d+ \d+ (.*)$/.exec(said) ?? []
    const [, ignored] = /^warning: errors ignored on restore: (\d+)$/.exec(said) ?? []
    if (entry !== undefined) this.#entry = entry.trim()
    else if (ignored !== undefined) this.#ignored = Number(ignored)
    else if (/^(while [A-Z ]+:$|processing |creating |launching |finished )/.test(said)) this.#entry = null
    else if (said.startsWith('warning: ')) this.#warnings.push(withoutValues(said.slice('warning: '.length)))
    else if (/^(error|fatal): /.test(said)) {
      const message = withoutValues(said.replace(/^(error|fatal): (could not execute query: )?/, ''))
      this.#found.push({ entry: this.#entry, message, command: '' })
    }
  }

  log(): RestoreLog {
    const errors = this.#found.map(({ entry, message, command }) => ({
      entry,
      message,
      harmless: harmless.find((known) => known.entry.test(entry ?? '') && known.command.test(command))?.why ?? null,
    }))
    return { errors, warnings: this.#warnings, ignored: this.#ignored }
  }
}

/** Where the server repeats a value, it stands in quotes behind a colon, at the end. */
function withoutValues(message: string): string {
  return message.replace(/^ERROR: {2}/, '').replace(/: ".*$/s, ': (a value)')
}
