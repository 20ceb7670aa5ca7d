import type { Baseline } from '../baselines/document.ts'
import type { Registrations } from '../database/contract.ts'

/** The registrations of production that a baseline holds, in the form of drill.export_registrations(). */
export function registrationsOf(baseline: Baseline): Registrations {
  return {
    policies: baseline.policies,
    guards: baseline.guards,
    partitioned_relations: baseline.partitioned_relations,
    isolation_policy: baseline.isolation_policy,
    waivers: baseline.waivers,
    critical_relations: baseline.relations.map(
      ({ recipe: _recipe, buckets: _buckets, tenants: _tenants, ...rest }) => rest,
    ),
  }
}
