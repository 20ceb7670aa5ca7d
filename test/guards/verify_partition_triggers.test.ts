import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_partition_triggers')
let db: Scratch
const lines = () => checkLines(db, 'drill.verify_partition_triggers()')
const bad = async () => (await lines()).filter((line) => !/^(pass|skip) /.test(line))
const rpc = async () =>
  (await db.query<{ answer: boolean }>('select public.verify_partition_triggers_exist() as answer'))[0]?.answer

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
})
test.before.each(async () => {
  await db.run(
    'drop schema if exists s cascade',
    'create schema s',
    'delete from drill.guards',
    `create function s.guard() returns trigger language plpgsql set search_path = '' as 'begin new.month := pg_catalog.date_trunc(''month'', new.at); return new; end'`,
    'create table s.t (at date not null, month date not null) partition by range (month)',
    `create table s.a partition of s.t for values from ('2026-01-01') to ('2026-07-01') partition by range (month)`,
    `create table s.a1 partition of s.a for values from ('2026-01-01') to ('2026-04-01')`,
    `create table s.b partition of s.t for values from ('2026-07-01') to ('2027-01-01')`,
    'create trigger guard before insert or update of at, month on s.t for each row execute function s.guard()',
    `select drill.register_guard('s.t', 'guard')`,
  )
})
test.after(() => db.drop())

test('good: on the parent, on partitions, on partitions of partitions, and the function', async () => {
  assert.equal(await bad(), [])
  assert.is((await lines()).length, 5)
  assert.is(await rpc(), true)
})

test('good: an unpartitioned table, enabled always, a new partition', async () => {
  await db.run(
    'create table s.plain (at date, month date)',
    'create trigger guard before insert on s.plain for each row execute function s.guard()',
    `select drill.register_guard('s.plain', 'guard')`,
    'alter table s.plain enable always trigger guard',
    `create table s.c partition of s.t for values from ('2027-01-01') to ('2028-01-01')`,
  )
  assert.equal(await bad(), [])
})

const faults: [name: string, statement: string, expected: RegExp][] = [
  ['dropped', 'drop trigger guard on s.t', /^fail s\.t\.guard: the trigger guard is missing on s\.t\n.*s\.a1/s],
  [
    'disabled on a partition of a partition',
    'alter table s.a1 disable trigger guard',
    /^fail s\.a1\.guard: the trigger guard on s\.a1 is disabled$/,
  ],
  [
    'disabled on the parent row only',
    'alter table only s.t disable trigger guard',
    /^fail s\.t\.guard: the trigger guard on s\.t is disabled/,
  ],
  [
    'for replicas only',
    'alter table s.b enable replica trigger guard',
    /^fail s\.b\.guard: .* is enabled for replication only$/,
  ],
  [
    'body emptied',
    `create or replace function s.guard() returns trigger language plpgsql set search_path = '' as 'begin return new; end'`,
    /^fail s\.guard\(\): the guard function s\.guard\(\) is not the registered one/,
  ],
  [
    'settings of the function lost',
    'alter function s.guard() reset all',
    /^fail s\.guard\(\): .* not the registered one/,
  ],
  [
    'now security definer',
    'alter function s.guard() security definer',
    /^fail s\.guard\(\): .* not the registered one/,
  ],
  [
    'another function',
    `create function s.other() returns trigger language plpgsql as 'begin return new; end'; drop trigger guard on s.t;
     create trigger guard before insert or update of at, month on s.t for each row execute function s.other()`,
    /^fail s\.t\.guard: the trigger guard on s\.t calls s\.other instead of s\.guard/,
  ],
  [
    'a condition that is never true',
    'drop trigger guard on s.t; create trigger guard before insert or update of at, month on s.t for each row when (false) execute function s.guard()',
    /^fail s\.t\.guard: .* has another definition/,
  ],
  [
    'fewer events',
    'drop trigger guard on s.t; create trigger guard before insert on s.t for each row execute function s.guard()',
    /^fail s\.t\.guard: .* has another definition/,
  ],
  ['the table is gone', 'drop table s.t', /^fail s\.t: the guarded table s\.t does not exist$/],
  ['the function is gone', 'drop table s.t; drop function s.guard()', /the guard function s\.guard\(\) does not exist/],
]
for (const [name, statement, expected] of faults) {
  test(`fails: ${name}`, async () => {
    await db.run(statement)
    assert.match((await bad()).join('\n'), expected)
    assert.is(await rpc(), false)
  })
}

test('could not look: registered before the table existed', async () => {
  await db.run('update drill.guards set trigger_definition = null, function_definition = null')
  const found = await bad()
  assert.is(found.length, 2)
  assert.ok(found.every((line) => /^error .* was never recorded/.test(line)))
  assert.is(await rpc(), false)
})

test('could not look: nothing is registered', async () => {
  await db.run('delete from drill.guards')
  assert.match((await lines()).join(), /^error -: no guard is registered/)
  assert.is(await rpc(), false)
})

test('an intended change is accepted by registering again', async () => {
  await db.run(
    `create or replace function s.guard() returns trigger language plpgsql as 'begin new.month := new.at; return new; end'`,
  )
  assert.is(await rpc(), false)
  await db.run(`select drill.register_guard('s.t', 'guard')`)
  assert.is(await rpc(), true)
})

test('a foreign key and its triggers are nobody’s business here', async () => {
  await db.run(
    'create table s.parent (id integer primary key)',
    'alter table s.t add column parent_id integer references s.parent',
    'alter table s.a1 disable trigger all',
  )
  assert.equal(await bad(), ['fail s.a1.guard: the trigger guard on s.a1 is disabled'])
})

test('names with quotes and other letters', async () => {
  await db.run(
    'create function s."Wäch ""t"" er"() returns trigger language plpgsql as \'begin return new; end\'',
    'create table s."T.1" (id integer)',
    'create trigger "g "" ü" before insert on s."T.1" for each row execute function s."Wäch ""t"" er"()',
    `select drill.register_guard('s."T.1"', 'g " ü')`,
  )
  assert.equal(await bad(), [])
  await db.run('alter table s."T.1" disable trigger "g "" ü"')
  assert.equal(await bad(), ['fail s."T.1"."g "" ü": the trigger "g "" ü" on s."T.1" is disabled'])
})

test('registering what is not there is refused', async () => {
  for (const call of [`('s.t', 'nothing')`, `('s.nothing', 'guard')`, `(null, 'guard')`, `('s.t', null)`]) {
    const code = await db.run(`select drill.register_guard${call}`).then(
      () => 'none',
      (error) => error.code,
    )
    assert.is(code, 'RD007', call)
  }
})

test.run()
