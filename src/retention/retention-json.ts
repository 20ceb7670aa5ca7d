import { toolVersion } from '../project-files.ts'
import type { Retention } from './retention.ts'

/** The document pgdrill-retention, version 1: docs/retention.md describes it. */
export function retentionJson({
  target,
  is_recorded,
  question,
  judgement,
  actual,
  verdict,
  remarks,
}: Retention): string {
  const { now, policy, rpo, gapTolerance, sources } = question
  const document = {
    format: 'pgdrill-retention',
    format_version: 1,
    tool_version: toolVersion(),
    as_of: now,
    target,
    is_recorded,
    policy: { ...policy, rpo_seconds: rpo / 1000, gap_tolerance_seconds: gapTolerance / 1000 },
    since: judgement.since,
    is_since_stated: judgement.is_since_stated,
    verdict,
    sources,
    slots: judgement.slots,
    actual,
    results: judgement.results,
    remarks,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
