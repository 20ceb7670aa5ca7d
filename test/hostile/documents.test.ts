// Documents from outside, fuzzed: baselines, backup manifests, proofs, files of probes, journals of drills.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { parseBaseline } from '../../src/baselines/document.ts'
import { readProofsFolder } from '../../src/cadence/proofs-folder.ts'
import { parseJournal } from '../../src/drill/journal.ts'
import { listEnded } from '../../src/drill/proofs-index.ts'
import { foldDrill } from '../../src/drill/state.ts'
import { parseProperties } from '../../src/dump/database-properties.ts'
import { parseManifest } from '../../src/dump/manifest.ts'
import { opsmantikProbes, readProbeFile } from '../../src/probes/probe-file.ts'
import { parseProof, proofDocument } from '../../src/proof/document.ts'
import { proofFormats, renderProof } from '../../src/proof/formats.ts'
import type { Proof } from '../../src/proof/proof.ts'
import { openEnvelope, readPublicKey } from '../../src/proof/signature.ts'
import { parseSums } from '../../src/proof/sums.ts'
import { diffBaselines } from '../../src/rules/diff-baselines.ts'
import { drillId, events, textOf } from '../drill/fixture.ts'
import { manifestOf } from '../dump/backups.ts'
import { drillOf, proofOf, row, verificationOf } from '../proof/fixture.ts'
import { callsRelation, copyOf, eventsRelation, findings } from '../rules/fixture.ts'
import { suite } from '../support/suite.ts'
import { readableBaseline } from './baseline.ts'
import { canary, changed, damaged, fuzzing, inputFor, takesOrRefuses, text } from './fuzz.ts'

const test = suite('hostile/documents')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-fuzz-'))
test.after(() => rmSync(directory, { recursive: true, force: true }))

const all = (input: fc.Arbitrary<string>, runs: number, look: (text: string) => Promise<void>) =>
  fc.assert(fc.asyncProperty(input, look), fuzzing(runs))

test('a baseline: what is taken can be compared', async () => {
  const copy = copyOf([eventsRelation, callsRelation])
  let taken = 0
  await all(inputFor(readableBaseline), 600, async (input) => {
    const baseline = await takesOrRefuses(() => parseBaseline(input, 'b.json'))
    if (baseline === undefined) return
    taken += 1
    findings(baseline, copy)
    diffBaselines(readableBaseline, baseline)
  })
  assert.ok(taken > 50, `only ${taken} were taken: this fuzzes nothing behind the first look`)
})

test('the manifest of a backup', () =>
  all(inputFor(manifestOf()), 400, async (input) => {
    const manifest = await takesOrRefuses(() => parseManifest(input, 'backup'))
    for (const { path } of manifest?.files ?? []) assert.not.match(path, /^\/|(^|\/)\.\.?(\/|$)|\0|\\/)
  }))

test('the properties of a database', () =>
  all(inputFor({ owner: 'o', encoding: 'UTF8', settings: [], grants: null }), 300, async (input) => {
    await takesOrRefuses(() => parseProperties(input, 'properties.json'))
  }))

const proof: Proof = proofOf(
  verificationOf([row({ status: 'fail' }), row({ status: 'waived', check_name: 'objects' })]),
  drillOf({ notes: [{ at: '2026-11-10T14:00:00.000Z', by: 'Ada', text: 'a note' }] }),
)

test('a proof: what is taken can be shown in every format', async () => {
  let taken = 0
  await all(inputFor(JSON.parse(proofDocument(proof))), 350, async (input) => {
    await takesOrRefuses(() => {
      const document = parseProof(input, 'proof.json')
      taken += 1
      const read = { ...document, attachments: [] } as unknown as Proof
      for (const format of proofFormats) if (format !== 'text') renderProof(read, format)
      return document
    })
  })
  assert.ok(taken > 30, `only ${taken} were taken`)
})

test('a file of probes', () => {
  const file = join(directory, 'probes.json')
  return all(inputFor(opsmantikProbes()), 300, async (input) => {
    writeFileSync(file, input)
    await takesOrRefuses(() => readProbeFile(file))
  })
})

const journal = fc.oneof(
  damaged(textOf(events)),
  fc.shuffledSubarray(events).map(textOf),
  fc.tuple(fc.nat(events.length - 1), changed(events)).map(([, json]) => linesOf(json)),
  text,
)

function linesOf(json: string): string {
  try {
    return (JSON.parse(json) as unknown[]).map((one) => `${JSON.stringify(one)}\n`).join('')
  } catch {
    return json
  }
}

test('the journal of a drill: what is read can be folded', async () => {
  let taken = 0
  await all(journal, 800, async (input) => {
    const read = await takesOrRefuses(() => parseJournal(input, drillId, 'journal.jsonl'))
    if (read === undefined) return
    taken += 1
    JSON.stringify(foldDrill(read.events).record)
  })
  assert.ok(taken > 30, `only ${taken} were taken`)
})

const ended = {
  event: 'ended',
  at: '2026-11-23T06:40:00.000Z',
  drill: { ...drillOf(), drill_id: drillId, proof_sha256: 'a'.repeat(64), tool_version: '0.1.0' },
}

test('the folder of proofs and its index', () => {
  const proofs = join(directory, 'verify', 'proofs')
  const before = process.cwd()
  mkdirSync(join(proofs, drillId), { recursive: true })
  const input = fc.tuple(inputFor(ended), inputFor(JSON.parse(proofDocument(proof))))
  process.chdir(directory)
  return fc
    .assert(
      fc.asyncProperty(input, async ([index, document]) => {
        writeFileSync(join(proofs, 'index.jsonl'), `${index}\n`)
        writeFileSync(join(proofs, drillId, 'proof.json'), document)
        await takesOrRefuses(listEnded)
        const read = await takesOrRefuses(() => readProofsFolder(proofs))
        assert.not.match(JSON.stringify(read?.unreadable), canary)
      }),
      fuzzing(120),
    )
    .finally(() => process.chdir(before))
})

test('sums, envelopes and keys', () =>
  all(fc.oneof(text, damaged(`${'a'.repeat(64)}  proof.json\n`), inputFor({ payload: 'eA==' })), 500, async (input) => {
    for (const path of parseSums(input)?.keys() ?? []) assert.not.match(path, /^\/|\.\.|\0/)
    const key = await takesOrRefuses(() => readPublicKey('env:K', { K: `${input}${canary}` }))
    assert.is(key, undefined)
    assert.is(openEnvelope(input, publicKey), null)
  }))

const publicKey = readPublicKey('env:K', {
  K: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
})

test.run()
