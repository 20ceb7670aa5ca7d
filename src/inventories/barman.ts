// barman -f json list-backups SERVER|all (barman/output.py).

import * as z from 'zod'
import { CouldNotVerify } from '../could-not-verify.ts'
import { plainBackup } from '../rules/backups-held.ts'
import { byteCount, checked, checkedEntries, epochSeconds, name } from './checked.ts'
import type { Inventory } from './inventory.ts'

const tool = 'barman -f json list-backups'

const backup = z.object({
  backup_id: name,
  backup_type: z.string().nullish(),
  // Local time without a zone stands in end_time; this is in seconds since 1970.
  end_time_timestamp: epochSeconds.nullish(),
  size_bytes: byteCount.nullish(),
  status: z.string(),
  retention_status: z.string().nullish(),
  parent_backup_id: name.nullish(),
})
type Backup = z.infer<typeof backup>

/** What `barman -f json list-backups` printed: one inventory for each server. */
export function readBarman(value: unknown, origin: string): Inventory[] {
  const entries = Object.entries(checked(z.record(z.string(), z.unknown()), value, origin, tool))
  // Messages for people stand beside the servers, under names that begin with an underscore.
  const errors = entries.filter(([key]) => /^_(ERROR|EXCEPTION)$/.test(key)).flatMap(([, texts]) => texts)
  const servers = entries.filter(([key]) => !key.startsWith('_'))
  const said = errors.map((text) => (typeof text === 'string' ? text : JSON.stringify(text))).slice(0, 3)
  if (servers.length === 0) {
    throw new CouldNotVerify(
      `${origin} lists no server of Barman${said.length === 0 ? '' : `: ${said.join('; ')}`}`,
      'Name the server: barman -f json list-backups SERVER.',
    )
  }
  return servers.map(([server, list], index) => {
    const source = `barman ${server}`
    if (Array.isArray(list) && typeof list[0] === 'string') {
      throw new CouldNotVerify(`${origin} has only the names of backups`, 'List them without --minimal.')
    }
    return {
      source,
      format: 'barman',
      keeps_days: null,
      window: null,
      remarks: index === 0 ? said.map((text) => `Barman reports an error: ${text}`) : [],
      backups: checkedEntries(backup, list, origin, tool, server, (one) => ({
        ...plainBackup,
        ...usability(one),
        source,
        id: one.backup_id,
        kind: kindOf(one),
        finished_at: one.end_time_timestamp ?? null,
        depends_on: one.parent_backup_id == null ? [] : [one.parent_backup_id],
        bytes: one.size_bytes ?? null,
        is_pinned: one.retention_status?.startsWith('KEEP') ?? false,
      })),
    }
  })
}

/** rsync, full and snapshot are whole by themselves; 3.4 does not say, and made nothing else. */
function kindOf({ backup_type }: Backup) {
  return backup_type === 'incremental' ? 'incr' : 'full'
}

function usability(one: Backup) {
  if (one.status === 'WAITING_FOR_WALS') {
    return { usable: 'unknown', reason: 'Barman still waits for the WAL that it needs' } as const
  }
  if (one.status !== 'DONE') return { usable: 'no', reason: `Barman says ${one.status}` } as const
  if (one.end_time_timestamp == null) return { usable: 'unknown', reason: 'Barman does not say when it ended' } as const
  if (one.backup_type === 'incremental' && one.parent_backup_id == null) {
    return { usable: 'unknown', reason: 'it is incremental, and the listing does not name its parent' } as const
  }
  return { usable: 'yes', reason: null } as const
}
