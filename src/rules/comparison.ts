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
  recovery: RecoveryPoint & { evidence?: Partial<Pick<RecoveryEvidence, 'newest_commit_at' | 'newest_row_at'>> }
  /** Whether the baseline travelled in the copy, which then reaches to it at least. */
  holdsBaseline?: boolean
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
  /** R: up to when the copy reaches; undefined when it is unknown. */
  to: number | undefined
  /** The same as ISO text. */
  point: string | null
  /** Whether it may reach no further: else R is only the latest moment that something proves. */
  isPointKnown: boolean
  /** Whether the copy must be equal to the baseline. */
  isExact: boolean
  settleAfter: number
  skew: number
  heartbeatInterval: number
}

/** Puts the moments and policies of a comparison together. */
export function prepare(baseline: Baseline, copy: Copy): Comparison {
  const policy = (name: string, seconds: number) => (baseline.policies[name] ?? seconds) * 1000
  const times = {
    from: timeOf(baseline.captured_at),
    settleAfter: policy('settle_after', 86_400),
    skew: policy('clock_skew', 300),
    heartbeatInterval: policy('heartbeat_interval', 300),
  }
  const moments = { ...times, ...reachOf(copy, baseline, times.heartbeatInterval + times.skew) }
  const isExact = baseline.is_exact && !isOfAnotherMoment(copy, moments)
  return { baseline, copy, isExact, ...moments }
}

/**
 * Up to when a copy reaches. Heartbeats and rows tell the recovery point. Where heartbeats had stopped, the server's own clock
 * at the newest commit may prove more, and so may a baseline that the copy holds. Nothing of this says how far a copy reaches
 * of which no recovery point is known: it may be any time later.
 * @param pause by how much the newest heartbeat may rightly be older than the rest, in milliseconds
 */
function reachOf({ recovery, holdsBaseline }: Copy, { captured_at }: Baseline, pause: number) {
  const { recovery_point: told, is_exact, evidence } = recovery
  const to = finiteTime(told)
  if (to === undefined) return { to, point: told, isPointKnown: false }
  const isLater = (at: string | null | undefined, by: number): at is string => {
    const time = finiteTime(at ?? null)
    return time !== undefined && time > to + by
  }
  const proofs = [
    ...(holdsBaseline === true && isLater(captured_at, 0) ? [captured_at] : []),
    ...(isLater(evidence?.newest_commit_at, pause) ? [evidence?.newest_commit_at as string] : []),
  ]
  const [point = told] = proofs.sort((a, b) => timeOf(b) - timeOf(a))
  const isPointKnown = is_exact && proofs.length === 0 && !isLater(evidence?.newest_row_at, pause)
  return { to: finiteTime(point), point, isPointKnown }
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

/** A moment at infinity says nothing. */
function finiteTime(at: string | null): number | undefined {
  const time = at === null ? Number.NaN : timeOf(at)
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
