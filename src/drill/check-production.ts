import { CouldNotVerify } from '../could-not-verify.ts'
import { measureClockSkew } from '../database/clock.ts'
import { withDatabase } from '../database/connect.ts'
import { getProductionHealth, type ProductionHealth } from '../database/drills.ts'
import { requireSchema } from '../database/installed-schema.ts'
import type { Target } from '../database/targets.ts'
import type { EventNamed } from './events.ts'

/** What production said, as an event of the journal, and in full. */
export interface ProductionCheck {
  event: EventNamed<'production_checked'>
  /** Null when it could not be asked. */
  health: ProductionHealth | null
}

/** Asks production how it is. Never fails: it may well be down, that is why somebody restores. */
export async function checkProduction(production: Target | undefined): Promise<ProductionCheck> {
  const at = () => new Date().toISOString()
  const unreachable = (problem: string): ProductionCheck => ({
    event: {
      event: 'production_checked',
      at: at(),
      is_reachable: false,
      problem,
      schema_version: null,
      heartbeat_age: null,
      baseline_age: null,
      clock_skew: null,
      is_sandbox: false,
      is_app_required: null,
      follow_up_due: null,
      policies: null,
    },
    health: null,
  })
  if (production === undefined) return unreachable('PRODUCTION_DATABASE_URL is not set')
  const limits = { connectTimeout: 5_000, statementTimeout: 30_000 }
  try {
    return await withDatabase(production, limits, async (database) => {
      await requireSchema(database, production)
      const skew = await measureClockSkew(database)
      const health = await getProductionHealth(database)
      const { rto = null, rpo = null, clock_skew = null } = health.policies
      return {
        event: {
          event: 'production_checked',
          at: at(),
          is_reachable: true,
          problem: null,
          schema_version: health.schema_version,
          heartbeat_age: health.heartbeat_age,
          baseline_age: health.baseline_age,
          clock_skew: skew,
          is_sandbox: health.is_sandbox,
          is_app_required: health.is_app_required,
          follow_up_due: health.follow_up_due,
          policies: { rto, rpo, clock_skew },
        },
        health,
      }
    })
  } catch (error) {
    const { message, code } = error as { message: string; code?: string }
    if (error instanceof CouldNotVerify || code !== undefined) return unreachable(message)
    throw error
  }
}
