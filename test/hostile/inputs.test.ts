// What people and other programs hand over, fuzzed: inventories of backups, connection URLs, password files, option values.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { runCli } from '../../src/cli.ts'
import { describeConnection, parseConnectionUrl } from '../../src/database/connection-url.ts'
import { findPassword } from '../../src/database/password-file.ts'
import { lookUpTarget } from '../../src/database/targets.ts'
import { collect } from '../../src/inventories/collect.ts'
import { formats } from '../../src/inventories/inventory.ts'
import { readInventory } from '../../src/inventories/read-inventory.ts'
import { hidePasswords, plainSentence } from '../../src/terminal/plain-text.ts'
import { parseMoment } from '../../src/verification/moment.ts'
import { suite } from '../support/suite.ts'
import { bottomless, canary, changed, damaged, fuzzing, takesOrRefuses, text } from './fuzz.ts'

const test = suite('hostile/inputs')
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-fuzz-'))
const before = { cwd: process.cwd(), env: process.env }

test.before(() => {
  // No .env, no sandbox, no database: whatever is named leads nowhere.
  process.chdir(directory)
  const env = Object.entries(before.env).filter(([name]) => !/^PG|_URL$/.test(name))
  process.env = { ...Object.fromEntries(env), HOME: directory }
})
test.after(() => {
  process.chdir(before.cwd)
  process.env = before.env
  rmSync(directory, { recursive: true, force: true })
})

const samples = fileURLToPath(new URL('../inventories/samples', import.meta.url))
const listings = readdirSync(samples)
  .map((name) => readFileSync(join(samples, name), 'utf8'))
  .filter((listing) => listing.length < 20_000)
assert.ok(listings.length > 3)

const inventory = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(...listings).chain((listing) => fc.oneof(mutated(listing), damaged(listing))),
  },
  { weight: 2, arbitrary: damaged('name,time,size\na.dump,2026-11-23T04:30:00Z,12\nb.dump,2026-11-22T04:30:00Z,\n') },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: bottomless },
)

function mutated(listing: string): fc.Arbitrary<string> {
  try {
    return changed(JSON.parse(listing))
  } catch {
    return damaged(listing)
  }
}

test('inventories in any format', async () => {
  let taken = 0
  const format = fc.constantFrom(undefined, ...formats)
  await fc.assert(
    fc.asyncProperty(inventory, format, async (input, format) => {
      // A tool's own words of what went wrong, and the name of what it lists, are repeated.
      const said = input.replaceAll(canary, 'x')
      const read = () => readInventory({ path: '-', format }, false, Readable.from([Buffer.from(said)]))
      const inventories = await takesOrRefuses(read)
      if (inventories === undefined) return
      taken += 1
      const held = await takesOrRefuses(() => collect(inventories, '2026-11-23T00:00:00.000Z'))
      for (const { finished_at, bytes } of held?.backups ?? []) {
        assert.ok(finished_at === null || !Number.isNaN(Date.parse(finished_at)), `${finished_at}`)
        assert.ok(bytes === null || /^\d+$/.test(bytes), `${bytes}`)
      }
    }),
    fuzzing(1000),
  )
  assert.ok(taken > 30, `only ${taken} were taken`)
})

test('a file of passwords that is given as an inventory is not repeated', async () => {
  for (const input of [
    `A_PASSWORD=${canary}\nB=2\n`,
    `A=1,${canary},3\n`,
    `name,time,size\na,${canary},1\n`,
    `name,time,size\na,2026-11-23T00:00:00Z,${canary}\n`,
    `a,2026-11-23T00:00:00Z,1\n"${canary}\n`,
    `[{"name": "a", "time": "${canary}"}]`,
    `{"backups": ${canary}}`,
  ]) {
    const read = await takesOrRefuses(() =>
      readInventory({ path: '-', format: undefined }, false, Readable.from([Buffer.from(input)])),
    )
    assert.is(read, undefined, input)
  }
})

const urlPart = fc.oneof(
  text,
  fc.constantFrom(
    '@',
    ':',
    '/',
    '?',
    '#',
    '%',
    '%00',
    '%zz',
    '[',
    ']',
    ',',
    '&',
    '=',
    '\\',
    ' ',
    '\n',
    '&password=',
    '?sslmode=require',
  ),
)

test('a connection URL: a password is never repeated, wherever characters of it that were not encoded lead', () =>
  fc.assert(
    fc.asyncProperty(
      urlPart,
      urlPart,
      urlPart,
      fc.constantFrom('postgresql', 'postgres', 'http', ''),
      async (a, b, c, scheme) => {
        for (const url of [
          `${scheme}://user:${a}${canary}${b}@host:5432/db${c}`,
          `${scheme}://user@host/db?password=${a}${canary}${b}`,
          `${scheme}://user:${canary}${a}@host:${b}/${c}`,
        ]) {
          const settings = await takesOrRefuses(() => parseConnectionUrl(url, 'X_DATABASE_URL'))
          if (settings === undefined) continue
          assert.ok(settings.port > 0 && settings.port < 65_536)
          // Where the password was understood as one.
          if (settings.password?.includes(canary)) assert.not.match(describeConnection(settings), canary)
        }
      },
    ),
    fuzzing(1000),
  ))

test('a password file', () => {
  const file = join(directory, '.pgpass')
  const input = fc.oneof(text, damaged(`h:5432:db:u:${canary}\n*:*:*:*:\\:x\\\\\n`))
  return fc.assert(
    fc.asyncProperty(input, async (content) => {
      writeFileSync(file, content, { mode: 0o600 })
      const found = await takesOrRefuses(() => findPassword(file, { host: 'h', port: 5432, database: 'db', user: 'u' }))
      assert.not.match(found?.remark ?? '', canary)
    }),
    fuzzing(200),
  )
})

test('moments and names of targets', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(text, damaged('2026-11-23T04:30:00Z'), damaged('restore')), async (input) => {
      const moment = await takesOrRefuses(() => parseMoment(input.replaceAll(canary, ''), '--now'))
      if (moment !== undefined) assert.ok(!Number.isNaN(Date.parse(moment)))
      const target = await takesOrRefuses(() => lookUpTarget(`postgresql://user:${canary}${input}@host`))
      assert.is(target, undefined)
    }),
    fuzzing(1000),
  ))

/** The commands with their options, and ? in the place of what is fuzzed. */
const commandLines = [
  'verify -t ?',
  'verify -t nowhere --depth ?',
  'verify -t nowhere --jobs ?',
  'verify -t nowhere --statement-timeout ?',
  'verify -t nowhere --failure-point ?',
  'verify -t nowhere --now ?',
  'verify -t nowhere --baseline ?',
  'verify -t nowhere --probes ? --app-url http://127.0.0.1:1',
  'verify -t nowhere --app-url ?',
  'verify --targets-file ?',
  'verify -t nowhere --parallel ?',
  'verify -t nowhere --sign-key ?',
  'verify -t nowhere --format ?',
  'verify ?',
  '?',
  'baseline show ? -t nowhere',
  'baseline diff ? ?',
  'drill start -t ? --ticket x',
  'drill start -t nowhere --ticket ? --lead ? --db-owner ? --app-owner ?',
  'drill note --drill ? --text x',
  'drill verify --drill ?',
  'drill finish --drill ?',
  'drill abort --drill ? --why ?',
  'drill status x ?',
  'report show ?',
  'report verify ?',
  'report html ?',
  'restore --from ? -t nowhere',
  'backup prune ?',
  'incident record ? -t nowhere',
  'retention --inventory-format json --inventory ./?',
  'retention --inventory json:/dev/zero',
  'retention --inventory nothing --daily ?',
  'retention --inventory nothing --rpo ?',
  'status -t nowhere --proofs ?',
]

const argument = fc.oneof(
  text,
  fc.constantFrom(
    `postgresql://user:${canary}@host/db`,
    `user:${canary}@host`,
    '/dev/zero',
    '/etc/shadow',
    '/proc/self/mem',
    '.',
    '..',
    '--',
    '-',
    '--now',
    '1e9',
    '0x10',
    '٣',
    '1;2',
  ),
)

test('options and arguments of every command: exit code 2 and one line, or help', () =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...commandLines), argument, async (line, input) => {
      let shown = ''
      const take = (part: string) => {
        shown += part
        return true
      }
      const args = line.split(' ').map((word) => word.replace('?', () => input))
      const code = await runCli(args, { stdout: take, stderr: take, isColored: false, isErrorColored: false })
      assert.is(code, 2, `${JSON.stringify(args)}: ${shown}`)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      assert.not.match(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/, JSON.stringify(args))
      assert.not.match(shown, /internal error|^\s+at |PASS all$/m, JSON.stringify(args))
      assert.not.match(shown, canary, JSON.stringify(args))
      assert.ok(shown.split('\n').length < 60 && shown.length < 20_000, `${shown.length} characters`)
    }),
    fuzzing(500),
  ))

test('hiding a password and making one line of a text take no time to speak of, whatever the text', () => {
  const start = performance.now()
  for (const piece of [':', ' ', '\n', '@', ':@', 'password=', '//', 'a:b@ ', '\ud83d\ude00', '\u001b[']) {
    const long = piece.repeat(1_000_000 / piece.length)
    hidePasswords(long)
    assert.ok(plainSentence(long).length < 15_000)
  }
  assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`)
})

test.run()
