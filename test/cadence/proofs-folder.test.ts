import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readProofsFolder } from '../../src/cadence/proofs-folder.ts'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { mergeDrills } from '../../src/rules/merge-drills.ts'
import { suite } from '../support/suite.ts'
import { drillFact, drillOfProof, writeProofFolder } from './proofs.ts'

const test = suite('drills in a folder of proofs')
let directory: string
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgdrill-proofs-'))
})
test.after.each(() => rmSync(directory, { recursive: true }))

const read = () => readProofsFolder(directory)

test('a proof of a drill gives what production would record', () => {
  const sha256 = writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
  const { drills, objectives, unreadable } = read()
  assert.equal(unreadable, [])
  assert.equal(drills, [drillFact({ drill_id: 'd1', proof_sha256: sha256 })])
  assert.equal(objectives, { rpo: 86_400, rto: 14_400 })
})

test('what is no proof of a drill is passed over', () => {
  writeProofFolder(directory, null, 'a-verification')
  mkdirSync(join(directory, 'empty'))
  mkdirSync(join(directory, 'old'))
  writeFileSync(join(directory, 'old', 'proof.json'), '{"format": "pgdrill-verification"}')
  writeFileSync(join(directory, 'README'), 'x')
  assert.equal(read(), { drills: [], objectives: undefined, unreadable: [] })
})

test('the index has drills whose folders are elsewhere, and those that were aborted', () => {
  const line = (drill: object) => `${JSON.stringify({ event: 'ended', at: '2026-11-10T12:00:00Z', drill })}\n`
  const sha256 = writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
  writeFileSync(
    join(directory, 'index.jsonl'),
    [
      line({ ...drillOfProof({ drill_id: 'd1' }), proof_sha256: sha256 }),
      line({ ...drillOfProof({ drill_id: 'd2', state: 'aborted', verdict: null }), proof_sha256: null }),
      `${JSON.stringify({ event: 'recorded', at: '2026-11-10T12:00:00Z', drill_id: 'd1' })}\n`,
      // Its writer was stopped in the middle.
      '{"event": "ended", "at": "2026-',
    ].join(''),
  )
  const { drills, unreadable } = read()
  assert.equal(unreadable, [])
  assert.equal(
    drills.map(({ drill_id, state, problem }) => [drill_id, state, problem]),
    [
      ['d1', 'finished', null],
      ['d2', 'aborted', null],
    ],
  )
})

test('what a writer that was killed left beside a proof is passed over', () => {
  const sha256 = writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
  writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }), 'd1.4242.partial')
  rmSync(join(directory, 'd1.4242.partial', 'SHA256SUMS'))
  const { drills, unreadable } = read()
  assert.equal(unreadable, [])
  assert.equal(drills, [drillFact({ drill_id: 'd1', proof_sha256: sha256 })])
})

test('a line of the index that was cut off, and written behind, does not hide the others', () => {
  const line = (drill: object) => `${JSON.stringify({ event: 'ended', at: '2026-11-10T12:00:00Z', drill })}\n`
  writeFileSync(
    join(directory, 'index.jsonl'),
    [
      '{"event": "ended", "at": "2026-\n',
      '{"event": "line_lost", "at": "2026-11-10T12:00:00.000Z"}\n',
      line({ ...drillOfProof({ drill_id: 'd2', state: 'aborted', verdict: null }), proof_sha256: null }),
    ].join(''),
  )
  const { drills, unreadable } = read()
  assert.equal(unreadable, [])
  assert.equal(
    drills.map(({ drill_id, state }) => [drill_id, state]),
    [['d2', 'aborted']],
  )
})

test('a drill whose budgets nobody knew is read, and tells no objective', () => {
  const unknown = { status: 'error', seconds: null, budget_seconds: null, detail: 'not known' } as const
  const drill = drillOfProof({ drill_id: 'd1', state: 'aborted', verdict: null, rto: unknown, rpo: unknown })
  const line = JSON.stringify({ event: 'ended', at: '2026-11-10T12:00:00Z', drill: { ...drill, proof_sha256: null } })
  writeFileSync(join(directory, 'index.jsonl'), `${line}\n`)
  const { drills, objectives, unreadable } = read()
  assert.equal(unreadable, [])
  assert.is(drills.length, 1)
  assert.equal(objectives, {})
})

test('a finished drill that only the index knows is told to have no proof', () => {
  const drill = { ...drillOfProof({ drill_id: 'd1' }), proof_sha256: 'aa' }
  writeFileSync(
    join(directory, 'index.jsonl'),
    `${JSON.stringify({ event: 'ended', at: '2026-11-10T12:00:00Z', drill })}\n`,
  )
  const { drills } = read()
  assert.match(drills[0]?.remark ?? '', /its proof is not in the folder/)
  assert.match(mergeDrills([], drills)[0]?.remark ?? '', /its proof is not in the folder, nor is it recorded/)
  const known = drillFact({ drill_id: 'd1', proof_sha256: 'aa' })
  assert.match(mergeDrills([known], drills)[0]?.remark ?? '', /its proof is not in the folder/)
})

const problems: Record<string, [() => void, RegExp]> = {
  'a proof that was edited': [
    () => {
      writeProofFolder(directory, drillOfProof({ drill_id: 'd1', verdict: 'failed' }), 'd1', 'failed')
      const good = JSON.stringify({ ...proof(drillOfProof({ drill_id: 'd1' })) })
      writeFileSync(join(directory, 'd1', 'proof.json'), good)
    },
    /not the one of its SHA256SUMS/,
  ],
  'a proof without its sums': [
    () => {
      writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
      rmSync(join(directory, 'd1', 'SHA256SUMS'))
    },
    /not the one of its SHA256SUMS/,
  ],
  'a drill that says verified over a verification that failed': [
    () => writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }), 'd1', 'failed'),
    /its verification failed/,
  ],
  'a drill with two proofs that differ': [
    () => {
      writeProofFolder(directory, drillOfProof({ drill_id: 'd1', verdict: 'failed' }), 'd1', 'failed')
      writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }), 'd1-copy')
    },
    /two proofs/,
  ],
  'a proof that the index knows otherwise': [
    () => {
      writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
      const drill = { ...drillOfProof({ drill_id: 'd1' }), proof_sha256: 'ff' }
      writeFileSync(
        join(directory, 'index.jsonl'),
        `${JSON.stringify({ event: 'ended', at: '2026-11-10T12:00:00Z', drill })}\n`,
      )
    },
    /the index of proofs knows/,
  ],
}
for (const [name, [damage, problem]] of Object.entries(problems)) {
  test(`does not count: ${name}`, () => {
    damage()
    assert.match(read().drills[0]?.problem ?? '', problem)
  })
}

for (const [name, text] of [
  ['no JSON', '{"format": "pgdrill-proof", '],
  ['a drill without its state', JSON.stringify(proof({ ...drillOfProof({ drill_id: 'd1' }), state: 'unsure' }))],
  ['a time that is none', JSON.stringify(proof({ ...drillOfProof({ drill_id: 'd1' }), started_at: 'yesterday' }))],
  ['a list', '[[[[]]]]'],
] as const) {
  test(`could not look: ${name}`, () => {
    mkdirSync(join(directory, 'd1'))
    writeFileSync(join(directory, 'd1', 'proof.json'), text)
    const { drills, unreadable } = read()
    assert.equal(drills, [])
    // A document of another format may be anything's; a proof that cannot be read is told.
    assert.is(unreadable.length, text.startsWith('[') ? 0 : 1)
    if (unreadable[0] !== undefined) assert.is(unreadable[0].status, 'error')
  })
}

test('could not look: a line of the index', () => {
  writeFileSync(join(directory, 'index.jsonl'), 'x\n')
  assert.match(read().unreadable[0]?.detail ?? '', /line 1/)
})

test('no such folder', () => {
  assert.throws(
    () => readProofsFolder(join(directory, 'nowhere')),
    (error: unknown) => error instanceof CouldNotVerify,
  )
})

test('merged: equal records are one, whatever the zone of their times', () => {
  const production = [
    drillFact({ started_at: '2026-10-05T10:00:00+02:00', finished_at: '2026-10-05T12:00:00.000+00:00' }),
  ]
  assert.equal(mergeDrills(production, [drillFact({})]), production)
})

const contradictions: [string, object, RegExp][] = [
  ['verdict', { verdict: 'failed' }, /production says finished, verified, its proof says finished, failed/],
  ['state', { state: 'aborted', verdict: null }, /its proof says aborted/],
  ['sandbox', { is_sandbox: true }, /sandbox/],
  ['scope', { scope: 'database_only' }, /production says whole, its proof says database_only/],
  ['time', { finished_at: '2026-10-05T12:00:01Z' }, /when it was/],
  ['hash', { proof_sha256: 'bb' }, /hashes differ/],
  ['a problem of the proof', { problem: 'it was edited' }, /it was edited/],
]
for (const [name, change, problem] of contradictions) {
  test(`merged: another ${name} is a contradiction`, () => {
    const [merged] = mergeDrills([drillFact({ proof_sha256: 'aa' })], [drillFact({ proof_sha256: 'aa', ...change })])
    assert.match(merged?.problem ?? '', problem)
  })
}

test('merged: one that is in one place only counts, and is told', () => {
  const production = [
    drillFact({ drill_id: 'a', proof_sha256: 'aa' }),
    drillFact({ drill_id: 'b', state: 'aborted', verdict: null }),
  ]
  const merged = mergeDrills(production, [drillFact({ drill_id: 'c' })])
  assert.equal(
    merged.map(({ drill_id, problem, remark }) => [drill_id, problem, remark]),
    [
      ['a', null, 'is recorded in production, and its proof is not in the folder'],
      ['b', null, null],
      ['c', null, 'has a proof, and is not recorded in production'],
    ],
  )
  assert.equal(mergeDrills(production, undefined), production)
  assert.equal(mergeDrills(undefined, production), production)
})

function proof(drill: object): object {
  return { format: 'pgdrill-proof', drill, verification: { verdict: { status: 'verified' } } }
}

test('the hash of a proof is that of its sums', () => {
  const sha256 = writeProofFolder(directory, drillOfProof({ drill_id: 'd1' }))
  assert.match(sha256, /^[0-9a-f]{64}$/)
  assert.is.not(sha256, createHash('sha256').update('').digest('hex'))
})

test.run()
