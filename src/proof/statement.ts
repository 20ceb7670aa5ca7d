import * as z from 'zod'
import type { Verdict } from '../rules/verdict.ts'
import type { Fleet } from '../verification/verify-fleet.ts'
import { sha256 } from './document.ts'
import { outcomeOf } from './outcome.ts'
import type { Proof } from './proof.ts'
import { sumsFile } from './sums.ts'

const predicateType = 'https://in-toto.io/attestation/test-result/v0.1'

/**
 * The in-toto statement about a proof: its subjects are SHA256SUMS and proof.json, its predicate a test result. That knows
 * PASSED, WARNED and FAILED only, so "could not verify" is FAILED; the field verdict beside it keeps the difference.
 * @param files the sums, proof.json and baseline.json as they are written; no baseline is null
 */
export function statementOf(
  proof: Proof,
  files: { sums: string; document: string; baseline: Uint8Array | null },
): string {
  const { status } = outcomeOf(proof)
  const checks = new Map<string, 'passed' | 'warned' | 'failed'>()
  for (const row of proof.verification.results) {
    const before = checks.get(row.check_name)
    if (row.status === 'fail' || row.status === 'error') checks.set(row.check_name, 'failed')
    else if ((row.status === 'warn' || row.status === 'waived') && before !== 'failed')
      checks.set(row.check_name, 'warned')
    else if (row.status === 'pass' && before === undefined) checks.set(row.check_name, 'passed')
  }
  return statementText({ ...files, name: 'proof.json' }, status, checks)
}

/**
 * The same about the proof of several targets, whose tests are the targets.
 * @param files the sums and the document as they are written, and the name of the document
 */
export function fleetStatementOf(
  { members, verdict }: Pick<Fleet, 'members' | 'verdict'>,
  files: { sums: string; document: string; name: string },
): string {
  const targets = members.map(
    ({ target, verification }) => [target, verification?.verdict.status === 'verified' ? 'passed' : 'failed'] as const,
  )
  return statementText({ ...files, baseline: null }, verdict.status, new Map(targets))
}

function statementText(
  files: { sums: string; document: string; name: string; baseline: Uint8Array | null },
  status: Verdict['status'],
  tests: ReadonlyMap<string, 'passed' | 'warned' | 'failed'>,
): string {
  const named = (wanted: string) => [...tests].flatMap(([name, state]) => (state === wanted ? [name] : []))
  const warned = named('warned')
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: sumsFile, digest: { sha256: sha256(files.sums) } },
      { name: files.name, digest: { sha256: sha256(files.document) } },
    ],
    predicateType,
    predicate: {
      result: status !== 'verified' ? 'FAILED' : warned.length > 0 ? 'WARNED' : 'PASSED',
      configuration:
        files.baseline === null ? [] : [{ name: 'baseline.json', digest: { sha256: sha256(files.baseline) } }],
      passedTests: named('passed'),
      warnedTests: warned,
      failedTests: named('failed'),
      verdict: status,
    },
  })
}

const digest = z.object({ sha256: z.string() })
const statementSchema = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.tuple([z.object({ name: z.literal(sumsFile), digest }), z.object({ name: z.string(), digest })]),
  predicateType: z.literal(predicateType),
})

/** Whether a statement is about these very sums and this document. @param name of the document's file */
export function isAbout(statement: string, sums: string, document: string, name: string): boolean {
  let json: unknown
  try {
    json = JSON.parse(statement)
  } catch {
    return false
  }
  const parsed = statementSchema.safeParse(json)
  if (!parsed.success) return false
  const [first, second] = parsed.data.subject
  return first.digest.sha256 === sha256(sums) && second.name === name && second.digest.sha256 === sha256(document)
}
