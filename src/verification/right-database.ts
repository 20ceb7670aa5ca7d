import type { Baseline } from '../baselines/document.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import type { CheckResult, Identity } from '../database/contract.ts'
import { isSameDatabase } from '../database/same-database.ts'
import type { Target } from '../database/targets.ts'
import type { BaselineSource } from './baseline-source.ts'

/**
 * Refuses a target that is production itself, and a baseline that is of another database.
 * @returns the row that says how the target was told from production
 * @throws CouldNotVerify when it is production, when nobody can tell, or when the baseline does not belong to it
 */
export async function requireRightDatabase(
  database: Database,
  target: Target,
  identity: Identity,
  production: Target | undefined,
  baseline: BaselineSource | null,
): Promise<CheckResult> {
  if (baseline !== null) requireBaselineOf(identity, baseline)
  const told = await tellFromProduction(database, target, identity, production, baseline?.document)
  return {
    check_name: 'not_production',
    object_name: null,
    status: told.isCertain ? 'pass' : 'warn',
    detail: `the target is not production: ${told.how}`,
    hint: told.isCertain ? null : 'Set PRODUCTION_DATABASE_URL, so that pgdrill can compare the two servers.',
    expected: 'another database',
    actual: told.how,
  }
}

async function tellFromProduction(
  database: Database,
  target: Target,
  identity: Identity,
  production: Target | undefined,
  baseline: Baseline | undefined,
): Promise<{ how: string; isCertain: boolean }> {
  let unreachable = ''
  if (production !== undefined) {
    try {
      const isSame = await withDatabase(production, { connectTimeout: 5_000, statementTimeout: 10_000 }, (other) =>
        isSameDatabase(database, other),
      )
      if (isSame)
        throw refusal(
          target,
          production.name === target.name
            ? 'its name says so'
            : `it is the same database as the target ${production.name}`,
        )
      return { how: `a lock taken in it is not seen in ${production.name}`, isCertain: true }
    } catch (error) {
      // Production may well be down: that is why somebody restores. Other evidence has to do.
      if (!(error instanceof CouldNotVerify) || (error as { isRefusal?: boolean }).isRefusal) throw error
      unreachable = `${production.name} cannot be reached, but `
    }
  }
  if (baseline === undefined)
    return { how: `${unreachable}there is neither production nor a baseline to hold it against`, isCertain: false }
  const source = baseline.source
  if (identity.system_identifier !== source.system_identifier) {
    return { how: `${unreachable}its system identifier differs from that of the baseline`, isCertain: true }
  }
  if (identity.timeline_id !== source.timeline_id) {
    return {
      how: `${unreachable}it is on timeline ${identity.timeline_id}, the baseline was taken on ${source.timeline_id}`,
      isCertain: true,
    }
  }
  if (identity.database_name !== source.database_name) {
    return {
      how: `${unreachable}it is the database ${identity.database_name}, the baseline is of ${source.database_name}`,
      isCertain: true,
    }
  }
  if (Date.parse(identity.started_at) === Date.parse(source.started_at)) {
    throw refusal(target, 'it is the running server and database from which the baseline was taken')
  }
  throw new CouldNotVerify(
    `the target ${target.name} may be production itself: same system identifier, timeline and database name as in the baseline`,
    'Set PRODUCTION_DATABASE_URL to a reachable production, so that pgdrill can tell them apart.',
  )
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
  return Object.assign(
    new CouldNotVerify(
      `the target ${target.name} is production itself and is refused: ${why}`,
      'Name the restored copy; verify never treats production as a restore target.',
    ),
    { isRefusal: true },
  )
}

function requireBaselineOf(identity: Identity, baseline: BaselineSource): void {
  const { source, captured_at: capturedAt } = baseline.document
  // A copy that lost its identity is judged like any other; identityResult says so.
  if (identity.installation_id === null || identity.installation_id === source.installation_id) return
  // Installed into the copy after the restore: then its identity says nothing about where the data came from.
  if (identity.installed_at !== null && Date.parse(identity.installed_at) > Date.parse(capturedAt)) return
  throw new CouldNotVerify(
    `the baseline (${baseline.origin}) is of another database: of ${source.database_name}, installation ${source.installation_id.slice(0, 8)}; the target carries ${identity.installation_id.slice(0, 8)}`,
    'Give the baseline of the production that this copy was restored from.',
  )
}
