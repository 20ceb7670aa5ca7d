// Production's app is refused before anything is sent to it.

import * as assert from 'uvu/assert'
import { CouldNotVerify } from '../../src/could-not-verify.ts'
import { isSameHost } from '../../src/probes/ask-probes.ts'
import { requireOtherApp } from '../../src/probes/other-app.ts'
import { suite } from '../support/suite.ts'
import { appAt } from './app.ts'

const test = suite('probes/other-app')

const addresses: Record<string, string[]> = {
  'app.example.com': ['192.0.2.1', '192.0.2.2'],
  'www.example.com': ['192.0.2.2'],
  'restored.example.com': ['192.0.2.9'],
  localhost: ['::1', '127.0.0.1'],
}
const resolve = async (host: string) => {
  const found = addresses[host]
  if (found === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
  return found
}

async function tell(target: string, production: string | undefined, mayShareAddress = false) {
  const app = { ...appAt(new URL(target)), mayShareAddress }
  return await requireOtherApp(
    { ...app, production: production === undefined ? undefined : new URL(production) },
    resolve,
  )
}

async function refusal(target: string, production: string, mayShareAddress = false): Promise<CouldNotVerify> {
  try {
    await tell(target, production, mayShareAddress)
  } catch (error) {
    assert.instance(error, CouldNotVerify)
    return error as CouldNotVerify
  }
  throw new Error(`${target} was not refused`)
}

for (const [target, production] of [
  ['https://app.example.com', 'https://app.example.com'],
  ['https://APP.example.com./base', 'https://app.example.com'],
  ['http://app.example.com', 'https://app.example.com:443/'],
  ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
] as const) {
  test(`refused: ${target} is ${production}`, async () => {
    // Not even somebody who says that the address is shared.
    assert.match((await refusal(target, production, true)).message, /production's and is refused/)
  })
}

for (const [target, production] of [
  ['https://www.example.com', 'https://app.example.com'],
  ['http://localhost:3000', 'http://127.0.0.1:3000'],
  ['https://192.0.2.1', 'https://app.example.com'],
] as const) {
  test(`refused unless it may be: ${target} has the address of ${production}`, async () => {
    const { message, hint } = await refusal(target, production)
    assert.match(message, /same address and port/)
    assert.match(hint ?? '', /--app-shares-address/)
    assert.is((await tell(target, production, true)).status, 'pass')
  })
}

for (const [target, production] of [
  ['https://restored.example.com', 'https://app.example.com'],
  ['http://127.0.0.1:3001', 'http://localhost:3000'],
  ['https://nowhere.example.com', 'https://app.example.com'],
  ['https://restored.example.com', 'https://gone.example.com'],
] as const) {
  test(`look-alikes: ${target} beside ${production}`, async () => {
    const row = await tell(target, production)
    assert.is(row.status, 'pass')
    assert.match(row.detail, /another one than production's/)
  })
}

test('production is not known: a warning', async () => {
  const row = await tell('https://restored.example.com', undefined)
  assert.is(row.status, 'warn')
  assert.match(row.hint ?? '', /PRODUCTION_APP_URL/)
})

test('the same host, for redirects: another port or host is none, from http to https is', () => {
  const same = (from: string, to: string) => isSameHost(new URL(from), new URL(to))
  assert.ok(same('https://a.example/x', 'https://a.example/y'))
  assert.ok(same('http://a.example', 'https://a.example'))
  assert.not(same('https://a.example', 'http://a.example'))
  assert.not(same('http://a.example:80', 'https://a.example:8443'))
  assert.not(same('http://a.example:3000', 'http://a.example:3001'))
  assert.not(same('https://a.example', 'https://a.example.org'))
})

test.run()
