// What production knows of its drills, and what its plan says about them.

import { sql } from 'kysely'
import type { Database } from './connect.ts'

/** How production is, and what it asks of a drill. Durations in seconds; null: not known. */
export interface ProductionHealth {
  schema_version: string
  is_sandbox: boolean
  heartbeat_age: number | null
  /** Of the newest baseline. */
  baseline_age: number | null
  /** The plan's numbers by name. */
  policies: Record<string, number>
  is_app_required: boolean | null
  follow_up_due: number | null
  baseline_max_age: number | null
}

/** Asks production how it is. */
export async function getProductionHealth(database: Database): Promise<ProductionHealth> {
  const { rows } = await sql<ProductionHealth>`
    select
      drill.schema_version() as schema_version,
      coalesce(current_setting('drill.sandbox', true) = 'on', false) as is_sandbox,
      (select extract(epoch from drill.get_now() - max(h.beat_at))::double precision from drill.heartbeats as h) as heartbeat_age,
      (
        select extract(epoch from drill.get_now() - max(b.captured_at))::double precision from drill.list_baselines() as b
      ) as baseline_age,
      drill.export_registrations() -> 'policies' as policies,
      p.is_app_required,
      extract(epoch from p.follow_up_due)::double precision as follow_up_due,
      extract(epoch from p.baseline_max_age)::double precision as baseline_max_age
    from (select) as one
    left join drill.drill_policy as p on true`.execute(database)
  return rows[0] as ProductionHealth
}

/** Records a drill. @param document of drill.record_drill() @returns false when it was recorded before */
export async function recordDrill(database: Database, document: object): Promise<boolean> {
  const { rows } = await sql<{ is_new: boolean }>`
    select drill.record_drill(${JSON.stringify(document)}::text::jsonb) as is_new`.execute(database)
  return rows[0]?.is_new === true
}

/** A proof that production knows, and when its drill was finished, as ISO text. */
export interface KnownProof {
  drill_id: string
  proof_sha256: string
  finished_at: string
}

/** The last finished drill with a proof; of rehearsals only those of rehearsals. */
export async function lastProof(database: Database, isSandbox: boolean): Promise<KnownProof | null> {
  const { rows } = await sql<KnownProof>`
    select d.drill_id, d.proof_sha256, to_jsonb(d.finished_at) #>> '{}' as finished_at
    from drill.drills as d
    where d.state = 'finished'
      and d.proof_sha256 is not null
      and d.is_sandbox = ${isSandbox}
    order by d.finished_at desc, d.drill_id collate "C" desc
    limit 1`.execute(database)
  return rows[0] ?? null
}
