import { CouldNotVerify } from './could-not-verify.ts'
import { plainSentence } from './terminal/plain-text.ts'

/** What went wrong, and what to do about it; each one line, without passwords and control characters. */
export interface Explanation {
  message: string
  hint: string | null
}

/** Puts whatever was thrown into words for people. */
export function explainError(error: unknown): Explanation {
  const { message, code, hint, syscall } = error as { message?: string; code?: string; hint?: string; syscall?: string }
  if (error instanceof CouldNotVerify) return explained(error.message, error.hint)
  if (code !== undefined && (lostCodes.has(code) || /^(CONNECTION_|CONNECT_)/.test(code))) {
    return explained(
      `the connection to the database was lost: ${message}`,
      'Look at the server and the network, then start again: nothing was decided.',
    )
  }
  if (code !== undefined && syscall !== undefined) return explained(`${message}`, null)
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) {
    return explained(`the database refused: ${message} (SQLSTATE ${code})`, hint ?? databaseHints[code])
  }
  return explained(
    `internal error: ${message ?? String(error)}`,
    'This is a fault of pgdrill: report it with the output of PGDRILL_DEBUG=1.',
  )
}

function explained(message: string, hint: string | null | undefined): Explanation {
  return { message: plainSentence(message), hint: hint ? plainSentence(hint) : null }
}

const lostCodes = new Set(['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'])

const startAgain = 'Look at the server, then start again: nothing was decided.'

const databaseHints: Record<string, string> = {
  '42501': 'Use a role that owns the schemas and tables, or grant it the right.',
  '55P03': 'Somebody holds a lock on one of the tables: try again later.',
  '57014': 'It took longer than the statement timeout: give more with --statement-timeout SECONDS.',
  '57P01': `The server was stopped, or somebody ended the session. ${startAgain}`,
  '57P02': `Another session crashed, and the server ended all of them. ${startAgain}`,
  '57P03': 'The server starts, stops or recovers: try again when it is ready.',
  '53300': 'All connections of the server, the database or the role are taken: close others, or try again later.',
  '53100': 'The disk of the server is full: make room there, then start again.',
  '25006': 'The database is read-only (a standby?): this command has to write.',
}
