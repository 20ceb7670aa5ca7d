// What a probe of the restored application got: facts, judged elsewhere.

/** The answer to one request. Nothing in it may be a secret: bodies are masked before they come here. */
export interface ProbeAnswer {
  /** Such as health, sync, worker, worker_unsigned, page, browser. */
  name: string
  method: string
  /** Without user, password, query and fragment. */
  url: string
  /** ISO. */
  asked_at: string
  milliseconds: number
  /** The HTTP status; null when there was no answer. */
  status: number | null
  content_type: string | null
  /** Where a redirect pointed to, without query and fragment. */
  redirected_to: string | null
  /** The beginning of the body as text, secrets masked; null when there was none, or it was no text. */
  body: string | null
  is_body_cut: boolean
  /** Why there was no answer; null when there was one. */
  problem: string | null
}
