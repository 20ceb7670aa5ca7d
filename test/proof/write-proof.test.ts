// The folder of a proof: whole, or not there; also when it is killed in the middle, or the disk is full.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { projectFile } from '../../src/project-files.ts'
import { parseProof, proofDocument, sha256 } from '../../src/proof/document.ts'
import { readProof } from '../../src/proof/read-proof.ts'
import { verifyProof } from '../../src/proof/verify-proof.ts'
import { writeProof } from '../../src/proof/write-proof.ts'
import { suite } from '../support/suite.ts'
import { bad, drillOf, good, hostileProof, proofOf, row, verificationOf } from './fixture.ts'

const test = suite('proof/write-proof')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-proof-'))
let number = 0
function place(): string {
  number += 1
  return join(directory, `proof-${number}`)
}

test.after(() => rmSync(directory, { recursive: true, force: true }))

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()

const answer = {
  name: 'health',
  method: 'GET',
  url: 'https://r.example.com/',
  asked_at: '2026-11-10T14:00:00Z',
  milliseconds: 12,
  status: 200,
  content_type: null,
  redirected_to: null,
  body: '{}',
  is_body_cut: false,
  problem: null,
}

test('every file, named by SHA256SUMS with its hash', () => {
  const folder = place()
  const proof = good()
  proof.verification.answers = [
    answer,
    answer,
    { ...answer, name: 'Proof' },
    { ...answer, name: '../../etc/passwd' },
    { ...answer, name: 'page 2' },
  ]
  proof.attachments = [{ path: 'screenshots/page.png', bytes: Buffer.from([1, 2, 3]) }]
  const { sha256: hash } = writeProof(folder, proof)
  assert.equal(files(folder), [
    'SHA256SUMS',
    'baseline.json',
    'guards.txt',
    'health-2.json',
    'health.json',
    'junit.xml',
    'metrics.prom',
    'probe--etc-passwd.json',
    'probe-page-2.json',
    'probe-proof.json',
    'proof.json',
    'report.html',
    'report.md',
    'restored.json',
    'screenshots/page.png',
  ])
  const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
  assert.is(hash, sha256(sums))
  assert.equal(
    sums
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(66)),
    files(folder).slice(1),
  )
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder })
  assert.is(JSON.parse(readFileSync(join(folder, 'health.json'), 'utf8')).body, '{}')
  assert.is(
    JSON.parse(readFileSync(join(folder, 'restored.json'), 'utf8')).buckets.length,
    proof.verification.buckets.length,
  )
  assert.is(readFileSync(join(folder, 'baseline.json'), 'utf8').slice(0, 40).includes('pgdrill-baseline'), true)
})

test('what is read is what was written', () => {
  const followUp = {
    check_name: 'a',
    object_name: null,
    status: 'fail' as const,
    detail: 'b',
    hint: null,
    role: 'lead' as const,
    owner: 'Ada',
    due: '2026-12-01',
    note: 'c',
  }
  const full = proofOf(
    verificationOf([row({ status: 'fail', expected: { a: [1, null, { b: '2' }] }, actual: null })], {
      answers: [answer],
    }),
    drillOf({
      follow_ups: [followUp],
      notes: [{ at: '2026-11-10T14:05:00.000Z', by: 'Ada', text: 'x' }],
      previous: { drill_id: 'a-b', proof_sha256: 'a'.repeat(64) },
    }),
  )
  full.attachments = [{ path: 'screenshots/page.png', bytes: Buffer.from([1, 2, 3]) }]
  for (const proof of [good(), bad(), full]) {
    const folder = place()
    writeProof(folder, proof)
    assert.equal(JSON.parse(JSON.stringify(readProof(folder))), JSON.parse(JSON.stringify(proof)))
  }
  // Names that no folder could have are no reason not to read it.
  const hostile = hostileProof()
  assert.equal(parseProof(proofDocument(hostile), 'x').verification.results, hostile.verification.results)
})

test('what is no proof is refused, in one line', () => {
  const document = JSON.parse(proofDocument(good()))
  const refused = (change: object | string, expected: RegExp) => {
    const text = typeof change === 'string' ? change : JSON.stringify({ ...document, ...change })
    assert.throws(
      () => parseProof(text, 'proof.json'),
      (error: unknown) => error instanceof CouldNotVerify && expected.test(error.message),
    )
  }
  refused('{"format":', /not JSON, or is cut off/)
  refused('null', /not a proof of pgdrill/)
  refused({ format: 'pgdrill-baseline' }, /not a proof of pgdrill/)
  refused({ format_version: 2 }, /has format version 2, this pgdrill reads version 1/)
  refused(
    { verification: { ...document.verification, results: [{}] } },
    /is damaged: verification\.results\.0\.check_name/,
  )
  refused({ drill: {} }, /is damaged: drill\./)
  refused({ proof_id: '../x' }, /is damaged: proof_id/)
})

test('a name that leaves the folder, or that is taken, is refused and nothing is left', () => {
  for (const path of [
    '../x',
    '/x',
    'a/../b',
    'a//b',
    '.hidden',
    'a\nb',
    '',
    'proof.json',
    'Report.md',
    'sha256sums',
    'signature.dsse.json',
  ]) {
    const folder = place()
    const proof = good()
    proof.attachments = [{ path, bytes: Buffer.from('x') }]
    assert.throws(() => writeProof(folder, proof), /a proof cannot hold a file named/, path)
    assert.not(existsSync(folder), path)
  }
  const twice = good()
  twice.attachments = ['a.png', 'A.png'].map((path) => ({ path, bytes: Buffer.from('x') }))
  assert.throws(() => writeProof(place(), twice), /there is one already/)
})

test('never over another one', () => {
  const folder = place()
  writeProof(folder, good())
  const before = readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
  assert.throws(() => writeProof(folder, bad()), /exists already/)
  assert.is(readFileSync(join(folder, 'SHA256SUMS'), 'utf8'), before)
})

/** A program that writes proofs of some size until it is killed. */
const writer = `
  const { writeProof } = await import(${JSON.stringify(projectFile('src/proof/write-proof.ts'))})
  const { good } = await import(${JSON.stringify(projectFile('test/proof/fixture.ts'))})
  const [base] = process.argv.slice(2)
  const proof = good()
  proof.attachments = Array.from({ length: 40 }, (_, at) => ({ path: 'screenshots/' + at + '.png', bytes: Buffer.alloc(200_000, at) }))
  process.stdout.write('ready')
  for (let at = 0; ; at += 1) writeProof(base + '/p' + at, proof)
`

test('killed in the middle: what has its name is whole, what is not is called partial and has no sums', async () => {
  const script = join(directory, 'writer.mts')
  writeFileSync(script, writer)
  let halves = 0
  for (const wait of [5, 40, 90, 160, 230, 310]) {
    const base = place()
    mkdirSync(base)
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script, base])
    await new Promise((done) => child.stdout.once('data', done))
    await new Promise((done) => setTimeout(done, wait))
    child.kill('SIGKILL')
    await new Promise((done) => child.once('close', done))
    for (const name of readdirSync(base)) {
      const folder = join(base, name)
      if (/^p\d+$/.test(name)) {
        const rows = verifyProof({ directory: folder, publicKey: undefined, previous: undefined })
        assert.not(
          rows.some(({ status }) => status === 'fail' || status === 'error'),
          name,
        )
      } else {
        halves += 1
        assert.match(name, /\.partial$/)
        if (existsSync(join(folder, 'SHA256SUMS'))) continue
        if (!existsSync(join(folder, 'proof.json'))) continue
        const [first] = verifyProof({ directory: folder, publicKey: undefined, previous: undefined })
        assert.is(first?.status, 'fail')
      }
    }
  }
  assert.ok(halves > 0, 'no kill hit a proof while it was written: the test proved nothing')
})

const mountPoint = place()
mkdirSync(mountPoint)

/** A disk of a few pages, in a place that only the command sees. */
function onSmallDisk(kilobytes: number, script: string): { status: number | null; stdout: string; stderr: string } {
  const mount = `mount -t tmpfs -o size=${kilobytes}k none "$1" && cd "$1" && exec bash -c "$2"`
  try {
    const stdout = execFileSync('unshare', ['--mount', 'bash', '-c', mount, 'bash', mountPoint, script], {
      encoding: 'utf8',
      stdio: 'pipe',
    })
    return { status: 0, stdout, stderr: '' }
  } catch (error) {
    return error as { status: number | null; stdout: string; stderr: string }
  }
}

const canMount = onSmallDisk(16, 'true').status === 0

test.needs(canMount, 'mounting a small disk needs to be root, with unshare')(
  'a full disk: an error that says so, and nothing left',
  () => {
    const script = join(tmpdir(), `pgdrill-full-${process.pid}.mts`)
    writeFileSync(
      script,
      `const { writeProof } = await import(${JSON.stringify(projectFile('src/proof/write-proof.ts'))})
     const { good } = await import(${JSON.stringify(projectFile('test/proof/fixture.ts'))})
     try { writeProof('proofs/p', good()) } catch (error) { console.log(error.name + ': ' + error.message); process.exitCode = 2 }`,
    )
    try {
      const outcome = onSmallDisk(
        64,
        `'${process.execPath}' --import '${import.meta.resolve('tsx')}' '${script}'; code=$?; find . -mindepth 1; exit $code`,
      )
      assert.is(outcome.status, 2)
      assert.match(outcome.stdout, /^CouldNotVerify: the proof cannot be written to proofs\/p: ENOSPC/)
      assert.equal(outcome.stdout.trimEnd().split('\n').slice(1), ['./proofs'])
    } finally {
      rmSync(script, { force: true })
    }
  },
)

test.run()
