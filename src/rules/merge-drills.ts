import type { DrillFact } from './cadence-facts.ts'
import { isSameMoment } from './moments.ts'

/**
 * One list of drills out of two records of them. Records that contradict each other make a drill count for nothing; one
 * that is in one place only still counts, and is told.
 * @param production undefined when production was not asked
 * @param proofs undefined when no proofs were read
 */
export function mergeDrills(
  production: readonly DrillFact[] | undefined,
  proofs: readonly DrillFact[] | undefined,
): DrillFact[] {
  if (production === undefined || proofs === undefined) return [...(production ?? proofs ?? [])]
  const proven = new Map(proofs.map((drill) => [drill.drill_id, drill]))
  const known = new Set(production.map((drill) => drill.drill_id))
  const merged = production.map((drill) => {
    const proof = proven.get(drill.drill_id)
    if (proof !== undefined) {
      const problem = drill.problem ?? proof.problem ?? contradiction(drill, proof)
      return { ...drill, problem, remark: drill.remark ?? proof.remark }
    }
    const isProofExpected = drill.state === 'finished' && drill.proof_sha256 !== null
    return isProofExpected
      ? { ...drill, remark: 'is recorded in production, and its proof is not in the folder' }
      : drill
  })
  const others = proofs
    .filter((proof) => !known.has(proof.drill_id))
    .map((proof) => (proof.state === 'open' ? proof : { ...proof, remark: unrecorded(proof) }))
  return [...merged, ...others]
}

function unrecorded({ state, remark }: DrillFact): string {
  if (remark !== null) return `${remark}, nor is it recorded in production`
  return `${state === 'finished' ? 'has a proof' : 'is in the index of proofs'}, and is not recorded in production`
}

function contradiction(drill: DrillFact, proof: DrillFact): string | null {
  const describe = ({ state, verdict }: DrillFact) => (verdict === null ? state : `${state}, ${verdict}`)
  if (drill.state !== proof.state || drill.verdict !== proof.verdict) {
    return `production says ${describe(drill)}, its proof says ${describe(proof)}`
  }
  if (drill.is_sandbox !== proof.is_sandbox) return 'production and its proof differ in whether it was on the sandbox'
  if (drill.scope !== proof.scope) return `production says ${drill.scope}, its proof says ${proof.scope}`
  if (!isSameMoment(drill.started_at, proof.started_at) || !isSameMoment(drill.finished_at, proof.finished_at)) {
    return 'production and its proof differ in when it was'
  }
  if (drill.proof_sha256 !== null && proof.proof_sha256 !== null && drill.proof_sha256 !== proof.proof_sha256) {
    return 'its proof is not the one that production knows: the hashes differ'
  }
  return null
}
