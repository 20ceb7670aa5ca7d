/**
 * Something stood in the way of looking: usage, connection, a missing part, nothing
 * to compare with. Ends the program with exit code 2 and one clear line.
 */
export class CouldNotVerify extends Error {
  override readonly name = 'CouldNotVerify'
  /** What to do next, as a full sentence. */
  readonly hint: string | undefined

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options)
    this.hint = hint
  }
}
