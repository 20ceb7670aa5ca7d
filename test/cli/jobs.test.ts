// --jobs N: the same answer as one connection, wrong numbers refused, nothing left behind, also after an interruption.

import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertCode, urlOf, Workplace } from './program.ts'

const test = suite('cli/jobs')
const place = new Workplace()
let copy: Scratch

async function sessions(): Promise<number> {
  const rows = await copy.query(
    `select from pg_stat_activity where application_name = 'pgdrill' and datname = current_database() and backend_type = 'client backend'`,
  )
  return rows.length
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 50))
}

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(async () => {
  place.remove()
  await copy?.drop()
})
test.after.each(() => until(async () => (await sessions()) === 0))

test('a number from 1 to 64, else nothing is done', async () => {
  for (const jobs of ['0', '65', '-1', '1.5', 'two', '', ' 2', '1e1', '007']) {
    for (const command of [['verify'], ['baseline', 'capture']]) {
      const outcome = await place.run([...command, '-t', 'restore', '--jobs', jobs], {
        RESTORE_DATABASE_URL: urlOf(copy),
      })
      assertCode(outcome, 2)
      assert.match(outcome.stderr, /a whole number from 1 to 64/)
      assert.equal(outcome.files, [])
    }
  }
})

test('the help tells the defaults: the cores for a copy, one for production', async () => {
  const help = async (...command: string[]) => (await place.run([...command, '--help'])).stdout.replace(/\s+/g, ' ')
  assert.match(await help('verify'), /--jobs <number> .*\(default: the cores of this machine\)/)
  assert.match(await help('baseline', 'capture'), /--jobs <number> .*\(default: 1, /)
})

test('a verification says the same with one connection and with four', async () => {
  const found = []
  for (const jobs of ['1', '4']) {
    const outcome = await place.run(
      ['verify', '-t', 'restore', '--depth', 'full', '--no-proof', '--format', 'json', '--jobs', jobs],
      { RESTORE_DATABASE_URL: urlOf(copy) },
    )
    assertCode(outcome, 0)
    const { buckets, results } = JSON.parse(outcome.stdout)
    found.push({
      buckets,
      results: results.filter(({ check_name }: { check_name: string }) =>
        ['row_counts', 'fingerprints', 'tenants', 'isolation'].includes(check_name),
      ),
    })
  }
  assert.ok(found[0]?.results.length > 30)
  assert.equal(found[1], found[0])
})

test('a capture stores the same with one connection and with four; what did not change is taken over', async () => {
  const env = { PRODUCTION_DATABASE_URL: urlOf(copy) }
  const facts = async (...more: string[]) => {
    const args = ['baseline', 'capture', '-t', 'production', '--depth', 'full', '--format', 'json', ...more]
    const outcome = await place.run(args, env)
    assertCode(outcome, 0)
    return JSON.parse(outcome.stdout) as { relations: { buckets: { is_carried: boolean }[]; tenants: unknown[] }[] }
  }
  const one = await facts('--full')
  const four = await facts('--full', '--jobs', '4')
  assert.equal(four.relations, one.relations)
  assert.ok(one.relations.some(({ tenants }) => tenants.length > 0))
  const again = await facts('--jobs', '4')
  const carried = again.relations.flatMap(({ buckets }) => buckets).filter(({ is_carried }) => is_carried)
  assert.ok(carried.length > 0)
  const plain = (relations: typeof one.relations) =>
    relations.map((relation) => ({
      ...relation,
      buckets: relation.buckets.map((bucket) => ({ ...bucket, is_carried: false })),
    }))
  assert.equal(plain(again.relations), plain(one.relations))
})

test('written into after the capture: not taken over by the next one', async () => {
  const env = { PRODUCTION_DATABASE_URL: urlOf(copy) }
  const [first] = await copy.query<{ partition_name: string }>(
    `select partition_name from drill.baseline_buckets where is_carried and relation_name = 'public.events' order by 1 limit 1`,
  )
  const name = first?.partition_name as string
  await copy.run(`delete from ${name} where ctid = (select min(ctid) from ${name})`)
  const outcome = await place.run(
    ['baseline', 'capture', '-t', 'production', '--depth', 'full', '--format', 'json'],
    env,
  )
  assertCode(outcome, 0)
  const buckets = JSON.parse(outcome.stdout).relations.flatMap(
    ({ buckets }: { buckets: { bucket_name: string; is_carried: boolean }[] }) => buckets,
  )
  assert.is(buckets.find(({ bucket_name }: { bucket_name: string }) => bucket_name === name)?.is_carried, false)
})

test('interrupted: no session is left, and nothing is stored', async () => {
  // Long texts are compressed: little space, and long to read.
  await copy.run(
    "create table public.long as select repeat('x', 20000000) as text",
    ...['s1', 's2', 's3', 's4'].flatMap((name) => [
      `create table public.${name} as select text from public.long, generate_series(1, 100)`,
      `select drill.register_critical_relation('public.${name}', null, true)`,
    ]),
  )
  const count = async () => (await copy.query('select from drill.baselines')).length
  const before = await count()
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const child = spawn(
      process.execPath,
      [
        ...['--import', import.meta.resolve('tsx'), projectFile('src', 'bin.ts')],
        ...['baseline', 'capture', '-t', 'production', '--depth', 'full', '--jobs', '4'],
      ],
      { cwd: place.directory, env: { ...process.env, PRODUCTION_DATABASE_URL: urlOf(copy) }, stdio: 'ignore' },
    )
    const ended = new Promise((done) => child.on('close', (code) => done(code)))
    // Four count, and one looks whether production waits for them.
    await until(async () => (await sessions()) === 5)
    child.kill(signal)
    assert.is(await ended, signal === 'SIGINT' ? 2 : null)
    await until(async () => (await sessions()) === 0)
    assert.is(await count(), before)
  }
})

test.run()
