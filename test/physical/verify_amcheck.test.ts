import { readFileSync } from 'node:fs'
import { open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { withDatabase } from '../../src/database/connect.ts'
import type { CheckResult } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import type { Target } from '../../src/database/targets.ts'
import { projectFile } from '../../src/project-files.ts'
import { runToEnd } from '../../src/sandbox/process.ts'
import { Stages } from '../../src/terminal/stages.ts'
import { runAmcheck } from '../../src/verification/run-amcheck.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_amcheck')
const call = 'drill.verify_amcheck()'
const { production } = await sandboxClusters()
const { major } = production.binaries
const role = 'amcheck_reader'
const installation = [
  `drop function if exists ${call}`,
  readFileSync(projectFile('sql', 'physical', 'verify_amcheck.sql'), 'utf8'),
]
let db: Scratch
let own: OwnCluster

const lines = (settings: string[] = []) => checkLines(db, call, settings)
const isBad = (line: string) => !/^(pass|skip) /.test(line)
const bad = async (settings: string[] = []) => (await lines(settings)).filter(isBad)

async function hints(settings: string[] = []): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    const rows = await sql.unsafe(`select r.hint from ${call} as r where r.hint is not null`)
    return rows.map((row) => row['hint'])
  } finally {
    await sql.end()
  }
}

/** Runs what the only hint says to run; then nothing may be wrong. */
async function obey(): Promise<void> {
  const [hint, ...more] = await hints()
  assert.equal(more, [])
  await db.run(/^Run: (.*?)\. If /s.exec(hint ?? '')?.[1] ?? '')
  assert.equal(await bad(), [])
}

const ownLines = () => checkLines({ ...db, cluster: own.cluster, target: own.target('own') }, call)
const ownBad = async () => (await ownLines()).filter(isBad)

/** Damages the file of a relation on disk while the server is stopped. */
async function damage(relation: string, how: (file: string) => Promise<void>): Promise<void> {
  const path = await own.use('own', async (sql) => {
    await sql.unsafe('checkpoint')
    const [row] = await sql.unsafe(`select pg_relation_filepath('${relation}') as path`)
    return String(row?.['path'])
  })
  await own.cluster.stop()
  await how(join(own.cluster.data, path))
  await own.cluster.start()
}

const overwrite = (position: number, bytes: Buffer) => async (path: string) => {
  const file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, position)
  await file.close()
}

/** As the command does it. */
const run = (target: Target): Promise<CheckResult[]> =>
  withDatabase(target, { isCopy: true }, (database) => runAmcheck(database, new Stages({ quiet: true })))
const short = (rows: CheckResult[]) => rows.map((row) => `${row.status} ${row.object_name ?? '-'}: ${row.detail}`)

test.before(async () => {
  db = await makeBareDatabase(production)
  await db.run(...installation, 'create schema ext', 'create extension amcheck schema ext')
  await db.run(`drop role if exists ${role}`, `create role ${role} login`)
  own = await startOwnCluster('amcheck')
  await own.createDatabase('own')
  await migrateUp(own.target('own'))
  await own.use('own', async (sql) => {
    for (const statement of [...installation, 'create extension amcheck']) await sql.unsafe(statement)
  })
})
test.before.each(async () => {
  await db.run('drop schema if exists s cascade', 'create schema s')
  await own.use('own', async (sql) => {
    await sql.unsafe('drop schema if exists s cascade')
    await sql.unsafe('create schema s')
  })
})
test.after(async () => {
  await db.run('drop schema if exists s cascade', `drop owned by ${role}`, `drop role ${role}`)
  await db.drop()
  await own.drop()
})

test('good: indexes and tables of all kinds; what amcheck cannot read is said', async () => {
  await db.run(
    'create table s.a (id integer primary key, name text, tags integer[]) partition by range (id)',
    'create table s.a1 partition of s.a for values from (0) to (10000)',
    `insert into s.a select i, repeat(md5(i::text), 200), array[i] from generate_series(1, 300) as i`,
    'create index on s.a (lower(left(name, 20)), id desc) where id > 10',
    'create unlogged table s.u (id integer primary key)',
    'insert into s.u values (1)',
    'create materialized view s.m as select id from s.a',
    'create unique index on s.m (id)',
    'create table s."empty" (id integer primary key)',
    'create temporary table t (id integer primary key)',
  )
  const found = await lines()
  assert.is(found.length, 2, found.join('\n'))
  assert.match(
    found[0] ?? '',
    /^pass -: all \d+ btree indexes are in order and hold every row of their tables \(\d+ of them PostgreSQL's own\)$/,
  )
  assert.match(found[1] ?? '', /^pass -: all \d+ tables can be read in full \(\d+ of them PostgreSQL's own\)$/)

  await db.run(
    'create index on s.u using hash (id)',
    'create index on s.u using brin (id)',
    'create index on s.a using gin (tags)',
  )
  assert.is(
    (await lines())[2],
    'skip -: not looked at, as amcheck reads btree indexes and heaps only: 1 brin index, 1 gin index, 1 hash index',
  )
})

test('the extension is missing', async () => {
  const bare = await makeBareDatabase(production)
  await bare.run(...installation)
  const rows = await bare.query<{ status: string; hint: string }>(`select r.status, r.hint from ${call} as r`)
  assert.equal(rows, [{ status: 'error', hint: 'Run as superuser: create extension amcheck.' }])
  await bare.drop()
})

test('functions of the name that are not amcheck’s own are not asked', async () => {
  const liar = await makeBareDatabase(production)
  await liar.run(...installation, 'create extension amcheck')
  const arguments_ =
    major >= 17
      ? 'index regclass, heapallindexed boolean, checkunique boolean'
      : 'index regclass, heapallindexed boolean'
  // The older function of the extension may be asked instead, where there is one.
  for (const list of new Set([arguments_, 'index regclass, heapallindexed boolean'])) {
    await liar.run(`create or replace function bt_index_check(${list}) returns void language sql as 'select'`)
  }
  assert.match((await checkLines(liar, call)).join(), /^error -: could not look .*, or its functions are not its own$/)
  await liar.drop()
})

test('a role without rights gets the grants, and then may look', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'insert into s.a values (1)',
    `grant usage on schema drill to ${role}`,
    `grant execute on function ${call} to ${role}`,
  )
  const asRole = [`set role ${role}`]
  assert.equal(await lines(asRole), [
    `error -: could not look for corruption: ${role} may not use the extension amcheck`,
  ])
  const [hint] = await hints(asRole)
  assert.match(
    hint ?? '',
    /^Verify as superuser, or run: grant usage on schema ext to amcheck_reader; grant execute on function ext\.bt_index_check\(regclass,.*ext\.verify_heapam\(/,
  )
  await db.run(...(/run: (.*)\.$/.exec(hint ?? '')?.[1] ?? '').split('; '))
  assert.equal(await bad(asRole), [])
  assert.is((await lines(asRole)).length, 2)
  await db.run(`drop owned by ${role}`)
})

test('fails: an order of text that has changed under the index; look-alike: after reindex', async () => {
  const order = (sign: string) =>
    `create or replace function s.compare(a text, b text) returns integer language sql immutable as
     $$ select ${sign} case when a collate "C" < b collate "C" then -1 when a collate "C" > b collate "C" then 1 else 0 end $$`
  await db.run(
    order(''),
    `create operator class s.words for type text using btree as
       operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 s.compare(text, text)`,
    'create table s.a (word text)',
    `insert into s.a values ('one'), ('two'), ('three'), ('four')`,
    'create index word_idx on s.a (word s.words)',
  )
  assert.equal(await bad(), [])
  await db.run(order('-'))
  const [line, ...more] = await bad()
  assert.equal(more, [])
  assert.match(
    line ?? '',
    /^fail s\.word_idx: the index s\.word_idx is corrupt: item order invariant violated for index "word_idx" \(Lower index tid=/,
  )
  assert.not.match(JSON.stringify(await db.query(`select r from ${call} as r`)), /one|two|three|four/)
  await obey()
})

test('fails: rows that an index does not have', async () => {
  await db.run('create table s.a (id integer)', 'create index a_id on s.a (id)', 'insert into s.a values (1)')
  const ready = (is: boolean) =>
    `update pg_index set indisready = ${is}, indisvalid = ${is} where indexrelid = 's.a_id'::regclass`
  await db.run(ready(false))
  assert.equal(await bad(), [], 'what is not valid is a matter of the check indexes')
  await db.run('insert into s.a values (4711)', ready(true))
  const [line, ...more] = await bad()
  assert.equal(more, [])
  assert.match(
    line ?? '',
    /^fail s\.a_id: the index s\.a_id is corrupt: heap tuple \(0,2\) from table "a" lacks matching index tuple within index "a_id"/,
  )
  assert.not.match(JSON.stringify(await db.query(`select r from ${call} as r`)), /4711/)
  await obey()
})

test.needs(major >= 17, 'amcheck looks for duplicates since PostgreSQL 17')(
  'fails: duplicates in a unique index',
  async () => {
    await db.run(
      'create table s.a (id integer)',
      'create unique index a_id on s.a (id)',
      'insert into s.a values (1), (null)',
    )
    const unique = (is: boolean) => `update pg_index set indisunique = ${is} where indexrelid = 's.a_id'::regclass`
    await db.run('insert into s.a values (null)')
    assert.equal(await bad(), [], 'two nulls are no duplicates')
    await db.run(unique(false), 'insert into s.a values (1)', unique(true))
    assert.match(
      (await bad()).join(),
      /^fail s\.a_id: the index s\.a_id is corrupt: index uniqueness is violated for index "a_id" /,
    )
  },
)

test('an index whose expression raises is an error, and the message is not told', async () => {
  await db.run(
    `create function s.f(x text) returns text language plpgsql immutable as $$ begin return x; end $$`,
    'create table s.a (x text)',
    `insert into s.a values ('top secret')`,
    'create index a_x on s.a (s.f(x))',
    `create or replace function s.f(x text) returns text language plpgsql immutable as $$ begin raise exception 'bad %', x; end $$`,
  )
  assert.equal(await bad(), ['error s.a_x: could not look at the index s.a_x: it raises an error (SQLSTATE P0001)'])
  assert.equal(await hints(), [`Run, and see what it says: select ext.bt_index_check('s.a_x', true).`])
  assert.not.match(JSON.stringify(await db.query(`select r from ${call} as r`)), /top secret/)
})

test('a library that is not installed is no damage', async () => {
  await db.run(
    `create function s.f(x text) returns text language plpgsql immutable as $$ begin return x; end $$`,
    'create table s.a (x text)',
    `insert into s.a values ('x')`,
    'create index a_x on s.a (s.f(x))',
    `update pg_proc
     set prolang = (select l.oid from pg_language as l where l.lanname = 'c'), probin = '$libdir/gone', prosrc = 'f'
     where oid = 's.f'::regproc`,
  )
  assert.equal(await bad(), ['error s.a_x: could not look at the index s.a_x: it raises an error (SQLSTATE 58P01)'])
})

test('somebody locks a table: an error for what could not be read, the rest goes on', async () => {
  await db.run('create table s.a (id integer primary key)', 'create table s.b (id integer primary key)')
  const other = db.cluster.connect(db.target.connection.database)
  await other.unsafe('begin; lock table s.a in access exclusive mode')
  try {
    assert.equal(await bad([`set lock_timeout = '50ms'`]), [
      'error s.a_pkey: could not look at the index s.a_pkey: somebody has locked it (SQLSTATE 55P03)',
      'error s.a: could not look at the table s.a: somebody has locked it (SQLSTATE 55P03)',
    ])
  } finally {
    await other.unsafe('rollback')
    await other.end()
  }
})

test('a cancelled query is not swallowed', async () => {
  await db.run(
    'create table s.a (id integer)',
    `insert into s.a values (1), (2)`,
    `create function s.slow(x integer) returns integer language plpgsql immutable as $$ begin return x; end $$`,
    'create index a_id on s.a (s.slow(id))',
    `create or replace function s.slow(x integer) returns integer language plpgsql immutable as $$ begin perform pg_sleep(60); return x; end $$`,
  )
  const state = await lines([`set statement_timeout = '2s'`]).catch((error) => error.code)
  assert.is(state, '57014')
})

test('what is dropped in between is no error', async () => {
  for (const [made, dropped] of [
    [
      'create table s.a (id integer, x integer); create index a_1 on s.a (id); create index a_2 on s.a (x)',
      'drop index s.a_2',
    ],
    ['create table s.a (id integer)', 'drop table s.a'],
  ] as const) {
    await db.run('drop table if exists s.a', made)
    const other = db.cluster.connect(db.target.connection.database)
    await other.unsafe(`begin; ${dropped}`)
    let isAnswered = false
    const asked = lines().finally(() => {
      isAnswered = true
    })
    asked.catch(() => {})
    for (let isWaiting = false; !isWaiting && !isAnswered; ) {
      const rows = await db.query<{ n: number }>(
        'select count(*)::integer as n from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())',
      )
      isWaiting = (rows[0]?.n ?? 0) > 0
    }
    assert.not(isAnswered, 'it waits for the lock')
    await other.unsafe('commit')
    await other.end()
    assert.equal((await asked).filter(isBad), [], dropped)
  }
})

test('names with quotes, newlines, other letters, 63 bytes', async () => {
  for (const name of ['Über "T".x', "it's", 'new\nline', '😀 %s', 'x'.repeat(63), 'select']) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    const literal = `s.${quoted}`.replaceAll("'", "''")
    const ready = (is: boolean) =>
      `update pg_index set indisready = ${is}, indisvalid = ${is} where indexrelid = '${literal}'::regclass`
    await db.run(
      'drop table if exists s.a',
      'create table s.a (id integer)',
      `create index ${quoted} on s.a (id)`,
      ready(false),
      'insert into s.a values (1)',
      ready(true),
    )
    assert.match((await bad()).join(), /^fail s\..* is corrupt: heap tuple/s, name)
    await obey()
  }
})

test('fails: damaged bytes of an index on disk, and a page of zeros', async () => {
  await own.use('own', (sql) =>
    sql.unsafe('create table s.a as select i as id from generate_series(1, 5000) as i; create index a_id on s.a (id)'),
  )
  assert.equal(await ownBad(), [])
  await damage('s.a_id', overwrite(8192 * 2 + 4000, Buffer.from('damage')))
  const [line, ...more] = await ownBad()
  assert.equal(more, [])
  assert.match(line ?? '', /^fail s\.a_id: the index s\.a_id is corrupt: invalid page in block 2 of relation /)
  await own.use('own', (sql) => sql.unsafe('reindex index s.a_id'))
  assert.equal(await ownBad(), [])
  await damage('s.a_id', overwrite(8192, Buffer.alloc(8192)))
  assert.match(
    (await ownBad()).join(),
    /^fail s\.a_id: the index s\.a_id is corrupt: index "a_id" contains unexpected zero page at block 1/,
  )
})

test('fails: damaged bytes of a table on disk', async () => {
  await own.use('own', (sql) => sql.unsafe('create table s.a as select i as id from generate_series(1, 5000) as i'))
  await damage('s.a', overwrite(8192 * 3 + 4000, Buffer.from('damage')))
  const [line, ...more] = await ownBad()
  assert.equal(more, [])
  assert.match(line ?? '', /^fail s\.a: the table s\.a is corrupt: invalid page in block 3 of relation /)
})

test('fails: damage that verify_heapam itself finds, counted and the first ones told', async () => {
  await own.use('own', (sql) => sql.unsafe('create table s.a as select i as id from generate_series(1, 5000) as i'))
  await damage('s.a', async (path) => {
    const file = await open(path, 'r+')
    const page = Buffer.alloc(8192)
    await file.read(page, 0, 8192, 0)
    for (const item of [0, 1, 2, 3]) {
      // The line pointer tells where the row begins, and a row begins with its xmin.
      const start = page.readUInt32LE(24 + item * 4) & 0x7fff
      page.writeUInt32LE(0x7fffffff, start)
    }
    await file.write(page, 0, 8192, 0)
    await file.close()
  })
  const found = await checkLines({ ...db, cluster: own.cluster, target: own.target('own') }, call, [
    'set ignore_checksum_failure = on',
  ])
  const [line, ...more] = found.filter(isBad)
  assert.equal(more, [])
  assert.match(
    line ?? '',
    /^fail s\.a: the table s\.a is corrupt in 4 places: block 0, line pointer 1: xmin 2147483647 .*; block 0, line pointer 2: .*; block 0, line pointer 3: .*; and others$/,
  )
})

test('fails: a file that is missing', async () => {
  await own.use('own', (sql) =>
    sql.unsafe(
      'create table s.a (id integer primary key); create table s.b (id integer); insert into s.a values (1); insert into s.b values (1)',
    ),
  )
  await damage('s.a_pkey', (path) => rm(path))
  assert.match(
    (await ownBad()).join(),
    /^fail s\.a_pkey: the index s\.a_pkey is corrupt: index "a_pkey" lacks a main relation fork/,
  )
  await damage('s.b', (path) => rm(path))
  assert.match((await ownBad()).at(-1) ?? '', /^fail s\.b: the table s\.b is corrupt: could not open file/)
})

test('fails: a value of TOAST that is gone, and a damaged table of TOAST', async () => {
  await own.use('own', async (sql) => {
    await sql.unsafe('create extension pg_surgery')
    await sql.unsafe('create table s.a (id integer, x text)')
    await sql.unsafe('alter table s.a alter column x set storage external')
    await sql.unsafe(`insert into s.a select i, repeat('x', 5000) from generate_series(1, 20) as i`)
    const [row] = await sql.unsafe(
      `select reltoastrelid::regclass::text as name from pg_class where oid = 's.a'::regclass`,
    )
    const toast = String(row?.['name'])
    await sql.unsafe(`select heap_force_kill('${toast}', array['(0,1)', '(0,2)', '(0,3)']::tid[])`)
  })
  const [line, ...more] = await ownBad()
  assert.equal(more, [])
  assert.match(
    line ?? '',
    /^fail s\.a: the table s\.a is corrupt.*: block 0, line pointer 1, column 1: toast value \d+ /,
  )

  const [toast] = await own.use('own', (sql) =>
    sql.unsafe(`select reltoastrelid::regclass::text as name from pg_class where oid = 's.a'::regclass`),
  )
  await damage(String(toast?.['name']), overwrite(8192 + 4000, Buffer.from('damage')))
  const found = await ownBad()
  assert.match(found[0] ?? '', /^fail s\.a: the index of TOAST of s\.a is corrupt: invalid page in block 1 /)
  assert.match(found[1] ?? '', /^fail s\.a: the TOAST table of s\.a is corrupt: invalid page in block 1 /)
  // Pointers into it were not followed.
  assert.is(found.length, 2, found.join('\n'))
})

test('a standby: unlogged tables are not there and not looked at', async () => {
  await own.use('own', async (sql) => {
    await sql.unsafe('create table s.a (id integer primary key)')
    await sql.unsafe('insert into s.a values (1)')
    await sql.unsafe('create unlogged table s.u (id integer primary key, x text)')
    await sql.unsafe('create database bare template template0')
  })
  await migrateUp(own.target('bare'))
  await own.use('bare', async (sql) => {
    for (const statement of installation) await sql.unsafe(statement)
  })
  const before = await ownLines()
  await own.cluster.stop()
  const signal = join(own.cluster.data, 'standby.signal')
  await writeFile(signal, '')
  // The cluster's own start waits until recovery has ended, which it never does.
  const { binaries, data, directory, socketDirectory, port } = own.cluster
  const settings = `-k ${socketDirectory} -p ${port} -c listen_addresses= -c max_prepared_transactions=10 -c max_connections=60`
  const log = join(data, 'standby.log')
  await runToEnd(binaries, 'pg_ctl', ['start', '-w', '-D', data, '-l', log, '-o', settings], { cwd: directory })
  try {
    const counts = (found: string[]) => found.map((line) => Number(/all (\d+)/.exec(line)?.[1]))
    assert.equal(before.filter(isBad), [])
    assert.equal((await ownLines()).filter(isBad), [])
    // The table, its TOAST, and the index of each.
    assert.equal(
      counts(await ownLines()),
      counts(before).map((n) => n - 2),
    )
    assert.equal(short(await run(own.target('own'))), await ownLines())
    assert.equal(short(await run(own.target('bare'))), [
      'error -: could not look for corruption: the extension amcheck is not installed',
    ])
  } finally {
    await own.cluster.stop()
    await rm(signal)
    await own.cluster.start()
  }
})

test('the command makes the extension for itself, and nothing of it remains', async () => {
  for (const cluster of Object.values(await sandboxClusters())) {
    const copy = await makeDatabase(cluster)
    await copy.run(...installation)
    const functions = () =>
      copy.query(`select count(*)::integer as n from pg_proc where pronamespace = 'drill'::regnamespace`)
    const before = await functions()
    const found = short(await run(copy.target))
    assert.equal(found.filter(isBad), [])
    assert.match(found[0] ?? '', /^pass -: all \d+ btree indexes are in order/)
    assert.match(found[1] ?? '', /^pass -: all \d+ tables can be read in full/)
    assert.equal(await copy.query(`select extname from pg_extension where extname = 'amcheck'`), [])
    assert.equal(await functions(), before)
    await copy.drop()
  }
})

test('the command finds corruption, uses the extension that is there, and leaves it', async () => {
  await db.run('create table s.a (id integer)', 'create index a_id on s.a (id)')
  const ready = (is: boolean) =>
    `update pg_index set indisready = ${is}, indisvalid = ${is} where indexrelid = 's.a_id'::regclass`
  await db.run(ready(false), 'insert into s.a values (1)', ready(true))
  assert.match(
    short(await run(db.target))
      .filter(isBad)
      .join(),
    /^fail s\.a_id: /,
  )
  assert.equal(
    await db.query(`select extnamespace::regnamespace::text as name from pg_extension where extname = 'amcheck'`),
    [{ name: 'ext' }],
  )
})

test('the command as a role that may not make the extension', async () => {
  const copy = await makeDatabase(production)
  await copy.run(
    ...installation,
    `grant usage on schema drill to ${role}`,
    `grant execute on function ${call} to ${role}`,
  )
  const target = { ...copy.target, connection: { ...copy.target.connection, user: role } }
  const [row, ...more] = await run(target)
  assert.equal(more, [])
  assert.is(row?.status, 'error')
  assert.is(row?.hint, 'Run as superuser: create extension amcheck.')
  await copy.run(`drop owned by ${role}`)
  await copy.drop()
})

test.run()
