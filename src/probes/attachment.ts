/** A file that belongs into the proof beside what was answered: whoever writes the proof writes it there. */
export interface Attachment {
  /** Below the proof's folder, with slashes, such as screenshots/page.png. */
  path: string
  bytes: Uint8Array
}
