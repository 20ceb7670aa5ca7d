import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { pipeline } from 'node:stream/promises'

/**
 * The sha256 of a file, in hexadecimal digits.
 * @param onBytes is told of each piece that was read
 * @throws what the file system says
 */
export async function sha256Of(path: string, onBytes: (count: number) => void = () => {}): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), async (pieces) => {
    for await (const piece of pieces) {
      hash.update(piece)
      onBytes(piece.length)
    }
  })
  return hash.digest('hex')
}

/**
 * Does something with each of many things, several at a time, in their order.
 * @throws what the first one failed with; none is begun after that, and those begun have ended
 */
export async function forEachOf<Thing, Answer>(
  things: readonly Thing[],
  work: (thing: Thing) => Promise<Answer>,
  together = Math.min(8, availableParallelism()),
): Promise<Answer[]> {
  const answers: Answer[] = []
  let next = 0
  let hasFailed = false
  const worker = async () => {
    while (next < things.length && !hasFailed) {
      const index = next++
      try {
        answers[index] = await work(things[index] as Thing)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: together }, worker))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return answers
}

/** Makes sure that a file, or the names in a directory, survive a loss of power. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
