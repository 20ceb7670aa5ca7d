import { InvalidArgumentError, Option } from 'commander'
import { parseMoment } from '../verification/moment.ts'

/** --target NAME @param more what else it may be, in words */
export function targetOption(more?: string): Option {
  const words = 'the database: its URL is in <NAME>_DATABASE_URL (environment or .env)'
  return new Option('-t, --target <name>', more === undefined ? words : `${words}, ${more}`)
}

/** --format text|json, or others; text is the default. */
export function formatOption(formats: readonly string[] = ['text', 'json']): Option {
  return new Option('--format <format>', 'what is written to stdout').choices(formats).default('text')
}

/** --sign-key FILE: signs the proof; read by signingKeyOf. */
export function signKeyOption(): Option {
  return new Option('--sign-key <file>', 'sign the proof with this ed25519 key: a PEM file, or env:NAME')
}

/** --now TIME: what the checks take as now, for backdated drills. */
export function nowOption(): Option {
  return new Option(
    '--now <time>',
    'the moment to take as now, such as 2026-11-23T04:30:00Z (for backdated drills)',
  ).argParser((text) => parseMoment(text, '--now'))
}

/** --statement-timeout SECONDS: counting a large database takes its time. */
export function statementTimeoutOption(): Option {
  return new Option('--statement-timeout <seconds>', 'how long one statement may take (default: 3600)').argParser(
    positiveInteger,
  )
}

/** --statement-timeout SECONDS of a migration; gives milliseconds. */
export function migrationTimeoutOption(): Option {
  return new Option(
    '--statement-timeout <seconds>',
    'how long one statement may take, and another migration may be waited for (default: 300)',
  ).argParser((text) => positiveInteger(text) * 1000)
}

/**
 * --jobs N: how many connections count, or do something else.
 * @param standard what it is without the option, and how that is said
 * @param doing what they do
 */
export function jobsOption(standard: number, words: string, doing = 'count, 1 to 64, all in one snapshot'): Option {
  return new Option('-j, --jobs <number>', `how many connections ${doing}`)
    .default(standard, words)
    .argParser((text) => {
      if (!/^([1-9]|[1-5]\d|6[0-4])$/.test(text)) {
        throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
      }
      return Number(text)
    })
}

/** Reads a whole number of at least one. */
export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return Number(text)
}
