import { createHash } from 'node:crypto'
import * as assert from 'uvu/assert'
import { makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.list_tenants')
let db: Scratch

interface Tenant {
  relation_name: string
  tenant_key: string | null
  row_count: string | null
  newest_at: string | null
  problem: string | null
}

async function list(scratch: Scratch = db, argument = '', ...settings: string[]): Promise<Tenant[]> {
  const sql = scratch.cluster.connect(scratch.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    return [
      ...(await sql.unsafe(
        `select relation_name, tenant_key, row_count::text, newest_at::text, problem from drill.list_tenants(${argument})`,
      )),
    ] as unknown as Tenant[]
  } finally {
    await sql.end()
  }
}

const lines = (found: Tenant[]) =>
  found.map(
    (row) =>
      `${row.relation_name} ${row.tenant_key} ${row.row_count}${row.problem === null ? '' : ` ! ${row.problem}`}`,
  )

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(`alter database ${db.target.connection.database} set timezone = 'UTC'`)
})
test.before.each(() =>
  db.run('drop schema if exists s cascade', 'create schema s', 'delete from drill.critical_relations'),
)
test.after(() => db.drop())

test('a tenant is told by a hash of this installation: equal in a copy, another elsewhere', async () => {
  await db.run(
    'create table s.t (tenant integer, at timestamptz)',
    `insert into s.t values (1, '2026-11-01T10:00Z'), (1, '2026-11-03T10:00Z'), (2, '2026-11-02T10:00Z'), (2, null), (null, '2026-11-01T10:00Z')`,
    `select drill.register_critical_relation('s.t', 'at', true, p_tenant_column => 'tenant')`,
  )
  const [identity] = await db.query<{ id: string }>('select installation_id::text as id from drill.installation')
  const key = (id: string, tenant: string) =>
    createHash('sha256')
      .update(id + tenant)
      .digest('hex')
      .slice(0, 16)
  const expected = (id: string) =>
    [
      {
        relation_name: 's.t',
        tenant_key: key(id, '1'),
        row_count: '2',
        newest_at: '2026-11-03 10:00:00+00',
        problem: null,
      },
      {
        relation_name: 's.t',
        tenant_key: key(id, '2'),
        row_count: '2',
        newest_at: '2026-11-02 10:00:00+00',
        problem: null,
      },
      { relation_name: 's.t', tenant_key: 'none', row_count: '1', newest_at: '2026-11-01 10:00:00+00', problem: null },
    ].sort((a, b) => (a.tenant_key < b.tenant_key ? -1 : 1))
  const found = await list()
  assert.equal(found, expected(identity?.id ?? ''))
  const copy = await makeDatabase(db.cluster, db.target.connection.database)
  await copy.run(`alter database ${copy.target.connection.database} set timezone = 'UTC'`)
  assert.equal(await list(copy), found)
  // A copy that pgdrill was installed into has an identity of its own, and is asked by that of the baseline.
  await copy.run('update drill.installation set installation_id = gen_random_uuid()')
  const [other] = await copy.query<{ id: string }>('select installation_id::text as id from drill.installation')
  assert.equal(await list(copy), expected(other?.id ?? ''))
  assert.equal(await list(copy, `'${identity?.id}'`), found)
  await copy.drop()
})

test('the raw id where it may be shown; null, empty and the word for null stay apart', async () => {
  await db.run(
    'create table s.t (tenant text)',
    `insert into s.t values ('acme'), ('acme'), (null), ('none'), (''), ('''none'''), ('a b')`,
    `select drill.register_critical_relation('s.t', null, true, p_tenant_column => 'tenant', p_is_tenant_shown => true)`,
  )
  assert.equal(lines(await list()), [
    `s.t '' 1`,
    `s.t '''none''' 1`,
    `s.t 'none' 1`,
    's.t a b 1',
    's.t acme 2',
    's.t none 1',
  ])
})

test('types that take two texts for one, or have no equality, are told apart by their text', async () => {
  await db.run(
    'create extension if not exists citext schema public',
    `create collation s.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    'create table s.a (tenant public.citext)',
    `insert into s.a values ('Acme'), ('ACME'), ('Acme')`,
    'create table s.b (tenant numeric)',
    'insert into s.b values (1), (1.0), (1.00)',
    'create table s.c (tenant json)',
    `insert into s.c values ('{"a": 1}'), ('{"a": 1}'), (null)`,
    'create table s.d (tenant text collate s.loose)',
    `insert into s.d values ('Acme'), ('ACME')`,
    'create domain s.key as uuid',
    'create table s.e (tenant s.key)',
    `insert into s.e values ('11111111-2222-4333-8444-555555555555'), ('11111111-2222-4333-8444-555555555555')`,
    'create type s.pair as (x integer, y integer)',
    'create table s.f (tenant s.pair)',
    `insert into s.f values ((1, null)), ((1, null)), (null), ((null, null))`,
    ...['a', 'b', 'c', 'd', 'e', 'f'].map(
      (name) =>
        `select drill.register_critical_relation('s.${name}', null, true, p_tenant_column => 'tenant', p_is_tenant_shown => true)`,
    ),
  )
  assert.equal(lines(await list()), [
    's.a ACME 1',
    's.a Acme 2',
    's.b 1 1',
    's.b 1.0 1',
    's.b 1.00 1',
    's.c none 1',
    's.c {"a": 1} 2',
    's.d ACME 1',
    's.d Acme 1',
    's.e 11111111-2222-4333-8444-555555555555 2',
    's.f (,) 1',
    's.f (1,) 2',
    's.f none 1',
  ])
  await db.run('drop schema s cascade', 'drop extension citext', 'create schema s')
})

test('settings of the session do not change a key', async () => {
  await db.run(
    'create table s.t (tenant timestamptz, d double precision)',
    `insert into s.t values ('2026-11-01T10:00Z', 0.1)`,
    `select drill.register_critical_relation('s.t', 'tenant', true, p_tenant_column => 'tenant', p_is_tenant_shown => true)`,
  )
  const settings = [`set timezone = 'Asia/Tokyo'`, `set datestyle = 'German'`]
  assert.equal(
    (await list(db, '', ...settings)).map((row) => row.tenant_key),
    ['2026-11-01 10:00:00+00'],
  )
})

test('a problem is a row, and the others go on; secret ones and those of depth standard give none', async () => {
  await db.run(
    ...['good', 'lost', 'gone', 'secret', 'flat', 'closed'].map(
      (name) => `create table s.${name} (tenant integer, at date)`,
    ),
    ...['good', 'secret', 'flat'].map((name) => `insert into s.${name} values (1, '2026-11-01')`),
    ...['good', 'lost', 'gone', 'closed'].map(
      (name) =>
        `select drill.register_critical_relation('s.${name}', 'at', true, p_tenant_column => 'tenant', p_is_tenant_shown => true)`,
    ),
    `select drill.register_critical_relation('s.secret', 'at', true, p_tenant_column => 'tenant', p_is_secret => true),
       drill.register_critical_relation('s.flat', 'at', true, p_tenant_column => 'tenant', p_depth => 'standard')`,
    'alter table s.lost drop column tenant',
    'drop table s.gone',
    'create role reader_of_tenants nologin',
    'grant usage on schema s, drill to reader_of_tenants',
    'grant execute on all functions in schema drill to reader_of_tenants',
    'grant select on all tables in schema drill to reader_of_tenants',
    'grant select on s.good, s.lost to reader_of_tenants',
  )
  assert.equal(lines(await list(db, '', 'set role reader_of_tenants')), [
    's.closed null null ! cannot be read: grant select on s.closed to reader_of_tenants',
    's.gone null null ! does not exist',
    's.good 1 1',
    's.lost null null ! has no column tenant',
  ])
  await db.run('drop owned by reader_of_tenants', 'drop role reader_of_tenants')
})

test('without an identity there is no hash, only raw ids', async () => {
  await db.run(
    'create table s.t (tenant integer)',
    'insert into s.t values (1)',
    `select drill.register_critical_relation('s.t', null, true, p_tenant_column => 'tenant')`,
  )
  const copy = await makeDatabase(db.cluster, db.target.connection.database)
  await copy.run('delete from drill.installation')
  assert.equal(lines(await list(copy)), ['s.t null null ! cannot be told by hashes: drill.installation has no row'])
  await copy.drop()
})

test('a table is grouped once, without a sort on disk, whatever the number of tenants', async () => {
  await db.run(
    'create table s.t (tenant uuid, at timestamptz) partition by range (at)',
    `create table s.t_a partition of s.t for values from ('2026-01-01') to ('2026-07-01')`,
    `create table s.t_b partition of s.t for values from ('2026-07-01') to ('2027-01-01')`,
    `insert into s.t select md5((i % 5000)::text)::uuid, '2026-01-01'::timestamptz + i * interval '5 minutes' from generate_series(1, 60000) as i`,
    `select drill.register_critical_relation('s.t', 'at', true, p_tenant_column => 'tenant')`,
  )
  const found = await list()
  assert.is(found.length, 5000)
  assert.is(
    found.reduce((sum, row) => sum + Number(row.row_count), 0),
    60000,
  )
})

test.run()
