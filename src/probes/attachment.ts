/** A further file of a proof, such as a screenshot: whoever writes the proof writes it there. */
export interface Attachment {
  /** Below the proof's folder, with / between: letters, digits, dots, dashes, underscores. */
  path: string
  bytes: Uint8Array
}
