// Tables are changed while they are counted: the answer is right, or there is none.

import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import type { CheckResult } from '../../src/database/contract.ts'
import { assertRefused, type Outcome, urlOf, Workplace } from '../cli/program.ts'
import { assertNothingLeft, countBaselines, waiting, whileLocked, work } from '../faults/support.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('concurrency/ddl')
const place = new Workplace()
let copy: Scratch

test.before.each(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after.each(() => copy.drop())
test.after(() => place.remove())

/** Changes the database while the counting waits for one table: the snapshot is taken, and the other is not read yet. */
async function whileCounting(args: readonly string[], locked: string, ...statements: string[]): Promise<Outcome> {
  return await whileLocked(copy, locked, async (free) => {
    const { ended } = place.start([...args], { COPY_DATABASE_URL: urlOf(copy) })
    await waiting(copy)
    // What the verification has looked at already cannot be changed before it ends.
    const changed = copy.run("set lock_timeout = '30s'", ...statements)
    await Promise.race([changed, sleep(500)])
    await free()
    const outcome = await ended
    await changed
    return outcome
  })
}

const verify = ['verify', '-t', 'copy', '--no-proof', '--format', 'json', '--jobs', '1']

function findings({ code, stdout, stderr }: Outcome): { code: number | null; rows: CheckResult[] } {
  assert.not.match(stderr, /internal error|^\s+at /m)
  return {
    code,
    rows: (JSON.parse(stdout).results as CheckResult[]).filter(({ status }) => status === 'error' || status === 'fail'),
  }
}

for (const [what, statement] of [
  ['truncated', 'truncate public.calls'],
  ['written anew', 'alter table public.calls add column added double precision default random()'],
  ['moved', 'vacuum full public.calls'],
  ['replaced', 'alter table public.calls rename to old; create table public.calls (like public.old)'],
] as const) {
  test(`SQL: a table that is ${what} after the snapshot is not counted as empty`, async () => {
    const sql = copy.cluster.connect(copy.target.connection.database)
    try {
      await sql`begin isolation level repeatable read`
      await sql`select 1`
      const count = () =>
        sql`select b.row_count, b.problem from drill.list_buckets('full') as b where b.relation_name = 'public.calls'`
      assert.is((await count()).filter((row) => row['problem'] !== null).length, 0)
      await sql`rollback`
      await sql`begin isolation level repeatable read`
      await sql`select 1`
      await copy.run(...statement.split('; '))
      const rows = await count()
      assert.is(rows.length, 1)
      assert.is(rows[0]?.['row_count'], null)
      assert.match(rows[0]?.['problem'], /public\.calls was truncated, written anew or replaced meanwhile/)
      await sql`rollback`
      // Who looks now, sees what is there now.
      assert.is((await count()).filter((row) => row['problem'] !== null).length, 0)
    } finally {
      await sql.end()
    }
  })
}

test('baseline capture: no baseline says that a truncated table was empty', async () => {
  const before = await countBaselines(copy)
  // The largest is read first.
  const outcome = await whileCounting(work['baseline capture'], 'public.calls', 'truncate private.site_secrets')
  assertRefused(outcome, /private\.site_secrets was truncated, written anew or replaced meanwhile: repeat this/)
  await assertNothingLeft(place, copy)
  assert.is(await countBaselines(copy), before)
})

test('verify: a table that is truncated, or dropped, while another is counted is no pass', async () => {
  for (const statement of ['truncate public.calls', 'drop table public.calls cascade']) {
    const { code, rows } = findings(await whileCounting(verify, 'public.events', statement))
    assert.ok(code === 1 || code === 2, `exit ${code}`)
    assert.ok(
      rows.some(({ object_name }) => object_name?.startsWith('public.calls')),
      JSON.stringify(rows, null, 1),
    )
  }
})

test('verify: a column that is added, a partition that is attached or detached: no crash, and the rows are right', async () => {
  const { code, rows } = findings(
    await whileCounting(
      verify,
      'public.calls',
      'alter table public.sites add column added integer',
      "create table public.events_1990 partition of public.events for values from ('1990-01-01') to ('1990-02-01')",
    ),
  )
  // What was there when it began is judged, and what came since, where the catalog tells of it.
  assert.ok(
    rows.every(({ detail }) => /added|events_1990/.test(detail)),
    `exit ${code}: ${JSON.stringify(rows, null, 1)}`,
  )
})

test('verify: a partition that is detached while it is counted', async () => {
  const [row] = await copy.query<{ name: string }>(
    `select min(bucket_name) as name from drill.baseline_buckets where bucket_name ~ '^public.events_2'`,
  )
  const { code, rows } = findings(
    await whileCounting(verify, 'public.calls', `alter table public.events detach partition ${row?.name}`),
  )
  assert.ok(
    rows.every(({ object_name, detail }) => `${object_name} ${detail}`.includes('events')),
    `exit ${code}: ${JSON.stringify(rows, null, 1)}`,
  )
})

test.run()
