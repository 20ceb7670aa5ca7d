import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { findBinaries } from '../../src/sandbox/binaries.ts'
import { prepareCluster } from '../../src/sandbox/cluster.ts'
import { runToEnd } from '../../src/sandbox/process.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_physical')
const { production } = await sandboxClusters()
const { major } = production.binaries
const role = 'physical_reader'
let db: Scratch
let own: OwnCluster
const lines = (settings: string[] = []) => checkLines(db, 'drill.verify_physical()', settings)
const bad = async (settings: string[] = []) => (await lines(settings)).filter((line) => !/^(pass|skip) /.test(line))
const name = () => db.target.connection.database

const installation = [
  'drop function if exists drill.verify_physical()',
  await readFile(projectFile('sql', 'physical', 'verify_physical.sql'), 'utf8'),
]

async function hints(settings: string[] = []): Promise<string[]> {
  const sql = db.cluster.connect(name())
  try {
    for (const setting of settings) await sql.unsafe(setting)
    const rows = await sql.unsafe('select r.hint from drill.verify_physical() as r where r.hint is not null')
    return rows.map((row) => row['hint'])
  } finally {
    await sql.end()
  }
}

/** Runs what the only hint says to run; then nothing may be wrong. */
async function obey(): Promise<void> {
  const [hint, ...more] = await hints()
  assert.equal(more, [])
  await db.run(hint?.replace(/^.*?Run: /s, '').replace(/(; then connect anew)?\.$/, '') ?? '')
  assert.equal(await bad(), [])
}

/** What is wrong with a database of the test file's own server. */
async function badThere(sql: Sql): Promise<string[]> {
  const rows = await sql.unsafe(
    `select r.status, r.detail from drill.verify_physical() as r where r.status not in ('pass', 'skip')`,
  )
  return rows.map((row) => `${row['status']} ${row['detail']}`)
}

test.before(async () => {
  db = await makeBareDatabase(production)
  await db.run(...installation, `drop role if exists ${role}`, `create role ${role}`)
  own = await startOwnCluster('physical')
  await own.createDatabase('own')
  await migrateUp(own.target('own'))
  await own.use('own', async (sql) => {
    for (const statement of installation) await sql.unsafe(statement)
  })
})
test.before.each(() => db.run('drop schema if exists s cascade', 'create schema s'))
test.after(async () => {
  await db.run('drop schema if exists s cascade', `drop owned by ${role}`, `drop role ${role}`)
  await db.drop()
  await own.drop()
})

test('the sandbox: no failure and no error', async () => {
  for (const cluster of Object.values(await sandboxClusters())) {
    const copy = await makeDatabase(cluster)
    await copy.run(...installation)
    const found = await checkLines(copy, 'drill.verify_physical()')
    assert.equal(
      found.filter((line) => !/^(pass|skip|warn) /.test(line)),
      [],
    )
    assert.is(found.length, 11)
    await copy.drop()
  }
})

test('good: a row for each aspect', async () => {
  await db.run(
    'create table s.a (id integer)',
    'insert into s.a values (1)',
    'create unlogged table s.u as select 1 as id',
    'create materialized view s.m as select 1 as id',
    'analyze',
  )
  assert.equal(
    (await lines()).map((line) => line.replace(/is [\d,]+ old/, 'is N old').replaceAll(name(), 'DB')),
    [
      major === 14
        ? `skip -: PostgreSQL 14 does not record the version of a database's own collation`
        : 'pass -: the collation of the database DB has no versions, so it cannot have changed',
      `skip -: nothing is stored with another collation than the database's own`,
      'pass -: no page that was read since the server started to count has a wrong checksum',
      'pass -: no unlogged table is empty (1 in all)',
      'pass -: each materialized view is populated (1 in all)',
      'pass -: each table with rows has planner statistics (3 in all)',
      'pass -: recovery has ended',
      'pass -: neither the server, nor the database, nor a role that may write is read-only by default',
      'pass -: there is no prepared transaction',
      'pass -: the oldest transaction id of the database DB is N old, and at 2,147,483,648 writes end',
      'pass -: the oldest multixact id of the database DB is N old, and at 2,147,483,648 writes end',
    ],
  )
})

test('nothing of a kind: skips', async () => {
  assert.is((await lines()).filter((line) => line.startsWith('skip ')).length, major === 14 ? 5 : 4)
  assert.equal(await bad(), [])
})

test.needs(major >= 15, 'PostgreSQL 14 does not record the collation of a database')(
  'fails: another version of the collation of the database',
  async () => {
    const damage = ['begin', `update pg_database set datcollversion = '2.28' where datname = current_database()`]
    assert.equal(await bad(damage), [
      `fail ${name()}: the collation of the database ${name()} was version 2.28, and this server provides none: indexes over text may be in the wrong order`,
    ])
    assert.match(
      (await hints(damage)).join(),
      /reindex database t_\w+; alter database t_\w+ refresh collation version\.$/,
    )
  },
)

test('fails: another version of a collation in use; look-alikes: not in use, in a view only', async () => {
  const [icu] = await db.query<{ collname: string }>(
    `select collname from pg_collation where collprovider = 'i' and collversion is not null order by 1 limit 1`,
  )
  // Without ICU a collation without versions does: then the recorded one is wrong by being there.
  const made = icu
    ? `create collation s."Ü""x" (provider = icu, locale = 'de')`
    : `create collation s."Ü""x" (locale = 'C')`
  await db.run(made)
  const [before] = await db.query<{ collversion: string | null }>(
    `select collversion from pg_collation where collnamespace = 's'::regnamespace`,
  )
  const damage = `update pg_collation set collversion = 'old' where collnamespace = 's'::regnamespace`
  const end = `fail s."Ü""x": the collation s."Ü""x" was version old, and this server provides ${before?.collversion ?? 'none'}: indexes with it may be in the wrong order`
  assert.equal(await bad(['begin', damage]), [])
  await db.run(`create view s.v as select 'a'::text collate s."Ü""x" as t`)
  assert.equal(await bad(['begin', damage]), [])
  await db.run('create table s.a (t text)', 'create index on s.a (t collate s."Ü""x")')
  assert.match((await lines()).join('\n'), /pass -: each other collation in use has the recorded version \(1 in all\)/)
  assert.equal(await bad(['begin', damage]), [end])
  await db.run('drop table s.a', 'create domain s.d as text collate s."Ü""x"')
  assert.equal(await bad(['begin', damage]), [end])
  if (before?.collversion) {
    assert.match(
      (await bad(['begin', damage.replace(`'old'`, 'null')])).join(),
      /^warn s\."Ü""x": the version of the collation .* was never recorded/,
    )
  }
})

test('warns: an empty unlogged table; a filled one does not hide it', async () => {
  await db.run(
    'create unlogged table s.u (id integer)',
    'create unlogged table s.filled as select 1 as id',
    'create table s.logged (id integer)',
    'analyze',
  )
  assert.equal(await bad(), ['warn s.u: the unlogged table s.u is empty: a physical copy never has its rows'])
})

test('fails: a materialized view that is not populated', async () => {
  await db.run(
    'create materialized view s."m ""1""" as select 1 as id with no data',
    'create materialized view s.ok as select 1',
    'analyze',
  )
  assert.equal(await bad(), [
    'fail s."m ""1""": the materialized view s."m ""1""" is not populated, so reading it is an error',
  ])
  await db.run('refresh materialized view s."m ""1"""', 'analyze')
  assert.equal(await bad(), [])
})

test('warns: tables without planner statistics, ten by name; an index does not hide it', async () => {
  await db.run(
    'create table s.a (id integer)',
    'insert into s.a values (1)',
    'create index on s.a (id)',
    'create table s.empty (id integer)',
  )
  assert.equal(await bad(), ['warn -: 1 of 1 tables with rows have no planner statistics, so queries may be slow: s.a'])
  await obey()
  await db.run(...Array.from({ length: 12 }, (_, i) => `create table s."T ${i}" as select 1 as id`))
  assert.match(
    (await bad()).join(),
    /^warn -: 12 of 13 tables .*: s\."T 0", s\."T 1", s\."T 10", s\."T 11", .* and others$/,
  )
  assert.equal(await hints(), ['Run: analyze.'])
  await obey()
})

test('look-alikes for statistics: emptied tables, no columns, statistics switched off, partitioned parents', async () => {
  await db.run(
    'create table s.emptied as select 1 as id',
    'delete from s.emptied',
    'create table s.bare ()',
    'insert into s.bare default values',
    'create table s.off as select 1 as id',
    'alter table s.off alter column id set statistics 0',
    'create table s.t (id integer) partition by list (id)',
    'create table s.p1 partition of s.t for values in (1)',
    'insert into s.t values (1)',
    'analyze s.p1',
    'vacuum analyze s.emptied',
  )
  assert.equal(await bad(), [])
})

test('could not look for statistics: a role that may not read the table, or row level security', async () => {
  await db.run(
    'create table s.a as select 1 as id',
    'analyze',
    `grant usage on schema drill, s to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
  )
  const as = [`set role ${role}`]
  const hidden = [`warn -: could not look for planner statistics of 1 of 1 tables with rows: ${role} may not read them`]
  assert.equal(await bad(as), hidden)
  await db.run(`grant select (id) on s.a to ${role}`)
  assert.equal(await bad(as), [])
  await db.run('alter table s.a enable row level security')
  assert.equal(await bad(as), hidden)
})

test('could not look: somebody has locked a table; the other aspects go on', async () => {
  await db.run('create table s.a as select 1 as id', 'create unlogged table s.u as select 1 as id')
  const sql = db.cluster.connect(name())
  await sql.unsafe('begin; lock table s.a, s.u')
  try {
    const found = await lines([`set lock_timeout = '50ms'`])
    assert.is(found.length, 11)
    assert.equal(
      found.filter((line) => !/^(pass|skip) /.test(line)),
      [
        'error s.u: could not look at the unlogged table s.u: somebody has locked it',
        'error -: could not look for planner statistics: somebody has locked a table',
      ],
    )
  } finally {
    await sql.unsafe('rollback')
    await sql.end()
  }
})

test('fails: read-only by default, for the database, for a role that writes; not by this transaction', async () => {
  assert.equal(await bad(['set default_transaction_read_only = on', 'begin read only']), [])
  const database = `database ${name()}`
  for (const value of ['on', 'true', '1']) {
    await db.run(`alter database ${name()} set default_transaction_read_only = '${value}'`)
    assert.equal(await bad(), [
      `fail ${database}: ${database} has default_transaction_read_only=${value}, so writes are refused`,
    ])
    assert.equal(await hints(), [`Run: alter ${database} reset default_transaction_read_only; then connect anew.`])
    await db.run(
      'set default_transaction_read_only = off',
      `alter database ${name()} reset default_transaction_read_only`,
    )
  }
  await db.run(`alter database ${name()} set default_transaction_read_only = off`)
  assert.equal(await bad(), [])
  await db.run(`alter database ${name()} reset default_transaction_read_only`)

  const scoped = `role ${role} in ${database}`
  await db.run('create table s.a (id integer)', `alter ${scoped} set default_transaction_read_only = on`)
  assert.equal(await bad(), [], 'a role that only reads')
  await db.run(`grant insert on s.a to ${role}`)
  assert.equal(await bad(), [`fail ${scoped}: ${scoped} has default_transaction_read_only=on, so writes are refused`])
  await obey()
})

test('fails: read-only by default, for the whole server', async () => {
  await own.use('own', async (sql) => {
    await sql.unsafe('alter system set default_transaction_read_only = on')
    await sql.unsafe('select pg_reload_conf()')
  })
  const found = await waitFor(
    () => own.use('own', badThere),
    (lines) => lines.length > 0,
  )
  assert.equal(found, ['fail this server has default_transaction_read_only=on, so writes are refused'])
  await own.use('own', async (sql) => {
    await sql.unsafe('alter system reset default_transaction_read_only')
    await sql.unsafe('select pg_reload_conf()')
  })
  assert.equal(
    await waitFor(
      () => own.use('own', badThere),
      (lines) => lines.length === 0,
    ),
    [],
  )
  await own.use('own', async (sql) => {
    await sql.unsafe('alter role all set default_transaction_read_only = on')
    assert.equal(await badThere(sql), ['fail every role has default_transaction_read_only=on, so writes are refused'])
    await sql.unsafe('alter role all reset default_transaction_read_only')
  })
})

test('fails: a prepared transaction of this database; one of another does not count', async () => {
  const other = await makeBareDatabase(production)
  await other.run(
    'begin',
    'create table public.x (id integer)',
    `prepare transaction 'of ${other.target.connection.database}'`,
  )
  assert.equal(await bad(), [])
  await other.run(`rollback prepared 'of ${other.target.connection.database}'`)
  await other.drop()
  const gid = `it's ${name()}`
  await db.run('begin', 'create table s.x (id integer)', `prepare transaction '${gid.replace("'", "''")}'`)
  const found = await bad()
  assert.is(found.length, 1)
  assert.match(
    found[0] ?? '',
    /^fail 'it''s t_\w+': the prepared transaction 'it''s t_\w+' of \d{4}-.* UTC by postgres was never finished/,
  )
  const [hint] = await hints()
  await db.run(/^Run: (rollback prepared '.*?(?<!')')\. If/.exec(hint ?? '')?.[1] ?? '')
  assert.equal(await bad(), [])
})

test('wraparound: warns above 1.5 billion, fails above 2 billion', async () => {
  const aged = (column: string, counter: string, age: number) => [
    'begin',
    `update pg_database set ${column} = (((${counter})::text::bigint - ${age} + 4294967296 * 2) % 4294967296)::text::xid
     where datname = current_database()`,
  ]
  const xid = 'pg_current_xact_id()::xid'
  const mxid = `(select next_multixact_id from pg_control_checkpoint())`
  const { length } = await bad(aged('datfrozenxid', xid, 1_400_000_000))
  assert.is(length, 0)
  for (const [column, counter, kind] of [
    ['datfrozenxid', xid, 'transaction id'],
    ['datminmxid', mxid, 'multixact id'],
  ] as const) {
    const start = `${name()}: the oldest ${kind} of the database ${name()} is `
    const [warning, ...none] = await bad(aged(column, counter, 1_600_000_000))
    assert.equal(none, [])
    assert.ok(warning?.startsWith(`warn ${start}1,60`), warning)
    const [failure] = await bad(aged(column, counter, 2_050_000_000))
    assert.ok(failure?.startsWith(`fail ${start}2,0`), failure)
    assert.match((await hints(aged(column, counter, 2_050_000_000))).join(), /vacuum freeze\.$/)
  }
})

test('fails: a page with a wrong checksum that somebody has read', async () => {
  const path = await own.use('own', async (sql) => {
    await sql.unsafe('create table public.damaged as select g as id from generate_series(1, 1000) as g')
    await sql.unsafe('analyze')
    await sql.unsafe('checkpoint')
    const [row] = await sql.unsafe(`select pg_relation_filepath('public.damaged') as path`)
    return String(row?.['path'])
  })
  await own.cluster.stop()
  const file = await open(join(own.cluster.data, path), 'r+')
  await file.write(Buffer.from('damage'), 0, 6, 5000)
  await file.close()
  await own.cluster.start()
  assert.equal(await own.use('own', badThere), [], 'nobody has read it yet')
  await own.use('own', (sql) => sql.unsafe('select count(*) from public.damaged').catch(() => {}))
  const found = await waitFor(
    () => own.use('own', badThere),
    (lines) => lines.length > 0,
  )
  assert.is(found.length, 1)
  assert.match(
    found[0] ?? '',
    /^fail 1 damaged pages were read in the database own and the shared catalogs, the last at \d{4}-/,
  )
  await own.use('own', (sql) => sql.unsafe('drop table public.damaged'))
  await own.use('own', (sql) => sql.unsafe('select pg_stat_reset()'))
})

test('fails: a server that is still in recovery', async () => {
  await own.cluster.stop()
  const signal = join(own.cluster.data, 'standby.signal')
  await writeFile(signal, '')
  // The cluster's own start waits until recovery has ended, which it never does.
  const { binaries, data, directory, socketDirectory, port } = own.cluster
  const settings = `-k ${socketDirectory} -p ${port} -c listen_addresses= -c max_prepared_transactions=10 -c max_connections=60`
  const log = join(data, 'standby.log')
  await runToEnd(binaries, 'pg_ctl', ['start', '-w', '-D', data, '-l', log, '-o', settings], { cwd: directory })
  try {
    const found = await own.use('own', badThere)
    assert.equal(found, ['fail the server is still in recovery, so it takes no writes and may still change'])
  } finally {
    await own.cluster.stop()
    await rm(signal)
    await own.cluster.start()
  }
})

test('warns: without checksums nobody can look for damaged pages', async () => {
  const binaries = await findBinaries()
  const cluster = await prepareCluster({
    binaries,
    directory: join(own.cluster.directory, '..', 'plain'),
    name: 'plain',
  })
  const args = ['-D', cluster.data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
  try {
    await runToEnd(binaries, 'initdb', [...args, ...(major >= 18 ? ['--no-data-checksums'] : [])], {
      cwd: cluster.directory,
    })
    await cluster.start()
    const sql = cluster.connect()
    await sql.unsafe(await readFile(projectFile('sql', 'core', 'schema.sql'), 'utf8'))
    await sql.unsafe(await readFile(projectFile('sql', 'core', 'check_status.sql'), 'utf8'))
    await sql.unsafe(await readFile(projectFile('sql', 'core', 'check_result.sql'), 'utf8'))
    await sql.unsafe(installation[1] ?? '')
    assert.equal(await badThere(sql), ['warn could not look for damaged pages: data checksums are off'])
    await sql.end()
  } finally {
    await cluster.dropEverything()
  }
})

async function waitFor<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (let i = 0; ; i += 1) {
    const answer = await ask()
    if (isIt(answer) || i > 50) return answer
    await new Promise((done) => setTimeout(done, 100))
  }
}

test.run()
