import { plainSentence } from './terminal/plain-text.ts'

/**
 * Something stood in the way of looking: usage, connection, a missing part, nothing
 * to compare with. Ends the program with exit code 2 and one clear line. What it says is shown, kept in proofs and
 * handed on, so it is harmless from the start: one line, without control characters and passwords.
 */
export class CouldNotVerify extends Error {
  override readonly name = 'CouldNotVerify'
  /** What to do next, as a full sentence. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(plainSentence(message), options)
    this.hint = hint === undefined ? undefined : plainSentence(hint)
  }
}
