// The sandbox that stays up, as a newcomer uses it, and what is left when a run is
// killed: nothing.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { suite } from '../support/suite.ts'

const test = suite('sandbox commands')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-commands-'))
// Of its own, so that what a killed run leaves there is seen.
const temporary = mkdtempSync(join(tmpdir(), 'pgdrill-tmp-'))
const program = ['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts')]
const environment = { ...process.env, TMPDIR: temporary, RESTORE_DATABASE_URL: '', PRODUCTION_DATABASE_URL: '' }

function pgdrill(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], {
    cwd: directory,
    env: environment,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test.before(() => {
  // The servers' user has to pass through it when this runs as root.
  spawnSync('chmod', ['755', temporary])
})
test.after(() => {
  pgdrill('sandbox', 'down')
  rmSync(directory, { recursive: true, force: true })
  rmSync(temporary, { recursive: true, force: true })
})

test('without a sandbox: status and break say so, down has nothing to do', () => {
  for (const args of [['status'], ['break', 'trigger-disabled']]) {
    const { status, stderr } = pgdrill('sandbox', ...args)
    assert.is(status, 2)
    assert.match(stderr, /no sandbox is up/)
  }
  assert.is(pgdrill('sandbox', 'down').status, 0)
})

test('without a name, break lists the faults, one line each', () => {
  const { status, stdout } = pgdrill('sandbox', 'break')
  assert.is(status, 0)
  const lines = stdout.trim().split('\n')
  assert.ok(lines.length >= 15)
  for (const line of lines) assert.match(line, /^[a-z0-9-]+ {2,}\S.{10,}$/)
})

test('up, verify, baseline, break, verify, down', () => {
  const up = pgdrill('sandbox', 'up')
  assert.is(up.status, 0, up.stderr)
  assert.match(up.stdout, /psql 'postgresql:.*\/opsmantik' {3}# production/)

  const good = pgdrill('verify', '--target', 'restore')
  assert.is(good.status, 0, good.stdout + good.stderr)
  assert.match(good.stdout, /\(SANDBOX: this is no drill\)/)
  assert.match(good.stdout, /PASS \[sandbox\] restore: \d+ passed.* \(exit 0\)/)
  assert.is(readdirSync(join(directory, 'verify', 'proofs')).length, 1)

  const captured = pgdrill('baseline', 'capture', '--target', 'production')
  assert.is(captured.status, 0, captured.stderr)
  const [file = ''] = readdirSync(join(directory, 'verify', 'baselines'))
  assert.match(file, /^production-\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/)

  assert.is(pgdrill('sandbox', 'up').status, 2, 'a second one is refused')
  assert.is(pgdrill('sandbox', 'break', 'no-such-fault').status, 2)
  const broken = pgdrill('sandbox', 'break', 'trigger-disabled-on-one-partition')
  assert.is(broken.status, 0, broken.stderr)

  const bad = pgdrill('verify', '--target', 'restore', '--baseline', join('verify', 'baselines', file))
  assert.is(bad.status, 1, bad.stdout)
  assert.match(bad.stdout, /FAIL {2}partition_triggers .* on public\.sessions_\d{4}_\d{2} is disabled/)
  assert.match(bad.stdout, /expected .*"state":"enabled"/)
  assert.match(bad.stdout, /actual .*"state":"disabled"/)
  assert.match(bad.stdout, /to do .*alter table public\.sessions_\d{4}_\d{2} enable trigger sessions_set_created_month/)

  const root = JSON.parse(readFileSync(join(directory, '.sandbox', 'sandbox.json'), 'utf8')).root
  assert.is(pgdrill('sandbox', 'down').status, 0)
  assert.is(existsSync(join(directory, '.sandbox')), false)
  assert.is(existsSync(root), false)
  assert.is(pgdrill('verify', '--target', 'restore').status, 2)
})

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle of a run leaves no server and no directory behind`, async () => {
    const child = spawn(process.execPath, [...program, 'verify', '--target', 'sandbox'], {
      cwd: directory,
      env: environment,
    })
    let seen = ''
    child.stderr.on('data', (data) => {
      seen += data
    })
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    while (!seen.includes('application schema and data')) await sleep(20)
    const servers = runningServers()
    assert.ok(servers.length > 0, 'the production server is not up yet')
    child.kill(signal)
    const code = await ended
    if (signal !== 'SIGKILL') {
      assert.is(code, 2)
      assert.match(seen, /interrupted by SIG(INT|TERM): nothing was decided/)
    }
    const deadline = Date.now() + 8000
    while ((runningServers().length > 0 || directories().length > 0) && Date.now() < deadline) await sleep(50)
    assert.equal(runningServers(), [])
    assert.equal(directories(), [])
  })
}

/** What of ours lies there; the caches of tools that run TypeScript are not ours. */
function directories(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('pgdrill'))
}

/** Servers whose data lies in our own temporary directory. */
function runningServers(): string[] {
  const { stdout } = spawnSync('ps', ['-ww', '-e', '-o', 'command='], { encoding: 'utf8' })
  return stdout.split('\n').filter((line) => line.includes(temporary) && line.includes('postgres'))
}

test.run()
