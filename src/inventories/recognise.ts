import type { InventoryFormat } from './inventory.ts'
import { isList } from './json-text.ts'

const has = (value: unknown, ...keys: string[]) =>
  typeof value === 'object' && value !== null && keys.every((key) => Object.hasOwn(value, key))

/**
 * Which tool wrote some JSON, by the keys that only it uses.
 * @returns undefined when nothing tells, as with an empty list
 */
export function recognise(value: unknown): InventoryFormat | undefined {
  if (isList(value)) {
    const [first] = value
    if (has(first, 'backup_name')) return 'wal-g'
    if (has(first, 'backup') || has(first, 'status', 'db')) return 'pgbackrest'
    if (has(first, 'name', 'time')) return 'json'
    return undefined
  }
  if (has(value, 'pitr_enabled') || has(value, 'physical_backup_data')) return 'supabase'
  if (has(value, 'backups')) return 'json'
  if (typeof value !== 'object' || value === null) return undefined
  const servers = Object.values(value)
  return servers.length > 0 && servers.every(isList) ? 'barman' : undefined
}
