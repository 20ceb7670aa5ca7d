// pgdrill report: one changed byte, a file too many or too few, signatures, the chain, and keys.

import { createHash, generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readPublicKey, signingKeyOf } from '../../src/proof/signature.ts'
import { verifyProof } from '../../src/proof/verify-proof.ts'
import { writeProof } from '../../src/proof/write-proof.ts'
import { assertCode, assertRefused, type Outcome, Workplace } from '../cli/program.ts'
import { suite } from '../support/suite.ts'
import { bad, drillOf, good, proofOf, unlooked, verificationOf } from './fixture.ts'

const test = suite('proof/verify-proof')

const place = new Workplace()
const report = (...args: string[]) => place.run(['report', ...args], {})
let number = 0

function refused(outcome: Outcome, message: RegExp, toDo?: RegExp): void {
  assertRefused(outcome, message, toDo, outcome.files)
}

test.before(async () => {
  assertCode(await report('keygen', '--out', 'key.pem'), 0)
  assertCode(await report('keygen', '--out', 'other.pem'), 0)
})
test.after(() => place.remove())

function folder(proof = good(), key?: string): string {
  number += 1
  const name = `proof-${number}`
  writeProof(place.path(name), proof, key === undefined ? undefined : signingKeyOf({ signKey: place.path(key) }))
  return name
}

/** A proof after a change, looked at by a user. */
async function after(change: (path: string) => void, ...more: string[]): Promise<Outcome> {
  const name = folder(good(), 'key.pem')
  change(place.path(name))
  return await report('verify', name, ...more)
}

test('as it was written: 0, also for the proof of a database that is not', async () => {
  for (const proof of [good(), bad(), unlooked(), proofOf(verificationOf(), drillOf())]) {
    const outcome = await report('verify', folder(proof))
    assertCode(outcome, 0)
    assert.match(outcome.stdout, /^PASS .*: the proof is as it was written \(exit 0\)$/m)
    assert.match(outcome.stdout, /not applicable {2}signature: it is not signed/)
  }
})

test('one changed byte, whichever it is, is refused with the name of the file', () => {
  const name = folder(good(), 'key.pem')
  const sampled = (size: number) =>
    size < 700 ? Array.from({ length: size }, (_, at) => at) : [0, 1, size >> 1, size - 2, size - 1]
  let changes = 0
  for (const file of readdirSync(place.path(name))) {
    const path = place.path(name, file)
    const bytes = readFileSync(path)
    for (const at of sampled(bytes.length)) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      writeFileSync(path, changed)
      const rows = verifyProof({ directory: place.path(name), publicKey: undefined, previous: undefined })
      const wrong = rows.filter(({ status }) => status === 'fail')
      assert.ok(wrong.length > 0, `${file}, byte ${at}`)
      if (file !== 'SHA256SUMS')
        assert.ok(
          wrong.some((row) => row.object_name === file),
          `${file}, byte ${at}: named`,
        )
      changes += 1
    }
    writeFileSync(path, bytes)
  }
  assert.ok(changes > 600)
  assert.not(
    verifyProof({ directory: place.path(name), publicKey: undefined, previous: undefined }).some(
      ({ status }) => status === 'fail',
    ),
  )
})

test('changed, missing, added: 1, and which file', async () => {
  const changed = await after((path) => appendFileSync(join(path, 'report.html'), ' '))
  assertCode(changed, 1)
  assert.match(changed.stdout, /^FAIL .*first: report\.html was changed \(exit 1\)$/m)
  assert.match((await after((path) => rmSync(join(path, 'guards.txt')))).stdout, /guards\.txt is missing \(exit 1\)/)
  assert.match(
    (await after((path) => writeFileSync(join(path, 'more.txt'), ''))).stdout,
    /more\.txt was added \(exit 1\)/,
  )
  assert.match((await after((path) => rmSync(join(path, 'SHA256SUMS')))).stdout, /SHA256SUMS is missing.*\(exit 1\)/)
  const nested = await after((path) => {
    mkdirSync(join(path, 'a'))
    writeFileSync(join(path, 'a', 'b\u001b[2J'), '')
  })
  assertCode(nested, 1)
  assert.match(nested.stdout, /a\/b\\u001b\[2J was added/)
  const json = JSON.parse((await after((path) => rmSync(join(path, 'junit.xml')), '--format', 'json')).stdout)
  assert.equal(
    [json.format, json.verdict.exit_code, json.results[0].object_name],
    ['pgdrill-report-verification', 1, 'junit.xml'],
  )
})

test('what cannot be read is 2', async () => {
  refused(
    await report('verify', 'nowhere'),
    /^pgdrill: there is no proof nowhere: no such folder$/,
    /Name the folder of a proof/,
  )
  mkdirSync(place.path('empty'))
  refused(await report('verify', 'empty'), /is no proof: it has neither/)
  writeFileSync(place.path('file'), '')
  refused(await report('verify', 'file'), /^pgdrill: file is a file, and a proof is a folder$/)
  const linked = await after((path) => {
    rmSync(join(path, 'report.md'))
    symlinkSync('/etc/hostname', join(path, 'report.md'))
  })
  refused(linked, /report\.md is no plain file/)
  refused(await report('show', 'empty'), /is no proof, or not a whole one: it has no proof\.json/)
})

/** Somebody who can write the folder can make the sums fit. */
function rewriteSums(path: string): void {
  const lines = readdirSync(path)
    .filter((name) => name !== 'SHA256SUMS' && name !== 'signature.dsse.json')
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex')}  ${name}\n`,
    )
  writeFileSync(join(path, 'SHA256SUMS'), lines.join(''))
}

test('the signature finds what fits by itself; the key that is trusted finds who signed anew', async () => {
  const forge = (path: string) => {
    const file = join(path, 'report.md')
    writeFileSync(file, readFileSync(file, 'utf8').replace('PASS', 'FAIL'))
    rewriteSums(path)
  }
  const forged = await after(forge)
  assertCode(forged, 1)
  assert.match(forged.stdout, /signature\.dsse\.json is a signature of another proof/)

  const good = await after(() => {}, '--public-key', 'key.pem.pub')
  assertCode(good, 0)
  assert.match(good.stdout, /passed {2}signature: signed by the key [0-9a-f]{64}$/m)
  const enclosed = await after(() => {})
  assertCode(enclosed, 0)
  assert.match(enclosed.stdout, /warning {2}signature: .*which is enclosed: anybody could have made it/)
  const other = await after(() => {}, '--public-key', 'other.pem.pub')
  assertCode(other, 1)
  assert.match(other.stdout, /not a signature by the key/)

  const stripped = (path: string) => {
    for (const name of ['signature.dsse.json', 'public-key.pem']) rmSync(join(path, name))
    forge(path)
  }
  assertCode(await after(stripped, '--public-key', 'key.pem.pub'), 1)
  assertCode(await after((path) => rmSync(join(path, 'signature.dsse.json'))), 1)
  const unsigned = folder()
  assertCode(await report('verify', unsigned, '--public-key', 'key.pem.pub'), 1)
})

test('the statement: "could not verify" and "failed" are FAILED, and never PASSED', () => {
  const resultOf = (proof: ReturnType<typeof good>) => {
    const envelope = JSON.parse(place.read(folder(proof, 'key.pem'), 'signature.dsse.json'))
    const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'))
    assert.is(envelope.payloadType, 'application/vnd.in-toto+json')
    assert.equal(
      statement.subject.map(({ name }: { name: string }) => name),
      ['SHA256SUMS', 'proof.json'],
    )
    return [statement.predicate.result, statement.predicate.verdict, statement.predicate.failedTests]
  }
  assert.equal(resultOf(good()), ['PASSED', 'verified', []])
  assert.equal(resultOf(bad()), ['FAILED', 'failed', ['row_counts']])
  assert.equal(resultOf(unlooked()), ['FAILED', 'could_not_verify', ['row_counts']])
})

test('a verdict that does not follow from the results is refused, even when all hashes fit', async () => {
  const name = folder(bad())
  const file = place.path(name, 'proof.json')
  const document = JSON.parse(readFileSync(file, 'utf8'))
  document.verification.verdict = { status: 'verified', exit_code: 0, counts: document.verification.verdict.counts }
  writeFileSync(file, JSON.stringify(document))
  rewriteSums(place.path(name))
  const outcome = await report('verify', name)
  assertCode(outcome, 1)
  assert.match(outcome.stdout, /its verdict does not follow from its results/)
})

test('the chain: the proof before it is beside it, or named; another one is refused; none is 2', async () => {
  mkdirSync(place.path('chain'))
  const first = drillOf({ drill_id: '20260810T120000Z-restore-0001' })
  const { sha256 } = writeProof(place.path('chain', first.drill_id), proofOf(verificationOf(), first))
  const second = drillOf({ previous: { drill_id: first.drill_id, proof_sha256: sha256 } })
  const name = join('chain', second.drill_id)
  writeProof(place.path(name), proofOf(verificationOf(), second))
  const linked = await report('verify', name)
  assertCode(linked, 0)
  assert.match(linked.stdout, /passed {2}previous: the proof before it is 20260810T120000Z-restore-0001/)
  assert.match((await report('verify', join('chain', first.drill_id))).stdout, /the first of its chain/)

  renameSync(place.path('chain', first.drill_id), place.path('moved'))
  const lost = await report('verify', name)
  assertCode(lost, 2)
  assert.match(lost.stdout, /^COULD NOT VERIFY .*is not in .*\(exit 2\)$/m)
  assertCode(await report('verify', name, '--previous', 'moved'), 0)
  const left = await report('verify', name, '--without-previous')
  assertCode(left, 0)
  assert.match(left.stdout, /not applicable {2}previous: .* was not asked for/)
  assertCode(await report('verify', name, '--previous', folder()), 1)
  assertCode(await report('verify', 'moved', '--previous', name), 1)
})

test('show and html make the formats anew, as they were written', async () => {
  const name = folder(bad())
  for (const [format, file] of Object.entries({
    html: 'report.html',
    markdown: 'report.md',
    junit: 'junit.xml',
    prometheus: 'metrics.prom',
  })) {
    const shown = await report('show', name, '--format', format)
    assertCode(shown, 0)
    assert.is(shown.stdout, place.read(name, file))
  }
  assert.match((await report('show', name)).stdout, /^FAIL restore: .*\(exit 1\)$/m)
  assert.match(
    (await report('show', folder(proofOf(verificationOf(), drillOf())))).stdout,
    /pass {2,3}RTO {2}1 h 50 min of 4 h: [\s\S]*^PASS drill DR-12 into restore/m,
  )
  assert.is((await report('html', name)).stdout, place.read(name, 'report.html'))
  const written = await report('html', name, '--out', 'again.html')
  assert.equal([written.code, written.stdout], [0, ''])
  assert.is(place.read('again.html'), place.read(name, 'report.html'))
})

test('keys: ed25519 only, never overwritten, from a file or a variable, and in no output', async () => {
  assert.is(statSync(place.path('key.pem')).mode & 0o777, 0o600)
  refused(await report('keygen', '--out', 'key.pem'), /key\.pem exists already/, /give another --out/)
  writeFileSync(place.path('half.pem.pub'), '')
  refused(await report('keygen', '--out', 'half.pem'), /half\.pem\.pub exists already/)
  assert.not(existsSync(place.path('half.pem')))

  const pem = place.read('key.pem')
  assert.ok(signingKeyOf({ signKey: place.path('key.pem') }))
  process.env['PGDRILL_TEST_KEY'] = pem.trimEnd().replaceAll('\n', '\\n')
  assert.ok(signingKeyOf({ signKey: 'env:PGDRILL_TEST_KEY' }))
  delete process.env['PGDRILL_TEST_KEY']
  const noKey = (name: string, expected: RegExp) => {
    assert.throws(
      () => signingKeyOf({ signKey: name }),
      (error: Error) => expected.test(error.message) && !error.message.includes(pem.split('\n')[1] as string),
    )
  }
  noKey('env:PGDRILL_TEST_KEY', /holds no key/)
  noKey(place.path('nowhere.pem'), /does not exist/)
  noKey(place.path('key.pem.pub'), /holds no private key in PEM/)
  writeFileSync(place.path('cut.pem'), pem.slice(0, 60))
  noKey(place.path('cut.pem'), /holds no private key in PEM/)
  const rsa = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  writeFileSync(place.path('rsa.pem'), rsa.privateKey)
  noKey(place.path('rsa.pem'), /key of type rsa, expected ed25519/)
  assert.throws(() => readPublicKey(place.path('cut.pem')), /holds no public key/)
  // A bad key is told before an hour of counting.
  refused(
    await place.run(['verify', '-t', 'nowhere', '--sign-key', 'nowhere.pem'], {}),
    /the key file nowhere\.pem does not exist/,
  )
  cpSync(place.path('key.pem'), place.path('copy.pem'))
  assertCode(await report('verify', folder(good(), 'copy.pem'), '--public-key', 'key.pem.pub'), 0)
})

test.run()
