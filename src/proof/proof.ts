import type { DrillRecord } from '../drill/record.ts'
import type { Verification } from '../verification/verify-target.ts'

/** A further file of a proof, such as a screenshot. */
export interface Attachment {
  /** Below the proof's folder, with / between: letters, digits, dots, dashes, underscores. */
  path: string
  bytes: Uint8Array
}

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
