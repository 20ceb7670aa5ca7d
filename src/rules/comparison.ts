import type { Baseline } from '../baselines/document.ts'
import type {
  Bucket,
  CheckResult,
  CheckStatus,
  FingerprintRecipe,
  Identity,
  RecoveryEvidence,
  RecoveryPoint,
  Registrations,
  Tenant,
} from '../database/contract.ts'
import { timeOf } from './moments.ts'

/** What is known of the copy. */
export interface Copy {
  buckets: readonly Bucket[]
  /** Of depth full, as are the tenants. */
  recipes: readonly FingerprintRecipe[]
  tenants: readonly Tenant[]
  recovery: RecoveryPoint & { evidence?: Pick<RecoveryEvidence, 'newest_commit_at'> }
  /** The moment taken as now, ISO. */
  now: string
  registrations: Registrations
  identity: Pick<Identity, 'installation_id' | 'installed_at'>
  /** At quick only the presence of partitions is compared; full adds fingerprints and tenants. */
  depth: 'quick' | 'standard' | 'full'
}

/** The two sides and the moments between them, in milliseconds: what every rule gets. */
export interface Comparison {
  baseline: Baseline
  copy: Copy
  /** B: when the baseline was captured. */
  from: number
  /** R: the recovery point; undefined when it is unknown. */
  to: number | undefined
  /** Whether the copy must be equal to the baseline. */
  isExact: boolean
  settleAfter: number
  skew: number
  heartbeatInterval: number
}

/** Puts the moments and policies of a comparison together. */
export function prepare(baseline: Baseline, copy: Copy): Comparison {
  const policy = (name: string, seconds: number) => (baseline.policies[name] ?? seconds) * 1000
  const { recovery_point } = copy.recovery
  const moments = {
    from: timeOf(baseline.captured_at),
    to: recovery_point === null ? undefined : finite(timeOf(recovery_point)),
    settleAfter: policy('settle_after', 86_400),
    skew: policy('clock_skew', 300),
    heartbeatInterval: policy('heartbeat_interval', 300),
  }
  const isExact = baseline.is_exact && !isOfAnotherMoment(copy, moments)
  return { baseline, copy, isExact, ...moments }
}

/**
 * Whether the heartbeats say that the copy is not of the moment of the baseline: then it was not restored from the dump
 * that an exact baseline belongs to. Rows alone do not say it: one with a wrong date would take the strict rule away.
 */
export function isOfAnotherMoment(
  copy: Copy,
  { from, to, skew, heartbeatInterval }: Pick<Comparison, 'from' | 'to' | 'skew' | 'heartbeatInterval'>,
): boolean {
  return copy.recovery.is_exact && to !== undefined && Math.abs(to - from) > heartbeatInterval + skew
}

/** A recovery point at infinity says nothing. */
function finite(time: number): number | undefined {
  return Number.isFinite(time) ? time : undefined
}

/** Makes the rows of one check about one object. */
export function rowsOf(check_name: string, object_name: string | null) {
  return (
    status: CheckStatus,
    detail: string,
    hint: string | null,
    expected: unknown = null,
    actual: unknown = null,
  ): CheckResult => ({ check_name, object_name, status, detail, hint, expected, actual })
}
