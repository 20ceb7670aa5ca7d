// What the database refuses while one piece is measured: a verification says so of that piece and goes on, a capture ends.

import { sql } from 'kysely'
import postgres from 'postgres'
import type { Database } from '../database/connect.ts'
import type { Bucket } from '../database/contract.ts'
import { listBucketsOf } from '../database/facts.ts'
import type { Piece } from './pieces.ts'

/**
 * Measures inside a transaction. What the database refuses is a problem in words then, and the transaction goes on.
 * @param label what is measured, for the error of who does not go on
 * @param tell makes facts of the problem; undefined: the error is thrown, with the label
 * @throws whatever is no answer of the database, such as a lost connection
 */
export async function unlessRefused<T>(
  transaction: Database,
  label: string,
  measure: () => Promise<T>,
  tell: ((problem: string) => Promise<T>) | undefined,
): Promise<T> {
  if (tell === undefined) {
    return await measure().catch((error) => {
      if (error instanceof postgres.PostgresError) error.message = `${label}: ${error.message}`
      throw error
    })
  }
  return await inSavepoint(transaction, measure, (error) =>
    tell(`was not counted: ${error.message} (SQLSTATE ${error.code})`),
  )
}

/** The buckets of a piece that was not measured: with their bounds, so that they are known for what they are. */
export async function unmeasured(
  transaction: Database,
  piece: Piece,
  asOf: string,
  problem: string,
): Promise<Bucket[]> {
  const named = () => listBucketsOf(transaction, piece, 'quick', asOf)
  const buckets = await inSavepoint(transaction, named, async () => [unnamed(piece.relation_name)])
  return buckets.map((bucket) => ({ ...bucket, problem: bucket.problem ?? problem }))
}

async function inSavepoint<T>(
  transaction: Database,
  work: () => Promise<T>,
  refused: (error: postgres.PostgresError) => Promise<T>,
): Promise<T> {
  await sql`savepoint one_piece`.execute(transaction)
  try {
    const answer = await work()
    await sql`release savepoint one_piece`.execute(transaction)
    return answer
  } catch (error) {
    if (!(error instanceof postgres.PostgresError)) throw error
    await sql`rollback to savepoint one_piece`.execute(transaction)
    await sql`release savepoint one_piece`.execute(transaction)
    return await refused(error)
  }
}

/** Stands for a whole relation whose partitions cannot even be named. */
function unnamed(relation_name: string): Bucket {
  return {
    relation_name,
    partition_name: relation_name,
    bucket_name: relation_name,
    grain: 'table',
    starts_at: null,
    ends_at: null,
    partition_starts_at: null,
    partition_ends_at: null,
    is_default: false,
    row_count: null,
    oldest_at: null,
    newest_at: null,
    fingerprint: null,
    problem: null,
  }
}
