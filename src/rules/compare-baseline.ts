// The comparison of a baseline with the facts of a restored copy: pure, no I/O, no
// clock. B is the moment of the baseline, R the recovery point. The rules are those
// of the design: docs/checks/data.md tells them to users.

import type { Baseline } from '../baselines/document.ts'
import type { CheckResult } from '../database/contract.ts'
import { daysToCompare, reasonAgainstDays } from './compare-days.ts'
import { checkName } from './compare-partition.ts'
import { compareRegistrations } from './compare-registrations.ts'
import { compareRelation } from './compare-relation.ts'
import { type Comparison, type Copy, prepare, rowsOf } from './comparison.ts'
import { registrationsOf } from './registrations-of.ts'

export type { Copy } from './comparison.ts'

/** The rows of every rule, passes included; docs/checks/data.md lists them. */
export function compareBaseline(baseline: Baseline, copy: Copy): CheckResult[] {
  const comparison = prepare(baseline, copy)
  const days = daysToCompare(comparison)
  const isDated = copy.depth !== 'quick' && baseline.relations.some((relation) => relation.timestamp_column !== null)
  return [
    ...compareRegistrations(registrationsOf(baseline), copy.registrations, isInstalledLater(baseline, copy)),
    ...baseline.relations.flatMap((relation) => compareRelation(comparison, relation, days)),
    ...(isDated && days.length === 0 ? [reasonAgainstDays(comparison)] : []),
    ...unknownRelations(comparison),
    ...notExact(comparison),
  ]
}

function isInstalledLater(baseline: Baseline, { identity }: Copy): boolean {
  return identity.installation_id !== null && identity.installation_id !== baseline.source.installation_id
}

function unknownRelations(comparison: Comparison): CheckResult[] {
  const { baseline, copy } = comparison
  const known = new Set(baseline.relations.map((relation) => relation.relation_name))
  const unknown = new Set(copy.buckets.map((bucket) => bucket.relation_name).filter((name) => !known.has(name)))
  return [...unknown].map((name) =>
    rowsOf(checkName(comparison), name)(
      'error',
      `${name} is critical, but the baseline of ${baseline.captured_at} does not know it`,
      'Capture a new baseline in production: pgdrill baseline capture --target production.',
      null,
      'registered',
    ),
  )
}

/** An exact baseline beside a copy that was not made from its dump is one like any other. */
function notExact(comparison: Comparison): CheckResult[] {
  const { baseline, copy, isExact } = comparison
  if (!baseline.is_exact || isExact || copy.depth === 'quick') return []
  const detail = `the baseline of ${baseline.captured_at} is exact for the dump made with it, but the heartbeats of this copy end at ${copy.recovery.recovery_point}: it was compared as one that is not exact`
  return [rowsOf('row_counts', null)('skip', detail, null, baseline.captured_at, copy.recovery.recovery_point)]
}
