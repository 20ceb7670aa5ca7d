// Who lists the objects: a role with few rights sees the same as a superuser, or says what it could not see.

import * as assert from 'uvu/assert'
import { parseBaseline } from '../../src/baselines/document.ts'
import type { SchemaObject } from '../../src/database/contract.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { compare, lines, listObjects } from './support.ts'

const test = suite('objects/rights')
let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('rights')
  await own.use('postgres', (sql) => sql.unsafe('create role reader login; create role app'))
})
test.after(() => own?.drop())

async function makeDatabase(name: string, more = ''): Promise<void> {
  await own.createDatabase(name)
  await migrateUp(own.target(name))
  await own.use(name, async (sql) => {
    await sql.unsafe(`
      create schema closed authorization app;
      create table closed.t (id integer primary key default 7, note text);
      create view closed.v as select id from closed.t;
      create function closed.f() returns integer language sql as 'select 1';
      create function closed.tr() returns trigger language plpgsql as 'begin return new; end';
      create trigger tr before insert on closed.t for each row execute function closed.tr('secret');
      create sequence closed.s;
      alter table closed.t enable row level security;
      create policy p on closed.t using (id > 0);
      create operator closed.=== (function = int4eq, leftarg = integer, rightarg = integer);
      create text search configuration closed.c (copy = simple);
      create statistics closed.st on id, note from closed.t;
      create publication everything for table closed.t;
      create subscription other connection 'host=x password=y' publication z with (connect = false, slot_name = none);
      create foreign data wrapper w;
      create server s foreign data wrapper w;
      create user mapping for app server s options (password 'x');
      select pg_catalog.lo_create(0);
      revoke all on schema public from public;
      grant usage on schema drill to reader;
      grant select on all tables in schema drill to reader;
      grant execute on all functions in schema drill to reader;
      ${more}`)
  })
}

async function listAs(name: string, role: string): Promise<SchemaObject[]> {
  return await own.use(name, async (sql) => {
    await sql.unsafe(`set session authorization ${role}`)
    return await listObjects(sql)
  })
}

const platform = `
  create schema cron; create schema storage; create schema vault;
  create table cron.job (jobid bigint, schedule text, command text, database text, username text, jobname text);
  insert into cron.job values (1, '* * * * *', 'select 1', current_database(), 'reader', 'mine'), (2, '* * * * *', 'select 1', current_database(), 'app', 'theirs');
  alter table cron.job enable row level security;
  create policy own on cron.job using (username = current_user);
  create table storage.buckets (id text, name text, public boolean);
  insert into storage.buckets values ('a', 'a', false);
  alter table storage.buckets enable row level security;
  create table vault.secrets (name text, secret text);
  insert into vault.secrets values ('key', 'x');`

test('on an ordinary database a role without rights sees what a superuser sees, and no problem', async () => {
  await makeDatabase('ordinary')
  const [reader, superuser] = [await listAs('ordinary', 'reader'), await listAs('ordinary', 'postgres')]
  assert.ok(reader.length > 20, `${reader.length}`)
  assert.equal(reader, superuser)
  assert.ok(reader.every((object) => object.problem === null))
})

test('what it may not read is a problem in words, with what to run; having run that, it sees all', async () => {
  await makeDatabase('platform', platform)
  const superuser = await listAs('platform', 'postgres')
  assert.is(superuser.filter((object) => object.problem !== null).length, 0)
  assert.is(superuser.filter((object) => object.object_kind === 'cron job').length, 2)
  const seen = new Set<string>()
  for (let round = 0; round < 4; round += 1) {
    const reader = await listAs('platform', 'reader')
    const problems = reader.filter((object) => object.problem !== null)
    if (problems.length === 0) break
    if (round === 0)
      assert.equal(
        problems.map((object) => `${object.object_kind} ${object.object_name}`),
        ['cron job cron.job', 'storage bucket storage.buckets', 'vault secret vault.secrets'],
      )
    // None of the rows that it does see: some would pass for all.
    for (const { object_kind: kind } of problems)
      assert.is(reader.filter((object) => object.object_kind === kind).length, 1)
    const rows = compare(superuser, reader, 'reader')
    assert.ok(
      rows.every((row) => row.status === 'pass' || row.status === 'error'),
      lines(rows).join('\n'),
    )
    for (const row of rows.filter((other) => other.status === 'error')) {
      const statement = /verify again: (.*)\.$/.exec(row.hint ?? '')?.[1]?.replace(/, or connect as.*/, '') ?? ''
      seen.add(statement)
      await own.use('platform', (sql) => sql.unsafe(statement))
    }
  }
  assert.equal([...seen].sort(), [
    'alter role reader bypassrls',
    'grant select (name) on vault.secrets to reader',
    'grant select on cron.job to reader',
    'grant select on storage.buckets to reader',
    'grant usage on schema cron to reader',
    'grant usage on schema storage to reader',
    'grant usage on schema vault to reader',
  ])
  const after = await listAs('platform', 'reader')
  assert.equal(
    lines(compare(superuser, after, 'reader')).filter((line) => !line.startsWith('pass ')),
    [],
  )
  await own.use('platform', (sql) => sql.unsafe('alter role reader nobypassrls'))
})

test('tables of an application that are only called so are no problem', async () => {
  await makeDatabase(
    'namesakes',
    'create schema cron; create table cron.job (id integer); create schema storage; create view storage.buckets as select 1 as id; create schema vault; create table vault.secrets (id integer)',
  )
  const reader = await listAs('namesakes', 'reader')
  assert.ok(reader.every((object) => object.problem === null))
})

test('a capture that could not look says so in the document, and documents from before can be read', async () => {
  await makeDatabase(
    'captured',
    `${platform}
    create table public.orders (id integer primary key);
    select drill.register_critical_relation('public.orders', null, false);
    delete from drill.critical_relations where relation_name <> 'public.orders';
    delete from drill.guards; delete from drill.partitioned_relations;
    grant usage on schema public to reader; grant select on public.orders to reader;
    grant all on all tables in schema drill to reader`,
  )
  const text = await own.use('captured', async (sql) => {
    await sql.unsafe('set session authorization reader')
    await sql.unsafe('select drill.capture_baseline()')
    const [row] = await sql.unsafe('select drill.export_baseline()::text as text')
    return row?.['text'] as string
  })
  const document = parseBaseline(text, 'x')
  assert.is(document.objects.filter((object) => object.problem !== null).length, 3)
  const rows = compare(document.objects, await listAs('captured', 'postgres'))
  assert.equal(
    rows.filter((row) => row.status === 'error').map((row) => row.object_name),
    ['cron.job', 'storage.buckets', 'vault.secrets'],
  )
  assert.not.ok(
    rows.some((row) => row.status === 'fail' || row.status === 'warn'),
    lines(rows).join('\n'),
  )
  const older = JSON.parse(text) as { objects: { problem?: unknown }[] }
  for (const object of older.objects) delete object.problem
  assert.ok(parseBaseline(JSON.stringify(older), 'x').objects.every((object) => object.problem === null))
})

test.run()
