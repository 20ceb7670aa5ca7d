// The command line itself: help, unknown words, wrong values.

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, urlOf, Workplace } from './program.ts'

const test = suite('cli/usage')
const place = new Workplace()
let copy: Scratch

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})

/** Every command of the program, and every command below one. */
async function allCommands(): Promise<string[][]> {
  const commands: string[][] = []
  for (const name of await namesIn([])) commands.push([name], ...(await namesIn([name])).map((below) => [name, below]))
  return commands
}

async function namesIn(command: string[]): Promise<string[]> {
  const { stdout } = await place.run([...command, '--help'])
  const list = /^Commands:\n((?: {2}.*\n?)*)/m.exec(stdout)?.[1] ?? ''
  const names = [...list.matchAll(/^ {2}([a-z-]+)/gm)].map((match) => match[1] as string)
  return names.filter((name) => command.length === 0 || name !== 'help')
}

test('every command has a help with its options, an example and its exit codes, and a row in the documents', async () => {
  const commands = await allCommands()
  assert.ok(commands.length >= 40, commands.join('; '))
  const rows = readFileSync(projectFile('docs', 'commands.md'), 'utf8').split('\n')
  for (const command of commands) {
    const outcome = await place.run([...command, '--help'])
    assertCode(outcome, 0)
    assert.is(outcome.stderr, '')
    assert.match(outcome.stdout, new RegExp(`^Usage: pgdrill ${command.join(' ')}`))
    assert.match(outcome.stdout, /-h, --help/)
    const hasExample = /Examples?:\n {2}pgdrill /.test(outcome.stdout)
    const isGroup = outcome.stdout.includes('\nCommands:\n')
    const isGroupAlone = isGroup && !['backup', 'incident'].includes(command[0] ?? '')
    assert.ok(hasExample || isGroupAlone, `no example: ${command.join(' ')}`)
    if (isGroupAlone && command.length === 1) continue
    // What stands behind each code begins with its number.
    const [, told = ''] = /Exit codes[^:]*:((?:.|\n)*?)(?:\n\n|$)/.exec(outcome.stdout) ?? []
    const codes = [...told.matchAll(/(?:^|[\s,;])([012]) /g)].map(([, code]) => code)
    assert.ok(codes.includes('0') && codes.includes('2'), `no exit codes: ${command.join(' ')}: ${told}`)
    const row = rows.find((line) => line.startsWith(`| \`${command.join(' ')}\` |`))
    assert.ok(row !== undefined, `docs/commands.md has no row for ${command.join(' ')}`)
    assert.equal(
      [...row.matchAll(/\b([012]):/g)].map(([, code]) => code),
      [...new Set(codes)],
      command.join(' '),
    )
  }
  for (const args of [['--help'], ['verify', '--help']]) {
    const { stdout } = await place.run(args)
    for (const text of [/0 +verified/, /1 +verified to be wrong/, /2 +could not verify/, /Examples:/])
      assert.match(stdout, text)
  }
})

test('the program without a command shows its help and does not succeed; --version does', async () => {
  for (const args of [[], ['baseline'], ['migrate'], ['sandbox']]) {
    const outcome = await place.run(args)
    assertCode(outcome, 2)
    assert.is(outcome.stdout, '')
    assert.match(outcome.stderr, /Usage: pgdrill/)
  }
  const version = await place.run(['--version'])
  assertCode(version, 0)
  assert.match(version.stdout, /^\d+\.\d+\.\d+\S*\n$/)
})

test('an unknown command, option or value, and one argument too many', async () => {
  const url = urlOf(copy)
  for (const args of [
    ['verfy'],
    ['baseline', 'capture!'],
    ['--verify'],
    ['verify', '--targt', 'restore'],
    ['verify', '--target'],
    ['verify', '--target', 'restore', 'restore'],
    ['verify', '--target', 'restore', '--depth', 'deep'],
    ['verify', '--target', 'restore', '--format', 'yaml'],
    ['migrate', 'up', '--target', 'restore', '--count', '0'],
    ['migrate', 'up', '--target', 'restore', '--count', '1.5'],
    ['migrate', 'up', '--target', 'restore', '--count', '-1'],
    ['baseline', 'show', '--target', 'restore', 'newest'],
    ['baseline', 'export', '--target', 'restore', "'; drop schema drill cascade; --"],
  ]) {
    const outcome = await place.run(args, { RESTORE_DATABASE_URL: url })
    assertCode(outcome, 2)
    assert.is(outcome.stdout, '', args.join(' '))
    assert.match(outcome.stderr, /^(error|pgdrill): /, args.join(' '))
    assert.not.match(outcome.stderr, /^\s+at /m)
    assert.equal(outcome.files, [])
  }
})

test("moments: a zone is needed, nonsense and the future are refused, PostgreSQL's own form is read", async () => {
  const env = { RESTORE_DATABASE_URL: urlOf(copy) }
  const refused: [string, RegExp][] = [
    ['2026-01-23T04:30:00', /has no time zone/],
    ['2026-01-23 04:30', /has no time zone/],
    ['2026-01-23', /has no time zone/],
    ['2026-02-31T00:00:00Z', /is not a moment/],
    ['2026-13-01T00:00:00Z', /is not a moment/],
    ['2026-01-23T25:00:00Z', /is not a moment/],
    ['2026-01-23T04:30:00+99', /is not a moment/],
    ['2026-01-23 04:30:00 (hidden) Z', /is not a moment/],
    ['yesterday', /is not a moment/],
    ['now', /is not a moment/],
    ['1769142600', /is not a moment/],
    ['infinity', /is not a moment/],
    ['', /is not a moment/],
    ["2026-01-23T04:30:00Z'; select 1 --", /is not a moment/],
    ['9999-12-31T00:00:00Z', /is in the future/],
    [new Date(Date.now() + 3_600_000).toISOString(), /is in the future/],
  ]
  for (const option of ['--failure-point', '--restore-point', '--now']) {
    for (const [text, message] of refused) {
      assertRefused(
        await place.run(['verify', '-t', 'restore', option, text], env),
        message,
        /2026-11-23T04:30:00Z|has passed/,
      )
    }
  }
  assertRefused(await place.run(['baseline', 'capture', '-t', 'restore', '--now', 'x'], env), /--now is not a moment/)

  const now = new Date().toISOString()
  for (const text of [
    now,
    now.replace('T', ' ').replace('Z', '+00'),
    now.replace('Z', '+00:00'),
    now.replace('Z', '+0000'),
  ]) {
    const outcome = await place.run(
      ['verify', '-t', 'restore', '--no-proof', '--format', 'json', '--failure-point', text],
      env,
    )
    assertCode(outcome, 0)
    assert.is(JSON.parse(outcome.stdout).failure_point, now)
  }
})

test('the moment to which a person restored is compared, and shown beside the other evidence', async () => {
  const env = { RESTORE_DATABASE_URL: urlOf(copy) }
  const silent = JSON.parse(
    (await place.run(['verify', '-t', 'restore', '--no-proof', '--format', 'json'], env)).stdout,
  )
  assert.is(silent.restore_point, null)
  const { newest_row_at, newest_row_relation, replayed_at } = silent.recovery.evidence
  assert.match(newest_row_relation, /^public\./)
  assert.ok(newest_row_at < silent.started_at && replayed_at !== undefined)

  const right = await place.run(['verify', '-t', 'restore', '--restore-point', newest_row_at, '--out', 'right'], env)
  assertCode(right, 0)
  assert.match(right.stdout, /^ {2}evidence {2}heartbeat \S+, newest row \(public\.\w+\) \S+, .*asked for \S+$/m)
  assert.match(right.stdout, /^ {2}pass {2}recovery_point .*asked for /m)
  assert.match(place.read('right', 'report.md'), /^\| Evidence of it \| heartbeat .*, asked for \S+ \|$/m)
  assert.is(
    JSON.parse(place.read('right', 'proof.json')).verification.restore_point,
    new Date(newest_row_at).toISOString(),
  )

  const wrong = await place.run(
    ['verify', '-t', 'restore', '--no-proof', '--restore-point', '2026-01-23T04:30:00Z'],
    env,
  )
  assertCode(wrong, 1)
  assert.match(wrong.stdout, /FAIL {2}recovery_point {2}the database reaches beyond 2026-01-23 04:30:00\+00, /)
  const early = ['--now', '2026-01-23T04:30:00Z', '--restore-point', '2026-01-23T05:30:00Z']
  const future = await place.run(['verify', '-t', 'restore', '--no-proof', ...early], env)
  assert.match(
    future.stdout,
    /ERROR recovery_point {2}the restore point that was asked for cannot be compared: .* is in the future/,
  )
})

test.run()
