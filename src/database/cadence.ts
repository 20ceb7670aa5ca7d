// What production says about keeping the plan: the calls of sql/cadence/.

import { sql } from 'kysely'
import type { CadenceFacts, SchemaChanges } from '../rules/cadence-facts.ts'
import type { Database } from './connect.ts'
import type { Incident } from './contract.ts'

/** What the cadence is judged by, but for schema_changes, which needs a baseline. */
export async function getCadenceFacts(database: Database): Promise<CadenceFacts> {
  const { rows } = await sql<{ facts: CadenceFacts }>`select drill.get_cadence_facts() as facts`.execute(database)
  return (rows[0] as { facts: CadenceFacts }).facts
}

/** How the schema differs from that of a stored baseline, or why that is not known. */
export async function getSchemaChanges(database: Database, baselineId: string | null): Promise<SchemaChanges> {
  const { rows } = await sql<{ found: SchemaChanges }>`
    select drill.get_schema_changes(${baselineId}::uuid) as found`.execute(database)
  return (rows[0] as { found: SchemaChanges }).found
}

/** Records an incident; of one that is recorded already only the id is given. @returns its id */
export async function recordIncident(database: Database, at: string, what: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select drill.record_incident(${at}::timestamptz, ${what})::text as id`.execute(database)
  return (rows[0] as { id: string }).id
}

/** Recorded incidents, newest first. */
export async function listIncidents(database: Database): Promise<Incident[]> {
  const { rows } = await sql<Incident>`
    select
      i.incident_id::text, to_jsonb(i.occurred_at) #>> '{}' as occurred_at, i.what,
      to_jsonb(i.recorded_at) #>> '{}' as recorded_at, i.recorded_by, i.drill_id
    from drill.list_incidents() as i`.execute(database)
  return rows
}
