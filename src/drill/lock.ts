// Two commands must not do a drill's next step at once. The lock is a file with who holds it; that of a process that has
// ended, however that came about, does not count.

import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { readOutside } from '../outside-text.ts'
import { drillFolder } from './journal.ts'
import { isLiving, processStart } from './living-process.ts'

const Holder = z.strictObject({ pid: z.int().positive(), process_started: z.string().nullable(), host: z.string() })

/**
 * Holds the lock of a drill while the work is done.
 * @throws CouldNotVerify when another process holds it
 */
export async function withDrillLock<T>(drillId: string, work: () => Promise<T>): Promise<T> {
  const file = join(drillFolder(drillId), 'lock')
  const mine = `${JSON.stringify({ pid: process.pid, process_started: processStart(process.pid), host: hostname() })}\n`
  take(file, mine, drillId)
  try {
    return await work()
  } finally {
    if (readIfThere(file) === mine) rmSync(file, { force: true })
  }
}

function take(file: string, mine: string, drillId: string): void {
  const beside = `${file}.${process.pid}`
  try {
    writeFileSync(beside, mine)
    for (let attempt = 1; ; attempt += 1) {
      try {
        // Whole or not at all, and never over another one.
        linkSync(beside, file)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const theirs = readIfThere(file)
      if (theirs === undefined) continue
      if (isHeld(theirs) || attempt > 10) throw held(file, theirs, drillId)
      putAside(file, theirs)
    }
  } catch (error) {
    if (error instanceof CouldNotVerify) throw error
    throw new CouldNotVerify(`the lock ${file} cannot be written: ${(error as Error).message}`, undefined, {
      cause: error,
    })
  } finally {
    rmSync(beside, { force: true })
  }
}

function isHeld(text: string): boolean {
  const holder = holderOf(text)
  if (holder === undefined) return false
  // Of another machine nothing can be known.
  return holder.host !== hostname() || isLiving(holder.pid, holder.process_started)
}

// Somebody else may have done the same and hold it by now: then it is put back.
function putAside(file: string, dead: string): void {
  const aside = `${file}.${process.pid}.dead`
  try {
    renameSync(file, aside)
    if (readIfThere(aside) !== dead) linkSync(aside, file)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function held(file: string, text: string, drillId: string): CouldNotVerify {
  const holder = holderOf(text)
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  return new CouldNotVerify(
    `the drill ${drillId} is being worked on by ${who}`,
    `Wait for it to end; if it is on another machine and has ended, remove ${file}.`,
  )
}

function holderOf(text: string): z.infer<typeof Holder> | undefined {
  try {
    return Holder.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readOutside(file).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
