import { sql } from 'kysely'
import postgres from 'postgres'
import type { BaselineSource } from '../baselines/document.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { compareManifests, guardRpc, installedManifest, shippedManifest } from '../database/attestation.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { CheckResult, Outbound } from '../database/contract.ts'
import { getIdentity, listOutbound } from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { spareServer, standingOf } from '../rules/disarming.ts'
import { newestBaselineIn } from './baseline-source.ts'
import { askProduction, requireRightDatabase } from './right-database.ts'

export interface DisarmQuestion {
  target: Target
  production: Target | undefined
  /** undefined: the newest baseline inside the target. */
  baseline: BaselineSource | undefined
  /** Whether the statements are run. */
  isApplied: boolean
}

/** One thing, and why its statement failed, if it was run and did. */
export interface DisarmedThing extends Outbound {
  /** Whether it was armed before anything was run. */
  was_armed: boolean | null
  error: string | null
}

export interface Disarming {
  target: Target
  url: string
  isSandbox: boolean
  isApplied: boolean
  /** The row that says how the target was told from production. */
  notProduction: CheckResult
  things: DisarmedThing[]
}

/**
 * Lists what a restored copy can act on, and disarms it when asked to: each statement by itself, so that one that fails
 * stops no other, and what was done is done. Repeating it is harmless.
 * @param said is told of each thing as soon as its statements ran; error is null when they succeeded
 * @throws CouldNotVerify when it is production, when that is not certain and something is to be run, or when the functions
 *   that would choose the statements are not ours
 */
export async function disarmTarget(
  question: DisarmQuestion,
  said: (thing: Outbound, error: string | null) => void,
): Promise<Disarming> {
  const { target, isApplied } = question
  return await withDatabase(target, { isCopy: true }, async (database) => {
    const asked = await askProduction(database, target, question.production)
    await requireSchema(database, target)
    await requireShippedFunctions(database, target)
    const baseline = question.baseline ?? (await newestBaselineIn(database, target))
    const identity = await getIdentity(database)
    const notProduction = requireRightDatabase(target, identity, asked, baseline)
    if (isApplied && notProduction.status !== 'pass') throw notCertain(notProduction)

    const list = async () => {
      const things = await readOutbound(database)
      return asked.isSameServer === true ? spareServer(things) : things
    }
    const before = await list()
    const errors = new Map<string, string>()
    if (isApplied) {
      await sql`set default_transaction_read_only = off`.execute(database)
      for (const thing of before.filter((one) => standingOf(one) === 'armed' && one.disarming_statements.length > 0)) {
        const error = await runAll(database, thing.disarming_statements)
        if (error !== null) errors.set(keyOf(thing), error)
        said(thing, error)
      }
    }
    const after = isApplied ? await settled(list) : before
    return {
      target,
      url: describeConnection(target.connection),
      isSandbox: identity.is_sandbox,
      isApplied,
      notProduction,
      things: after.map((thing) => ({
        ...thing,
        was_armed: before.find((one) => keyOf(one) === keyOf(thing))?.is_armed ?? null,
        error: errors.get(keyOf(thing)) ?? null,
      })),
    }
  })
}

function keyOf(thing: Outbound): string {
  return JSON.stringify([thing.kind, thing.object_kind, thing.object_name, thing.problem])
}

async function readOutbound(database: Database): Promise<Outbound[]> {
  return await database
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((transaction) => listOutbound(transaction))
}

/** @returns the message of the first statement that failed, null when none did */
async function runAll(database: Database, statements: readonly string[]): Promise<string | null> {
  for (const statement of statements) {
    try {
      await sql.raw(statement).execute(database)
    } catch (error) {
      if (!(error instanceof postgres.PostgresError)) throw error
      return `${error.message} (SQLSTATE ${error.code})`
    }
  }
  return null
}

// The server reads its settings anew some moments after it was told to.
async function settled(list: () => Promise<Outbound[]>): Promise<Outbound[]> {
  for (let attempt = 1; ; attempt += 1) {
    const things = await list()
    const isWaiting = things.some(
      (one) => one.kind === 'archiving' && standingOf(one) === 'armed' && one.disarming_statements.length > 0,
    )
    if (!isWaiting || attempt === 20) return things
    await new Promise((done) => setTimeout(done, 100))
  }
}

async function requireShippedFunctions(database: Database, target: Target): Promise<void> {
  const findings = compareManifests(shippedManifest(), await installedManifest(database)).filter(
    (row) => row.status !== 'pass' && row.object_name !== guardRpc,
  )
  if (findings.length === 0) return
  throw new CouldNotVerify(
    `functions of pgdrill in the target ${target.name} are missing or replaced, and would choose what is run: ${findings.map((row) => row.object_name).join(', ')}`,
    `Put them right first: pgdrill verify --target ${target.name} names each with what to do.`,
  )
}

function notCertain(row: CheckResult): CouldNotVerify {
  return new CouldNotVerify(
    `nothing was run: ${row.detail}`,
    'Set PRODUCTION_DATABASE_URL to the production of this copy, so that pgdrill can ask it; or make sure yourself, and run by psql what pgdrill disarm prints without --apply.',
  )
}
