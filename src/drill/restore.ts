import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CouldNotVerify } from '../could-not-verify.ts'
import { withDatabase } from '../database/connect.ts'
import { lookUpProductionOf, type Target } from '../database/targets.ts'
import { durationText } from '../rules/durations.ts'
import { askProduction } from '../verification/right-database.ts'
import { type Drill, nowText, readDrill, requireOpen, tell } from './drill.ts'
import { drillFolder } from './journal.ts'
import { isLiving, processStart } from './living-process.ts'
import { runCommand } from './run-command.ts'

/** What a restore came to. problem: why it is no restore; null when it is one. */
export interface RestoreEnd {
  exit_code: number | null
  signal: string | null
  problem: string | null
  /** What could not be restored of what is there; null when nothing is known of. */
  errors: string | null
}

/** How a restore is told of, in the folder of the drill, and asked for again. */
export interface RestoreWay {
  /** The file that says what became of it; null: there is none. */
  file: string | null
  /** The option of drill run. */
  option: string
}

const logName = 'restore.log'
const byCommand: RestoreWay = { file: logName, option: '--restore-cmd ...' }

/**
 * Times a restore of ours within its drill. Does nothing when it is restored already. The caller holds the lock.
 * @param restore calls began with the process that restores as soon as there is one
 * @throws CouldNotVerify when it did not end well: then it is noted, and the drill stays open
 */
export async function restoreInDrill(
  id: string,
  way: RestoreWay,
  restore: (began: (pid: number) => void) => Promise<RestoreEnd>,
): Promise<Drill> {
  const drill = readDrill(id)
  requireOpen(drill)
  if (drill.state.next !== 'restore') return drill
  const { restoring } = drill.state
  if (restoring !== null && restoring.pid !== null && isLiving(restoring.pid, restoring.process_started)) {
    throw new CouldNotVerify(
      `the restore of the drill ${id} that began at ${restoring.moment} still runs, as process ${restoring.pid}`,
      'Wait for it to end, then say so: pgdrill drill restored; or end it, and restore again.',
    )
  }
  const startedAt = Date.now()
  let isNoted = false
  const began = (pid: number) => {
    const at = nowText()
    const process_started = processStart(pid)
    tell(id, { event: 'restore_started', at, moment: at, is_by_hand: false, pid, process_started })
    isNoted = true
  }
  let end: RestoreEnd
  try {
    end = await restore(began)
  } catch (error) {
    if (isNoted) noteEnd(id, way, { exit_code: null, signal: null, problem: (error as Error).message, errors: null })
    throw error
  }
  const ended = noteEnd(id, way, end)
  if (ended.state.next !== 'restore') return ended
  const how =
    end.problem ?? (end.signal === null ? `it ended with exit code ${end.exit_code}` : `it was ended by ${end.signal}`)
  const log = logOf(id, way)
  throw new CouldNotVerify(
    `the restore did not succeed after ${durationText((Date.now() - startedAt) / 1000)}: ${how}`,
    `${log === null ? 'Go on' : `Look at ${join(drillFolder(id), log)}, then go on`}: pgdrill drill run --drill ${id} ${way.option}; if it is restored all the same: pgdrill drill restored --drill ${id}.`,
  )
}

/** Runs somebody's command as the restore of a drill. @param printed is told each line, secrets hidden */
export async function restoreByCommand(
  id: string,
  command: string,
  env: NodeJS.Dict<string>,
  printed: (line: string) => void,
): Promise<Drill> {
  return await restoreInDrill(id, byCommand, async (began) => {
    const logFile = join(drillFolder(id), logName)
    const { interruptedBy, ...end } = await runCommand({ command, env, logFile, began, printed })
    return { ...end, problem: interruptedBy === null ? null : `interrupted by ${interruptedBy}`, errors: null }
  })
}

/**
 * Refuses a target that is production before anything is written into it, as far as that can be known: the target may not
 * exist yet.
 * @throws CouldNotVerify when it is production
 */
export async function refuseProduction(target: Target): Promise<void> {
  const production = lookUpProductionOf(target)
  if (production === undefined) return
  const place = ({ connection }: Target) => JSON.stringify([connection.host, connection.port, connection.database])
  if (target.name === production.name || place(target) === place(production)) {
    throw new CouldNotVerify(
      `the target ${target.name} is production itself and is refused: ${target.variable} and ${production.variable} name the same database`,
      'Name the database to restore into.',
    )
  }
  let isReached = false
  try {
    await withDatabase(target, { isCopy: true, connectTimeout: 5_000 }, async (database) => {
      isReached = true
      await askProduction(database, target, production)
    })
  } catch (error) {
    if (isReached) throw error
  }
}

function noteEnd(id: string, way: RestoreWay, end: RestoreEnd): Drill {
  const at = nowText()
  return tell(id, { event: 'restore_ended', at, moment: at, is_by_hand: false, ...end, log: logOf(id, way) })
}

function logOf(id: string, { file }: RestoreWay): string | null {
  return file !== null && existsSync(join(drillFolder(id), file)) ? file : null
}
