import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import postgres from 'postgres'
import type { Baseline } from '../baselines/document.ts'
import { parseBaseline } from '../baselines/document.ts'
import { readBaselineFile } from '../baselines/file.ts'
import { compareManifests, guardRpc, installedManifest, shippedManifest } from '../database/attestation.ts'
import { type Database, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { Bucket, CheckResult, Identity, RecoveryPoint } from '../database/contract.ts'
import {
  callGuardRpc,
  exportBaseline,
  getIdentity,
  getRecoveryPoint,
  listBuckets,
  listRegistrations,
  sqlChecks,
} from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { toolVersion } from '../project-files.ts'
import { compareBaseline } from '../rules/compare-baseline.ts'
import { judge, type Verdict } from '../rules/verdict.ts'
import type { Stages, StageTime } from '../terminal/stages.ts'
import type { Depth } from './depths.ts'
import { identityResult, requireRightDatabase } from './right-database.ts'

/** What a verification is asked. */
export interface Question {
  target: Target
  /** The production database, when it is configured: to be sure that the target is another one. */
  production: Target | undefined
  depth: Depth
  /** Path of a baseline file; undefined: the newest baseline inside the target. */
  baselineFile: string | undefined
  /** The moment of the failure, ISO; undefined: now. */
  failurePoint: string | undefined
  /** The moment to take as now, ISO; undefined: the server's clock. */
  now: string | undefined
}

/** The whole answer: every writer of src/proof makes its format from this. Times are ISO text. */
export interface Verification {
  format: 'pgdrill-verification'
  format_version: 1
  verification_id: string
  tool_version: string
  started_at: string
  finished_at: string
  target: {
    name: string
    url: string
    is_sandbox: boolean
    identity: Identity
  }
  depth: Depth
  failure_point: string
  baseline: { origin: string; document: Baseline } | null
  recovery: RecoveryPoint | null
  buckets: Bucket[]
  results: CheckResult[]
  verdict: Verdict
  stages: StageTime[]
}

/**
 * Verifies one restored database. Reads only, in one repeatable-read transaction.
 * @throws CouldNotVerify when there is no way to even begin; whatever cannot be looked at later is an error row
 */
export async function verifyTarget(question: Question, stages: Stages): Promise<Verification> {
  const { target, depth } = question
  const startedAt = new Date()
  // Read first: a bad file must not cost a connection.
  const file = question.baselineFile === undefined ? undefined : readBaselineFile(question.baselineFile)
  const limits = { now: question.now }

  return await withDatabase(target, limits, async (database) => {
    await requireSchema(database, target)
    const baseline =
      file === undefined
        ? await newestBaseline(database)
        : { origin: `the file ${question.baselineFile}`, document: file }
    const identity = await getIdentity(database)
    const isolation = await requireRightDatabase(database, target, identity, question.production, baseline)

    return await database
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (transaction) => {
        const results: CheckResult[] = [isolation, identityResult(identity, baseline?.document)]
        const attestation = compareManifests(shippedManifest(), await installedManifest(transaction))
        results.push(...attestation)
        const unsound = attestation.filter((row) => row.status !== 'pass' && row.object_name !== guardRpc)
        let recovery: RecoveryPoint | null = null
        let buckets: Bucket[] = []
        const now = await currentTime(transaction)
        if (unsound.length === 0) {
          const ask = { failurePoint: question.failurePoint, readData: depth !== 'quick' }
          // A replaced RPC has been found already, and its answer does not count.
          const checks = { ...(attestation[0]?.status === 'pass' ? { guard_rpc: askRpc } : {}), ...sqlChecks }
          for (const [name, check] of Object.entries(checks)) {
            results.push(
              ...(await stages.run(name.replaceAll('_', ' '), () =>
                runCheck(transaction, name, () => check(transaction, ask)),
              )),
            )
          }
          recovery = await getRecoveryPoint(transaction, depth !== 'quick')
          buckets = await stages.run(depth === 'quick' ? 'partitions present' : 'row counts and timestamps', () =>
            listBuckets(transaction, depth !== 'quick'),
          )
          const registrations = await listRegistrations(transaction)
          results.push(
            ...(baseline === null
              ? [noBaseline]
              : compareBaseline(baseline.document, {
                  buckets,
                  recovery,
                  now,
                  is_measured: depth !== 'quick',
                  ...registrations,
                })),
          )
        }
        return {
          format: 'pgdrill-verification',
          format_version: 1,
          verification_id: verificationId(startedAt, target),
          tool_version: toolVersion(),
          started_at: startedAt.toISOString(),
          finished_at: new Date().toISOString(),
          target: {
            name: target.name,
            url: describeConnection(target.connection),
            is_sandbox: identity.is_sandbox,
            identity,
          },
          depth,
          failure_point: question.failurePoint ?? now,
          baseline,
          recovery,
          buckets,
          results,
          verdict: judge(results),
          stages: stages.times,
        }
      })
  })
}

const noBaseline: CheckResult = {
  check_name: 'row_counts',
  object_name: null,
  status: 'error',
  detail: 'no baseline was given and none travelled with the database, so there is nothing to compare with',
  hint: 'Give the file of production: --baseline verify/baselines/FILE (make: BASELINE=FILE).',
  expected: 'a baseline',
  actual: 'none',
}

// One check that the database refuses must neither end the others nor vanish.
async function runCheck(database: Database, name: string, check: () => Promise<CheckResult[]>): Promise<CheckResult[]> {
  await sql`savepoint one_check`.execute(database)
  try {
    const rows = await check()
    await sql`release savepoint one_check`.execute(database)
    if (rows.length > 0) return rows
    return [
      unanswered(
        name,
        `the check ${name} gave no answer`,
        'A check answers with at least one row: this is a fault of pgdrill, or of a role that hides rows.',
      ),
    ]
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error
    await sql`rollback to savepoint one_check`.execute(database)
    const hint = error.code === '42501' ? 'Grant the role of the URL the missing right, or verify as the owner.' : null
    return [
      unanswered(
        name,
        `the check ${name} could not run: ${error.message} (SQLSTATE ${error.code})`,
        error.hint ?? hint,
      ),
    ]
  }
}

function unanswered(checkName: string, detail: string, hint: string | null): CheckResult {
  return {
    check_name: checkName,
    object_name: null,
    status: 'error',
    detail,
    hint,
    expected: 'an answer',
    actual: 'none',
  }
}

async function askRpc(database: Database): Promise<CheckResult[]> {
  const answer = await callGuardRpc(database)
  return [
    {
      check_name: 'guard_rpc',
      object_name: guardRpc,
      status: answer === true ? 'pass' : 'fail',
      detail: `${guardRpc} returns ${answer}`,
      hint: answer === true ? null : 'The rows of partition_triggers say which guard is wrong.',
      expected: true,
      actual: answer,
    },
  ]
}

async function newestBaseline(database: Database): Promise<{ origin: string; document: Baseline } | null> {
  const origin = 'the newest inside the target'
  let text: string
  try {
    text = await exportBaseline(database, undefined)
  } catch (error) {
    if ((error as { code?: string }).code === 'RD003') return null
    throw error
  }
  return { origin, document: parseBaseline(text, origin) }
}

async function currentTime(database: Database): Promise<string> {
  const { rows } = await sql<{ now: string }>`select to_jsonb(drill.get_now()) #>> '{}' as now`.execute(database)
  return (rows[0] as { now: string }).now
}

function verificationId(startedAt: Date, target: Target): string {
  const time = startedAt.toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${target.name}-${randomBytes(2).toString('hex')}`
}
