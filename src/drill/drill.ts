// Finding a drill, reading where it stands, and adding to it.

import { CouldNotVerify } from '../could-not-verify.ts'
import { requireDrillId } from './drill-id.ts'
import type { DrillEvent } from './events.ts'
import { appendEvent, drillFolder, listDrillIds, readJournal } from './journal.ts'
import { type DrillState, foldDrill } from './state.ts'

/** The target that is made for a drill and thrown away with it. */
export const throwAwayTarget = 'sandbox'

/** A drill as it stands; lostLines: how many lines of its journal were cut off. */
export interface Drill {
  id: string
  state: DrillState
  lostLines: number
}

/** Reads a drill. @throws CouldNotVerify when there is none of that name, or its journal is damaged */
export function readDrill(id: string): Drill {
  const { events, lostLines } = readJournal(id)
  return { id, state: foldDrill(events), lostLines }
}

/** Adds an event and gives what the drill is then. @throws CouldNotVerify when it cannot be written */
export function tell(id: string, event: DrillEvent): Drill {
  appendEvent(id, event)
  return readDrill(id)
}

/** The moment of an event that happens now. */
export function nowText(): string {
  return new Date().toISOString()
}

/** All drills that are not over, oldest first; a journal that cannot be read is named instead. */
export function openDrills(): { open: Drill[]; damaged: { id: string; problem: string }[] } {
  const open: Drill[] = []
  const damaged: { id: string; problem: string }[] = []
  for (const id of listDrillIds()) {
    try {
      const drill = readDrill(id)
      if (drill.state.record.state === 'open') open.push(drill)
    } catch (error) {
      if (!(error instanceof CouldNotVerify)) throw error
      damaged.push({ id, problem: error.message })
    }
  }
  return { open, damaged }
}

/**
 * The id of the drill that is meant: the one that was named, else the only open one. One on a sandbox that was thrown away
 * is never meant without its name.
 * @throws CouldNotVerify when there is none or more than one
 */
export function chooseDrill(given: string | undefined): string {
  if (given !== undefined) {
    const id = requireDrillId(given)
    readJournal(id)
    return id
  }
  const { open, damaged } = openDrills()
  const meant = open.filter((drill) => drill.state.record.target_name !== throwAwayTarget)
  const [only] = meant
  if (damaged[0] !== undefined) {
    throw new CouldNotVerify(
      `which drill is meant cannot be told: ${damaged[0].problem}`,
      `Name the drill: --drill ID; or move ${drillFolder(damaged[0].id)} away.`,
    )
  }
  if (only === undefined) {
    throw new CouldNotVerify(
      'no drill is open here',
      'Start one: pgdrill drill start; or name a finished one: --drill ID.',
    )
  }
  if (meant.length > 1) {
    throw new CouldNotVerify(
      `several drills are open: ${meant.map((drill) => drill.id).join(', ')}`,
      'Name the one that you mean: --drill ID.',
    )
  }
  return only.id
}

/** @throws CouldNotVerify when the drill is over */
export function requireOpen(drill: Drill): void {
  if (drill.state.record.state === 'open') return
  throw new CouldNotVerify(
    `the drill ${drill.id} is ${drill.state.record.state}`,
    'Start another one: pgdrill drill start.',
  )
}
