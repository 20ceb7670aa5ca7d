import { plainLine } from '../terminal/plain-text.ts'
import type { Verification } from '../verification/verify-target.ts'

/** What each source says up to when the copy reaches, in one line; empty when none says anything. */
export function recoveryEvidence({ recovery, restore_point }: Verification): string {
  const { heartbeat_at, newest_row_at, newest_row_relation, newest_commit_at, replayed_at } = recovery?.evidence ?? {}
  const said: [string, string | null | undefined][] = [
    ['heartbeat', heartbeat_at],
    [`newest row (${plainLine(newest_row_relation ?? '')})`, newest_row_at],
    ['newest commit', newest_commit_at],
    ['last transaction recovered', replayed_at],
    ['asked for', restore_point],
  ]
  return said.flatMap(([source, moment]) => (moment == null ? [] : [`${source} ${moment}`])).join(', ')
}
