import { join } from 'node:path'
import { sql } from 'kysely'
import { type Baseline, parseBaseline } from '../baselines/document.ts'
import { baselineFileName, baselinesDirectory, writeBaselineFile } from '../baselines/file.ts'
import { CouldNotVerify } from '../could-not-verify.ts'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import {
  beginBaseline,
  completeBaseline,
  exportBaseline,
  importSnapshot,
  listChangeMarks,
  useNoParallelWorkers,
} from '../database/facts.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import { measure } from './measure.ts'
import { steppingAside } from './step-aside.ts'

export interface CaptureOptions {
  label?: string | undefined
  depth: 'standard' | 'full'
  /** Measures closed partitions anew, even when nobody wrote into them since the last baseline. */
  full?: boolean | undefined
  jobs: number
  /** What another transaction sees, to be measured instead of this moment. */
  snapshot?: Snapshot | undefined
}

/** The exported snapshot of a transaction that is still open. */
export interface Snapshot {
  name: string
  /** ISO text: the baseline is of this moment. */
  takenAt: string
  /** What listChangeMarks() gave before it was taken. */
  marks: string
}

/**
 * Measures production in one snapshot and stores a baseline in it. Gives its document as text. Steps aside when somebody
 * in production waits for it.
 * @param tell is told how far the counting is
 * @throws CouldNotVerify when it cannot be reached, has not the checks, or stepped aside
 */
export async function captureBaseline(
  target: Target,
  limits: Limits,
  options: CaptureOptions,
  tell: (text: string) => void,
): Promise<string> {
  // A backup holds its tables to its end anyway, as pg_dump does.
  if (options.snapshot !== undefined) return await captureOn(target, limits, options, tell)
  return await steppingAside(target, limits, ({ announce, signal }) =>
    captureOn(target, { ...limits, signal }, options, tell, announce),
  )
}

async function captureOn(
  target: Target,
  limits: Limits,
  options: CaptureOptions,
  tell: (text: string) => void,
  announce: (transaction: Database) => Promise<void> = async () => {},
): Promise<string> {
  return await withDatabase(target, limits, async (database) => {
    await requireSchema(database, target)
    return await captureIn(database, target, limits, options, tell, announce)
  })
}

/**
 * Keeps a captured baseline as a file, too. Gives what it holds, and the file.
 * @param document as captureBaseline gave it
 * @param out undefined: the place where baselines are kept
 * @throws CouldNotVerify when it cannot be written; it is stored in production all the same
 */
export function keepBaseline(
  target: Target,
  document: string,
  out: string | undefined,
): { baseline: Baseline; file: string } {
  const baseline = parseBaseline(document, 'just captured')
  const file = out ?? join(baselinesDirectory, baselineFileName(target.name, baseline))
  try {
    writeBaselineFile(file, document)
  } catch (error) {
    throw new CouldNotVerify(
      `the baseline ${baseline.baseline_id} is stored in ${target.name}, but ${file} cannot be written: ${(error as Error).message}`,
      `Make room, then: pgdrill baseline export ${baseline.baseline_id} --target ${target.name} --out FILE.`,
      { cause: error },
    )
  }
  return { baseline, file }
}

async function captureIn(
  database: Database,
  target: Target,
  limits: Limits,
  { label, depth, full, jobs, snapshot }: CaptureOptions,
  tell: (text: string) => void,
  announce: (transaction: Database) => Promise<void>,
): Promise<string> {
  // Before the snapshot: what is written after it must give another mark, or the next capture would not count it.
  const marks = snapshot?.marks ?? (await listChangeMarks(database))
  return await database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => {
      if (snapshot !== undefined) {
        await importSnapshot(transaction, snapshot.name)
        await sql`select set_config('drill.now', ${snapshot.takenAt}, true)`.execute(transaction)
      }
      await announce(transaction)
      // One connection is one processor: parallel workers of the server would be more.
      if (jobs === 1) await useNoParallelWorkers(transaction)
      const begun = await beginBaseline(transaction, { label, depth, isComplete: full === true })
      const { captured_at: asOf, carried_names, carried_tenant_names } = begun
      const carried = { names: new Set(carried_names), tenantNames: new Set(carried_tenant_names) }
      const tenantsOf = { installationId: null }
      const measuring = { target, limits, jobs, depth, asOf, tenantsOf, carried, announce }
      await completeBaseline(transaction, begun, await measure(transaction, measuring, tell), marks)
      return await exportBaseline(transaction, begun.baseline_id)
    })
}
