import { readdirSync, readFileSync } from 'node:fs'
import type { Sql } from 'postgres'
import { projectFile } from '../project-files.ts'

/** A way in which a restored copy can be damaged: one file of src/sandbox/faults/. */
export interface Fault {
  name: string
  /** The accident of the real world that it imitates. */
  imitates: string
  /** The object that it damages, in words. */
  damages: string
  /** The depth at which it is found; others do not look where it is. */
  depth: 'standard' | 'full'
  sql: string
}

/** All faults, by name. */
export function listFaults(): Fault[] {
  const directory = projectFile('src', 'sandbox', 'faults')
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(`${directory}/${file}`, 'utf8')
      const header = (name: string) => new RegExp(`^-- ${name}: (.+)$`, 'm').exec(sql)?.[1] ?? ''
      return {
        name: file.slice(0, -'.sql'.length),
        imitates: header('imitates'),
        damages: header('damages'),
        depth: header('depth') === 'full' ? 'full' : 'standard',
        sql,
      }
    })
}

/** Damages the database of a connection. Refuses anything that is not a sandbox. */
export async function applyFault(sql: Sql, fault: Fault): Promise<void> {
  const [row] = await sql<{ is_sandbox: boolean }[]>`
    select coalesce(pg_catalog.current_setting('drill.sandbox', true) = 'on', false) as is_sandbox`
  if (row?.is_sandbox !== true) throw new Error('this server is no sandbox: it is not going to be damaged')
  await sql.unsafe(fault.sql)
}
