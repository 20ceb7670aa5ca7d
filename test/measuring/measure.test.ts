// The same numbers whatever the number of connections, from one snapshot, and nothing left behind.

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import * as assert from 'uvu/assert'
import { withDatabase } from '../../src/database/connect.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import type { Target } from '../../src/database/targets.ts'
import { captureBaseline } from '../../src/measuring/capture-baseline.ts'
import { type Carried, type Facts, measure } from '../../src/measuring/measure.ts'
import { runToEnd } from '../../src/sandbox/process.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('measuring/measure')
const asOf = '2026-11-23T00:00:00+00:00'
let own: OwnCluster

async function measured(
  jobs: number,
  change: {
    target?: Target
    depth?: 'standard' | 'full'
    carried?: Carried
    statementTimeout?: number
    tell?: (text: string) => void
  } = {},
): Promise<Facts> {
  const { target = own.target('d'), depth = 'standard', carried, statementTimeout, tell } = change
  const limits = { isCopy: true, statementTimeout }
  const more = carried === undefined ? {} : { carried }
  return await withDatabase(target, limits, (database) =>
    database
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((transaction) =>
        measure(transaction, { target, limits, jobs, depth, asOf, tenantsOf: { installationId: null }, ...more }, tell),
      ),
  )
}

/** Our sessions, as the server sees them. */
async function sessions(): Promise<{ pid: number; state: string }[]> {
  return await own.use('postgres', async (sql) => [
    ...(await sql<{ pid: number; state: string }[]>`
      select pid, state from pg_stat_activity
      where application_name = 'pgdrill' and backend_type = 'client backend' order by backend_start`),
  ])
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 50))
}

test.before(async () => {
  own = await startOwnCluster('measuring')
  await own.createDatabase('d')
  await migrateUp(own.target('d'))
  await own.use('d', (sql) =>
    sql.unsafe(`
      delete from drill.critical_relations;
      create schema s;
      create table s.t (at timestamptz not null, id integer, tenant integer) partition by range (at);
      create table s.t_old partition of s.t for values from ('2026-01-01Z') to ('2026-08-01Z');
      create table s.t_new partition of s.t for values from ('2026-08-01Z') to ('2027-01-01Z');
      create table s.t_rest partition of s.t default;
      insert into s.t select '2026-07-01Z'::timestamptz + i * interval '1 hour', i, i % 3 from generate_series(1, 3000) as i;
      create table s.a (id integer primary key);
      create table s.b (id integer primary key);
      insert into s.a select generate_series(1, 200000);
      create table s."odd, ""name""
end" (at date, tenant text);
      insert into s."odd, ""name""
end" values ('2026-11-01', 'x'), (null, 'y');
      create view s.v as select 1;
      select drill.register_critical_relation('s.t', 'at', true, p_tenant_column => 'tenant'),
        drill.register_critical_relation('s.a', null, false),
        drill.register_critical_relation('s.b', null, false),
        drill.register_critical_relation('s."odd, ""name""
end"', 'at', true, p_tenant_column => 'tenant');
      insert into drill.critical_relations (relation_name, is_append_only) values ('s.v', true), ('s.gone', true)`),
  )
})
test.after(async () => {
  await own?.drop()
})
test.after.each(() => until(async () => (await sessions()).length === 0))

test('one, two and many connections give the same rows in the same order, at each depth', async () => {
  for (const depth of ['standard', 'full'] as const) {
    const one = await measured(1, { depth })
    const listed = await own.use('d', (sql) =>
      sql.unsafe('select bucket_name, row_count::text, fingerprint::text, problem from drill.list_buckets($1, $2)', [
        depth,
        asOf,
      ]),
    )
    assert.equal(
      one.buckets.map(({ bucket_name, row_count, fingerprint, problem }) => ({
        bucket_name,
        row_count,
        fingerprint,
        problem,
      })),
      [...listed],
    )
    assert.ok(one.buckets.length > 60)
    assert.equal(
      one.buckets.filter(({ problem }) => problem !== null).map(({ bucket_name }) => bucket_name),
      ['s.gone', 's.v'],
    )
    assert.is(one.tenants.length, depth === 'full' ? 5 : 0)
    for (const jobs of [2, 64]) assert.equal(await measured(jobs, { depth }), one)
  }
})

test('partitions that were taken over are left out, and the relation with them when all of them were', async () => {
  const all = await measured(2)
  const some = await measured(2, {
    carried: { names: new Set(['s.t s.t_old', 's.a s.a']), tenantNames: new Set() },
  })
  assert.equal(
    some.buckets,
    all.buckets.filter(({ partition_name }) => partition_name !== 's.t_old' && partition_name !== 's.a'),
  )
})

test('what takes longer than the statement timeout is a problem of its partitions, with their bounds; a capture ends', async () => {
  await own.createDatabase('slow')
  await migrateUp(own.target('slow'))
  // Long texts are compressed: little space, and long to read.
  await own.use('slow', (sql) =>
    sql.unsafe(`
      delete from drill.critical_relations;
      create table public.long as select repeat('x', 20000000) as text;
      create table public.t (at timestamptz not null, text text) partition by range (at);
      create table public.t_old partition of public.t for values from ('2026-10-01Z') to ('2026-11-01Z');
      create table public.t_new partition of public.t for values from ('2026-11-01Z') to ('2026-12-01Z');
      create table public.u (id integer);
      insert into public.u values (1);
      insert into public.t select '2026-11-02Z', text from public.long, generate_series(1, 400);
      select drill.register_critical_relation('public.t', 'at', true), drill.register_critical_relation('public.u', null, true)`),
  )
  const target = own.target('slow')
  for (const jobs of [1, 2]) {
    const { buckets } = await measured(jobs, { target, depth: 'full', statementTimeout: 1500 })
    assert.equal(
      buckets.map(({ bucket_name, row_count, partition_starts_at, problem }) => [
        bucket_name,
        row_count,
        partition_starts_at,
        problem,
      ]),
      [
        ['public.t_old', '2026-10-01T00:00:00+00:00'],
        ['public.t_new', '2026-11-01T00:00:00+00:00'],
      ]
        .map(([name, starts]): unknown[] => [
          name,
          null,
          starts,
          'was not counted: canceling statement due to statement timeout (SQLSTATE 57014)',
        ])
        .concat([['public.u', '1', null, null]]),
    )
  }
  const carried = { names: new Set<string>(), tenantNames: new Set<string>() }
  const error = await measured(1, { target, depth: 'full', statementTimeout: 1500, carried }).catch((one) => one)
  assert.match(error.message, /^public\.t: canceling statement due to statement timeout/)
})

test('no temporary files on the server at its default settings, though many days and tenants', async () => {
  await own.createDatabase('temporary')
  await migrateUp(own.target('temporary'))
  const temporaryFiles = async () =>
    await own.use('temporary', async (sql) => {
      const [row] = await sql`select temp_files::integer as n from pg_stat_database where datname = 'temporary'`
      return row?.['n'] as number
    })
  await own.use('temporary', (sql) =>
    sql.unsafe(`
      delete from drill.critical_relations;
      create table public.t (at timestamptz not null, tenant integer, name text);
      insert into public.t select '2026-09-01Z'::timestamptz + i * interval '30 seconds', i % 20000, 'x' || i from generate_series(1, 250000) as i;
      select drill.register_critical_relation('public.t', 'at', true, p_tenant_column => 'tenant')`),
  )
  const before = await temporaryFiles()
  const found = await measured(1, { target: own.target('temporary'), depth: 'full' })
  assert.is(found.tenants.length, 20000)
  await until(async () => (await sessions()).length === 0)
  assert.is(await temporaryFiles(), before)
  // That it would be seen: a sort of as many rows writes some.
  await own.use('temporary', (sql) => sql`select count(*) from (select from public.t order by name, at offset 0) as s`)
  await until(async () => (await temporaryFiles()) > before)
})

test('a capture with one connection uses no parallel workers of the server, with two it may', async () => {
  await own.createDatabase('parallel')
  const target = own.target('parallel')
  await migrateUp(target)
  await own.use('parallel', (sql) =>
    sql.unsafe(`
      alter database parallel set parallel_setup_cost = 0;
      alter database parallel set min_parallel_table_scan_size = 0;
      delete from drill.critical_relations;
      create table public.t (at timestamptz not null, name text);
      insert into public.t select '2026-09-01Z'::timestamptz + i * interval '30 seconds', 'x' || i from generate_series(1, 200000) as i;
      select drill.register_critical_relation('public.t', 'at', true)`),
  )
  const seenWith = async (jobs: number) => {
    let [seen, isOver] = [0, false]
    const watching = own.use('postgres', async (sql) => {
      while (!isOver) {
        const [row] =
          await sql`select count(*)::integer as n from pg_stat_activity where backend_type = 'parallel worker'`
        seen += row?.['n'] as number
      }
    })
    const limits = { now: asOf }
    await captureBaseline(target, limits, { depth: 'full', full: true, jobs }, () => {}).finally(() => {
      isOver = true
    })
    await watching
    return seen
  }
  assert.is(await seenWith(1), 0)
  let seen = 0
  for (let turn = 0; seen === 0 && turn < 10; turn += 1) seen = await seenWith(2)
  assert.ok(seen > 0, 'else the first would say nothing')
})

test('one snapshot, while rows are moved from table to table', async () => {
  let isOver = false
  const movers = [0, 1].map((odd) =>
    own.use('d', async (sql) => {
      for (let turn = 0; !isOver; turn += 1) {
        const [from, to] = turn % 2 === 0 ? ['a', 'b'] : ['b', 'a']
        await sql.unsafe(
          `with gone as (delete from s.${from} where id % 2 = ${odd} and id <= 4000 returning id) insert into s.${to} select id from gone`,
        )
      }
    }),
  )
  try {
    for (const jobs of [1, 2, 3, 4, 4, 4, 6, 6, 6, 8]) {
      const { buckets } = await measured(jobs)
      const rows = buckets
        .filter(({ relation_name }) => relation_name === 's.a' || relation_name === 's.b')
        .map(({ row_count }) => Number(row_count))
      assert.is(rows.length, 2)
      assert.is((rows[0] ?? 0) + (rows[1] ?? 0), 200_000, `${jobs} connections: ${rows}`)
    }
  } finally {
    isOver = true
    await Promise.all(movers)
  }
})

test('it tells how far it is, to the end', async () => {
  const told: string[] = []
  await own.use('d', (sql) => sql.unsafe('analyze s.a'))
  await measured(3, { tell: (text) => told.push(text) })
  assert.ok(told.length >= 6)
  assert.match(told.at(-1) ?? '', /^100 % of all$/)
  assert.ok(
    told.some((text) => /^s\.a: 0 of \d+ k rows, \d+ % of all/.test(text)),
    told.join('\n'),
  )
})

test('a role that may have one connection, or may not export a snapshot, measures alone', async () => {
  const expected = await measured(1)
  await own.use('d', (sql) =>
    sql.unsafe(`
      create role lonely superuser login connection limit 1;
      create role humble login;
      grant usage on schema s, drill to humble;
      grant select on all tables in schema s, drill to humble;
      grant execute on all functions in schema drill to humble;
      revoke execute on function pg_catalog.pg_export_snapshot() from public`),
  )
  // The limit does not hold for superusers.
  await own.use('d', (sql) => sql.unsafe('alter role lonely nosuperuser; grant humble to lonely'))
  for (const role of ['lonely', 'humble']) {
    assert.equal((await measured(8, { target: own.target('d', role) })).buckets, expected.buckets, role)
  }
  await own.use('d', (sql) => sql.unsafe('grant execute on function pg_catalog.pg_export_snapshot() to public'))
  assert.equal((await measured(8, { target: own.target('d', 'lonely') })).buckets, expected.buckets)
})

/** Rows that take long to read and little space: long texts are compressed. */
async function makeSlow(): Promise<void> {
  await own.use('d', async (sql) => {
    await sql.unsafe("create table s.long as select repeat('x', 20000000) as text from generate_series(1, 1)")
    for (const name of ['s1', 's2', 's3', 's4']) {
      await sql.unsafe(`create table s.${name} as select text from s.long, generate_series(1, 60)`)
      await sql.unsafe(`select drill.register_critical_relation('s.${name}', null, true)`)
    }
  })
}

test('a connection that is lost ends the whole, and no other is left', async () => {
  await makeSlow()
  const running = measured(4, { depth: 'full' }).catch((error) => error)
  await until(async () => (await sessions()).filter(({ state }) => state === 'active').length === 4)
  const last = (await sessions()).at(-1)?.pid as number
  await own.use('postgres', (sql) => sql`select pg_terminate_backend(${last})`)
  const error = await running
  assert.ok(error instanceof Error)
  assert.match((error as { code?: string }).code ?? '', /^(CONNECTION_|57P01)/)
})

test('a statement that takes too long ends the whole of a capture, on whichever connection', async () => {
  const carried = { names: new Set<string>(), tenantNames: new Set<string>() }
  const error = await measured(3, { depth: 'full', statementTimeout: 200, carried }).catch((thrown) => thrown)
  assert.is(error.code, '57014')
})

test('when the program is gone the server notices, in the middle of a query', async () => {
  const setting = await withDatabase(own.target('d'), {}, async (database) => {
    const { rows } = await sql<{ setting: string }>`
      select current_setting('client_connection_check_interval') as setting`.execute(database)
    return rows[0]?.setting
  })
  assert.is(setting, process.platform === 'linux' ? '2s' : setting)
})

test('on a standby, too', async () => {
  const expected = await measured(1)
  await own.cluster.stop()
  const signal = join(own.cluster.data, 'standby.signal')
  await writeFile(signal, '')
  // The cluster's own start waits until recovery has ended, which it never does.
  const { binaries, data, directory, socketDirectory, port } = own.cluster
  const settings = `-k ${socketDirectory} -p ${port} -c listen_addresses= -c max_prepared_transactions=10 -c max_connections=60`
  await runToEnd(binaries, 'pg_ctl', ['start', '-w', '-D', data, '-l', join(data, 'standby.log'), '-o', settings], {
    cwd: directory,
  })
  try {
    assert.equal(await measured(4), expected)
    // A server that refuses this would have been measured by one connection.
    const [rows] = await own.use('d', (first) =>
      first.begin('isolation level repeatable read read only', async (exporting) => {
        const [{ snapshot } = {}] = await exporting`select pg_export_snapshot() as snapshot`
        return await own.use('d', (second) =>
          second.begin('isolation level repeatable read read only', async (importing) => {
            await importing.unsafe(`set transaction snapshot '${snapshot}'`)
            return await importing`select count(*)::text as count from s.a`
          }),
        )
      }),
    )
    assert.ok(rows)
  } finally {
    await own.cluster.stop()
    await rm(signal)
    await own.cluster.start()
  }
})

test.run()
