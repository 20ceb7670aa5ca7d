// The signature is what QStash's own receivers check: worked out here by hand, with nothing of ours.

import { createHash, createHmac } from 'node:crypto'
import * as assert from 'uvu/assert'
import { signForUpstash } from '../../src/probes/upstash.ts'
import { suite } from '../support/suite.ts'

const test = suite('probes/upstash')
const url = 'https://restored.example.com/api/sync/worker'
const now = Date.parse('2026-11-23T04:30:00Z')

function claimsOf(token: string, key: string): Record<string, unknown> {
  const [header = '', payload = '', signature = '', ...rest] = token.split('.')
  assert.equal(rest, [])
  assert.equal(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'HS256', typ: 'JWT' })
  assert.is(signature, createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url'))
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

test('issuer, address, times and the hash of the body, signed with the key', () => {
  const { jti, ...claims } = claimsOf(signForUpstash('sig_key', url, '{"a":1}', now), 'sig_key')
  assert.match(String(jti), /^jwt_[0-9a-f-]{36}$/)
  assert.equal(claims, {
    iss: 'Upstash',
    sub: url,
    exp: now / 1000 + 300,
    nbf: now / 1000 - 60,
    iat: now / 1000,
    // As Upstash writes it: URL-safe, with padding.
    body: `${createHash('sha256').update('{"a":1}').digest('base64url')}=`,
  })
})

test('another body, key or message gives another signature', () => {
  const tokens = [
    signForUpstash('a', url, 'x', now),
    signForUpstash('a', url, 'y', now),
    signForUpstash('b', url, 'x', now),
    signForUpstash('a', url, 'x', now),
  ]
  assert.is(new Set(tokens).size, 4)
})

test.run()
