import * as assert from 'uvu/assert'
import type { Baseline, BaselineRelation } from '../../src/baselines/document.ts'
import type { suite } from '../support/suite.ts'
import { B, baselineOf, type CopyChange, copyOf, findings, type Slices, withBuckets } from './fixture.ts'

export type Case = [name: string, buckets: Slices, expected: RegExp | 'nothing', change?: CopyChange]

/** Each case: the baseline of a relation, a copy of it with these buckets, and the one finding or none. */
export function table(
  test: ReturnType<typeof suite>,
  title: string,
  relation: BaselineRelation,
  cases: Case[],
  baseline: Partial<Baseline> = {},
): void {
  for (const [name, buckets, expected, change] of cases) {
    test(`${title}: ${name}`, () => {
      const moment = baseline.is_exact === true ? { recovery_point: B } : {}
      const copy = copyOf([withBuckets(relation, buckets)], { ...moment, ...change })
      const found = findings(baselineOf([relation], baseline), copy)
      if (expected === 'nothing') assert.equal(found, [])
      else {
        assert.is(found.length, 1, found.join('\n'))
        assert.match(found[0] ?? '', expected)
      }
    })
  }
}
