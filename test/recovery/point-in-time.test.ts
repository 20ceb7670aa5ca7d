// What a real restore to a point in time knows of itself: commits, the recovery's last transaction, heartbeats and rows.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { takeBaseBackup } from '../../src/sandbox/base-backup.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { attachCluster, type Cluster, createCluster, type Settings } from '../../src/sandbox/cluster.ts'
import { exists } from '../../src/sandbox/files.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { restoreToPointInTime, waitForArchive } from '../../src/sandbox/point-in-time.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { suite } from '../support/suite.ts'

const test = suite('recovery/point-in-time')
const tracking = { track_commit_timestamp: 'on' }
let root: string
let watchdog: Watchdog
let production: Cluster
/** The moment to restore to, and one at which production had more. */
let right: string
let later: string

async function run(cluster: Cluster, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const sql = cluster.connect('app')
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = [...(await sql.unsafe(statement))]
    return rows
  } finally {
    await sql.end()
  }
}

const clock = async () => String((await run(production, 'select clock_timestamp()::text as at'))[0]?.['at'])

async function traffic(): Promise<void> {
  for (let n = 0; n < 4; n += 1) {
    await run(production, 'insert into public.log values (now())', 'select drill.record_heartbeat()')
    // Otherwise the time between the first and the last of them is nothing beside that of one commit.
    await run(production, 'select pg_sleep(0.1)')
  }
}

test.before(async () => {
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  const directory = join(root, 'production')
  production = await createCluster({
    binaries: await findBinaries(),
    directory,
    name: 'production',
    settings: tracking,
  })
  await production.start()
  const admin = production.connect()
  await admin`create database app`
  await admin.end()
  const connection = parseConnectionUrl(production.url('app'), 'APP_DATABASE_URL')
  await migrateUp({ name: 'app', variable: 'APP_DATABASE_URL', configuredBy: 'the test', connection })
  await run(
    production,
    'delete from drill.critical_relations',
    'create table public.log (at timestamptz)',
    `select drill.register_critical_relation('public.log', 'at', true)`,
  )
  await takeBaseBackup(production, join(root, 'backup'))
  await traffic()
  right = await clock()
  await traffic()
  later = await clock()
  await run(production, 'insert into public.log values (now())')
  await waitForArchive(production)
})

test.after(async () => {
  for (const name of (await exists(root)) ? await readdir(root) : []) {
    await (await attachCluster(join(root, name)).catch(() => undefined))?.dropEverything()
  }
  await rm(root, { recursive: true, force: true })
  await watchdog?.release()
})

async function restored(name: string, time: string, settings: Settings = tracking): Promise<Cluster> {
  const place = { directory: join(root, name), name, backup: join(root, 'backup'), archive: production.archive }
  return await restoreToPointInTime({ ...place, binaries: await findBinaries(), target: { time }, settings })
}

/** The rows of the check. Policies decide how much a second is: strict takes nothing as equal that is not. */
async function verify(cluster: Cluster, asked: string, isStrict = false): Promise<string[]> {
  const rows = await run(
    cluster,
    'begin',
    'set local drill.is_copy = on',
    `set local drill.restore_point = '${asked}'`,
    `update drill.policy set policy_value = '${isStrict ? '0' : '1 hour'}' where policy_name in ('clock_skew', 'heartbeat_interval')`,
    'select r.status, r.detail from drill.verify_recovery_point() as r',
  )
  return rows.map((row) => `${row['status']}: ${row['detail']}`)
}

/** Which sources tell a moment, and whether it is one of the time before a given one. */
async function evidence(cluster: Cluster, end: string): Promise<Record<string, unknown>> {
  const rows = await run(
    cluster,
    'set drill.is_copy = on',
    `select e.source, e.reached_at <= '${end}' as is_before, e.remark from drill.list_recovery_evidence() as e`,
  )
  return Object.fromEntries(rows.map((row) => [row['source'], row['is_before'] ?? row['remark']]))
}

const allTell = { heartbeat: true, data: true, commit: true, replay: true, operator: null }

test('a copy of the right moment: all sources tell, and agree', async () => {
  const copy = await restored('right', right)
  assert.equal(await evidence(copy, right), allTell)
  const said = await verify(copy, right)
  assert.is(said.length, 1, said.join('\n'))
  assert.match(
    said[0] ?? '',
    /^pass: .*\(heartbeat\).*newest row of .* in public\.log .*newest commit of .*last transaction recovered of .*asked for/,
  )

  const tooEarly = await verify(copy, later, true)
  assert.ok(
    tooEarly.some((line) =>
      /^fail: the heartbeats end at .*: less was recovered than asked for; .*newest commit/.test(line),
    ),
    tooEarly.join('\n'),
  )
  assert.not.ok(tooEarly.some((line) => line.includes('beyond ')))

  // Whatever the copy writes is its own.
  await run(copy, 'insert into public.log values (now())', 'select drill.record_heartbeat()')
  assert.equal(await evidence(copy, right), allTell)

  // Nothing remembers the recovery after a restart.
  await copy.stop()
  await copy.start()
  const { replay, commit } = await evidence(copy, right)
  assert.is(replay, 'no recovery since this server started')
  assert.is(commit, false, 'a row of before the restart: nobody tells whose it is')
  await copy.dropEverything()
})

test('a recovery that went on beyond the moment is found by each source', async () => {
  const copy = await restored('later', later)
  assert.equal(await evidence(copy, later), allTell)
  assert.is((await verify(copy, later)).length, 1)
  const said = await verify(copy, right, true)
  assert.match(
    said.find((line) => line.includes('beyond')) ?? '',
    /^fail: the database reaches beyond .*: newest heartbeat \S+ later, newest row of public\.log \S+ later, newest commit \S+ later, last transaction recovered \S+ later/,
  )

  // Heartbeats that had stopped in production: commits prove that the moment was reached.
  const [{ reached_at = '' } = {}] = await run(
    copy,
    'set drill.is_copy = on',
    `select e.reached_at::text from drill.list_recovery_evidence() as e where e.source = 'commit'`,
  )
  await run(copy, `delete from drill.heartbeats where beat_at > '${right}'`)
  const stopped = await verify(copy, String(reached_at), true)
  assert.is(stopped.length, 2, stopped.join('\n'))
  assert.match(stopped[1] ?? '', /^warn: the heartbeats end at .*, but the database goes on: newest commit/)
  await copy.dropEverything()
})

test('without track_commit_timestamp the recovery itself still tells', async () => {
  const copy = await restored('untracked', right, { track_commit_timestamp: 'off' })
  assert.equal(await evidence(copy, right), {
    ...allTell,
    commit: 'this server does not know: track_commit_timestamp is off',
  })
  assert.is((await verify(copy, right)).length, 1)
  await copy.dropEverything()
})

test('rows that a restore of a dump wrote anew say nothing by their commits, nor does the recovery of their server', async () => {
  const copy = await restored('dump', right)
  await run(
    copy,
    'create table public.dumped as select * from drill.heartbeats',
    'truncate drill.heartbeats',
    'insert into drill.heartbeats select * from public.dumped',
    'create table public.rows as select * from public.log',
    'truncate public.log',
    'insert into public.log select * from public.rows',
  )
  const said = {
    ...allTell,
    commit: 'no heartbeats show that production itself committed these rows, and not a restore',
    replay: 'no heartbeats show that this database came with the recovery',
  }
  assert.equal(await evidence(copy, right), said)
  assert.is((await verify(copy, right)).length, 1)
  // One statement for each row, as pg_dump --inserts writes them.
  await run(
    copy,
    'truncate drill.heartbeats',
    `do $$
    declare
      v_row public.dumped;
    begin
      for v_row in select d.* from public.dumped as d order by d.beat_at loop
        insert into drill.heartbeats values (v_row.*);
        commit;
      end loop;
    end
    $$`,
  )
  assert.is((await evidence(copy, right))['commit'], said.commit)
  await copy.stop()
  await copy.start()
  assert.is((await evidence(copy, right))['commit'], said.commit, 'committed before the server started')
  await copy.dropEverything()
})

test.run()
