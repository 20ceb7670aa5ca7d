// The application of a sandbox that stays up: verify finds it by itself while it runs.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, Workplace } from './program.ts'

const test = suite('cli/sandbox-app')
const place = new Workplace()

test.after(async () => {
  await place.run(['sandbox', 'down'])
  place.remove()
})

test('without a sandbox there is nothing to run it on, and a fault must have a name', async () => {
  assertRefused(await place.run(['sandbox', 'app']), /no sandbox is up/)
  const unknown = await place.run(['sandbox', 'app', '--fault', 'nothing'])
  assert.is(unknown.code, 2)
  assert.match(unknown.stderr, /worker-open/)
})

test('verify probes it while it runs, and judges the database alone when it has ended', async () => {
  assertCode(await place.run(['sandbox', 'up']), 0)
  const before = place.read('.sandbox', 'targets.env')
  const args = [
    '--import',
    import.meta.resolve('tsx'),
    projectFile('src', 'bin.ts'),
    'sandbox',
    'app',
    '--fault',
    'worker-open',
  ]
  const app = spawn(process.execPath, args, { cwd: place.directory, stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(app.stdout, 'data')
  assert.match(String(said), /runs at http:\/\/127\.0\.0\.1:\d+, until Ctrl-C/)
  const verify = ['verify', '-t', 'restore', '-d', 'quick', '--no-proof']
  const probed = await place.run(verify)
  assertCode(probed, 1)
  assert.match(probed.stdout, /pass +app_health +health: GET/)
  assert.match(probed.stdout, /FAIL +app_worker +worker_unsigned/)

  app.kill('SIGINT')
  assert.equal(await once(app, 'exit'), [0, null])
  assert.is(place.read('.sandbox', 'targets.env'), before)
  const alone = await place.run(verify)
  assertCode(alone, 0)
  assert.match(alone.stdout, /skip +app +no app was asked for/)
})

test.run()
