import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DrillRecord } from '../../src/drill/record.ts'
import type { DrillFact } from '../../src/rules/cadence-facts.ts'

/** A good drill as the facts have it. */
export function drillFact(change: Partial<DrillFact>): DrillFact {
  return {
    drill_id: 'd1',
    scope: 'whole',
    is_sandbox: false,
    state: 'finished',
    verdict: 'verified',
    started_at: '2026-10-05T08:00:00Z',
    finished_at: '2026-10-05T12:00:00Z',
    recovery_time: 7200,
    data_loss: 3600,
    baseline_id: null,
    proof_sha256: null,
    problem: null,
    remark: null,
    ...change,
  }
}

/** The same drill as a proof has it. */
export function drillOfProof(change: Partial<DrillRecord>): DrillRecord {
  return {
    drill_id: 'd1',
    ticket: 'OPS-1',
    owners: { lead: 'Ada', db_owner: 'Ben', app_owner: 'Cleo' },
    method: 'pitr',
    target_name: 'restore',
    is_sandbox: false,
    scope: 'whole',
    state: 'finished',
    started_at: '2026-10-05T08:00:00Z',
    restore_started_at: '2026-10-05T09:00:00Z',
    restored_at: '2026-10-05T10:00:00Z',
    verified_at: '2026-10-05T11:00:00Z',
    finished_at: '2026-10-05T12:00:00Z',
    failure_point: '2026-10-05T08:00:00Z',
    restore_point: null,
    recovery_point: '2026-10-05T07:00:00Z',
    stages: [],
    rto: { status: 'pass', seconds: 7200, budget_seconds: 14_400, detail: 'x' },
    rpo: { status: 'pass', seconds: 3600, budget_seconds: 86_400, detail: 'x' },
    clock_skew_seconds: 0,
    production_clock_skew_seconds: 0,
    baseline_id: null,
    verdict: 'verified',
    follow_ups: [],
    notes: [],
    previous: null,
    ...change,
  }
}

/** Writes a proof's folder with what status reads of it. @returns the sha256 of its SHA256SUMS */
export function writeProofFolder(
  directory: string,
  drill: DrillRecord | null,
  name = drill?.drill_id ?? 'verification',
  verification = 'verified',
): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  const proof = `${JSON.stringify({ format: 'pgdrill-proof', format_version: 1, drill, verification: { verdict: { status: verification } } })}\n`
  const sums = `${sha256('x')}  report.md\n${sha256(proof)}  proof.json\n`
  mkdirSync(join(directory, name), { recursive: true })
  writeFileSync(join(directory, name, 'proof.json'), proof)
  writeFileSync(join(directory, name, 'SHA256SUMS'), sums)
  return sha256(sums)
}
