import * as assert from 'uvu/assert'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.suggest_critical_relations')
let db: Scratch

interface Suggestion {
  relation_name: string
  timestamp_column: string | null
  is_append_only: boolean
  tenant_column: string | null
  size_bytes: string
  reason: string
  register_call: string
}

async function suggest(): Promise<Map<string, Suggestion>> {
  const found = await db.query<Suggestion>('select * from drill.suggest_critical_relations()')
  return new Map(found.map((row) => [row.relation_name, row]))
}

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(
    'create schema "odd Schema"',
    'create table public.orders (id bigint, tenant_id integer, due_at timestamptz, updated_at timestamptz not null default now(), created_at timestamptz not null default now())',
    `insert into public.orders select i, i % 3, now(), now(), now() from generate_series(1, 5000) as i`,
    'create index on public.orders (created_at)',
    'create table public.events (at timestamptz not null, org_id uuid, site_id uuid) partition by range (at)',
    `create table public.events_26 partition of public.events for values from ('2026-01-01') to ('2027-01-01')`,
    `insert into public.events select '2026-05-01', gen_random_uuid() from generate_series(1, 100) as i`,
    'create table public.settings (name text, last_changed_at timestamptz)',
    'create table public.people (id integer, birth_date date, hired date)',
    `create table "odd Schema"."it's" (created date, "Account" integer)`,
    'create table public.api_keys (id integer, created_at timestamptz default now())',
    'create unlogged table public.cache (created_at timestamptz)',
    'create view public.shown as select now() as created_at',
    'create table public.parent (created_at timestamptz)',
    'create table public.child () inherits (public.parent)',
    'create schema auth',
    'create table auth.users (created_at timestamptz)',
    'create table public.known (created_at timestamptz)',
    `select drill.register_critical_relation('public.known', 'created_at', true)`,
    'update public.orders set due_at = now() where id = 1',
  )
})
test.after(() => db.drop())

test('the largest first, with what can be guessed of each, and the statement that registers it', async () => {
  const found = await suggest()
  assert.equal([...found.keys()].sort(), [
    `"odd Schema"."it's"`,
    'public.api_keys',
    'public.events',
    'public.orders',
    'public.parent',
    'public.people',
    'public.settings',
  ])
  assert.equal([...found.keys()].slice(0, 2), ['public.orders', 'public.events'])
  const told = (name: string) => {
    const row = found.get(name)
    return [row?.timestamp_column, row?.is_append_only, row?.tenant_column, row?.register_call]
  }
  assert.equal(told('public.orders'), [
    'created_at',
    false,
    'tenant_id',
    `select drill.register_critical_relation('public.orders', 'created_at', false, 0.02, p_tenant_column => 'tenant_id');`,
  ])
  assert.equal(told('public.events'), [
    'at',
    true,
    'org_id',
    `select drill.register_critical_relation('public.events', 'at', true, 0, p_tenant_column => 'org_id');`,
  ])
  assert.equal(told('public.settings').slice(0, 2), [null, false])
  assert.equal(told('public.people')[0], 'hired')
  assert.equal(told(`"odd Schema"."it's"`), [
    'created',
    false,
    null,
    `select drill.register_critical_relation('"odd Schema"."it''s"', 'created', false, 0.02);`,
  ])
  assert.match(String(told('public.api_keys')[3]), /p_is_secret => true/)
  assert.match(
    found.get('public.orders')?.reason ?? '',
    /^number 1 of 7 tables by size, created_at dates its rows and has an index, 1 rows updated or deleted, 5000 inserted, tenant_id may say whose a row is$/,
  )
  assert.match(
    found.get('public.events')?.reason ?? '',
    /^number 2 of 7 tables by size, partitioned, at dates its rows, 100 rows inserted and none changed/,
  )
  assert.match(found.get('public.settings')?.reason ?? '', /no column says when a row was made, no statistics say/)
})

test('every statement runs, and what it registered is not suggested again', async () => {
  const found = [...(await suggest()).values()]
  await db.run(...found.map((row) => row.register_call))
  assert.is((await suggest()).size, 0)
  const registered = await db.query<Record<string, unknown>>(
    `select is_secret from drill.critical_relations where relation_name = 'public.api_keys'`,
  )
  assert.equal(registered[0]?.['is_secret'], true)
  await db.run(`delete from drill.critical_relations where relation_name <> 'public.known'`)
})

test('an empty database, and a role with few rights', async () => {
  const empty = await makeBareDatabase(db.cluster)
  assert.equal(await empty.query('select from drill.suggest_critical_relations()'), [])
  await empty.drop()
  await db.run(
    'create role guest_of_the_test nologin',
    'grant usage on schema drill to guest_of_the_test',
    'grant execute on all functions in schema drill to guest_of_the_test',
    'grant select on all tables in schema drill to guest_of_the_test',
  )
  const sql = db.cluster.connect(db.target.connection.database)
  await sql.unsafe('set role guest_of_the_test')
  assert.is((await sql.unsafe('select from drill.suggest_critical_relations()')).length, 7)
  await sql.end()
  await db.run('drop owned by guest_of_the_test', 'drop role guest_of_the_test')
})

test('many small tables without a timestamp are left out, the ten largest are not', async () => {
  await db.run(
    ...Array.from({ length: 30 }, (_, index) => `create table public.small_${index} (id integer primary key)`),
  )
  const found = await suggest()
  const small = [...found.keys()].filter((name) => name.startsWith('public.small_'))
  assert.ok(small.length > 0 && small.length < 10, `${small.length}`)
})

test.run()
