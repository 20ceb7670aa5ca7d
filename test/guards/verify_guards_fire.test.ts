import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_guards_fire')
const source = readFileSync(projectFile('sql/guards/verify_guards_fire.sql'), 'utf8')
const install = ['drop function if exists drill.verify_guards_fire()', source]
const fault = (name: string) => readFileSync(projectFile('src/sandbox/faults', `${name}.sql`), 'utf8')
const call = 'drill.verify_guards_fire()'
let db: Scratch
const lines = (settings: string[] = []) => checkLines(db, call, settings)
const passed =
  'pass s.t.guard: the trigger guard on s.t fires: it did not let a wrong month through, in 2 partitions with rows'

const guardBody = `begin new.month := pg_catalog.date_trunc('month', new.at)::date; return new; end`
const setGuard = (body: string) =>
  `create or replace function s.guard() returns trigger language plpgsql set search_path = '' as $b$${body}$b$`

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(...install)
})
test.before.each(async () => {
  await db.run(
    'drop schema if exists s cascade',
    'drop schema if exists net cascade',
    'create schema s',
    'delete from drill.guards',
    setGuard(guardBody),
    `create table s.t (id uuid not null default gen_random_uuid(), at date not null, month date not null, note text,
       size integer generated always as (length(note)) stored, primary key (id, month)) partition by range (month)`,
    `create table s.a partition of s.t for values from ('2026-01-01') to ('2026-07-01') partition by range (month)`,
    `create table s.a1 partition of s.a for values from ('2026-01-01') to ('2026-04-01')`,
    `create table s.b partition of s.t for values from ('2026-07-01') to ('2027-01-01')`,
    `create table s.empty partition of s.t for values from ('2027-01-01') to ('2028-01-01')`,
    'create trigger guard before insert or update of at, month on s.t for each row execute function s.guard()',
    `insert into s.t (at, month, note) values ('2026-02-17', '2026-02-01', 'x'), ('2026-11-23', '2026-11-01', 'y')`,
    `select drill.register_guard('s.t', 'guard')`,
  )
})
test.after(() => db.drop())

/** What a probe could leave behind: rows, sizes are not meant, positions of sequences, and what a listener hears. */
async function traces(scratch: Scratch): Promise<unknown> {
  return await scratch.query(`
    select c.oid::regclass::text as name,
      case when c.relkind = 'S'
        then query_to_xml(format('select last_value, is_called from %s', c.oid::regclass), true, true, '')::text
        else query_to_xml(format('select count(*), sum(hashtextextended(t::text, 0)) from %s as t', c.oid::regclass), true, true, '')::text
      end as state
    from pg_class as c
    where c.relkind in ('r', 'S')
      and c.relnamespace::regnamespace::text in ('public', 'private', 's', 'net')
    order by 1`)
}

test('good: the copy of the sandbox, and its faults', async () => {
  const { restore } = await sandboxClusters()
  const copy = await makeDatabase(restore)
  await copy.run(...install)
  const before = await traces(copy)
  const started = performance.now()
  const good = await checkLines(copy, call)
  console.log(`the sandbox copy took ${Math.round(performance.now() - started)} ms`)
  assert.equal(
    good.map((line) => line.replace(/\d+/g, 'N')),
    [
      'pass public.events.events_set_session_month_from_session: the trigger events_set_session_month_from_session on public.events fires: it did not let a wrong session_month through, in N partitions with rows',
      'pass public.sessions.sessions_set_created_month: the trigger sessions_set_created_month on public.sessions fires: it did not let a wrong created_month through, in N partitions with rows',
    ],
  )
  assert.equal(await traces(copy), before)

  const sessions = 'fail public.sessions.sessions_set_created_month: '
  const events = 'fail public.events.events_set_session_month_from_session: '
  for (const [name, expected] of [
    ['trigger-function-emptied', [sessions]],
    ['trigger-disabled', [events]],
    ['trigger-disabled-on-one-partition', [sessions]],
    ['trigger-condition-false', [events]],
    ['trigger-event-narrowed', [sessions]],
    ['trigger-moved', [sessions]],
    ['trigger-dropped', [sessions]],
    ['replica-role-setting', [events, sessions]],
  ] as const) {
    const one = await makeDatabase(restore, copy.target.connection.database)
    await one.run(fault(name))
    const damaged = await traces(one)
    const found = (await checkLines(one, call)).filter((line) => /^(fail|error|warn)/.test(line))
    assert.is(found.length, expected.length, `${name}: ${found.join('\n')}`)
    expected.forEach((start, i) => {
      assert.ok(found[i]?.startsWith(start), `${name}: ${found[i]}`)
    })
    assert.equal(await traces(one), damaged, name)
    await one.drop()
  }

  // Disabled on the parent only: the partitions still have it, and rows go there.
  const one = await makeDatabase(restore, copy.target.connection.database)
  await one.run(fault('trigger-disabled-on-parent-only'))
  assert.equal(await checkLines(one, call), good)
  await one.drop()
  await copy.drop()
})

test('good: partitions of partitions, generated columns; nothing remains', async () => {
  const before = await traces(db)
  assert.equal(await lines(), [passed])
  assert.equal(await traces(db), before)
})

test('fails: dead in one partition, naming it; dead in all', async () => {
  await db.run('alter table s.a1 disable trigger guard')
  assert.equal(await lines(), [
    'fail s.t.guard: the trigger guard on s.t does not do its work in s.a1: a wrong month was stored as it was given',
    passed.replace('2 partitions', '1 partitions'),
  ])
  await db.run('alter table s.b disable trigger guard')
  assert.equal(await lines(), [
    'fail s.t.guard: the trigger guard on s.t does not do its work in s.a1, s.b: a wrong month was stored as it was given',
  ])
})

test('fails: missing, emptied, another column, another wrong value, broken', async () => {
  await db.run(setGuard('begin return new; end'))
  assert.match((await lines()).join(), /^fail s\.t\.guard: .* a wrong month was stored as it was given$/)
  await db.run(setGuard(`begin new.month := new.month + 1; return new; end`))
  assert.match((await lines()).join(), /^fail .* it gives a copy of a real row another key than that row has$/)
  await db.run(
    setGuard(`begin if extract(day from new.month) > 1 then new.month := new.month + 1; end if; return new; end`),
  )
  assert.match((await lines()).join(), /^fail .* a wrong month was changed into another wrong one$/)
  await db.run(setGuard(`begin new.month := s.nothing(); return new; end`))
  assert.match((await lines()).join(), /^fail .* it refused a copy of a real row with SQLSTATE 42883$/)
  await db.run('drop trigger guard on s.t')
  assert.match((await lines()).join(), /^fail s\.t\.guard: the trigger guard cannot fire: it is missing on s\.t$/)
  await db.run('drop table s.t')
  assert.match((await lines()).join(), /^fail s\.t\.guard: .* the guarded table s\.t does not exist$/)
})

test('warns: one row under a key that the guard would not give, in the right partition and in another', async () => {
  await db.run('set session_replication_role = replica; update s.t set month = month + 3 where month < $$2026-06-01$$')
  const warned =
    'warn s.t.guard: the trigger guard on s.t fires, but in s.a1 it gives a copy of a real row another key than that row has'
  assert.equal(await lines(), [warned, passed.replace('2 partitions', '1 partitions')])
  await db.run(
    'set session_replication_role = replica; update s.t set at = $$2026-09-09$$ where month < $$2026-06-01$$',
  )
  assert.equal(await lines(), [warned, passed.replace('2 partitions', '1 partitions')])
})

test('fails: a constraint that meets the wrong key does not make a dead guard a good one', async () => {
  await db.run('alter table s.t add constraint day_check check (extract(day from month) = 1)')
  assert.equal(await lines(), [passed])
  await db.run(setGuard('begin return new; end'))
  assert.match((await lines()).join(), /^fail .* a wrong month was not corrected: the constraint day_check met it$/)
})

test('good: a guard that refuses instead of correcting; warns: one that refuses good rows', async () => {
  await db.run(
    setGuard(
      `begin if new.month <> pg_catalog.date_trunc('month', new.at) then raise exception 'no'; end if; return new; end`,
    ),
    `select drill.register_guard('s.t', 'guard')`,
  )
  assert.equal(await lines(), [passed])
  await db.run(setGuard(`begin raise exception 'never: %', new.note; end`))
  assert.match((await lines()).join(), /^warn s\.t\.guard: .* refused a copy of a real row with SQLSTATE P0001$/)
})

test('partitions of one day: a wrong key belongs to another partition, 0A000 or accepted', async () => {
  await db.run(
    'create table s.d (id bigint generated always as identity, at timestamptz not null, day date not null, primary key (id, day)) partition by range (day)',
    ...['01', '02', '03'].map(
      (day, i) => `create table s.d${day} partition of s.d for values from ('2026-11-${day}') to ('2026-11-0${i + 2}')`,
    ),
    `create function s.day() returns trigger language plpgsql as $b$begin new.day := (new.at at time zone 'UTC')::date; return new; end$b$`,
    'create trigger "day ü" before insert on s.d for each row execute function s.day()',
    `insert into s.d (at, day) values ('2026-11-01 12:00+00', '2026-11-01'), ('2026-11-03 12:00+00', '2026-11-03')`,
    'delete from drill.guards',
    `select drill.register_guard('s.d', 'day ü')`,
  )
  const before = await traces(db)
  assert.match((await lines()).join('\n'), /^pass s\.d\."day ü": .* in 2 partitions with rows$/)
  await db.run(`create or replace function s.day() returns trigger language plpgsql as $b$begin return new; end$b$`)
  assert.match(
    (await lines()).join('\n'),
    /^fail s\.d\."day ü": .* in s\.d01, s\.d03: a wrong day was stored as it was given$/,
  )
  assert.equal(await traces(db), before)
  // Only one partition: no other key can be given.
  await db.run('drop table s.d02, s.d03')
  assert.match((await lines()).join('\n'), /^skip s\.d\."day ü": .* no other key has a partition/)
})

test('default partition, list partitions, keys of timestamps and integers', async () => {
  await db.run(
    `create table s.rest partition of s.t default`,
    `insert into s.t (at, month) values ('2031-05-17', '2031-05-01')`,
    'create table s.n (id text primary key, year integer not null, at date) ',
    'drop table s.n',
    'create table s.n (id text, year integer not null, at date, primary key (id, year)) partition by list (year)',
    'create table s.n26 partition of s.n for values in (2026, 2027)',
    'create function s.year() returns trigger language plpgsql as $b$begin new.year := extract(year from new.at); return new; end$b$',
    'create trigger guard before insert on s.n for each row execute function s.year()',
    `insert into s.n values ('a', 2026, '2026-11-23')`,
    `select drill.register_guard('s.n', 'guard')`,
    'create table s.z (id serial, at timestamptz not null, hour timestamp not null, primary key (id, hour)) partition by range (hour)',
    `create table s.z26 partition of s.z for values from ('2026-01-01') to ('2027-01-01')`,
    `create function s.hour() returns trigger language plpgsql as $b$begin new.hour := date_trunc('hour', new.at at time zone 'UTC'); return new; end$b$`,
    'create trigger guard before insert on s.z for each row execute function s.hour()',
    `insert into s.z (at, hour) values ('2026-11-23 04:30+00', '2026-11-23 04:00')`,
    `select drill.register_guard('s.z', 'guard')`,
  )
  const good = await lines()
  assert.is(good.length, 3)
  assert.ok(
    good.every((line) => line.startsWith('pass ')),
    good.join('\n'),
  )
  await db.run(
    'alter table s.n disable trigger guard',
    'alter table s.z disable trigger guard',
    'alter table s.rest disable trigger guard',
  )
  const found = (await lines()).filter((line) => line.startsWith('fail'))
  assert.is(found.length, 3, found.join('\n'))
})

test('a plain table: the column that the registered function assigns', async () => {
  await db.run(
    'create table s.plain (id integer primary key, code varchar(8) unique, at timestamptz not null, month date, filled date)',
    `create function s.fill() returns trigger language plpgsql as $b$begin
       NEW.month := date_trunc('month', new.at at time zone 'UTC')::date; return new; end$b$`,
    'create trigger fill before insert or update on s.plain for each row execute function s.fill()',
    `insert into s.plain values (2147483647, 'abc', '2026-11-23 04:30+00', '2026-11-01', '2026-11-02'), (5, 'x', '2026-11-23 04:30+00', '2026-11-01', null)`,
    'delete from drill.guards',
    `select drill.register_guard('s.plain', 'fill')`,
  )
  const before = await traces(db)
  assert.equal(await lines(), [
    'pass s.plain.fill: the trigger fill on s.plain fires: it did not let a wrong month through',
  ])
  assert.equal(await traces(db), before)
  await db.run('create or replace function s.fill() returns trigger language plpgsql as $b$begin return new; end$b$')
  assert.match(
    (await lines()).join(),
    /^fail s\.plain\.fill: .* in s\.plain: a wrong month was stored as it was given$/,
  )
  // One that fills only what is missing.
  await db.run(
    'create or replace function s.fill() returns trigger language plpgsql as $b$begin if new.filled is null then new.filled := now(); end if; return new; end$b$',
    `update s.plain set filled = '2026-11-02'`,
    `select drill.register_guard('s.plain', 'fill')`,
  )
  assert.match((await lines()).join(), /^pass s\.plain\.fill: .* wrong filled through$/)
  await db.run('create or replace function s.fill() returns trigger language plpgsql as $b$begin return new; end$b$')
  assert.match((await lines()).join(), /^fail /)
})

test('skips: guards that set nothing that can be probed', async () => {
  await db.run(
    'create table s.plain (id integer primary key, note text)',
    'create function s.note() returns trigger language plpgsql as $b$begin new.note := lower(new.note); return new; end$b$',
    'create trigger before_row before insert on s.plain for each row execute function s.note()',
    'create trigger after_row after insert on s.plain for each row execute function s.note()',
    `insert into s.plain values (1, 'x')`,
    'delete from drill.guards',
    `select drill.register_guard('s.plain', 'before_row')`,
    `select drill.register_guard('s.plain', 'after_row')`,
  )
  const found = await lines()
  assert.match(found[0] as string, /^skip s\.plain\.after_row: .* it is not a row trigger before insert$/)
  assert.match(found[1] as string, /^skip s\.plain\.before_row: .* no column of a date, timestamp or integer type/)
  assert.is(found.length, 2)
})

test('skips: empty, read only, nothing registered, keys that cannot be made, constraints that refuse copies', async () => {
  assert.match((await lines(['set default_transaction_read_only = on'])).join(), /^skip s\.t\.guard: .* read only$/)
  await db.run('alter table s.b add constraint one exclude (at with =)')
  assert.match(
    (await lines()).join('\n'),
    /skip s\.t\.guard: .* in s\.b: no copy of a row can be stored \(SQLSTATE 23P01, constraint one\)/,
  )
  await db.run('truncate s.t')
  assert.match((await lines()).join(), /^skip s\.t\.guard: .* the table has no row to copy$/)
  await db.run(
    'create table s.k (at timestamptz primary key, month date not null)',
    'create trigger guard before insert on s.k for each row execute function s.guard()',
    `insert into s.k values (now(), now())`,
    'delete from drill.guards',
    `select drill.register_guard('s.k', 'guard')`,
  )
  assert.match((await lines()).join(), /^skip s\.k\.guard: .* no fresh key can be made for the unique index s\.k_pkey$/)
  await db.run('delete from drill.guards')
  assert.match((await lines()).join(), /^error -: no guard is registered, so none was made to fire$/)
})

test('errors: a role that may not insert, or that row security watches', async () => {
  await db.run(
    'grant usage on schema drill, s to service_role',
    'grant select on all tables in schema drill to service_role',
    'grant execute on all functions in schema drill to service_role',
    'grant select on all tables in schema s to service_role',
  )
  assert.match(
    (await lines(['set role service_role'])).join(),
    /^error .* service_role may not read and insert all columns of s\.t$/,
  )
  await db.run('grant insert on s.t to service_role')
  assert.equal(await lines(['set role service_role']), [passed])
  await db.run(
    'grant usage on schema s to anon',
    'grant usage on schema drill to anon',
    'grant select on all tables in schema drill to anon',
    'grant execute on all functions in schema drill to anon',
    'grant all on s.t to anon',
    'alter table s.t enable row level security',
  )
  assert.match((await lines(['set role anon'])).join(), /^error .* row level security is active for anon$/)
})

test('skips: triggers that reach outside, directly or through another function', async () => {
  await db.run(
    'create schema net',
    `create function net.http_post(p_url text) returns void language sql as 'select'`,
    'create table s.mails (id integer)',
    `create function s.mail() returns void language plpgsql as $b$begin perform net.http_post('x'); end$b$`,
    `create function s.after_t() returns trigger language plpgsql as $b$begin perform s.mail(); return null; end$b$`,
    'create trigger webhook after insert on s.t for each row execute function s.after_t()',
  )
  const skipped =
    'skip s.t.guard: the trigger guard on s.t was not made to fire: the trigger webhook on s.a calls net.http_post(), which reaches outside'
  assert.equal(await lines(), [skipped])
  await db.run('alter table s.t disable trigger webhook')
  const parts = ['s.a', 's.a1', 's.b', 's.empty'].map((name) => `alter table ${name} disable trigger webhook`)
  await db.run(...parts)
  assert.equal(await lines(), [passed])
})

test('skips: rules, foreign partitions', async () => {
  await db.run(
    'create foreign data wrapper w',
    'create server far foreign data wrapper w',
    `alter table s.t drop constraint t_pkey`,
    `create foreign table s.far partition of s.t for values from ('2028-01-01') to ('2029-01-01') server far`,
  )
  assert.equal(await lines(), [
    'skip s.t.guard: the trigger guard on s.t was not made to fire in s.far: a foreign table would act at once',
    passed,
  ])
  await db.run('drop foreign data wrapper w cascade', 'create rule also as on insert to s.t do also notify x')
  assert.match((await lines()).join(), /^skip s\.t\.guard: .* the rule also rewrites inserts$/)
})

test('warns: a sequence that a trigger moved; what was notified is not heard', async () => {
  await db.run(
    'create sequence s."q "" ü"',
    'create sequence s.other',
    `create function s.count() returns trigger language plpgsql as $b$begin
       perform nextval('s."q "" ü"'); perform pg_notify('probe', 'x'); return new; end$b$`,
    'create trigger z_count after insert on s.t for each row execute function s.count()',
  )
  const heard: string[] = []
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    await sql.listen('probe', (payload) => heard.push(payload))
    assert.match(
      (await lines()).join('\n'),
      /^pass .*\nwarn s\."q "" ü": the sequence s\."q "" ü" moved from unused to \d+ /,
    )
    assert.match((await lines()).join('\n'), /\nwarn s\."q "" ü": the sequence s\."q "" ü" moved from 4 to 8 /)
    await db.run(`notify probe, 'end'`)
    for (let i = 0; i < 100 && heard.length === 0; i++) await new Promise((done) => setTimeout(done, 20))
    assert.equal(heard, ['end'])
  } finally {
    await sql.end()
  }
})

test('triggers see the search_path of the application', async () => {
  await db.run(
    'create table public.lookup (x integer)',
    `create or replace function s.guard() returns trigger language plpgsql as $b$begin
       perform * from lookup; new.month := date_trunc('month', new.at)::date; return new; end$b$`,
  )
  assert.equal(await lines(), [passed])
})

test('names with quotes and other letters', async () => {
  await db.run(
    'create table s."Über ""t"".x" ("Schlüssel "" 1" uuid primary key, "at" date, "Mo\'nat ("" ü" date) ',
    `create function s."Wäch ""t"" er"() returns trigger language plpgsql as $b$begin new."Mo'nat ("" ü" := date_trunc('month', new.at); return new; end$b$`,
    'create trigger "g "" ü" before insert on s."Über ""t"".x" for each row execute function s."Wäch ""t"" er"()',
    `insert into s."Über ""t"".x" values (gen_random_uuid(), '2026-11-23', '2026-11-01')`,
    'delete from drill.guards',
    `select drill.register_guard('s."Über ""t"".x"', 'g " ü')`,
  )
  assert.match((await lines()).join(), /^pass s\."Über ""t""\.x"\."g "" ü": /)
  await db.run('alter table s."Über ""t"".x" disable trigger "g "" ü"')
  assert.match((await lines()).join(), /^fail s\."Über ""t""\.x"\."g "" ü": /)
})

test('a hundred partitions', async () => {
  await db.run(
    `do $$ begin
       for i in 0..99 loop
         execute format('create table s.p%s partition of s.t for values from (%L) to (%L)', i,
           date '2030-01-01' + i * 7, date '2030-01-01' + i * 7 + 7);
       end loop;
     end $$`,
    `insert into s.t (at, month) select d, d from generate_series(date '2030-01-01', date '2031-10-01', interval '1 month') as d`,
  )
  assert.match((await lines()).join(), /^pass .* in 2[34] partitions with rows$/)
})

test.run()
