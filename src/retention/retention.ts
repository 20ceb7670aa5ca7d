// One look at the retention: what is held, by which policy it is judged, and the answer. Every writer makes its format of this.

import { sql } from 'kysely'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import { describeConnection } from '../database/connection-url.ts'
import { getIdentity } from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import { isSandbox } from '../database/sandbox-mark.ts'
import type { Target } from '../database/targets.ts'
import { collect, type HeldBackups } from '../inventories/collect.ts'
import { homeOf, type Inventory } from '../inventories/inventory.ts'
import { ofOneDatabase, type WantedDatabase } from '../inventories/one-database.ts'
import { type ActualRetention, actualRetention } from '../rules/actual-retention.ts'
import type { BackupSource, HeldBackup } from '../rules/backups-held.ts'
import { judgeRetention, type RetentionJudgement, type RetentionQuestion } from '../rules/judge-retention.ts'
import { shippedSlotCounts } from '../rules/retention.ts'
import type { SlotCounts } from '../rules/retention-slots.ts'
import { judge, type Verdict } from '../rules/verdict.ts'

export interface Retention {
  target: { name: string; url: string; is_sandbox: boolean } | null
  /** Whether the inventories were read now, or are those that were recorded. */
  is_recorded: boolean
  question: RetentionQuestion
  judgement: RetentionJudgement
  actual: ActualRetention
  verdict: Verdict
  remarks: string[]
}

export interface RetentionRequest {
  /** None: those recorded in the target. */
  inventories: readonly Inventory[] | null
  target: Target | undefined
  isToBeRecorded: boolean
  now: string | undefined
  since: string | undefined
  policy: Partial<SlotCounts>
  /** In milliseconds. */
  rpo: number | undefined
  limits: Limits
}

/** What drill.export_backups() gives. */
interface Recorded {
  policy: {
    daily: number
    weekly: number
    monthly: number
    since: string | null
    gap_tolerance_seconds: number
    rpo_seconds: number
    clock_skew_seconds: number
  } | null
  now: string
  sources: BackupSource[]
  backups: HeldBackup[]
}

const shipped = { rpo: 24 * 3_600_000, gapTolerance: 3_600_000, clockSkew: 300_000 }

/**
 * Judges the retention, and records the inventories if asked to.
 * @throws CouldNotVerify when production cannot be asked, or nothing is recorded there
 */
export async function lookAtRetention(request: RetentionRequest): Promise<Retention> {
  const { target } = request
  if (target === undefined) {
    if (request.inventories === null) throw new CouldNotVerify('there is no inventory')
    const now = request.now ?? new Date().toISOString()
    return answer(request, null, now, collect(ofOneDatabase(request.inventories, undefined), now), undefined)
  }
  return await withDatabase(target, { ...request.limits, now: request.now }, async (database) => {
    await requireSchema(database, target)
    const { rows } = await sql<{ held: Recorded }>`select drill.export_backups() as held`.execute(database)
    const recorded = rows[0]?.held
    if (recorded === undefined || recorded.policy === null) {
      throw new CouldNotVerify(
        `the target ${target.name} has no retention policy: the table drill.retention_policy is empty`,
        'Insert its row: insert into drill.retention_policy default values.',
      )
    }
    const now = request.now ?? recorded.now
    if (request.inventories === null && recorded.sources.length === 0) {
      throw new CouldNotVerify(
        `no inventory was given, and none is recorded in ${target.name}`,
        'Give one: --inventory FILE, and --record to keep it in production.',
      )
    }
    const held =
      request.inventories === null
        ? { sources: recorded.sources, backups: recorded.backups, remarks: [] }
        : collect(
            ofOneDatabase(request.inventories, await wantedOf(target.name, database)),
            new Date(now).toISOString(),
          )
    if (request.isToBeRecorded) {
      const document = JSON.stringify({ sources: held.sources, backups: held.backups })
      await sql`select drill.record_backups(${document}::text::jsonb)`.execute(database)
    }
    const { name, connection } = target
    const asked = { name, url: describeConnection(connection), is_sandbox: await isSandbox(database) }
    return answer(request, asked, new Date(now).toISOString(), held, recorded.policy)
  })
}

function answer(
  { policy, since, rpo, inventories }: RetentionRequest,
  target: Retention['target'],
  now: string,
  { sources, backups, remarks }: HeldBackups,
  ofTarget: Recorded['policy'] | undefined,
): Retention {
  const question: RetentionQuestion = {
    now,
    sources,
    backups,
    policy: {
      daily: policy.daily ?? ofTarget?.daily ?? shippedSlotCounts.daily,
      weekly: policy.weekly ?? ofTarget?.weekly ?? shippedSlotCounts.weekly,
      monthly: policy.monthly ?? ofTarget?.monthly ?? shippedSlotCounts.monthly,
    },
    since: since ?? ofTarget?.since ?? null,
    rpo: rpo ?? inMilliseconds(ofTarget?.rpo_seconds) ?? shipped.rpo,
    gapTolerance: inMilliseconds(ofTarget?.gap_tolerance_seconds) ?? shipped.gapTolerance,
    clockSkew: inMilliseconds(ofTarget?.clock_skew_seconds) ?? shipped.clockSkew,
  }
  const judgement = judgeRetention(question)
  return {
    target,
    is_recorded: inventories === null,
    question,
    judgement,
    actual: actualRetention(question, judgement),
    verdict: judge(judgement.results),
    remarks,
  }
}

async function wantedOf(name: string, database: Database): Promise<WantedDatabase> {
  const { installation_id, system_identifier, database_name } = await getIdentity(database)
  return { name, installation_id, home: homeOf(system_identifier, database_name) }
}

function inMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
