import type { DrillRecord } from '../drill/record.ts'
import type { Attachment } from '../probes/attachment.ts'
import type { Verification } from '../verification/verify-target.ts'

/** What a proof is made of: every writer makes its format from this. */
export interface Proof {
  verification: Verification
  /** Null for a verification that was no part of a drill. */
  drill: DrillRecord | null
  attachments: Attachment[]
}

/** The name of a proof, which is that of its drill where there is one. */
export function proofId({ drill, verification }: Pick<Proof, 'drill' | 'verification'>): string {
  return drill?.drill_id ?? verification.verification_id
}
