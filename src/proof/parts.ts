import type { ProbeAnswer } from '../probes/answer.ts'
import type { Attachment } from '../probes/attachment.ts'
import { guardsText } from './guards-text.ts'
import type { Proof } from './proof.ts'

/** The names that the proof's own files have, and others may not. */
const reserved = new Set([
  'proof',
  'baseline',
  'restored',
  'report',
  'junit',
  'metrics',
  'guards',
  'sha256sums',
  'signature',
  'public-key',
])

/** The facts of a proof as files of their own: baseline, restored copy, answers of the guards and of the probes. */
export function factFiles({ verification }: Proof): Attachment[] {
  const { baseline, buckets, recovery, target, verification_id, restore_point, failure_point } = verification
  const restored = {
    format: 'pgdrill-restored',
    format_version: 1,
    verification_id,
    verified_at: verification.finished_at,
    target,
    failure_point,
    restore_point,
    recovery,
    buckets,
  }
  return [
    ...(baseline === null ? [] : [textFile('baseline.json', json(baseline.document))]),
    textFile('restored.json', json(restored)),
    textFile('guards.txt', guardsText(verification)),
    ...answerFiles(verification.answers),
  ]
}

/** The answers of the probes, one file for each name: health.json, sync.json; the second of a name is health-2.json. */
function answerFiles(answers: readonly ProbeAnswer[]): Attachment[] {
  const taken = new Set<string>()
  return answers.map((answer) => {
    const lower = answer.name.toLowerCase()
    const isPlain = /^[a-z0-9][a-z0-9_-]{0,60}$/.test(lower) && !reserved.has(lower)
    const name = isPlain ? lower : `probe-${lower.replace(/[^a-z0-9]+/g, '-').slice(0, 50)}`
    let path = `${name}.json`
    for (let number = 2; taken.has(path); number += 1) path = `${name}-${number}.json`
    taken.add(path)
    return textFile(path, json(answer))
  })
}

/** A file of text in UTF-8. */
export function textFile(path: string, text: string): Attachment {
  return { path, bytes: Buffer.from(text) }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
