// GET /v1/projects/{ref}/database/backups of the Supabase Management API.

import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { plainBackup } from '../rules/backups-held.ts'
import { checked, checkedEntries, epochSeconds, wholeNumber } from './checked.ts'
import type { Inventory } from './inventory.ts'
import { listedMoment } from './moment.ts'

/** The longest that any plan keeps scheduled backups: 7, 14 or 30 days. */
export const supabaseKeepsDays = 30

const document = z.object({
  region: z.string(),
  walg_enabled: z.boolean(),
  pitr_enabled: z.boolean(),
  // Checked one by one.
  backups: z.unknown().refine((list) => list !== undefined, 'is missing'),
  physical_backup_data: z.object({
    earliest_physical_backup_date_unix: epochSeconds.optional(),
    latest_physical_backup_date_unix: epochSeconds.optional(),
  }),
})

const backup = z.object({
  id: wholeNumber.optional(),
  is_physical_backup: z.boolean(),
  status: z.string(),
  inserted_at: z.string(),
})

/**
 * The answer of the API, from a file or live.
 * @param project its reference; undefined when a file does not tell
 */
export function readSupabase(value: unknown, origin: string, project?: string): Inventory[] {
  const tool = 'the Supabase API (/v1/projects/REF/database/backups)'
  const answer = checked(document, value, origin, tool)
  const source = project === undefined ? 'supabase' : `supabase ${project}`
  const { earliest_physical_backup_date_unix: from, latest_physical_backup_date_unix: until } =
    answer.physical_backup_data
  const hasWindow = answer.pitr_enabled && from !== undefined && until !== undefined && from <= until
  const list = checkedEntries(backup, answer.backups ?? [], origin, tool, 'backups', (one) => one)
  if (answer.pitr_enabled && !hasWindow && list.length === 0) {
    throw new CouldNotVerify(
      `${origin}: point-in-time recovery is on, and neither its window nor a backup is told`,
      'Look at the project in the dashboard; the first physical backup may not be done yet.',
    )
  }
  let isZoneAssumed = false
  const backups = list.map((one, index) => {
    const moment = listedMoment(one.inserted_at)
    if (moment === undefined) {
      throw new CouldNotVerify(
        `${origin} is not what ${tool} writes: backups.${index}.inserted_at is no moment`,
        'Save the answer of the API again.',
      )
    }
    isZoneAssumed ||= moment.isZoneAssumed
    const isUsable = one.status === 'COMPLETED'
    return {
      ...plainBackup,
      source,
      id: one.id ?? one.inserted_at,
      kind: one.is_physical_backup ? ('full' as const) : ('logical' as const),
      finished_at: moment.at,
      usable: isUsable ? ('yes' as const) : ('no' as const),
      reason: isUsable ? null : `Supabase says ${one.status}`,
    }
  })
  return [
    {
      source,
      format: 'supabase',
      keeps_days: supabaseKeepsDays,
      window: hasWindow ? { from, until } : null,
      remarks: [
        ...(isZoneAssumed ? [`${source}: inserted_at has no time zone and was taken as UTC`] : []),
        ...(answer.pitr_enabled && !hasWindow
          ? [`${source}: point-in-time recovery is on, its window is not told`]
          : []),
      ],
      backups,
    },
  ]
}
