// The work of a measurement, cut so that several connections can share it: pure.

import type { Measurable } from '../database/contract.ts'

/** What one query measures: some partitions of one relation, or a relation that has none. */
export interface Piece {
  relation_name: string
  partition_names: string[]
  bytes: number
  /** An estimate; null when one of them has none. */
  rows: number | null
}

/** The server measures a hundred partitions at a time. */
const mostPartitions = 100
/** Below this a query of its own costs more than it brings. */
const smallestPiece = 64 * 1024 * 1024
/** More would make the last one to finish wait less, and the queries more. */
const piecesPerConnection = 16

/**
 * Partitions in a row make a piece until it is large enough: a sixteenth of the share of one connection.
 * @param measurables in the order in which their results are wanted
 */
export function cutIntoPieces(measurables: readonly Measurable[], connections: number): Piece[] {
  const all = measurables.reduce((sum, one) => sum + Number(one.byte_count), 0)
  const enough = Math.max(smallestPiece, all / (connections * piecesPerConnection))
  const pieces: Piece[] = []
  for (const { relation_name, partition_name, byte_count, estimated_row_count } of measurables) {
    const [bytes, rows] = [Number(byte_count), estimated_row_count === null ? null : Number(estimated_row_count)]
    const last = pieces.at(-1)
    const fits =
      last?.relation_name === relation_name &&
      last.partition_names.length < mostPartitions &&
      last.bytes + bytes <= enough
    if (last === undefined || !fits) pieces.push({ relation_name, partition_names: [partition_name], bytes, rows })
    else {
      last.partition_names.push(partition_name)
      last.bytes += bytes
      last.rows = last.rows === null || rows === null ? null : last.rows + rows
    }
  }
  return pieces
}
