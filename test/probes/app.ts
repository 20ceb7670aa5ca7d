// What the tests of probes ask about an app.

import type { CheckResult } from '../../src/database/contract.ts'
import type { AppQuestion } from '../../src/probes/app-question.ts'
import { type Asked, askProbes, probingLimits, type Value } from '../../src/probes/ask-probes.ts'
import { maskOf } from '../../src/probes/mask.ts'
import { opsmantikProbes, type ProbeFile } from '../../src/probes/probe-file.ts'
import { judgeProbe } from '../../src/rules/judge-probe.ts'

export const marker = 'pgdrill-test-1'

/** An app at an address, with what the environment would hold. */
export function appAt(url: URL, environment: Record<string, string> = {}, probes?: Partial<ProbeFile>): AppQuestion {
  return {
    url,
    variable: 'RESTORE_APP_URL',
    production: undefined,
    mayShareAddress: false,
    probes: { ...opsmantikProbes(), ...probes },
    ofTarget: (name) => environment[name],
    ofProduction: (name) => environment[`PRODUCTION_${name}`],
    browser: undefined,
    attach: () => {},
  }
}

export async function askAll(app: AppQuestion, values: Record<string, Value> = {}): Promise<Asked[]> {
  const known = {
    marker: { value: marker },
    now: { value: '2026-11-23T04:30:00Z' },
    site_id: { value: 'a site/1' },
    ...values,
  }
  return await askProbes(app, known, maskOf([]), { ...probingLimits(), milliseconds: 1_500 })
}

/** The row of one probe of the built-in ones, asked alone. */
export async function rowOf(name: string, url: URL, environment: Record<string, string> = {}): Promise<CheckResult> {
  const probes = opsmantikProbes().probes.filter((probe) => probe.name === name)
  const [asked] = await askAll(appAt(url, environment, { probes }))
  return judgeProbe(asked as Asked)
}
