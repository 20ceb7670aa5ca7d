import { junitDocument, rowSuite } from '../proof/junit.ts'
import type { Status } from './status.ts'

/** The status as JUnit XML: a case for each obligation, and one for each drill that needs somebody. */
export function statusJunit({ target, facts, results }: Status): string {
  const obligations = results.filter((row) => row.expected === 'met')
  const others = results.filter((row) => row.expected !== 'met')
  return junitDocument(`pgdrill status ${target?.name ?? 'of proofs'}`, facts.now, 0, [
    rowSuite('Obligations', facts.now, obligations),
    ...(others.length === 0 ? [] : [rowSuite('Drills', facts.now, others)]),
  ])
}
