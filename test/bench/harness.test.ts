import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { measure, median, type Result, table } from '../../bench/harness.ts'
import { suite } from '../support/suite.ts'

const runner = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'pgdrill-bench-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

let made = 0
function run(files: Record<string, string>, ...args: string[]) {
  const dir = join(directory, String(++made))
  mkdirSync(dir)
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
  const out = join(dir, 'build', 'bench.json')
  const options = ['--dir', dir, '--out', out, '--runs', '3', ...args]
  const child = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), runner, ...options], {
    encoding: 'utf8',
  })
  const results: Result[] = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : []
  return { ...child, dir, results }
}

/** A bench file: the subject takes five times as long as its floor. */
const bench = (name: string, limit: number, more = '') => `
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
export default async (context) => ({
  measurements: [{ name: '${name}', limit: ${limit}, floor: () => wait(10), subject: () => wait(50), detail: JSON.stringify(context) }],
  ${more}
})`

const test = suite('bench harness')

test('the median of odd and even numbers of values', () => {
  assert.is(median([3, 1, 2]), 2)
  assert.is(median([4, 1, 3, 2]), 2.5)
  assert.is(median([7]), 7)
})

test('floor and subject run in turns, after one warm-up each', async () => {
  const calls: string[] = []
  const result = await measure(
    {
      name: 'turns',
      limit: 1000,
      floor: () => sleep(2).then(() => calls.push('floor')),
      subject: () => sleep(2).then(() => calls.push('subject')),
    },
    2,
  )
  assert.equal(calls, ['floor', 'subject', 'floor', 'subject', 'floor', 'subject'])
  assert.ok(result.ok)
})

test('a measurement that throws has failed, in the floor as in the subject', async () => {
  const broken = () => Promise.reject(new Error('no server'))
  for (const sides of [
    { floor: broken, subject: () => {} },
    { floor: () => {}, subject: broken },
  ]) {
    assert.equal(await measure({ name: 'broken', limit: 2, ...sides }, 1), {
      name: 'broken',
      ratio: null,
      limit: 2,
      ok: false,
      detail: 'failed: no server',
    })
  }
})

test('the detail may say what follows from the ratio', async () => {
  const detail = (ratio: number) => `the ratio is ${ratio > 0 ? 'known' : 'unknown'}`
  const result = await measure({ name: 'said', limit: 1000, floor: () => sleep(2), subject: () => sleep(2), detail }, 1)
  assert.match(result.detail, /^the ratio is known; [\d.]+ ms against /)
})

test('a reading is taken once and held against its limit', async () => {
  let taken = 0
  const read = async () => {
    taken += 1
    return 149.98765
  }
  const within = await measure({ name: 'memory', limit: 150, read, detail: 'MB at most' }, 3)
  assert.equal(within, { name: 'memory', ratio: 149.988, limit: 150, ok: true, detail: 'MB at most' })
  assert.is(taken, 1)
  assert.not.ok((await measure({ name: 'memory', limit: 149, read, detail: 'MB at most' }, 3)).ok)
})

test('a reading that is no measurement, or throws, has failed', async () => {
  for (const value of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
    const result = await measure({ name: 'nothing', limit: 150, read: () => value, detail: 'MB' }, 1)
    assert.is(result.ok, false)
    assert.is(result.ratio, null)
    assert.match(result.detail, /^failed: what was read is no measurement/)
  }
  const thrown = await measure(
    { name: 'broken', limit: 150, read: () => Promise.reject(new Error('no program')), detail: 'MB' },
    1,
  )
  assert.is(thrown.detail, 'failed: no program')
  assert.not.ok(thrown.ok)
})

test('what cannot be measured here says so, and has not passed', async () => {
  assert.equal(await measure({ name: 'dump', limit: 1, missing: 'there is no pg_dump' }, 3), {
    name: 'dump',
    ratio: null,
    limit: 1,
    ok: false,
    detail: 'not done: there is no pg_dump',
  })
  const measurements = "[{ name: 'dump', limit: 1, missing: 'there is no pg_dump' }]"
  const { status, stdout } = run({ 'a.bench.ts': `export default async () => ({ measurements: ${measurements} })` })
  assert.is(status, 1)
  assert.match(stdout, /^FAIL\s+dump\s+-\s+1\.00\s+not done: there is no pg_dump$/m)
})

test('a limit that cannot be met or is no number has failed', async () => {
  for (const limit of [0, -1, Number.NaN]) {
    assert.not.ok((await measure({ name: 'limit', limit, floor: () => sleep(1), subject: () => sleep(1) }, 1)).ok)
  }
})

test('the table shows what failed', () => {
  const lines = table([
    { name: 'fine', ratio: 1.234, limit: 2, ok: true, detail: 'some' },
    { name: 'broken', ratio: null, limit: null, ok: false, detail: 'failed: reason' },
  ]).split('\n')
  assert.match(lines[1] ?? '', /^ok\s+fine\s+1\.23\s+2\.00\s+some$/)
  assert.match(lines[2] ?? '', /^FAIL\s+broken\s+-\s+-\s+failed: reason$/)
})

test('within the limit: exit 0, a table, and bench.json', () => {
  const { status, stdout, stderr, results, dir } = run(
    { 'a.bench.ts': bench('slow', 1000) },
    '--size',
    '7',
    '--seed',
    '3',
  )
  assert.is(status, 0, stderr)
  assert.match(stdout, /^ok\s+slow\s+\d/m)
  assert.is(results.length, 1)
  const result = results[0] as Result
  assert.equal(Object.keys(result), ['name', 'ratio', 'limit', 'ok', 'detail'])
  assert.is(result.name, 'slow')
  assert.type(result.ratio, 'number')
  assert.ok((result.ratio as number) > 2)
  assert.is(result.limit, 1000)
  assert.is(result.ok, true)
  assert.match(
    result.detail,
    /^\{"size":7,"runs":3,"seed":3,"objects":10000,"relations":1\}; [\d.]+ ms against [\d.]+ ms, median of 3$/,
  )
  assert.equal(readdirSync(join(dir, 'build')), ['bench.json'])
})

test('beyond the limit: exit 1, and the others are measured all the same', () => {
  const { status, stdout, results } = run({ 'a.bench.ts': bench('slow', 1.5), 'b.bench.ts': bench('fine', 1000) })
  assert.is(status, 1)
  assert.match(stdout, /^FAIL\s+slow/m)
  assert.equal(
    results.map(({ name, ok }) => [name, ok]),
    [
      ['slow', false],
      ['fine', true],
    ],
  )
})

test('none measured: exit 1', () => {
  assert.is(run({}).status, 1)
  assert.is(run({ 'a.bench.ts': bench('slow', 1000) }, '--only', 'missing').status, 1)
  assert.is(run({ 'a.bench.ts': 'export default async () => ({ measurements: [] })' }).status, 1)
})

test('a bench file that cannot be loaded or prepared, a name given twice, a teardown that fails: exit 1', () => {
  const fine = bench('fine', 1000)
  for (const [broken, expected] of [
    ["import './missing.ts'", 'missing.ts'],
    ['export default 1', 'not a function'],
    ["export default async () => { throw new Error('no data') }", 'no data'],
    [fine, 'two measurements are named fine'],
    [bench('other', 1000, "teardown: () => { throw new Error('still up') },"), 'still up'],
  ] as const) {
    const { status, stdout, results } = run({ 'a.bench.ts': fine, 'b.bench.ts': broken })
    assert.is(status, 1)
    assert.match(stdout, expected)
    assert.is(results.at(-1)?.ok, false)
    assert.is(results.at(-1)?.ratio, null)
  }
})

test('--only takes the name of a measurement or of a file, which alone is then prepared', () => {
  const files = { 'a.bench.ts': bench('slow', 1000), 'b.bench.ts': bench('fine', 1000) }
  assert.equal(
    run(files, '--only', 'fine').results.map(({ name }) => name),
    ['fine'],
  )
  const alone = run({ ...files, 'b.bench.ts': "throw new Error('must not be loaded')" }, '--only', 'a')
  assert.is(alone.status, 0, alone.stdout)
  assert.equal(
    alone.results.map(({ name }) => name),
    ['slow'],
  )
})

test('wrong options: exit 2 and one line', () => {
  for (const args of [['--size', '0'], ['--runs', 'many'], ['--unknown']]) {
    const { status, stderr, results } = run({ 'a.bench.ts': bench('slow', 1000) }, ...args)
    assert.is(status, 2)
    assert.is(stderr.trim().split('\n').length, 1, stderr)
    assert.equal(results, [])
  }
})

test.run()
