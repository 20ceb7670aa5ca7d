// When what of a drill was done.

import type { DrillEvent, EventNamed } from './events.ts'
import type { Stage } from './record.ts'

/** The times of the restore. */
export interface RestoreTimes {
  /** When the clock began; of a restore that was repeated, the first one. */
  startedAt: string | null
  /** When the last one began. */
  lastStartedAt: string | null
  /** When the last one ended well; null while none did. */
  restoredAt: string | null
  /** What the last one could not restore; null when nothing is known of. */
  errors: string | null
  /** How the last command ended whose target somebody says is restored all the same; null when none did so. */
  overruled: EventNamed<'restore_ended'> | null
  /** One that has not ended as far as the journal knows. */
  running: EventNamed<'restore_started'> | null
}

/** What a person says of the times counts for more than what a command saw. */
export function restoreOf(events: readonly DrillEvent[]): RestoreTimes {
  const started = events[0] as EventNamed<'started'>
  const starts = events.filter((one): one is EventNamed<'restore_started'> => one.event === 'restore_started')
  const byHand = starts.findLast((one) => one.is_by_hand)
  const end = events.findLast((one): one is EventNamed<'restore_ended'> => one.event === 'restore_ended')
  const lastStart = starts.findLast((one) => !one.is_by_hand)
  const isOver = lastStart === undefined || events.indexOf(lastStart) < (end === undefined ? -1 : events.indexOf(end))
  const isRestored = end !== undefined && isOver && isDone(end)
  const ofCommand = events.findLast(
    (one): one is EventNamed<'restore_ended'> => one.event === 'restore_ended' && !one.is_by_hand,
  )
  // Who never said when it began has begun with the drill.
  const fallback = isRestored ? started.at : null
  return {
    startedAt: byHand?.moment ?? starts[0]?.moment ?? fallback,
    lastStartedAt: byHand?.moment ?? lastStart?.moment ?? fallback,
    restoredAt: isRestored ? end.moment : null,
    errors: ofCommand?.errors ?? null,
    overruled: end?.is_by_hand === true && ofCommand !== undefined && !isDone(ofCommand) ? ofCommand : null,
    running: isOver ? null : (lastStart ?? null),
  }
}

/** The stages in their order: prepare, restore, wait, verify; the later ones perhaps more than once. */
export function stagesOf(events: readonly DrillEvent[]): Stage[] {
  const started = events[0] as EventNamed<'started'>
  const prepared = events.findLast((one) => one.event === 'production_checked' || one.event === 'baseline_chosen')
  const stages: Stage[] = [{ name: 'prepare', started_at: started.at, finished_at: prepared?.at ?? null }]
  const { startedAt } = restoreOf(events)
  let waitingSince: string | null = null
  for (const event of events) {
    const current = stages.at(-1) as Stage
    if (event.event === 'restore_started' && !event.is_by_hand) {
      stages.push({ name: 'restore', started_at: event.moment, finished_at: null })
    } else if (event.event === 'restore_ended') {
      if (event.is_by_hand && (current.name !== 'restore' || current.finished_at !== null)) {
        stages.push({ name: 'restore', started_at: startedAt ?? started.at, finished_at: event.moment })
      } else current.finished_at = event.moment
      waitingSince = event.moment
    } else if (event.event === 'verify_started') {
      if (waitingSince !== null && Date.parse(event.at) - Date.parse(waitingSince) >= 1000) {
        stages.push({ name: 'wait', started_at: waitingSince, finished_at: event.at })
      }
      waitingSince = null
      stages.push({ name: 'verify', started_at: event.at, finished_at: null })
    } else if (event.event === 'verified') {
      current.finished_at = event.finished_at
      waitingSince = event.finished_at
    }
  }
  return stages
}

function isDone(end: EventNamed<'restore_ended'>): boolean {
  const isEnded = end.signal === null && end.problem === null
  return end.is_by_hand || (isEnded && (end.exit_code === 0 || end.errors !== null))
}
