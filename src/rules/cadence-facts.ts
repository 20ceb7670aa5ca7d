// What the cadence is judged by: drill.get_cadence_facts() gives it, and proofs are merged into it. Times are ISO text,
// durations seconds.

/** What the plan asks for, in the order in which it is shown. */
export const obligations = [
  'quarterly_drill',
  'drill_after_schema_change',
  'drill_after_incident',
  'rpo',
  'rto',
  'retention',
  'baseline',
  'heartbeat',
] as const
export type Obligation = (typeof obligations)[number]

/** One drill, as production's drill.drills or its proof tells it. */
export interface DrillFact {
  drill_id: string
  scope: string
  is_sandbox: boolean
  state: string
  verdict: string | null
  started_at: string
  finished_at: string | null
  /** From the start of the restore until it was verified; null when not known. */
  recovery_time: number | null
  /** From the recovery point to the failure point; null when not known. */
  data_loss: number | null
  baseline_id: string | null
  /** SHA-256 of the proof's SHA256SUMS, in hex. */
  proof_sha256: string | null
  /** Why it must not count: two records of it contradict each other. */
  problem: string | null
  /** What is worth a warning, such as a record that is in one place only. */
  remark: string | null
}

/** One difference between the schema now and that of the last good drill's baseline. */
export interface SchemaChange {
  area: string
  object_kind: string
  object_name: string
  change: string
}

/** What drill.get_schema_changes() gives; problem says why nothing could be compared. */
export interface SchemaChanges {
  baseline_id: string | null
  problem: string | null
  changes: SchemaChange[]
}

/** Everything that the rule looks at. */
export interface CadenceFacts {
  now: string
  /** False: only proofs were read, so most of production is not known. */
  is_database_read: boolean
  installed_at: string | null
  /** Name to seconds. */
  policies: Partial<Record<string, number>>
  drill_policy: {
    is_app_required: boolean
    drill_every: { months: number; days: number; seconds: number } | null
  } | null
  drills: DrillFact[]
  incidents: { occurred_at: string; what: string }[]
  /** Null when production was not asked, or there is no good drill. */
  schema_changes: SchemaChanges | null
  newest_baseline_at: string | null
  newest_heartbeat_at: string | null
  /** How many rows of the check of retention are how, and what a bad one says; null when no backup is recorded. */
  retention: { pass_count: number; fail_count: number; error_count: number; detail: string | null } | null
}

/** How an obligation of the plan stands. */
export type Standing = 'met' | 'due' | 'broken' | 'unknown'

/** An obligation with its standing, in words; hint is what to do. */
export interface JudgedObligation {
  obligation: Obligation
  standing: Standing
  detail: string
  hint: string | null
}
