import { sql } from 'kysely'
import type { Baseline, BaselineSource } from '../baselines/document.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import type { CheckResult, Identity } from '../database/contract.ts'
import { compareDatabases, type Sameness } from '../database/same-database.ts'
import type { Target } from '../database/targets.ts'

/** What production itself said, before anything of the target is believed. */
export interface AskedProduction {
  name: string | undefined
  /** Undefined: it could not be asked. */
  installationId: string | null | undefined
  /** Whether the target is on production's own running server; undefined: it could not be asked. */
  isSameServer: boolean | undefined
}

/**
 * Asks production whether the target is another database.
 * @throws CouldNotVerify when the target is production itself
 */
export async function askProduction(
  database: Database,
  target: Target,
  production: Target | undefined,
): Promise<AskedProduction> {
  if (production === undefined) return { name: undefined, installationId: undefined, isSameServer: undefined }
  const limits = { isCopy: true, connectTimeout: 5_000, statementTimeout: 10_000 }
  let answer: Sameness & { installationId: string | null }
  try {
    answer = await withDatabase(production, limits, async (other) => ({
      ...(await compareDatabases(database, other)),
      installationId: await installationOf(other),
    }))
  } catch {
    // Production may well be down, or ailing: that is why somebody restores. Other evidence has to do.
    return { name: production.name, installationId: undefined, isSameServer: undefined }
  }
  if (answer.isSameDatabase) {
    const why =
      production.name === target.name ? 'its name says so' : `it is the same database as the target ${production.name}`
    throw refusal(target, why)
  }
  return { name: production.name, installationId: answer.installationId, isSameServer: answer.isSameServer }
}

/** The identity that pgdrill gave to a database; null when it gave none. */
export async function installationOf(database: Database): Promise<string | null> {
  const { rows } = await sql<{ exists: boolean }>`
    select to_regclass('drill.installation') is not null as exists`.execute(database)
  if (rows[0]?.exists !== true) return null
  const found = await sql<{ id: string }>`select i.installation_id::text as id from drill.installation as i`.execute(
    database,
  )
  return found.rows[0]?.id ?? null
}

/**
 * Refuses a target that is production itself, and a baseline that is of another database.
 * @returns the row that says how the target was told from production
 * @throws CouldNotVerify when it is production, when nobody can tell, or when the baseline does not belong to it
 */
export function requireRightDatabase(
  target: Target,
  identity: Identity,
  asked: AskedProduction,
  baseline: BaselineSource | null,
): CheckResult {
  if (baseline !== null) requireBaselineOf(target, identity, baseline)
  const told = tellFromProduction(target, identity, asked, baseline?.document)
  return {
    check_name: 'not_production',
    object_name: null,
    status: told.isCertain ? 'pass' : 'warn',
    detail: told.isCertain
      ? `the target is not production: ${told.how}`
      : `it is not proven that the target is not production: ${told.how}`,
    hint: told.isCertain
      ? null
      : 'Set PRODUCTION_DATABASE_URL to the production of this copy, so that pgdrill can ask it.',
    expected: 'another database',
    actual: told.how,
  }
}

function tellFromProduction(
  target: Target,
  identity: Identity,
  asked: AskedProduction,
  baseline: Baseline | undefined,
): { how: string; isCertain: boolean } {
  const source = baseline?.source
  // No copy has the start time of the server it was made from.
  const isSameStart =
    source !== undefined &&
    identity.system_identifier === source.system_identifier &&
    Date.parse(identity.started_at) === Date.parse(source.started_at)
  if (isSameStart && identity.database_name === source.database_name) {
    throw refusal(target, 'it is the running server and database from which the baseline was taken')
  }
  const wanted = source?.installation_id ?? identity.installation_id
  if (asked.installationId !== undefined) {
    if (asked.installationId === wanted)
      return { how: `a lock taken in it is not seen in ${asked.name}`, isCertain: true }
    return { how: `${asked.name} is another database than the one that this copy is of`, isCertain: false }
  }
  const why = asked.name === undefined ? 'no production is configured' : `${asked.name} cannot be asked`
  if (source === undefined) return { how: `${why}, and there is no baseline to hold it against`, isCertain: false }
  if (
    identity.system_identifier === source.system_identifier &&
    identity.timeline_id === source.timeline_id &&
    identity.database_name === source.database_name
  ) {
    throw new CouldNotVerify(
      `the target ${target.name} may be production itself: same system identifier, timeline and database name as in the baseline`,
      'Set PRODUCTION_DATABASE_URL to a reachable production, so that pgdrill can tell them apart.',
    )
  }
  // Strong hints, but a production that failed over or was upgraded since the baseline looks just so.
  const hints = [
    ...(identity.system_identifier === source.system_identifier ? [] : ['another system identifier']),
    ...(identity.timeline_id === source.timeline_id
      ? []
      : [`timeline ${identity.timeline_id} instead of ${source.timeline_id}`]),
    ...(identity.database_name === source.database_name
      ? []
      : [`the name ${identity.database_name} instead of ${source.database_name}`]),
  ]
  return { how: `${why}, but it has ${hints.join(', ')} than the baseline's source`, isCertain: false }
}

/** Whether the copy carries the identity that pgdrill gave to production: a schema restored without its data does not. */
export function identityResult(identity: Identity, baseline: Baseline | undefined): CheckResult {
  const row = {
    check_name: 'identity',
    object_name: 'drill.installation',
    expected: baseline?.source.installation_id ?? 'an identity',
    actual: identity.installation_id,
  }
  if (identity.installation_id === null) {
    return {
      ...row,
      status: 'fail',
      detail: 'drill.installation has no row: the data of schema drill was not restored',
      hint: 'Look at the log of the restore: the schema came back without its data.',
    }
  }
  if (baseline === undefined) {
    return {
      ...row,
      status: 'skip',
      detail: 'without a baseline there is no identity of production to compare with',
      hint: null,
    }
  }
  if (identity.installation_id !== baseline.source.installation_id) {
    return {
      ...row,
      status: 'warn',
      detail: `pgdrill was installed into this copy on ${identity.installed_at}, after the baseline: its identity does not tell where the data came from`,
      hint: 'Install pgdrill in production, so that every copy carries its identity.',
    }
  }
  return {
    ...row,
    status: 'pass',
    detail: `the copy carries the identity ${identity.installation_id} of production`,
    hint: null,
  }
}

function refusal(target: Target, why: string): CouldNotVerify {
  return new CouldNotVerify(
    `the target ${target.name} is production itself and is refused: ${why}`,
    'Name the restored copy; pgdrill never treats production as a restore target.',
  )
}

function requireBaselineOf(target: Target, identity: Identity, baseline: BaselineSource): void {
  const { source, captured_at: capturedAt } = baseline.document
  // A copy that lost its identity is judged like any other; identityResult says so.
  if (identity.installation_id === null || identity.installation_id === source.installation_id) return
  // Installed into the copy after the restore: then its identity says nothing about where the data came from.
  if (identity.installed_at !== null && Date.parse(identity.installed_at) > Date.parse(capturedAt)) return
  throw new CouldNotVerify(
    `the baseline (${baseline.origin}) is of another database: of ${source.database_name}, installation ${source.installation_id.slice(0, 8)}; the target carries ${identity.installation_id.slice(0, 8)}`,
    `Give the baseline of the production that this copy was restored from; if pgdrill was installed into the copy by itself, install it anew: make migrate-down TARGET=${target.name}, then make migrate TARGET=${target.name} BASELINE=FILE.`,
  )
}
