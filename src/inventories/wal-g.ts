// wal-g backup-list --detail --json (internal/backup_time.go, internal/databases/postgres/backup_sentinel_dto.go of WAL-G).

import * as z from 'zod'
import { plainBackup } from '../rules/backups-held.ts'
import { byteCount, checkedEntries, name } from './checked.ts'
import type { Inventory } from './inventory.ts'
import { listedMoment } from './moment.ts'

const moment = z
  .string()
  .transform((text) => listedMoment(text.startsWith('0001-') ? '1970-01-01T00:00:00Z' : text)?.at)
  .refine((at): at is string => at !== undefined, 'is no moment')

const backup = z.object({
  backup_name: name,
  time: moment,
  start_time: moment.nullish(),
  finish_time: moment.nullish(),
  is_permanent: z.boolean().nullish(),
  uncompressed_size: byteCount.nullish(),
})

/** What Go writes for a time that was never set, as it was read above. */
const unset = '1970-01-01T00:00:00.000Z'
const isSet = (at: string | null | undefined): at is string => at != null && at !== unset

/** A delta: base_<its segment>_D_<segment of the backup that it builds on>. */
const delta = /^base_([0-9A-F]{24})_D_([0-9A-F]{24})/

/** What `wal-g backup-list --json` printed, with --detail or without; an empty list means that there are no backups. */
export function readWalG(value: unknown, origin: string): Inventory[] {
  const tool = 'wal-g backup-list --detail --json'
  // "null" is how Go writes a list that was never filled.
  const list = checkedEntries(backup, value ?? [], origin, tool, 'the document', (one) => one)
  const source = 'wal-g'
  const bySegment = new Map<string, string>()
  for (const { backup_name } of list) {
    const segment = /^base_([0-9A-F]{24})/.exec(backup_name)?.[1]
    if (segment !== undefined) bySegment.set(segment, backup_name)
  }
  const isDetailed = list.some(({ finish_time }) => finish_time != null)
  const remarks =
    list.length > 0 && !isDetailed
      ? [`${source}: without --detail only the times of the objects are known, which change when they are copied`]
      : []
  return [
    {
      source,
      format: 'wal-g',
      keeps_days: null,
      window: null,
      remarks,
      backups: list.map((one) => {
        const parent = delta.exec(one.backup_name)?.[2]
        const isTimed = isSet(one.finish_time)
        const at = isTimed ? (one.finish_time as string) : one.time
        const isKnown = isSet(at)
        return {
          ...plainBackup,
          source,
          id: one.backup_name,
          kind: parent === undefined ? 'full' : 'incr',
          started_at: isTimed && isSet(one.start_time) ? one.start_time : null,
          finished_at: isKnown ? at : null,
          reason: isTimed ? null : 'its time is that of the object, which changes when it is copied',
          depends_on: parent === undefined ? [] : [bySegment.get(parent) ?? `base_${parent}`],
          bytes: one.uncompressed_size ?? null,
          is_pinned: one.is_permanent ?? false,
        }
      }),
    },
  ]
}
