// Whether the copy guards and counts what production does: pure. What a copy has
// registered is a claim of the copy; what counts is what production had.

import type { CheckResult, Registrations } from '../database/contract.ts'

/**
 * One row per registration of production.
 * @param isInstalledLater whether pgdrill was installed into the copy after the baseline: then a guard that pgdrill
 *   made there was missing in what was restored
 */
export function compareRegistrations(
  production: Registrations,
  copy: Registrations,
  isInstalledLater: boolean,
): CheckResult[] {
  return [
    ...Object.entries(production.policies).map(([name, seconds]) =>
      compareOne('policy', name, { seconds }, name in copy.policies ? { seconds: copy.policies[name] } : undefined),
    ),
    ...production.guards.map((guard) => {
      const name = guardName(guard)
      const found = copy.guards.find((other) => guardName(other) === name)
      if (found !== undefined && isInstalledLater && found.is_trigger_ours) return wasMissing(name, guard)
      return compareOne('guard', name, pick(guard, guardParts), found && pick(found, guardParts))
    }),
    ...production.partitioned_relations.map((relation) =>
      compareOne('partitioned table', relation.relation_name, relation, find(copy.partitioned_relations, relation)),
    ),
    ...production.critical_relations.map((relation) =>
      compareOne('critical relation', relation.relation_name, relation, find(copy.critical_relations, relation)),
    ),
    ...Object.entries(production.isolation_policy).map(([kind, status]) =>
      compareOne(
        'isolation policy',
        kind,
        { status },
        kind in copy.isolation_policy ? { status: copy.isolation_policy[kind] } : undefined,
      ),
    ),
    ...copy.waivers.flatMap((waiver) => judgeWaiver(waiver, production.waivers)),
  ]
}

type Waiver = Registrations['waivers'][number]

const guardParts = ['function_name', 'trigger_definition', 'function_definition'] as const
const hint = 'Compare both registrations; when production changed it on purpose since, capture a new baseline there.'

function compareOne(kind: string, name: string, expected: object, actual: object | undefined): CheckResult {
  const row = { check_name: 'registrations', object_name: name, expected, actual: actual ?? 'missing' }
  if (actual === undefined) {
    return {
      ...row,
      status: 'fail',
      detail: `the ${kind} ${name} of production is not registered in the copy`,
      hint: 'Without its registration nothing checks it: register it again, and see who removed it.',
    }
  }
  const changed = Object.entries(expected)
    .filter(([part, value]) => (actual as Record<string, unknown>)[part] !== value)
    .map(([part]) => part.replaceAll('_', ' '))
  if (changed.length > 0) {
    const detail = `the ${kind} ${name} is registered in the copy with another ${changed.join(', ')} than in production`
    return { ...row, status: 'fail', detail, hint }
  }
  return { ...row, status: 'pass', detail: `the ${kind} ${name} is registered as in production`, hint: null }
}

/** A waiver that production has not is one that somebody wrote into the copy: it holds, and is told. */
function judgeWaiver(waiver: Waiver, known: readonly Waiver[]): CheckResult[] {
  const parts = Object.keys(waiver) as (keyof Waiver)[]
  if (known.some((other) => parts.every((part) => other[part] === waiver[part]))) return []
  const subject = waiver.object_name === null ? waiver.check_name : `${waiver.check_name} on ${waiver.object_name}`
  return [
    {
      check_name: 'registrations',
      object_name: subject,
      status: 'warn',
      detail: `the waiver of ${subject} by ${waiver.owner} until ${waiver.until} is in the copy, but not in production's baseline`,
      hint: 'If it is meant to stay, write it into drill.waivers of production too, and capture a new baseline there.',
      expected: 'missing',
      actual: waiver,
    },
  ]
}

function wasMissing(name: string, guard: Registrations['guards'][number]): CheckResult {
  return {
    check_name: 'registrations',
    object_name: name,
    status: 'fail',
    detail: `the guard ${name} was missing in what was restored: pgdrill created it when it was installed into the copy`,
    hint: 'The backup does not hold it: find out why. Install anew without making guards: make migrate-down, then make migrate TARGET=... BASELINE=FILE.',
    expected: guard.trigger_definition,
    actual: 'missing',
  }
}

function guardName(guard: { relation_name: string; trigger_name: string }): string {
  const isPlain = /^[a-z_][a-z0-9_$]*$/.test(guard.trigger_name)
  return `${guard.relation_name}.${isPlain ? guard.trigger_name : `"${guard.trigger_name.replaceAll('"', '""')}"`}`
}

function find<T extends { relation_name: string }>(
  list: readonly T[],
  wanted: { relation_name: string },
): T | undefined {
  return list.find((relation) => relation.relation_name === wanted.relation_name)
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>
}
