// One critical relation: whether it could be measured, its partitions, its newest row.

import type { BaselineRelation } from '../baselines/document.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import { compareDays } from './compare-days.ts'
import { compareFingerprints } from './compare-fingerprints.ts'
import { compareNewest } from './compare-newest.ts'
import {
  checkName,
  compareBounds,
  compareNewPartition,
  type Judged,
  judgePartition,
  type Partition,
  tellPartition,
} from './compare-partition.ts'
import { compareTenants } from './compare-tenants.ts'
import { type Comparison, rowsOf } from './comparison.ts'
import { plausibleGrowth, plausibleLoss } from './growth.ts'
import type { RelationFacts } from './judge-buckets.ts'
import { spanOf } from './moments.ts'
import { pairPartitions, rowsIn } from './pair-buckets.ts'
import { group, hintAgainst } from './wording.ts'

/** All rows about one relation of the baseline. @param days the whole days after the baseline that should have rows */
export function compareRelation(
  comparison: Comparison,
  relation: BaselineRelation,
  days: readonly number[],
): CheckResult[] {
  const { copy } = comparison
  const actual = copy.buckets.filter((bucket) => bucket.relation_name === relation.relation_name)
  const obstacle = judgeObstacle(comparison, relation, actual)
  if (obstacle !== undefined) return [obstacle]
  const facts = factsOf(comparison, relation, actual)
  const { rows, judged } = comparePartitions(comparison, facts, partitionsOf(relation, actual))
  if (copy.depth === 'quick') return rows
  if (relation.timestamp_column !== null) {
    rows.push(compareNewest(comparison, relation, actual))
    if (days.length > 0) rows.push(compareDays(comparison, days, relation, actual))
  }
  if (copy.depth === 'full') {
    rows.push(...compareFingerprints(comparison, relation, judged))
    rows.push(...compareTenants(comparison, facts, actual))
  }
  return rows
}

function judgeObstacle(
  comparison: Comparison,
  { relation_name: name, buckets }: BaselineRelation,
  actual: readonly Bucket[],
): CheckResult | undefined {
  const before = rowsIn(buckets)
  const answer = rowsOf(checkName(comparison), name)
  if (actual.length === 0) {
    const detail = `${name} is in the baseline with ${group(before)} rows, but is not registered as critical in the copy, so it was not counted`
    const hint = 'Register it again in the copy: select drill.register_critical_relation(...).'
    return answer('error', detail, hint, before.toString(), 'not registered')
  }
  const problem = actual.find((bucket) => bucket.partition_name === name && bucket.problem !== null)?.problem
  if (problem === undefined || problem === null) return undefined
  const detail = `${name} ${problem}; the baseline has ${group(before)} rows in it`
  return problem === 'does not exist'
    ? answer('fail', detail, `Restore ${name}.`, before.toString(), problem)
    : answer('error', detail, hintOf(name, problem), before.toString(), problem)
}

/** A refusal has an SQLSTATE; what has none is about the table and the rights on it. */
function hintOf(name: string, problem: string): string {
  return problem.includes('SQLSTATE') ? hintAgainst(problem) : `Make ${name} readable for this role, then verify again.`
}

function factsOf({ from, to }: Comparison, relation: BaselineRelation, actual: readonly Bucket[]): RelationFacts {
  const time = to === undefined ? 0 : to - from
  return {
    relation,
    growth: plausibleGrowth(relation, from, Math.abs(time)),
    loss: plausibleLoss(relation, from, -time),
    oldestNow: spanOf(actual).oldest_at,
  }
}

/** Those of the baseline first, then those that only the copy has. */
function partitionsOf(relation: BaselineRelation, actual: readonly Bucket[]): Partition[] {
  return pairPartitions(relation.relation_name, relation.buckets, actual).map(({ name, a, b }) => ({
    name,
    expected: a,
    actual: b,
  }))
}

function comparePartitions(
  comparison: Comparison,
  facts: RelationFacts,
  partitions: readonly Partition[],
): { rows: CheckResult[]; judged: Judged[] } {
  const answers = partitions.map((partition) => {
    if (partition.expected.length === 0) return compareNewPartition(comparison, facts, partition)
    return compareBounds(comparison, facts, partition) ?? judgePartition(comparison, facts, partition)
  })
  const judged = answers.filter((answer) => 'pairs' in answer)
  const faulty = new Set(
    judged.flatMap(({ parts }) => parts.flatMap(({ faults }) => faults.flatMap(({ pairs }) => pairs))),
  )
  const good = judged.flatMap(({ pairs }) => pairs).filter((pair) => !faulty.has(pair) && pair.now.rows > 0n)
  const rows = answers.map((answer) => ('pairs' in answer ? tellPartition(comparison, facts, answer, good) : answer))
  return { rows, judged }
}
