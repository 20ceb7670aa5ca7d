// Measures the critical relations piece by piece, over several connections when that is
// asked for. All of them see the one snapshot of the transaction that asks.

import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Database, type Limits, withDatabase } from '../database/connect.ts'
import type { Bucket, Tenant } from '../database/contract.ts'
import {
  exportSnapshot,
  getRegistrations,
  importSnapshot,
  listBucketsOf,
  listMeasurable,
  listTenantParts,
  listTenants,
} from '../database/facts.ts'
import type { Target } from '../database/targets.ts'
import { cutIntoPieces, type Piece } from './pieces.ts'
import { Progress, type Step } from './progress.ts'
import { unlessRefused, unmeasured } from './refused.ts'

export interface Measuring {
  /** Where the other connections go, and with which limits: those of the transaction. */
  target: Target
  limits: Limits
  /** How many connections measure; that of the transaction is one of them. */
  jobs: number
  depth: 'standard' | 'full'
  /** The moment relative to which recent days are told apart. */
  asOf: string
  /** Counts tenants, too, at depth full: the installation that their hashes are made with, null for this one. */
  tenantsOf: { installationId: string | null } | undefined
  /** For a capture: what was taken over from an earlier baseline and is left out. Tenants are then told apart for the next. */
  carried?: Carried
  /** Is told each further transaction that measures. */
  announce?: (transaction: Database) => Promise<void>
}

/** Partitions, each behind its relation's name and a blank. */
export interface Carried {
  names: ReadonlySet<string>
  /** Those of which the tenants were taken over, too. */
  tenantNames: ReadonlySet<string>
}

export interface Facts {
  buckets: Bucket[]
  tenants: Tenant[]
}

/** A session that waits for others says so before the server takes it for forgotten (idle_in_transaction_session_timeout). */
const heartbeat = 60_000

interface Task extends Step {
  run: (database: Database) => Promise<Facts>
  facts: Facts
}

/**
 * Measures what is registered as critical. The result does not depend on the number of connections; who cannot be joined, for
 * want of a free connection, leaves the work to the others. What the database refuses of one piece, such as a count that
 * takes longer than the statement timeout, is a problem of its buckets in a verification; a capture cannot use the rest.
 * @param transaction repeatable read: its snapshot is that of all connections
 * @param tell is told how far it is
 * @throws whatever one of the connections failed with, in a capture what the database refused, too; none of them is left then
 */
export async function measure(
  transaction: Database,
  measuring: Measuring,
  tell: (text: string) => void = () => {},
): Promise<Facts> {
  const tasks = await listTasks(transaction, measuring)
  // The largest first: whoever comes last should have little left to do.
  const queue = [...tasks].sort((a, b) => b.bytes - a.bytes)
  const progress = new Progress(tasks)
  const work = async (database: Database) => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      progress.begin(task)
      tell(progress.text())
      task.facts = await task.run(database)
      progress.end(
        task,
        task.facts.buckets.reduce((sum, { row_count }) => sum + Number(row_count ?? 0), 0),
      )
      if (queue.length === 0) tell(progress.text())
    }
  }
  const clock = setInterval(() => tell(progress.text()), 1000)
  clock.unref()
  const others = Math.min(measuring.jobs, tasks.length) - 1
  const snapshot = others > 0 ? await exportSnapshot(transaction) : null
  const helpers = Array.from({ length: snapshot === null ? 0 : others }, () =>
    startHelper(measuring, snapshot as string, work),
  )
  const helped = Promise.all(helpers.map(({ ended }) => ended))
  try {
    await Promise.all([helped, work(transaction).then(() => leaveOut(helpers))])
  } finally {
    clearInterval(clock)
    queue.length = 0
    for (const { stop } of helpers) stop()
    await Promise.allSettled(helpers.map(({ ended }) => ended))
  }
  return {
    buckets: tasks.flatMap(({ facts }) => facts.buckets),
    tenants: tasks.flatMap(({ facts }) => facts.tenants),
  }

  /** Nothing is left to begin: who has not come yet need not, and who has is waited for. */
  async function leaveOut(all: readonly Helper[]): Promise<void> {
    for (const helper of all) if (!helper.hasJoined()) helper.stop()
    let isOver = false
    const over = helped.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    while (!isOver) {
      const waiting = new AbortController()
      const pause = sleep(heartbeat, undefined, { signal: waiting.signal }).catch(() => {})
      // The timer would keep the program from ending.
      await Promise.race([over, pause]).finally(() => waiting.abort())
      if (!isOver) await listNothing(transaction)
    }
  }
}

interface Helper {
  ended: Promise<void>
  hasJoined: () => boolean
  stop: () => void
}

function startHelper(
  { target, limits, announce }: Measuring,
  snapshot: string,
  work: (database: Database) => Promise<void>,
): Helper {
  const stopping = new AbortController()
  const signal = AbortSignal.any([stopping.signal, ...(limits.signal === undefined ? [] : [limits.signal])])
  let hasJoined = false
  const help = async () => {
    try {
      await withDatabase(target, { ...limits, signal }, (database) =>
        database
          .transaction()
          .setIsolationLevel('repeatable read')
          .setAccessMode('read only')
          .execute(async (transaction) => {
            await importSnapshot(transaction, snapshot)
            await announce?.(transaction)
            hasJoined = true
            await work(transaction)
          }),
      )
    } catch (error) {
      // Stopped by us it has no work; it may still join in that moment.
      if (hasJoined && !signal.aborted) throw error
    }
  }
  return { ended: help(), hasJoined: () => hasJoined, stop: () => stopping.abort() }
}

async function listTasks(transaction: Database, measuring: Measuring): Promise<Task[]> {
  const { depth, asOf, jobs, carried, tenantsOf } = measuring
  const isCapture = carried !== undefined
  const all = await listMeasurable(transaction)
  const without = (names: ReadonlySet<string> | undefined) =>
    all.filter(({ relation_name, partition_name }) => names?.has(`${relation_name} ${partition_name}`) !== true)
  const buckets = (piece: Piece): Task => ({
    label: piece.relation_name,
    bytes: piece.bytes,
    rows: piece.rows,
    run: (database) =>
      unlessRefused<Facts>(
        database,
        piece.relation_name,
        async () => ({ buckets: await listBucketsOf(database, piece, depth, asOf), tenants: [] }),
        isCapture
          ? undefined
          : async (problem) => ({ buckets: await unmeasured(database, piece, asOf, problem), tenants: [] }),
      ),
    facts: nothing,
  })
  const tenants = (relationName: string, installationId: string | null): Task => ({
    label: `tenants of ${relationName}`,
    bytes: without(carried?.tenantNames)
      .filter(({ relation_name }) => relation_name === relationName)
      .reduce((sum, { byte_count }) => sum + Number(byte_count), 0),
    rows: null,
    run: (database) =>
      unlessRefused<Facts>(
        database,
        `the tenants of ${relationName}`,
        async () => ({
          buckets: [],
          tenants:
            carried === undefined
              ? await listTenants(database, installationId, relationName)
              : await listTenantParts(database, relationName, asOf, [...carried.tenantNames]),
        }),
        isCapture ? undefined : async (problem) => ({ buckets: [], tenants: [uncounted(relationName, problem)] }),
      ),
    facts: nothing,
  })
  const { critical_relations } =
    tenantsOf !== undefined && depth === 'full' ? await getRegistrations(transaction) : { critical_relations: [] }
  return [
    ...cutIntoPieces(without(carried?.names), jobs).map(buckets),
    ...critical_relations
      .filter(({ tenant_column }) => tenant_column !== null)
      .map(({ relation_name }) => tenants(relation_name, tenantsOf?.installationId ?? null)),
  ]
}

function uncounted(relation_name: string, problem: string): Tenant {
  return { relation_name, tenant_key: '', row_count: null, newest_at: null, problem }
}

const nothing: Facts = { buckets: [], tenants: [] }

async function listNothing(transaction: Database): Promise<void> {
  await sql`select 1`.execute(transaction)
}
