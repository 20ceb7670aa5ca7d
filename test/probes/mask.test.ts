// What is taken out of answers before they are kept, and what stays readable.

import * as assert from 'uvu/assert'
import { maskOf, maskValue } from '../../src/probes/mask.ts'
import { suite } from '../support/suite.ts'

const test = suite('probes/mask')
const secret = 'Zk9/"+ä=secretvalue'
const mask = maskOf([secret, 'abc'])

const hidden: Record<string, string> = {
  'the secret itself': `before ${secret} after`,
  'in an address': `?key=${encodeURIComponent(secret)}&a=1`,
  'in JSON': JSON.stringify({ a: secret }),
  'in base64': Buffer.from(secret).toString('base64'),
  'in base64url': Buffer.from(secret).toString('base64url'),
}
for (const [name, text] of Object.entries(hidden)) {
  test(`a known secret: ${name}`, () => {
    assert.not.match(mask(text), /secretvalue|c2VjcmV0dmFsdW/)
    assert.match(mask(text), /\*\*\*/)
  })
}

const looks: Record<string, string> = {
  'a token': 'x eyJhbGciOiJIUzI1NiJ9.CANARYCANARY.CANARY y',
  'a cut token': 'eyJhbGciOiJIUzI1NiJ9.CANARYCANARY',
  'a bearer': 'Authorization: Bearer CANARYCANARY',
  'basic authorization': 'authorization: Basic CANARYCANARY==',
  'a cookie header': 'Set-Cookie: a=CANARY; b=CANARY; Path=/',
  'a cookie in JSON': '{"cookie":"sb-access-token=CANARY; b=CANARY"}',
  'a key in JSON': '{"api_key": "CANARY", "n": 1}',
  'a key in JSON in a string': '{"log":"{\\"password\\":\\"CANARY\\"}"}',
  'a signing key': 'key sig_CANARYCANARY end',
  'a service key': 'sb_secret_CANARYCANARY',
  'the password of an address': 'postgresql://postgres:CANARY@db.example.com:5432/x',
  'a parameter': '/callback?access_token=CANARY&x=1',
  'a hidden field': '<input type="hidden" name="csrf" value="CANARY">',
  'a setting': 'JWT_SECRET=CANARY',
}
for (const [name, text] of Object.entries(looks)) {
  test(`what looks like a secret: ${name}`, () => assert.not.match(mask(text), /CANARY/))
}

test('look-alikes stay as they are', () => {
  for (const text of [
    '{"ok":true,"ts":"2026-11-23T04:30:00.000Z","db_ok":true,"git_sha":"3f786850e387550fdab836ed7e6dc881de23001b"}',
    '{"ok":true,"score":0,"status":"queued","ingest_id":"6f1c2a34-0000-4000-8000-000000000000"}',
    '<h1>Log in</h1> with e-mail and a pass phrase, at http://127.0.0.1:3000/login',
    'abc',
  ]) {
    assert.is(mask(text), text)
  }
})

test('a long text is cut before a secret that begins at its end', () => {
  assert.not.match(mask(`${'x '.repeat(8_190)}${secret}`), /Zk9/)
})

test('one long word does not take minutes', () => {
  const start = performance.now()
  for (const word of ['a', 'secret', 'eyJ', 'cookie:', '<input ', '"token":"', 'a://b:']) mask(word.repeat(200_000))
  assert.ok(performance.now() - start < 5_000)
})

test('values: every text in them', () => {
  assert.equal(maskValue({ a: [secret, 1, null], b: { c: true } }, mask), { a: ['***', 1, null], b: { c: true } })
})

test.run()
