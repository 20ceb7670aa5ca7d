// Who is told of Ctrl-C and the like. Without anybody the program ends at once; a program that we started has to be
// told first, and what became of it has to be noted.

type Listener = (signal: NodeJS.Signals) => void

let listener: Listener | undefined

/**
 * Lets somebody else decide what a signal means while work is done.
 * @param told of each signal; the program then ends only when the work does
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

/** Hands a signal on. @returns false when nobody wants it */
export function handInterruption(signal: NodeJS.Signals): boolean {
  listener?.(signal)
  return listener !== undefined
}
