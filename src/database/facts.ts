import { sql } from 'kysely'
import type { Database } from './connect.ts'
import type {
  BaselineSummary,
  Bucket,
  CheckResult,
  FingerprintRecipe,
  Identity,
  Measurable,
  MissingGrant,
  ObjectsToCompare,
  Outbound,
  Registrations,
  SchemaObject,
  Tenant,
  TenantPart,
} from './contract.ts'

// Times leave the database as ISO text and wide numbers as digits: JavaScript's
// Date has no microseconds, and its numbers round beyond 2^53.

/** Which server and database this is. */
export async function getIdentity(database: Database): Promise<Identity> {
  const { rows } = await sql<Identity>`
    select
      i.installation_id::text, to_jsonb(i.installed_at) #>> '{}' as installed_at, i.system_identifier::text,
      i.timeline_id, to_jsonb(i.started_at) #>> '{}' as started_at, i.database_name, i.server_version,
      i.server_version_num, i.is_in_recovery, i.is_sandbox
    from drill.get_identity() as i`.execute(database)
  return rows[0] as Identity
}

/** The names and bounds of the buckets of every critical relation; no table is read. */
export async function listBucketNames(database: Database, asOf: string): Promise<Bucket[]> {
  return await bucketRows(database, sql`drill.list_buckets('quick', ${asOf}::timestamptz)`)
}

/** What can be measured one by one, with sizes. */
export async function listMeasurable(database: Database): Promise<Measurable[]> {
  const { rows } = await sql<Measurable>`
    select m.relation_name, m.partition_name, m.byte_count::text, m.estimated_row_count::text
    from drill.list_measurable() as m`.execute(database)
  return rows
}

/**
 * The buckets of some partitions of one critical relation, or of one without partitions.
 * @param depth quick: names and bounds alone; full: fingerprints too
 * @param asOf the moment relative to which recent days are told apart: that of the baseline to compare with
 */
export async function listBucketsOf(
  database: Database,
  part: { relation_name: string; partition_names: string[] },
  depth: 'quick' | 'standard' | 'full',
  asOf: string,
): Promise<Bucket[]> {
  // As JSON: without a statement more the driver does not know the type of an array.
  const names = JSON.stringify(part.partition_names)
  return await bucketRows(
    database,
    sql`drill.list_buckets_of(
      ${part.relation_name}, array(select jsonb_array_elements_text(${names}::text::jsonb)), ${depth}, ${asOf}::timestamptz
    )`,
  )
}

async function bucketRows(database: Database, call: ReturnType<typeof sql>): Promise<Bucket[]> {
  const { rows } = await sql<Bucket>`
    select
      b.relation_name, b.partition_name, b.bucket_name, b.grain, to_jsonb(b.starts_at) #>> '{}' as starts_at,
      to_jsonb(b.ends_at) #>> '{}' as ends_at, to_jsonb(b.partition_starts_at) #>> '{}' as partition_starts_at,
      to_jsonb(b.partition_ends_at) #>> '{}' as partition_ends_at, b.is_default, b.row_count::text,
      to_jsonb(b.oldest_at) #>> '{}' as oldest_at, to_jsonb(b.newest_at) #>> '{}' as newest_at,
      b.fingerprint::text, b.problem
    from ${call} as b`.execute(database)
  return rows
}

/** Lets other connections see what this transaction sees, until it ends; null when the role may not. */
export async function exportSnapshot(transaction: Database): Promise<string | null> {
  // Asked by itself: the right is needed wherever the call stands in a query, even where it is not reached.
  const allowed = await sql<{ may: boolean }>`
    select has_function_privilege('pg_catalog.pg_export_snapshot()', 'execute') as may`.execute(transaction)
  if (allowed.rows[0]?.may !== true) return null
  const { rows } = await sql<{ snapshot: string }>`select pg_export_snapshot() as snapshot`.execute(transaction)
  return rows[0]?.snapshot ?? null
}

/** Must be the first thing in a transaction. @throws what the database says when this is another server */
export async function importSnapshot(transaction: Database, snapshot: string): Promise<void> {
  await sql`set transaction snapshot ${sql.lit(snapshot)}`.execute(transaction)
}

/** How the fingerprints of each relation are made here. */
export async function listFingerprintRecipes(database: Database): Promise<FingerprintRecipe[]> {
  const { rows } = await sql<FingerprintRecipe>`
    select r.relation_name, r.recipe from drill.list_fingerprint_recipes() as r`.execute(database)
  return rows
}

/**
 * The rows of each tenant of a relation that has a tenant column.
 * @param installationId the installation that their hashes are made with: that of the baseline to compare with; null: this one
 */
export async function listTenants(
  database: Database,
  installationId: string | null,
  relationName: string,
): Promise<Tenant[]> {
  const { rows } = await sql<Tenant>`
    select
      t.relation_name, t.tenant_key, t.row_count::text, to_jsonb(t.newest_at) #>> '{}' as newest_at, t.problem
    from drill.list_tenants(${installationId}::uuid, ${relationName}) as t`.execute(database)
  return rows
}

/** Every object of the database with its definition, and what could not be read. */
export async function listObjects(database: Database): Promise<SchemaObject[]> {
  const { rows } = await sql<SchemaObject>`
    select o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
    from drill.list_objects() as o`.execute(database)
  return rows
}

/**
 * The objects of a baseline inside the database, and those that it has now. Of those that are equal only their number is
 * given, but where others differ, relations and the columns of partitioned tables too: they tell what belongs to what.
 */
export async function listObjectsToCompare(database: Database, baselineId: string): Promise<ObjectsToCompare> {
  const { rows } = await sql<{
    production: SchemaObject | null
    copy: SchemaObject | null
    object_kind: string | null
    equal_count: number | null
  }>`
    with production as (
      select b.object_kind, b.object_name, b.definition, b.relation_name, b.is_of_partition, b.problem
      from drill.baseline_objects as b
      where b.baseline_id = ${baselineId}
    ),
    copy as (
      select o.object_kind, o.object_name, o.definition, o.relation_name, o.is_of_partition, o.problem
      from drill.list_objects() as o
    ),
    pair as materialized (
      select
        p, c, p.object_kind,
        coalesce(
          p.definition = c.definition and p.relation_name is not distinct from c.relation_name
            and p.is_of_partition = c.is_of_partition and p.problem is null and c.problem is null,
          false
        ) as is_equal,
        p.object_name is not distinct from p.relation_name as is_relation
      from production as p
      full join copy as c
        on c.object_kind = p.object_kind
        and c.object_name = p.object_name
    ),
    difference as materialized (
      select exists (select from pair as x where not x.is_equal) as is_there
    ),
    partitioned as materialized (
      select (x.p).object_name as name from pair as x where (x.p).definition like 'kind: partitioned table%'
      union
      select (x.c).object_name from pair as x where (x.c).definition like 'kind: partitioned table%'
    ),
    sorted as materialized (
      select
        x.*,
        x.is_equal and not (
          d.is_there
          and (x.is_relation or x.object_kind = 'column' and (x.p).relation_name in (select t.name from partitioned as t))
        ) as is_counted
      from pair as x
      cross join difference as d
    )
    select to_jsonb(x.p) as production, to_jsonb(x.c) as copy, null as object_kind, null as equal_count
    from sorted as x
    where not x.is_counted
    union all
    select null, null, x.object_kind, count(*)::integer
    from sorted as x
    where x.is_counted
    group by x.object_kind`.execute(database)
  return {
    production: rows.flatMap((row) => row.production ?? []),
    copy: rows.flatMap((row) => row.copy ?? []),
    equal: Object.fromEntries(
      rows.flatMap((row) => (row.object_kind === null ? [] : [[row.object_kind, row.equal_count ?? 0]])),
    ),
  }
}

/** What of the database can act on the outside, with the plan's word on how bad that is. */
export async function listOutbound(database: Database): Promise<Outbound[]> {
  const { rows } = await sql<Outbound>`
    select
      o.kind, o.object_kind, o.object_name, o.reaches, o.is_armed, o.mitigation, o.remark,
      to_jsonb(o.disarming_statements) as disarming_statements, o.problem,
      (select p.status from drill.isolation_policy as p where p.kind = o.kind) as policy
    from drill.list_outbound() as o`.execute(database)
  return rows
}

/**
 * The same for a capture, which keeps closed partitions apart.
 * @param asOf the moment of the baseline
 * @param carriedNames partitions to leave out, each behind its relation's name and a blank
 */
export async function listTenantParts(
  database: Database,
  relationName: string,
  asOf: string,
  carriedNames: readonly string[],
): Promise<TenantPart[]> {
  const { rows } = await sql<TenantPart>`
    select
      t.relation_name, t.tenant_key, t.is_closed, t.row_count::text, to_jsonb(t.newest_at) #>> '{}' as newest_at, t.problem
    from drill._measure_tenants(
      null, ${relationName}, ${asOf}::timestamptz,
      array(select jsonb_array_elements_text(${JSON.stringify(carriedNames)}::text::jsonb))
    ) as t`.execute(database)
  return rows
}

/** What a role lacks to verify this database with every check; it need not exist. */
export async function listMissingGrants(database: Database, role: string): Promise<MissingGrant[]> {
  const { rows } = await sql<MissingGrant>`
    select g.needed_by, g.object_name, g.statement from drill.list_missing_grants(${role}) as g`.execute(database)
  return rows
}

/** What is registered in this database, as a baseline states it. */
export async function getRegistrations(database: Database): Promise<Registrations> {
  const { rows } = await sql<{ registrations: Registrations }>`
    select drill.export_registrations() as registrations`.execute(database)
  return (rows[0] as { registrations: Registrations }).registrations
}

/** The SQL checks that need no baseline, by check name; those of `dataChecks` and `wholeChecks` read tables. */
export const sqlChecks = {
  partition_triggers: (database: Database) => checkRows(database, sql`drill.verify_partition_triggers()`),
  partitions: (database: Database) => checkRows(database, sql`drill.verify_partitions()`),
  critical_relations: (database: Database) => checkRows(database, sql`drill.verify_critical_relations()`),
  access: (database: Database) => checkRows(database, sql`drill.verify_access()`),
  indexes: (database: Database) => checkRows(database, sql`drill.verify_indexes()`),
  physical: (database: Database) => checkRows(database, sql`drill.verify_physical()`),
  platform: (database: Database) => checkRows(database, sql`drill.verify_platform()`),
  isolation: (database: Database) => checkRows(database, sql`drill.verify_isolation()`),
  recovery_point: (database: Database, question: { failurePoint: string; readData: boolean }) =>
    checkRows(database, sql`drill.verify_recovery_point(${question.failurePoint}::timestamptz, ${question.readData})`),
} as const

/** The SQL checks that read the application's tables: for depth standard. */
export const dataChecks = {
  sequences: (database: Database) => checkRows(database, sql`drill.verify_sequences()`),
  partition_keys: (database: Database) => checkRows(database, sql`drill.verify_partition_keys()`),
} as const

/** The SQL checks that join or read whole tables: for depth full. */
export const wholeChecks = {
  orphans: (database: Database) => checkRows(database, sql`drill.verify_orphans()`),
} as const

/** Whether the guards fire: writes and takes it back, so it needs a transaction of its own that is rolled back. */
export async function probeGuards(database: Database): Promise<CheckResult[]> {
  return await checkRows(database, sql`drill.verify_guards_fire()`)
}

async function checkRows(database: Database, call: ReturnType<typeof sql>): Promise<CheckResult[]> {
  const { rows } = await sql<CheckResult>`
    select r.check_name, r.object_name, r.status, r.detail, r.hint, r.expected, r.actual from ${call} as r`.execute(
    database,
  )
  return rows
}

/** The results with the waivers of this database applied, and what there is to say about the waivers themselves. */
export async function applyWaivers(database: Database, results: readonly CheckResult[]): Promise<CheckResult[]> {
  return await checkRows(database, sql`drill.verify_waivers(${JSON.stringify(results)}::text::jsonb)`)
}

/** The answer of the plan's own RPC. */
export async function callGuardRpc(database: Database): Promise<boolean | null> {
  const { rows } = await sql<{ answer: boolean | null }>`
    select public.verify_partition_triggers_exist() as answer`.execute(database)
  return rows[0]?.answer ?? null
}

/** What to capture. */
export interface Capture {
  label?: string | undefined
  depth?: 'standard' | 'full' | undefined
  /** Measures every partition anew, even when nobody wrote into it since the last capture. */
  isComplete?: boolean | undefined
}

/** Measures and stores a baseline. Gives its id. */
export async function captureBaseline(database: Database, capture: Capture = {}): Promise<string> {
  const { label = null, depth = 'standard', isComplete = false } = capture
  const { rows } = await sql<{ baseline_id: string }>`
    select drill.capture_baseline(${label}::text, ${depth}, ${isComplete})::text as baseline_id`.execute(database)
  return (rows[0] as { baseline_id: string }).baseline_id
}

/** A baseline that has everything but what is measured. */
export interface BegunBaseline {
  baseline_id: string
  captured_at: string
  /** Partitions that were taken over from an earlier baseline, each behind its relation's name and a blank. */
  carried_names: string[]
  /** Those of which the tenants were, too. */
  carried_tenant_names: string[]
}

/** What tells later whether somebody wrote into a partition since: to be asked before the snapshot is taken. */
export async function listChangeMarks(database: Database): Promise<string> {
  const { rows } = await sql<{ marks: string }>`select drill._list_change_marks()::text as marks`.execute(database)
  return (rows[0] as { marks: string }).marks
}

/** Until the transaction ends, its queries are run by its own process alone. */
export async function useNoParallelWorkers(transaction: Database): Promise<void> {
  await sql`set local max_parallel_workers_per_gather = 0`.execute(transaction)
}

/** Begins a baseline, in the transaction in which it is measured and completed. */
export async function beginBaseline(transaction: Database, capture: Capture): Promise<BegunBaseline> {
  const { label = null, depth = 'standard', isComplete = false } = capture
  const { rows } = await sql<{ begun: BegunBaseline }>`
    select drill._begin_baseline(${label}::text, ${depth}, ${isComplete}) as begun`.execute(transaction)
  return (rows[0] as { begun: BegunBaseline }).begun
}

/** Stores what was measured. @param marks as they were before the snapshot */
export async function completeBaseline(
  transaction: Database,
  begun: BegunBaseline,
  facts: { buckets: Bucket[]; tenants: Tenant[] },
  marks: string,
): Promise<void> {
  await sql`
    select drill._complete_baseline(
      ${begun.baseline_id}::uuid, ${JSON.stringify(facts)}::text::jsonb, ${marks}::text::jsonb
    )`.execute(transaction)
}

/**
 * One stored baseline as a JSON document in text.
 * @param baselineId undefined: the newest
 * @param withObjects false: without its objects, which listObjectsToCompare() compares where they are
 */
export async function exportBaseline(
  database: Database,
  baselineId: string | undefined,
  withObjects = true,
): Promise<string> {
  const { rows } = await sql<{ document: string }>`
    select jsonb_pretty(drill.export_baseline(${baselineId ?? null}::uuid, ${withObjects})) as document`.execute(
    database,
  )
  return (rows[0] as { document: string }).document
}

/** Stored baselines, newest first. */
export async function listBaselines(database: Database): Promise<BaselineSummary[]> {
  const { rows } = await sql<BaselineSummary>`
    select
      b.baseline_id::text, to_jsonb(b.captured_at) #>> '{}' as captured_at, b.captured_lsn::text, b.label, b.depth,
      b.database_name, b.relation_count::text, b.bucket_count::text, b.row_count::text
    from drill.list_baselines() as b`.execute(database)
  return rows
}
