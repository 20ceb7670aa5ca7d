import { compareTokenSecrets, getSampleId, type TokenSecrets } from '../database/app-facts.ts'
import type { Database } from '../database/connect.ts'
import type { Bucket, CheckResult } from '../database/contract.ts'
import type { Target } from '../database/targets.ts'
import type { ProbeAnswer } from '../probes/answer.ts'
import type { AppQuestion } from '../probes/app-question.ts'
import { urlBelow } from '../probes/app-settings.ts'
import { type Asked, askProbes, probingLimits, type Value } from '../probes/ask-probes.ts'
import { compareKeys, secretsOf } from '../probes/compare-keys.ts'
import { type Mask, maskOf, maskValue } from '../probes/mask.ts'
import { visitPage } from '../probes/visit-page.ts'
import { besideRows } from '../rules/health-beside-rows.ts'
import { judgeAppKeys } from '../rules/judge-app-keys.ts'
import { judgeProbe } from '../rules/judge-probe.ts'
import { judgeVisit } from '../rules/judge-visit.ts'
import type { Stages } from '../terminal/stages.ts'
import { runCheck } from './run-checks.ts'

/** The row of a verification that was asked for the database alone. */
export const noApp: CheckResult = {
  check_name: 'app',
  object_name: null,
  status: 'skip',
  detail: 'no app was asked for: the database was judged alone',
  hint: null,
  expected: null,
  actual: null,
}

/** What is known of the copy when its app is asked. */
export interface ProbedCopy {
  target: Target
  production: Target | undefined
  verificationId: string
  buckets: readonly Bucket[]
}

/**
 * Probes the restored app: asks, judges, masks.
 * @param database a transaction on the copy, for the ids that paths need
 */
export async function probeApp(
  database: Database,
  app: AppQuestion,
  copy: ProbedCopy,
  stages: Stages,
): Promise<{ results: CheckResult[]; answers: ProbeAnswer[] }> {
  const { target, production } = copy
  const passwords = [target.connection.password, production?.connection.password].filter((one) => one !== undefined)
  const mask = maskOf([...secretsOf(app), ...passwords])
  const values = await valuesFor(database, app, copy.verificationId)
  const limits = probingLimits(app.probes.timeout_seconds)
  const asked = await stages.run('the restored app', () => askProbes(app, values, mask, limits))
  const rows = rowsOf(copy.buckets)
  const results = asked.map((one) => {
    const row = judgeProbe(one)
    return row.check_name === 'app_health' ? besideRows(row, rows) : row
  })
  const answers = asked.flatMap(({ replies }) => replies.map(({ answer }) => answer))
  const visited = app.browser === undefined ? undefined : await visit(app, asked, mask, stages)
  if (visited !== undefined) results.push(visited.row)
  if (visited?.answer) answers.push(visited.answer)
  results.push(...(await compareSecrets(database, app, copy)))
  return { results: results.map((row) => masked(row, mask)), answers }
}

async function valuesFor(database: Database, app: AppQuestion, verificationId: string): Promise<Record<string, Value>> {
  const values: Record<string, Value> = {
    marker: { value: `pgdrill-${verificationId}` },
    now: { value: new Date().toISOString() },
  }
  for (const [name, { relation, column }] of Object.entries(app.probes.ids ?? {})) {
    let found: Value | undefined
    const [refusal] = await runCheck(database, name, async () => {
      found = await getSampleId(database, relation, column)
      // A check answers with at least one row; that there is one is all that is looked at.
      return [noApp]
    })
    values[name] = found ?? {
      detail: refusal?.detail ?? 'it is not known',
      hint: refusal?.hint ?? `Look at ids.${name} of the probes.`,
    }
  }
  return values
}

/** Opens the page of one of the probes, when that could be asked at all. */
async function visit(
  app: AppQuestion,
  asked: readonly Asked[],
  mask: Mask,
  stages: Stages,
): Promise<{ row: CheckResult; answer: ProbeAnswer | undefined } | undefined> {
  const page = asked.find(({ probe }) => probe.name === app.probes.browser)
  if (page === undefined) return undefined
  const { probe, unasked } = page
  const unwanted = probe.expect.text_absent ?? []
  const url = urlBelow(app.url, probe.path)
  if (unasked !== null) {
    const problem = { text: `it was not opened: ${unasked.detail}`, hint: unasked.hint, isUnreachable: true }
    return { row: judgeVisit(probe.name, url, { visit: null, problem }, unwanted), answer: undefined }
  }
  const headers = Object.fromEntries(
    Object.entries(probe.headers ?? {}).map(([header, { env, prefix = '' }]) => [
      header.toLowerCase(),
      `${prefix}${app.ofTarget(env)}`,
    ]),
  )
  const milliseconds = 2 * probingLimits(app.probes.timeout_seconds).milliseconds
  const seen = await stages.run('the page in a browser', () => visitPage(app, url, headers, mask, milliseconds))
  if (seen.screenshot !== null) app.attach({ path: `screenshots/${probe.name}.png`, bytes: seen.screenshot })
  return { row: judgeVisit(probe.name, url, seen, unwanted), answer: seen.answer }
}

async function compareSecrets(database: Database, app: AppQuestion, copy: ProbedCopy): Promise<CheckResult[]> {
  return await runCheck(database, 'app_keys', async () => {
    const tokens: TokenSecrets = await compareTokenSecrets(database, copy.production)
    return judgeAppKeys(compareKeys(app), tokens, copy.target.name)
  })
}

/** All rows that were counted; null when none were, or not all. */
function rowsOf(buckets: readonly Bucket[]): bigint | null {
  if (buckets.length === 0 || buckets.some(({ row_count }) => row_count === null)) return null
  return buckets.reduce((sum, { row_count }) => sum + BigInt(row_count ?? 0), 0n)
}

function masked(row: CheckResult, mask: Mask): CheckResult {
  return {
    ...row,
    detail: mask(row.detail),
    hint: row.hint === null ? null : mask(row.hint),
    expected: maskValue(row.expected, mask),
    actual: maskValue(row.actual, mask),
  }
}
