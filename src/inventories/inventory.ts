import type { BackupSource, HeldBackup } from '../rules/backups-held.ts'

/** The formats that can be read, as they are named on the command line. */
export const formats = ['own', 'dumps', 'csv', 'json', 'pgbackrest', 'barman', 'wal-g', 'supabase'] as const
export type InventoryFormat = (typeof formats)[number]

/** One place of backups, as read. A file may hold several: a stanza, a server or a repository each. */
export interface Inventory {
  /** Such as "pgbackrest main". */
  source: string
  format: InventoryFormat
  backups: HeldBackup[]
  keeps_days: BackupSource['keeps_days']
  window: BackupSource['window']
  /** Undefined: nothing tells. */
  database?: BackedUpDatabase
  /** What was assumed or stands out, as sentences for people. */
  remarks: string[]
}

/** What database backups are of. */
export interface BackedUpDatabase {
  /** The identity that pgdrill gave it, which its copies carry on. */
  installation_id: string
  /** System identifier and name, as homeOf() puts them: several after a move to another server. */
  homes: string[]
  /** As the target was called, which tells a copy from its original. */
  name: string
  is_sandbox: boolean
}

/** A database of a server, whatever is installed in it. */
export function homeOf(system_identifier: string, database_name: string): string {
  return `${system_identifier}/${database_name}`
}

/** Most of one inventory: more is a mistake or an attack, and would not fit into memory. */
export const mostBackups = 200_000
