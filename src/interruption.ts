// Who is told of Ctrl-C and the like. Without anybody the program ends at once; a program that we started has to be
// told first, and what became of it has to be noted.

/** @returns whether the program goes on until the work ends */
type Listener = (signal: NodeJS.Signals) => boolean

let listener: Listener | undefined

/**
 * Lets somebody else decide what a signal means while work is done.
 * @param told of each signal
 */
export async function whileInterruptible<T>(told: Listener, work: () => Promise<T>): Promise<T> {
  const before = listener
  listener = told
  try {
    return await work()
  } finally {
    listener = before
  }
}

/** Hands a signal on. @returns whether the program goes on; false when nobody wants it to */
export function handInterruption(signal: NodeJS.Signals): boolean {
  return listener?.(signal) ?? false
}
