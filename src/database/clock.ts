import { sql } from 'kysely'
import type { Database } from './connect.ts'

/**
 * How far the server's clock is ahead of ours, in seconds: asked three times, of which the quickest answer counts, and the
 * answer taken to be of the middle of its way there and back.
 */
export async function measureClockSkew(database: Database): Promise<number> {
  let best = { roundTrip: Number.POSITIVE_INFINITY, skew: 0 }
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const before = Date.now()
    const begin = performance.now()
    const { rows } = await sql<{ epoch: string }>`
      select extract(epoch from clock_timestamp())::text as epoch`.execute(database)
    const roundTrip = performance.now() - begin
    const skew = Number(rows[0]?.epoch) - (before + roundTrip / 2) / 1000
    if (roundTrip < best.roundTrip) best = { roundTrip, skew }
  }
  return Math.round(best.skew * 1000) / 1000
}
