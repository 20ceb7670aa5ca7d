// How the tables grew from one baseline to another: pure.

import type { Baseline } from '../baselines/document.ts'
import { day, timeOf } from './moments.ts'
import { rowsIn } from './pair-buckets.ts'

/** Rows of one table on both sides; null where the table is not in the baseline. Counts are text. */
export interface Growth {
  relation_name: string
  before: string | null
  after: string | null
  /** Rows a day; null when less than an hour lies between, or when one side does not have the table. */
  per_day: number | null
}

const shortest = day / 24

export function growthOf(before: Baseline, after: Baseline): Growth[] {
  const days = (timeOf(after.captured_at) - timeOf(before.captured_at)) / day
  const names = [...new Set([...before.relations, ...after.relations].map(({ relation_name }) => relation_name))].sort()
  return names.map((relation_name) => {
    const [a, b] = [before, after].map(({ relations }) => {
      const relation = relations.find((one) => one.relation_name === relation_name)
      return relation === undefined ? null : rowsIn(relation.buckets)
    }) as [bigint | null, bigint | null]
    const isRate = a !== null && b !== null && Math.abs(days) * day >= shortest
    return {
      relation_name,
      before: a?.toString() ?? null,
      after: b?.toString() ?? null,
      per_day: isRate ? Math.round((Number(b - a) / days) * 10) / 10 : null,
    }
  })
}
