import { group } from '../rules/wording.ts'
import type { Proof } from './proof.ts'
import { lossOf, recoveryTimeOf } from './times.ts'

/** Something that this proof says nothing about. */
export interface NotVerified {
  what: string
  why: string
  /** False for what this database does not have. */
  isApplicable: boolean
}

/** What was not verified, most important first: what could not be looked at, what was not asked for, what does not apply. */
export function notVerified(proof: Proof): NotVerified[] {
  const { verification, drill } = proof
  const { results, depth, app_url, baseline, target } = verification
  const list: Omit<NotVerified, 'isApplicable'>[] = results
    .filter((row) => row.status === 'error')
    .map((row) => ({ what: named(row.check_name, row.object_name), why: row.detail }))
  const [loss, time] = [lossOf(proof), recoveryTimeOf(proof)]
  const isTold = (name: string) => results.some((row) => row.check_name === name)
  if (loss.status === 'error' && !isTold('rpo') && !isTold('recovery_point'))
    list.push({ what: 'Data loss (RPO)', why: loss.detail })
  if (time === null) list.push({ what: 'Recovery time (RTO)', why: 'only a drill measures it, and this was none' })
  else if (time.status === 'error' && !isTold('rto')) list.push({ what: 'Recovery time (RTO)', why: time.detail })
  if (target.is_sandbox) list.push({ what: 'Your own backups', why: 'this ran on the sandbox: a rehearsal, no drill' })
  if (baseline === null)
    list.push({ what: 'Completeness against production', why: 'there was no baseline to compare with' })
  // Named here, as it is no answer that the restored application was not asked for.
  const app = results.find((row) => row.check_name === 'app' && row.status === 'skip')
  if (app !== undefined) list.push({ what: 'The restored application', why: app.detail })
  else if (app_url === null && !isTold('app')) {
    const why = drill?.scope === 'database_only' ? 'the policy asks for the database only' : 'no application was given'
    list.push({ what: 'The restored application', why })
  }
  if (depth === 'quick') list.push({ what: 'Rows', why: 'depth quick counts none' })
  if (depth !== 'full') {
    const why = `depth ${depth} compares no content: full also takes fingerprints, tenants, foreign keys and storage`
    list.push({ what: 'Content of rows, pages of tables and indexes', why })
  }
  for (const row of results) {
    if (row.status === 'waived') list.push({ what: named(row.check_name, row.object_name), why: row.detail })
  }
  const skipped = new Map<string, number>()
  for (const row of results) {
    if (row.status !== 'skip' || row === app) continue
    const key = JSON.stringify([row.check_name, row.detail])
    skipped.set(key, (skipped.get(key) ?? 0) + 1)
  }
  const absent: typeof list = []
  for (const [key, times] of skipped) {
    const [check, detail] = JSON.parse(key) as [string, string]
    absent.push({ what: check, why: `not applicable: ${detail}${times > 1 ? ` (${group(times)} times)` : ''}` })
  }
  return [
    ...list.map((one) => ({ ...one, isApplicable: true })),
    ...absent.map((one) => ({ ...one, isApplicable: false })),
  ]
}

function named(check: string, object: string | null): string {
  return object === null ? check : `${check} ${object}`
}
