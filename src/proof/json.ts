import type { Verification } from '../verification/verify-target.ts'

/** The verification as JSON, the same in proof.json and on stdout. */
export function verificationJson(verification: Verification): string {
  return `${JSON.stringify(verification, null, 2)}\n`
}
