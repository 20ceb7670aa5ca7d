// For programs that embed pgdrill: import { verify } from 'pgdrill'. What is exported here, and
// nothing else, keeps its shape between versions.

import { CouldNotVerify } from './could-not-verify.ts'
import { parseConnectionUrl } from './database/connection-url.ts'
import type { Depth } from './database/contract.ts'
import type { Target } from './database/targets.ts'
import { Stages } from './terminal/stages.ts'
import { baselineOfFile } from './verification/baseline-source.ts'
import { depths } from './verification/depths.ts'
import { parseMoment } from './verification/moment.ts'
import { type Verification, verifyTarget } from './verification/verify-target.ts'

export { CouldNotVerify } from './could-not-verify.ts'
export type {
  Bucket,
  CheckResult,
  CheckStatus,
  Depth,
  Grain,
  Identity,
  RecoveryEvidence,
  RecoveryPoint,
} from './database/contract.ts'
export type { ProbeAnswer } from './probes/answer.ts'
export type { Verdict } from './rules/verdict.ts'
export type { Recovery, Verification } from './verification/verify-target.ts'

export interface VerifyOptions {
  /** The restored database: postgresql://user:password@host:5432/database. */
  url: string
  /** The production database, to be sure that the restored one is another; without it that is a warning. */
  productionUrl?: string
  /** What the database is called in the results; default restore. */
  name?: string
  /** File of a baseline of production; default: the newest one inside the database. */
  baseline?: string
  /** Default standard. */
  depth?: Depth
  /** When production failed, such as 2026-11-23T04:30:00Z; default: now. */
  failurePoint?: string
  /** The moment to which somebody restored, to compare with what was recovered. */
  restorePoint?: string
  /** The moment to take as now; default: the server's clock. */
  now?: string
  /** How long one statement may take, in seconds; default an hour. */
  statementTimeout?: number
  /** How many connections count, 1 to 64; default 1. */
  jobs?: number
}

/**
 * Verifies one restored database, as `pgdrill verify --no-app --no-proof` does; reads only and prints nothing.
 * @returns every result and the verdict; `verdict.exit_code` is 0 verified, 1 verified to be wrong, 2 could not verify
 * @throws CouldNotVerify when there is no way to even begin: its message and hint hold no password
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { depth = 'standard', jobs = 1, statementTimeout } = options
  if (!depths.includes(depth)) {
    throw new CouldNotVerify(`depth is not one of ${depths.join(', ')}: ${JSON.stringify(depth)}`)
  }
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64) {
    throw new CouldNotVerify(`jobs is not a whole number from 1 to 64: ${JSON.stringify(jobs)}`)
  }
  if (statementTimeout !== undefined && !(Number.isInteger(statementTimeout) && statementTimeout > 0)) {
    throw new CouldNotVerify(`statementTimeout is not a whole number of seconds: ${JSON.stringify(statementTimeout)}`)
  }
  const moment = (name: 'failurePoint' | 'restorePoint' | 'now') => {
    const text = options[name]
    return text === undefined ? undefined : parseMoment(text, name)
  }
  return await verifyTarget(
    {
      target: targetOf(options.name ?? 'restore', 'url', options.url),
      production:
        options.productionUrl === undefined
          ? undefined
          : targetOf('production', 'productionUrl', options.productionUrl),
      depth,
      baseline: options.baseline === undefined ? undefined : baselineOfFile(options.baseline),
      failurePoint: moment('failurePoint'),
      restorePoint: moment('restorePoint'),
      now: moment('now'),
      statementTimeout: statementTimeout === undefined ? undefined : statementTimeout * 1000,
      jobs,
    },
    new Stages({ quiet: true }),
  )
}

function targetOf(name: string, variable: string, url: string): Target {
  return { name, variable, configuredBy: 'the caller', connection: parseConnectionUrl(url, variable) }
}
