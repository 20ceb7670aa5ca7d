// The typed mirror of schema drill: what the program relies on. A test compares
// these lists with the catalog of an installed database. Row interfaces are in
// snake_case, so that a name is the same in psql, in JSON and here.

export type CheckStatus = 'pass' | 'warn' | 'fail' | 'skip' | 'error' | 'waived'

/** How deep a database is looked at: the catalog; counts and timestamps too; contents too. */
export type Depth = 'quick' | 'standard' | 'full'

export interface CheckResult {
  check_name: string
  object_name: string | null
  status: CheckStatus
  detail: string
  hint: string | null
  expected: unknown
  actual: unknown
}

/** Times are text in ISO form, as to_jsonb writes them: a Date would lose microseconds. */
export interface Identity {
  installation_id: string | null
  installed_at: string | null
  system_identifier: string
  timeline_id: number
  started_at: string
  database_name: string
  server_version: string
  server_version_num: number
  is_in_recovery: boolean
  is_sandbox: boolean
}

/**
 * How much a bucket spans: a closed partition as a whole, a whole table without a timestamp column, one UTC day or month,
 * or the rows without a finite timestamp.
 */
export type Grain = 'partition' | 'table' | 'day' | 'month' | 'undated'

/**
 * A part of a critical relation: a partition or a slice of it. Starts and ends are those of the bucket, those of the
 * partition beside them. row_count is text: it may be larger than a JavaScript number is exact; null when not counted.
 */
export interface Bucket {
  relation_name: string
  /** The partition, or the table itself. */
  partition_name: string
  /** The partition's name alone, or with a label behind it: 2026-11-23, 2026-11, undated. */
  bucket_name: string
  grain: Grain
  starts_at: string | null
  ends_at: string | null
  partition_starts_at: string | null
  partition_ends_at: string | null
  is_default: boolean
  row_count: string | null
  oldest_at: string | null
  newest_at: string | null
  /** Decimal; null when not asked for, or not to be given. */
  fingerprint: string | null
  problem: string | null
}

/** What can be measured by itself: a partition, or a table without partitions. Numbers are text; no estimate is null. */
export interface Measurable {
  relation_name: string
  partition_name: string
  byte_count: string
  estimated_row_count: string | null
}

/** How the fingerprints of a relation are made: two are compared only when these are equal. */
export interface FingerprintRecipe {
  relation_name: string
  recipe: string | null
}

/** The rows of one tenant; the key is a hash, or the raw id where the policy lets it be shown. */
export interface Tenant {
  relation_name: string
  tenant_key: string
  row_count: string | null
  newest_at: string | null
  problem: string | null
}

/** As a capture counts them: rows in closed partitions, which the next capture may take over, and the others apart. */
export interface TenantPart extends Tenant {
  is_closed: boolean
}

/** What the check recovery_point found; source is where the moment comes from. */
export interface RecoveryPoint {
  recovery_point: string | null
  source: 'heartbeat' | 'data' | null
  is_exact: boolean
}

/** Up to when the copy reaches by each source that tells; rows are those of append-only relations. */
export interface RecoveryEvidence {
  heartbeat_at: string | null
  newest_row_at: string | null
  newest_row_relation: string | null
  newest_commit_at: string | null
  /** Of the last transaction that the recovery of this server brought back. */
  replayed_at: string | null
}

/** What drill.export_registrations() gives; policies in seconds. */
export interface Registrations {
  policies: Record<string, number>
  guards: {
    relation_name: string
    trigger_name: string
    function_name: string
    trigger_definition: string | null
    function_definition: string | null
    is_trigger_ours: boolean
  }[]
  partitioned_relations: { relation_name: string; period: string; time_zone: string; name_pattern: string | null }[]
  critical_relations: {
    relation_name: string
    timestamp_column: string | null
    is_append_only: boolean
    tolerance: string
    tenant_column: string | null
    is_tenant_shown: boolean
    is_secret: boolean
    depth: 'standard' | 'full'
  }[]
  isolation_policy: Record<string, 'fail' | 'warn' | 'skip'>
  waivers: { check_name: string; object_name: string | null; reason: string; owner: string; until: string }[]
}

export interface SchemaObject {
  object_kind: string
  object_name: string
  definition: string
  relation_name: string | null
  is_of_partition: boolean
  /** Why no object of this kind could be read; null for an object. */
  problem: string | null
}

/** The objects of a baseline and of a copy, without most of those that are equal. */
export interface ObjectsToCompare {
  production: SchemaObject[]
  copy: SchemaObject[]
  /** How many more there are on both sides, alike, by kind. */
  equal: Record<string, number>
}

/** A right that a role lacks, as a statement for an administrator. */
export interface MissingGrant {
  /** The check that needs it. */
  needed_by: string
  object_name: string
  statement: string
}

/** One thing that can act on the outside; problem says why it could not be looked at, remark then what to do. */
export interface Outbound {
  kind: string
  object_kind: string
  object_name: string
  reaches: string | null
  is_armed: boolean | null
  /** Why it is worth a warning at most. */
  mitigation: string | null
  remark: string | null
  disarming_statements: string[]
  problem: string | null
  /** Its status in drill.isolation_policy; null when the kind has none. */
  policy: 'fail' | 'warn' | 'skip' | null
}

export interface BaselineSummary {
  baseline_id: string
  captured_at: string
  captured_lsn: string
  label: string | null
  depth: 'standard' | 'full'
  database_name: string
  relation_count: string
  bucket_count: string
  row_count: string
}

/** A recorded incident; drill_id is the first good drill that was started after it, null while one is due. */
export interface Incident {
  incident_id: string
  occurred_at: string
  what: string
  recorded_at: string
  recorded_by: string
  drill_id: string | null
}

/** What the program calls: function, arguments as PostgreSQL lists them, and the columns that come back. */
export const contract = {
  'drill.get_identity()': [
    'installation_id',
    'installed_at',
    'system_identifier',
    'timeline_id',
    'started_at',
    'database_name',
    'server_version',
    'server_version_num',
    'is_in_recovery',
    'is_sandbox',
  ],
  'drill.schema_version()': null,
  'drill.get_now()': null,
  'drill.list_buckets(text, timestamp with time zone)': [
    'relation_name',
    'partition_name',
    'bucket_name',
    'grain',
    'starts_at',
    'ends_at',
    'partition_starts_at',
    'partition_ends_at',
    'is_default',
    'row_count',
    'oldest_at',
    'newest_at',
    'fingerprint',
    'problem',
  ],
  'drill.list_buckets_of(text, text[], text, timestamp with time zone)': [
    'relation_name',
    'partition_name',
    'bucket_name',
    'grain',
    'starts_at',
    'ends_at',
    'partition_starts_at',
    'partition_ends_at',
    'is_default',
    'row_count',
    'oldest_at',
    'newest_at',
    'fingerprint',
    'problem',
  ],
  'drill.list_measurable()': ['relation_name', 'partition_name', 'byte_count', 'estimated_row_count'],
  'drill.list_fingerprint_recipes()': ['relation_name', 'recipe'],
  'drill.list_tenants(uuid, text)': ['relation_name', 'tenant_key', 'row_count', 'newest_at', 'problem'],
  'drill._measure_tenants(uuid, text, timestamp with time zone, text[])': [
    'relation_name',
    'tenant_key',
    'is_closed',
    'row_count',
    'newest_at',
    'problem',
  ],
  'drill.list_objects()': ['object_kind', 'object_name', 'definition', 'relation_name', 'is_of_partition', 'problem'],
  'drill.list_baselines()': [
    'baseline_id',
    'captured_at',
    'captured_lsn',
    'label',
    'depth',
    'database_name',
    'relation_count',
    'bucket_count',
    'row_count',
  ],
  'drill.list_missing_grants(text)': ['needed_by', 'object_name', 'statement'],
  'drill.list_outbound()': [
    'kind',
    'object_kind',
    'object_name',
    'reaches',
    'is_armed',
    'mitigation',
    'remark',
    'disarming_statements',
    'problem',
  ],
  'drill.verify_isolation()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_partition_triggers()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_partitions()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_sequences()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_orphans()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_indexes()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_physical()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_amcheck()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_platform()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_access()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_partition_keys()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_guards_fire()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_critical_relations()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.verify_recovery_point(timestamp with time zone, boolean)': [
    'check_name',
    'object_name',
    'status',
    'detail',
    'hint',
    'expected',
    'actual',
  ],
  'drill.record_heartbeat()': null,
  'drill.record_drill(jsonb)': null,
  'drill.export_registrations()': null,
  'drill.import_registrations(jsonb)': null,
  'drill.verify_waivers(jsonb)': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.get_cadence_facts()': null,
  'drill.get_schema_changes(uuid)': null,
  'drill.assert_cadence()': null,
  'drill.record_incident(timestamp with time zone, text)': null,
  'drill.list_incidents()': ['incident_id', 'occurred_at', 'what', 'recorded_at', 'recorded_by', 'drill_id'],
  'drill.verify_cadence()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.capture_baseline(text, text, boolean)': null,
  'drill._list_change_marks()': null,
  'drill._begin_baseline(text, text, boolean)': null,
  'drill._complete_baseline(uuid, jsonb, jsonb)': null,
  'drill.export_baseline(uuid, boolean)': null,
  'drill.verify_retention()': ['check_name', 'object_name', 'status', 'detail', 'hint', 'expected', 'actual'],
  'drill.record_backups(jsonb)': null,
  'drill.export_backups()': null,
  'public.verify_partition_triggers_exist()': null,
} as const satisfies Record<string, readonly string[] | null>
