// The counters of changes that a capture goes by, where they lie: after a crash, and while a session holds them back.

import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { reported } from './reported.ts'

const test = suite('baselines/counters')
let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('counters')
  await own.createDatabase('app')
  await migrateUp(own.target('app'))
  await own.use('app', (sql) =>
    sql.unsafe(`
      delete from drill.critical_relations;
      create table public.t (at timestamptz not null, id integer) partition by range (at);
      create table public.t_old partition of public.t for values from ('2020-01-01') to ('2021-01-01');
      insert into public.t select '2020-05-05T10:00Z', i from generate_series(1, 10) as i;
      select drill.register_critical_relation('public.t', 'at', true)`),
  )
})
test.after(() => own?.drop())

async function capture(): Promise<{ row_count: string; is_carried: boolean }> {
  return await own.use('app', async (sql) => {
    const [id] = await sql`select drill.capture_baseline()::text as id`
    const [row] = await sql`
      select row_count::text, is_carried from drill.baseline_buckets where baseline_id = ${id?.['id']}`
    return { row_count: row?.['row_count'], is_carried: row?.['is_carried'] }
  })
}

/** Kills a session so that the server starts over, without a new start of its main process. */
async function crash(): Promise<void> {
  const sql = own.cluster.connect('app')
  const [row] = await sql`select pg_backend_pid() as pid`
  process.kill(row?.['pid'], 'SIGKILL')
  await sql.end({ timeout: 0 }).catch(() => {})
  while (!(await answers())) await sleep(100)
  // Before PostgreSQL 15 the first report of a database changes when its counters began.
  await reported(own.cluster, 'app')
}

/** Whether the server takes sessions again. Its connection ends at once: one that waits would try again, unheard by anybody. */
async function answers(): Promise<boolean> {
  const sql = own.cluster.connect('app')
  try {
    await sql`select 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 0 })
  }
}

test('after the crash of a session the counters are at zero again: nothing is taken over', async () => {
  await crash()
  assert.equal(await capture(), { row_count: '10', is_carried: false })
  assert.equal(await capture(), { row_count: '10', is_carried: true })
  await own.use('app', (sql) => sql`delete from public.t where id = 3`)
  await crash()
  assert.equal(await capture(), { row_count: '9', is_carried: false })
})

test('what a session has not reported is not seen; once it is, the next capture measures again', async () => {
  await capture()
  const writer = own.cluster.connect('app')
  await writer`select 1`
  // Reported at most once a second, and not while a transaction lasts.
  await writer.unsafe('delete from public.t where id = 4')
  await writer.begin(async (transaction) => {
    await transaction`select 1`
    // May take over what it was: docs/baselines.md says so.
    await capture()
    await capture()
  })
  await writer.end()
  // Its end is when it reports.
  await reported(own.cluster, 'app')
  assert.is((await capture()).row_count, '8')
})

test.run()
