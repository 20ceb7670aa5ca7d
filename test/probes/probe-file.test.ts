// A file of probes: what is read, and that every mistake in it is one clear line.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { opsmantikProbes, readProbeFile, secretVariables } from '../../src/probes/probe-file.ts'
import { suite } from '../support/suite.ts'

const test = suite('probes/probe-file')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-probes-'))
const file = join(directory, 'probes.json')
test.after(() => rmSync(directory, { recursive: true }))

const health = { name: 'up', check: 'app_health', method: 'GET', path: '/up', expect: { status: [200] } }
const good = { format: 'pgdrill-probes', format_version: 1, probes: [health] }

function refusal(content: unknown): string {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  try {
    readProbeFile(file)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    const { message, hint } = error as CouldNotVerify
    assert.ok(!message.includes('\n') && hint?.includes('docs/app.md'), message)
    return message
  }
  throw new Error('it was read')
}

test('the built-in probes are such a file, and name what is secret', () => {
  const probes = opsmantikProbes()
  assert.equal(
    probes.probes.map(({ name }) => name),
    ['health', 'sync', 'worker_unsigned', 'worker_forged', 'worker', 'page'],
  )
  assert.equal(secretVariables(probes), [
    'SUPABASE_ANON_KEY',
    'SUPABASE_SERVICE_ROLE_KEY',
    'SUPABASE_JWT_SECRET',
    'QSTASH_CURRENT_SIGNING_KEY',
    'QSTASH_NEXT_SIGNING_KEY',
    'WORKER_SECRET',
  ])
})

test('the smallest file is read', () => {
  writeFileSync(file, JSON.stringify(good))
  assert.equal(readProbeFile(file), good)
})

const wrong: Record<string, [content: unknown, said: RegExp]> = {
  'no JSON': ['{', /is not JSON/],
  'another file': [{ ...good, format: 'x' }, /: format: /],
  'a newer one': [{ ...good, format_version: 2 }, /: format_version: /],
  'no probe': [{ ...good, probes: [] }, /: probes: /],
  'a key that is misspelt': [
    { ...good, probes: [{ ...health, expect: { status: [200], text_abscent: ['x'] } }] },
    /: probes\.0\.expect: .*text_abscent/,
  ],
  'no expectation': [{ ...good, probes: [{ ...health, expect: {} }] }, /: probes\.0\.expect\.status: /],
  'a value of a header': [{ ...good, probes: [{ ...health, headers: { 'x-key': 'secret' } }] }, /headers\.x-key/],
  'a path without /': [{ ...good, probes: [{ ...health, path: 'up' }] }, /must begin with \//],
  'another host in the path': [
    { ...good, probes: [{ ...health, path: 'https://x.example/up' }] },
    /must begin with \//,
  ],
  'a body with GET': [{ ...good, probes: [{ ...health, body: {} }] }, /GET and HEAD have no body/],
  'a name twice': [{ ...good, probes: [health, health] }, /probes\.1\.name: is there twice: up/],
  'an id that is not there': [{ ...good, probes: [{ ...health, path: '/{site}' }] }, /\{site\} is not among ids/],
  'an id of ours': [{ ...good, ids: { marker: { relation: 'a.b', column: 'c' } } }, /ids\.marker/],
  'a browser without a page': [{ ...good, browser: 'page' }, /browser: names no probe/],
  'nothing to forge': [{ ...good, probes: [{ ...health, is_forged: true }] }, /needs authorization/],
  'another check': [{ ...good, probes: [{ ...health, check: 'row_counts' }] }, /probes\.0\.check/],
  'a variable that is none': [{ ...good, keys: ['my key'] }, /keys\.0: must be the name of an environment variable/],
  'too much time': [{ ...good, timeout_seconds: 3600 }, /timeout_seconds/],
}
for (const [name, [content, said]] of Object.entries(wrong)) {
  test(`refused: ${name}`, () => assert.match(refusal(content), said))
}

test('refused: a file that is not there', () => {
  assert.throws(() => readProbeFile(join(directory, 'nowhere.json')), /nowhere\.json does not exist/)
})

test.run()
