import { createHash } from 'node:crypto'
import type { AppQuestion } from './app-question.ts'
import { secretVariables } from './probe-file.ts'

/** One key of the target held against production's; only whether they are equal is kept. */
export interface KeyComparison {
  /** The environment variable, without a target's name in front. */
  name: string
  isTargetSet: boolean
  isProductionSet: boolean
  isEqual: boolean
}

/** Compares every key that the probes know of with PRODUCTION_<name>, by its hash. */
export function compareKeys(app: AppQuestion): KeyComparison[] {
  return secretVariables(app.probes).map((name) => {
    const [target, production] = [hashOf(app.ofTarget(name)), hashOf(app.ofProduction(name))]
    return {
      name,
      isTargetSet: target !== undefined,
      isProductionSet: production !== undefined,
      isEqual: target !== undefined && target === production,
    }
  })
}

/** The secrets of both sides, for the mask. */
export function secretsOf(app: AppQuestion): string[] {
  return secretVariables(app.probes).flatMap((name) =>
    [app.ofTarget(name), app.ofProduction(name)].filter((value) => value !== undefined),
  )
}

function hashOf(value: string | undefined): string | undefined {
  return value === undefined ? undefined : createHash('sha256').update(value.trim()).digest('hex')
}
