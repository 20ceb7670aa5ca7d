import * as assert from 'uvu/assert'
import type { Transport } from '../../src/database/open-socket.ts'
import { judgeTransport } from '../../src/rules/transport.ts'
import { judge } from '../../src/rules/verdict.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/transport')
const remote: Transport = { isLocal: false, protocol: null, verified: 'nothing' }
const of = (more: Partial<Transport>) => judgeTransport({ ...remote, ...more }, 'RESTORE_DATABASE_URL')

test('plain text on a network is a warning, with what to do, and no verdict', () => {
  const row = of({})
  assert.is(row.status, 'warn')
  assert.match(row.hint ?? '', /sslmode=verify-full .* to RESTORE_DATABASE_URL/)
  const pass = of({ protocol: 'TLSv1.3' })
  assert.is(judge([pass, row]).exit_code, 0)
  assert.is(judge([row]).exit_code, 2, 'nor does it count as something that was looked at')
})

test('what is encrypted passes and says what was checked; what is local has nothing to encrypt', () => {
  for (const [verified, words] of [
    ['nothing', /was not checked$/],
    ['authority', /vouches for the server, but not for its name$/],
    ['name', /proved that it is the one of the URL$/],
  ] as const) {
    for (const isLocal of [true, false]) {
      const row = of({ protocol: 'TLSv1.2', verified, isLocal })
      assert.is(row.status, 'pass')
      assert.match(row.detail, /encrypted \(TLSv1\.2\)/)
      assert.match(row.detail, words)
    }
  }
  assert.is(of({ isLocal: true }).status, 'skip')
})

test.run()
