import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { BaselineSource } from '../baselines/document.ts'
import { compareManifests, guardRpc, installedManifest, shippedManifest } from '../database/attestation.ts'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import type { Bucket, CheckResult, Depth, Identity, RecoveryEvidence, RecoveryPoint } from '../database/contract.ts'
import {
  applyWaivers,
  getIdentity,
  getRegistrations,
  listBucketNames,
  listFingerprintRecipes,
  listObjects,
  listObjectsToCompare,
  listOutbound,
} from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import { isSandbox } from '../database/sandbox-mark.ts'
import type { Target } from '../database/targets.ts'
import { type Facts, measure } from '../measuring/measure.ts'
import type { ProbeAnswer } from '../probes/answer.ts'
import type { AppQuestion } from '../probes/app-question.ts'
import { requireOtherApp } from '../probes/other-app.ts'
import { bare } from '../probes/request.ts'
import { toolVersion } from '../project-files.ts'
import { compareBaseline } from '../rules/compare-baseline.ts'
import { compareObjects } from '../rules/compare-objects.ts'
import { disarmedObjects } from '../rules/disarming.ts'
import { judgeTransport } from '../rules/transport.ts'
import { judge, type Verdict } from '../rules/verdict.ts'
import type { Stages, StageTime } from '../terminal/stages.ts'
import { newestBaselineIn } from './baseline-source.ts'
import { type GuardOutput, guardOutputOf } from './guard-output.ts'
import { noApp, probeApp } from './probe-app.ts'
import { type AskedProduction, askProduction, identityResult, requireRightDatabase } from './right-database.ts'
import { runAmcheck } from './run-amcheck.ts'
import { runCheck, runChecks, runProbes } from './run-checks.ts'

/** What a verification is asked. */
export interface Question {
  target: Target
  /** The production database, when it is configured: to be sure that the target is another one. */
  production: Target | undefined
  depth: Depth
  /** undefined: the newest baseline inside the target. */
  baseline: BaselineSource | undefined
  /** What to compare with when the target has no baseline inside. */
  fallbackBaseline?: BaselineSource | undefined
  /** The moment of the failure, ISO; undefined: now. */
  failurePoint: string | undefined
  /** The moment to which a person says that the target was restored, ISO; undefined: not said. */
  restorePoint: string | undefined
  /** The moment to take as now, ISO; undefined: the server's clock. */
  now: string | undefined
  /** How long one statement may take, in milliseconds; undefined: the default. */
  statementTimeout: number | undefined
  /** How many connections count. */
  jobs: number
  /** The restored app; undefined: the database is judged alone. */
  app?: AppQuestion | undefined
}

/** The recovery point, and what it was held against. */
export type Recovery = RecoveryPoint & { evidence: RecoveryEvidence }

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
    /** Null when the function that tells it is missing or replaced. */
    identity: Identity | null
  }
  depth: Depth
  failure_point: string
  /** What --restore-point said. */
  restore_point: string | null
  baseline: BaselineSource | null
  recovery: Recovery | null
  buckets: Bucket[]
  /** What the guards' functions answered, before waivers; null when they were not called. */
  guard_output: GuardOutput | null
  /** The restored application that was probed; null when none was asked for. */
  app_url: string | null
  /** What its probes got; judged in results. */
  answers: ProbeAnswer[]
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
  const { now, restorePoint, statementTimeout } = question
  const limits = { isCopy: true, now, restorePoint, statementTimeout }
  const id = verificationId(startedAt, target)
  const app = question.app === undefined ? noApp : await requireOtherApp(question.app)

  return await withDatabase(target, limits, async (database, transport) => {
    const asked = await askProduction(database, target, question.production)
    await requireSchema(database, target)
    const attestation = compareManifests(shippedManifest(), await installedManifest(database))
    const judged = attestation.every((row) => row.status === 'pass' || row.object_name === guardRpc)
      ? await judgeCopy(database, question, { id, limits, asked, attestation, app }, stages)
      : { ...nothingJudged, baseline: question.baseline ?? null, results: [...attestation, untrusted] }
    const results = [...judged.results, judgeTransport(transport, target.variable)]
    return {
      format: 'pgdrill-verification',
      format_version: 1,
      verification_id: id,
      tool_version: toolVersion(),
      started_at: startedAt.toISOString(),
      finished_at: new Date().toISOString(),
      target: {
        name: target.name,
        url: describeConnection(target.connection),
        is_sandbox: await isSandbox(database),
        identity: judged.identity,
      },
      depth,
      failure_point: question.failurePoint ?? judged.now ?? startedAt.toISOString(),
      restore_point: restorePoint ?? null,
      baseline: judged.baseline,
      recovery: judged.recovery,
      buckets: judged.buckets,
      guard_output: judged.guard_output,
      app_url: question.app === undefined ? null : bare(question.app.url),
      answers: judged.answers,
      results,
      verdict: judge(results),
      stages: stages.times,
    }
  })
}

interface Judged {
  identity: Identity | null
  baseline: BaselineSource | null
  recovery: Recovery | null
  buckets: Bucket[]
  guard_output: GuardOutput | null
  answers: ProbeAnswer[]
  results: CheckResult[]
  now: string | null
}

const nothingJudged: Judged = {
  identity: null,
  baseline: null,
  recovery: null,
  buckets: [],
  guard_output: null,
  answers: [],
  results: [],
  now: null,
}

/** What was found out before the copy is looked at. */
interface Beginning {
  id: string
  limits: Limits
  asked: AskedProduction
  attestation: CheckResult[]
  /** How the app was told from production's, or that none is asked for. */
  app: CheckResult
}

async function judgeCopy(
  database: Database,
  question: Question,
  { id, limits, asked, attestation, app }: Beginning,
  stages: Stages,
): Promise<Judged> {
  const baseline =
    question.baseline ?? (await newestBaselineIn(database, question.target)) ?? question.fallbackBaseline ?? null
  const identity = await getIdentity(database)
  const isolation = requireRightDatabase(question.target, identity, asked, baseline)
  const readData = question.depth !== 'quick'
  // Before the snapshot is taken that all other facts come from; nothing of it remains.
  const probes = readData ? await runProbes(database, stages) : []
  const corruption = question.depth === 'full' ? await runAmcheck(database, stages) : []

  return await database
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      const now = await freezeTime(transaction)
      if (isolation.status === 'pass') await tellNotProduction(transaction)
      const results = [isolation, identityResult(identity, baseline?.document), ...attestation]
      const asking = {
        failurePoint: question.failurePoint ?? now,
        readData,
        readWhole: question.depth === 'full',
        askRpc: attestation.every((row) => row.status === 'pass'),
      }
      results.push(...(await runChecks(transaction, asking, stages)), ...probes, ...corruption)
      const recovery = recoveryOf(results)
      const { buckets, tenants } = await listFacts(transaction, question, limits, baseline, now, stages)
      if (baseline === null) results.push({ ...noBaseline, check_name: readData ? 'row_counts' : 'buckets_present' })
      else {
        const registrations = await getRegistrations(transaction)
        const compare = async () => {
          const { document, isInside } = baseline
          const objects = isInside
            ? await listObjectsToCompare(transaction, document.baseline_id)
            : { production: document.objects, copy: await listObjects(transaction), equal: {} }
          const disarmed = objects.copy.length === 0 ? [] : await listOutbound(transaction)
          return compareObjects(
            document,
            objects,
            question.target.connection.user,
            disarmedObjects(disarmed, objects.copy),
            identity.server_version,
          )
        }
        results.push(...(await stages.run('objects', () => runCheck(transaction, 'objects', compare))))
        const copy = {
          buckets,
          recipes: question.depth === 'full' ? await listFingerprintRecipes(transaction) : [],
          tenants,
          recovery,
          holdsBaseline: baseline.isInside,
          now,
          registrations,
          depth: question.depth,
          identity,
        }
        results.push(...compareBaseline(baseline.document, copy))
      }
      // Last, as it makes the app write; the snapshot does not see that.
      const { target, production } = question
      const probed =
        question.app === undefined
          ? { results: [], answers: [] }
          : await probeApp(transaction, question.app, { target, production, verificationId: id, buckets }, stages)
      results.push(app, ...probed.results)
      return {
        identity,
        baseline,
        recovery,
        buckets,
        guard_output: guardOutputOf(results),
        answers: probed.answers,
        results: await applyWaivers(transaction, results),
        now,
      }
    })
}

/** What is compared with the baseline; days are cut as there. */
async function listFacts(
  transaction: Database,
  { target, depth, jobs }: Question,
  limits: Limits,
  baseline: BaselineSource | null,
  now: string,
  stages: Stages,
): Promise<Facts> {
  const asOf = baseline?.document.captured_at ?? now
  if (depth === 'quick') {
    return await stages.run('partitions present', async () => ({
      buckets: await listBucketNames(transaction, asOf),
      tenants: [],
    }))
  }
  const installationId = baseline?.document.source.installation_id
  const tenantsOf = installationId === undefined ? undefined : { installationId }
  return await stages.run('row counts and timestamps', (tell) =>
    measure(transaction, { target, limits, jobs, depth, asOf, tenantsOf }, tell),
  )
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

const untrusted: CheckResult = {
  check_name: 'all_other_checks',
  object_name: null,
  status: 'error',
  detail: 'the other checks were not asked: functions that they are made of are missing or replaced',
  hint: 'Put right what attestation names, then verify again.',
  expected: 'functions as shipped',
  actual: 'others',
}

/** What the check recovery_point found, so that nothing is read twice. */
function recoveryOf(results: readonly CheckResult[]): Recovery {
  const found = results.find((row) => row.check_name === 'recovery_point')?.actual as Partial<
    RecoveryPoint & RecoveryEvidence
  > | null
  return {
    recovery_point: found?.recovery_point ?? null,
    source: found?.source ?? null,
    is_exact: found?.is_exact ?? false,
    evidence: {
      heartbeat_at: found?.heartbeat_at ?? null,
      newest_row_at: found?.newest_row_at ?? null,
      newest_row_relation: found?.newest_row_relation ?? null,
      newest_commit_at: found?.newest_commit_at ?? null,
      replayed_at: found?.replayed_at ?? null,
    },
  }
}

/** Fixes what the checks of this transaction take as now: one report, one moment. */
async function freezeTime(transaction: Database): Promise<string> {
  const { rows } = await sql<{ now: string }>`
    select set_config('drill.now', to_jsonb(drill.get_now()) #>> '{}', true) as now`.execute(transaction)
  return (rows[0] as { now: string }).now
}

/** What production itself was asked counts for more than what the check of isolation can see in the copy. */
async function tellNotProduction(transaction: Database): Promise<void> {
  await sql`select set_config('drill.is_not_production', 'on', true)`.execute(transaction)
}

function verificationId(startedAt: Date, target: Target): string {
  const time = startedAt.toISOString().replace(/[-:]|\.\d+/g, '')
  return `${time}-${target.name}-${randomBytes(2).toString('hex')}`
}
