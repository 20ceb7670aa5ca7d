import { githubAnnotations } from './github.ts'
import { reportHtml } from './html/report.ts'
import { verificationJson } from './json.ts'
import { junitXml } from './junit.ts'
import { reportMarkdown } from './markdown.ts'
import { prometheusText } from './prometheus.ts'
import type { Proof } from './proof.ts'

const writers = {
  json: ({ verification }: Proof) => verificationJson(verification),
  junit: junitXml,
  markdown: reportMarkdown,
  html: reportHtml,
  prometheus: prometheusText,
  github: githubAnnotations,
} satisfies Record<string, (proof: Proof) => string>

/** What `verify` can write to stdout; text needs to know the terminal, so it is made elsewhere. */
export const proofFormats = ['text', ...(Object.keys(writers) as (keyof typeof writers)[])] as const
export type ProofFormat = (typeof proofFormats)[number]

/** The proof in one of the formats that no terminal changes. */
export function renderProof(proof: Proof, format: Exclude<ProofFormat, 'text'>): string {
  return writers[format](proof)
}
