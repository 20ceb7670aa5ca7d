// Whether every tenant of the baseline still has its rows, at depth full: one lost
// customer among thousands may be less than the tolerance.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Bucket, CheckResult, Tenant } from '../database/contract.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { type RelationFacts, toleratedIn } from './judge-buckets.ts'
import { timeOf } from './moments.ts'
import { rowsIn } from './pair-buckets.ts'
import { count, group, hintAgainst } from './wording.ts'

const checkName = 'tenants'
const mostRows = 20

type BaselineTenant = BaselineRelation['tenants'][number]

interface Lost {
  tenant: BaselineTenant
  now: bigint
  lowest: bigint
  status: 'fail' | 'warn'
}

/** One row when all tenants have their rows, else one for each that has not, the worst twenty first. */
export function compareTenants(comparison: Comparison, facts: RelationFacts, actual: readonly Bucket[]): CheckResult[] {
  const { relation } = facts
  if (relation.tenant_column === null) return []
  if (relation.is_secret || relation.depth === 'standard') {
    const why = relation.is_secret ? 'is secret' : 'is registered with depth standard'
    const detail = `${relation.relation_name} ${why}: its rows are not counted by tenant`
    return [rowsOf(checkName, relation.relation_name)('skip', detail, null)]
  }
  const found = comparison.copy.tenants.filter((tenant) => tenant.relation_name === relation.relation_name)
  const obstacle = judgeObstacle(comparison, relation, actual, found)
  if (obstacle !== undefined) return [obstacle]
  const now = new Map(found.map((tenant) => [tenant.tenant_key, BigInt(tenant.row_count ?? '0')]))
  const wrong = relation.tenants.flatMap((tenant) => judgeTenant(comparison, facts, tenant, now.get(tenant.tenant_key)))
  const known = new Set(relation.tenants.map((tenant) => tenant.tenant_key))
  const added = found.filter((tenant) => !known.has(tenant.tenant_key))
  const strangers = comparison.isExact ? added.map((tenant) => tellStranger(relation, tenant)) : []
  if (wrong.length + strangers.length > 0) return [...tellLost(relation, wrong), ...strangers.slice(0, mostRows)]
  const news = added.length === 0 ? '' : `, ${group(added.length)} more since`
  const detail = `${relation.relation_name}: ${count(relation.tenants.length, 'tenant')} of the baseline, each with its rows${news}`
  const [before, after] = [relation.tenants.length, found.length]
  return [rowsOf(checkName, relation.relation_name)('pass', detail, null, before, after)]
}

function judgeObstacle(
  { copy, isExact, to }: Comparison,
  relation: BaselineRelation,
  actual: readonly Bucket[],
  found: readonly Tenant[],
): CheckResult | undefined {
  const { relation_name: name } = relation
  const answer = rowsOf(checkName, name)
  if (relation.tenants.length === 0 && rowsIn(relation.buckets) > 0n) {
    const hint =
      'Capture a baseline with tenants in production: pgdrill baseline capture --target production --depth full.'
    return answer('error', `${name}: the baseline holds no tenants of it`, hint, 'tenants', 'none')
  }
  const problem = found.find((tenant) => tenant.problem !== null)?.problem
  if (problem !== undefined) {
    const detail = `${name}: its tenants could not be counted: ${problem}`
    return answer('error', detail, hintAgainst(problem), null, problem)
  }
  // Told as lost these would be the wrong tenants: they are named in another way, or by another column.
  const registered = copy.registrations.critical_relations.find((other) => other.relation_name === name)
  const isOther =
    registered !== undefined &&
    (registered.tenant_column !== relation.tenant_column || registered.is_tenant_shown !== relation.is_tenant_shown)
  if (isOther || (found.length === 0 && relation.tenants.length > 0 && rowsIn(actual) > 0n)) {
    const detail = `${name}: the copy does not tell its tenants by ${relation.tenant_column} as production does`
    const hint = `Register ${name} in the copy as in production, then verify again.`
    return answer('error', detail, hint, relation.tenant_column, registered?.tenant_column ?? 'none')
  }
  if (to !== undefined || isExact) return undefined
  const detail = `${name}: without a recovery point nobody can say how many rows its tenants should have`
  return answer('error', detail, 'See the check recovery_point.')
}

function judgeTenant(
  comparison: Comparison,
  facts: RelationFacts,
  tenant: BaselineTenant,
  found: bigint | undefined,
): Lost[] {
  const before = BigInt(tenant.row_count)
  const now = found ?? 0n
  if (comparison.isExact) return now === before ? [] : [{ tenant, now, lowest: before, status: 'fail' }]
  const loss = lossOf(comparison, facts, tenant)
  const allowed = toleratedIn(facts.relation, before) + loss
  const lowest = before > allowed ? before - allowed : 0n
  if (now < lowest) return [{ tenant, now, lowest, status: 'fail' }]
  // The single row of a tenant of a mutable table may be deleted; that the tenant is gone is still worth knowing.
  return now === 0n && before > loss ? [{ tenant, now, lowest, status: 'warn' }] : []
}

/** What may have come between the recovery point and a later baseline; nothing of a tenant whose rows are all settled. */
function lossOf({ to, settleAfter, skew }: Comparison, { loss }: RelationFacts, { newest_at }: BaselineTenant): bigint {
  if (to === undefined) return 0n
  if (newest_at === null) return loss.late
  const newest = timeOf(newest_at)
  if (newest + settleAfter <= to) return 0n
  return newest <= to - skew ? loss.late : loss.young
}

function tellLost({ relation_name: name, is_append_only }: BaselineRelation, wrong: readonly Lost[]): CheckResult[] {
  const answer = rowsOf(checkName, name)
  const missing = ({ tenant, now }: Lost) => BigInt(tenant.row_count) - now
  const sorted = [...wrong].sort((a, b) => Number(missing(b) - missing(a)))
  const rows = sorted.slice(0, mostRows).map(({ tenant, now, lowest, status }) => {
    const before = BigInt(tenant.row_count)
    const which = `tenant ${tenant.tenant_key} of ${name}`
    const kind = is_append_only ? 'append-only' : 'mutable'
    const detail =
      now === 0n
        ? `${which}: no row, baseline has ${group(before)}`
        : now > before
          ? `${which}: ${group(now)} rows, exact baseline has ${group(before)}: ${group(now - before)} too many`
          : `${which}: ${group(now)} rows, baseline has ${group(before)} (${kind}: at least ${group(lowest)}): ${group(before - now)} missing`
    const hint = `Restore the rows of this tenant in ${name}; if production deleted them since, capture a new baseline there.`
    const was = { tenant_key: tenant.tenant_key, row_count: tenant.row_count, lowest: lowest.toString() }
    return answer(status, detail, hint, was, { tenant_key: tenant.tenant_key, row_count: now.toString() })
  })
  const rest = sorted.slice(mostRows)
  if (rest.length === 0) return rows
  const status = rest.some((lost) => lost.status === 'fail') ? 'fail' : 'warn'
  const detail = `${name}: ${group(rest.length)} more tenants with missing rows`
  const hint = `Restore the rows of ${name}.`
  return [...rows, answer(status, detail, hint)]
}

function tellStranger({ relation_name: name }: BaselineRelation, { tenant_key, row_count }: Tenant): CheckResult {
  const detail = `tenant ${tenant_key} of ${name}: ${group(BigInt(row_count ?? '0'))} rows, the exact baseline does not know it`
  const hint = 'See that nobody writes into the copy.'
  return rowsOf(checkName, name)('fail', detail, hint, null, { tenant_key, row_count })
}
