import type { Fleet } from '../verification/verify-fleet.ts'

/**
 * Several verifications as JSON, version 1.
 * @param proofs the sha256 of the SHA256SUMS of each target's own proof, by target; null when none is written
 */
export function fleetJson(fleet: Fleet, proofs: ReadonlyMap<string, string> | null): string {
  const { members, ...rest } = fleet
  const document = {
    format: 'pgdrill-fleet',
    format_version: 1,
    ...rest,
    members: members.map(({ target, verification, problem }) => ({
      target,
      problem,
      // In a proof each has its own, beside.
      ...(proofs === null
        ? { verification }
        : { verdict: verification?.verdict ?? null, proof_sha256: proofs.get(target) ?? null }),
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
