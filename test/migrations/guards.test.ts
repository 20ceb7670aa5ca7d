// Installing creates the OpsMantik guards where the tables stand and the trigger is missing, and touches none that is there.

import * as assert from 'uvu/assert'
import { migrateDown, migrateUp } from '../../src/database/migrations.ts'
import { compareCatalogs } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { application, ask, catalogOf, guardedTables, refusal, rpc } from './application.ts'

const test = suite('migrations/guards')

let own: OwnCluster
let number = 0

async function database(template: string, change = ''): Promise<string> {
  number++
  await own.createDatabase(`d${number}`, template)
  await own.use(`d${number}`, (sql) => sql.unsafe(change))
  return `d${number}`
}

test.before(async () => {
  own = await startOwnCluster('guards')
  await own.createDatabase('application')
  await own.use('application', (sql) => sql.unsafe(application))
  await own.createDatabase('tables')
  await own.use('tables', (sql) => sql.unsafe(guardedTables))
})

test.after(() => own?.drop())

/** Everything about guard triggers and their functions that tells whether somebody touched them. */
async function guards(name: string): Promise<string[]> {
  return await own.use(name, async (sql) => {
    const rows = await sql<{ line: string }[]>`
      select pg_catalog.format(
        '%s on %s: %s %s, calls %s %s of transaction %s: %s',
        t.tgname, t.tgrelid::regclass, t.oid, t.tgenabled, p.oid, p.proname, p.xmin, pg_catalog.pg_get_functiondef(p.oid)
      ) as line
      from pg_catalog.pg_trigger as t
      inner join pg_catalog.pg_proc as p on p.oid = t.tgfoid
      where t.tgconstraint = 0
      order by t.tgname, t.tgrelid::regclass::text`
    return rows.map((row) => row.line)
  })
}

async function registered(name: string): Promise<Record<string, unknown>[]> {
  return await own.use(name, async (sql) => {
    const rows = await sql`
      select relation_name, trigger_definition is not null as is_recorded, is_trigger_ours, is_function_ours
      from drill.guards order by relation_name`
    return rows.map((row) => ({ ...row }))
  })
}

const guard = (relation: string, isRecorded: boolean, isTriggerOurs: boolean, isFunctionOurs: boolean) => ({
  relation_name: `public.${relation}`,
  is_recorded: isRecorded,
  is_trigger_ours: isTriggerOurs,
  is_function_ours: isFunctionOurs,
})

/** Installs, lets a test look, removes, and demands that all is as before. */
async function installed(name: string, look: () => Promise<void>): Promise<void> {
  const before = await catalogOf(own, name)
  await migrateUp(own.target(name))
  await look()
  await migrateDown(own.target(name), true)
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
}

test('triggers that are there are registered and not touched', async () => {
  const name = await database('application')
  const before = await guards(name)
  assert.ok(before.length > 20, 'two tables with their partitions')
  await installed(name, async () => {
    assert.equal(await guards(name), before)
    assert.equal(await registered(name), [guard('events', true, false, false), guard('sessions', true, false, false)])
    assert.is(await ask(own, name, `select ${rpc}`), true)
  })
  assert.equal(await guards(name), before)
})

test('one that is there and disabled stays disabled, and the RPC says so', async () => {
  const name = await database('application', 'alter table public.sessions disable trigger sessions_set_created_month')
  const before = await guards(name)
  await installed(name, async () => {
    assert.equal(await guards(name), before)
    assert.is(await ask(own, name, `select ${rpc}`), false)
  })
})

test('missing triggers are created on the tables and all partitions, fire, and go with pgdrill', async () => {
  const name = await database('tables')
  await installed(name, async () => {
    assert.equal(await registered(name), [guard('events', true, true, true), guard('sessions', true, true, true)])
    assert.is(await ask(own, name, `select ${rpc}`), true)
    assert.is(await ask(own, name, 'select count(*)::int from pg_trigger where tgconstraint = 0'), 4)
    const id = '00000000-0000-0000-0000-000000000001'
    const wrong = "(date_trunc('month', now() at time zone 'UTC') + interval '3 days')::date"
    await own.use(name, async (sql) => {
      await sql.unsafe(`insert into public.sessions (id, site_id, created_month) values ('${id}', '${id}', ${wrong})`)
      await sql.unsafe(`insert into public.events (id, session_id, session_month) values ('${id}', '${id}', ${wrong})`)
    })
    for (const query of [
      "select created_month = date_trunc('month', now() at time zone 'UTC')::date from public.sessions",
      'select e.session_month = s.created_month and e.site_id = s.site_id from public.events as e, public.sessions as s',
    ]) {
      assert.is(await ask(own, name, query), true, query)
    }
    await own.use(name, (sql) => sql`truncate public.events, public.sessions`)
  })
})

test('only the one that is missing is created, and only that one goes', async () => {
  const name = await database('application', 'drop trigger events_set_session_month_from_session on public.events')
  const sessions = async () => (await guards(name)).filter((line) => line.startsWith('sessions_set'))
  const before = await sessions()
  await installed(name, async () => {
    assert.equal(await sessions(), before)
    // The function was there, with a body of the application's own.
    assert.equal(await registered(name), [guard('events', true, true, false), guard('sessions', true, false, false)])
    assert.is(await ask(own, name, `select ${rpc}`), true)
  })
})

test('where the tables do not exist yet, the guards wait for them', async () => {
  const name = await database('template0')
  await installed(name, async () => {
    assert.equal(await registered(name), [guard('events', false, false, false), guard('sessions', false, false, false)])
    assert.is(await ask(own, name, `select ${rpc}`), false)
    assert.is(
      await ask(
        own,
        name,
        "select count(*)::int from drill.verify_partition_triggers() where status = 'fail' and detail like 'the guarded table % does not exist'",
      ),
      2,
    )
  })

  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql.unsafe(guardedTables))
  const withTables = await catalogOf(own, name)
  assert.is(await ask(own, name, `select ${rpc}`), false, 'tables without triggers')
  await ask(own, name, 'select drill.install_opsmantik_guards()')
  assert.is(await ask(own, name, `select ${rpc}`), true)
  const created = await guards(name)
  await ask(own, name, 'select drill.install_opsmantik_guards()')
  assert.equal(await guards(name), created, 'safe to repeat')
  await migrateDown(own.target(name), false)
  const left = await catalogOf(own, name)
  assert.equal(
    compareCatalogs(withTables, left).filter((line) => line.startsWith('+')),
    [],
  )
  assert.ok(
    !left.some((line) => line.startsWith('trigger ') || line.startsWith('function ')),
    'only the tables are left',
  )
})

test('where one of the tables does not exist yet', async () => {
  const name = await database('tables', 'drop table public.sessions')
  await installed(name, async () => {
    assert.equal(await registered(name), [guard('events', true, true, true), guard('sessions', false, false, false)])
    assert.is(await ask(own, name, `select ${rpc}`), false)
  })
})

test('a guard that was changed after it was recorded is not blessed by another run', async () => {
  const name = await database('application')
  await migrateUp(own.target(name))
  await own.use(name, (sql) =>
    sql.unsafe(`create or replace function public.trg_sessions_set_created_month() returns trigger language plpgsql
      set search_path = '' as 'begin return new; end'`),
  )
  await ask(own, name, 'select drill.install_opsmantik_guards()')
  assert.is(await ask(own, name, `select ${rpc}`), false)
})

// Names like these are common, and pgdrill serves any database.
const strangers: Record<string, string> = {
  'tables of another shape':
    'create table public.events (event_id integer); create table public.sessions (sid text, data jsonb)',
  'an unpartitioned table that has one of the columns': 'create table public.sessions (created_at timestamptz)',
  views: `create view public.sessions as select now() as created_at, current_date as created_month;
    create view public.events as select 1 as session_id, current_date as session_month, 2 as site_id`,
}

for (const [what, tables] of Object.entries(strangers)) {
  test(`${what} under the names of the guarded tables are left alone, and do not stop the installation`, async () => {
    const name = await database('template0', tables)
    await installed(name, async () => {
      assert.equal(await guards(name), [])
      assert.is(await ask(own, name, `select ${rpc}`), false)
      assert.is(await ask(own, name, 'select count(*)::int from drill.guards where trigger_definition is not null'), 0)
    })
  })
}

test('a guard function of ours that somebody uses stops the removal, and nothing is removed', async () => {
  const name = await database('tables')
  await migrateUp(own.target(name))
  await own.use(name, (sql) =>
    sql.unsafe(`create table public.copies (created_at timestamptz, created_month date);
      create trigger copies_month before insert on public.copies for each row execute function public.trg_sessions_set_created_month()`),
  )
  const before = await catalogOf(own, name)
  assert.is((await refusal(migrateDown(own.target(name), false))).code, '2BP01')
  assert.equal(compareCatalogs(before, await catalogOf(own, name)), [])
})

test('a guarded table that is gone meanwhile does not stop the removal', async () => {
  const name = await database('tables')
  await migrateUp(own.target(name))
  await own.use(name, (sql) => sql`drop table public.events`)
  await migrateDown(own.target(name), false)
  const left = await catalogOf(own, name)
  assert.ok(!left.some((line) => line.startsWith('trigger ') || line.startsWith('function ')))
})

test.run()
