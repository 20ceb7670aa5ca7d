import * as assert from 'uvu/assert'
import { after } from '../objects/support.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.list_schema_changes')
let db: Scratch
let baselineId: string

test.before(async () => {
  db = await makeDatabase((await sandboxClusters()).production)
  const [row] = await db.query<{ id: string }>(`select drill.capture_baseline('of a drill')::text as id`)
  baselineId = row?.id as string
})
test.after(() => db?.drop())

/** What changed after these statements, of which nothing stays. */
async function changesAfter(statements: string): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    return await after(sql, statements, async (transaction) => {
      const rows = await transaction.unsafe(`select * from drill.list_schema_changes('${baselineId}')`)
      return rows.map((row) => `${row['area']}: ${row['object_kind']} ${row['object_name']} ${row['change']}`)
    })
  } finally {
    await sql.end()
  }
}

const noChanges: Record<string, string> = {
  'nothing happened': 'select',
  'the partition job made a month, with its triggers, indexes and grants': `select public.create_monthly_partitions(3)`,
  'an old month was dropped': `do $$ begin execute (select format('drop table %s', p.partition_name)
    from drill.list_partitions('public.events') as p where not p.is_default order by p.starts_at limit 1); end $$`,
  'a plain table, column, index, view and function were added': `create table public.notes (id integer primary key, text text);
    alter table public.calls add column extra text; create index on public.calls (extra); create view public.v as select 1 as one;
    create function public.f() returns integer language sql as 'select 1'`,
  'rows came and went': `insert into public.sites (public_id, user_id, domain, name) select 'p9', user_id, 'd', 'n' from public.sites limit 1`,
  'a policy duration was changed': `update drill.policy set policy_value = '1 hour' where policy_name = 'rpo'`,
  'how a critical relation is judged, not which': `update drill.critical_relations set tolerance = 0.5 where relation_name = 'public.calls'`,
}
for (const [name, statements] of Object.entries(noChanges)) {
  test(`no major change: ${name}`, async () => assert.equal(await changesAfter(statements), []))
}

const changes: Record<string, [string, ...string[]]> = {
  'a trigger was added': [
    `create function public.stamp() returns trigger language plpgsql as 'begin return new; end';
     create trigger stamp before insert on public.calls for each row execute function public.stamp()`,
    'triggers: trigger public.calls.stamp added',
    'triggers: trigger function public.stamp() added',
  ],
  'a trigger was dropped': [
    'drop trigger calls_notify_new_call on public.calls',
    'triggers: trigger public.calls.calls_notify_new_call removed',
  ],
  'a trigger was disabled': [
    'alter table public.calls disable trigger calls_notify_new_call',
    'triggers: trigger public.calls.calls_notify_new_call changed',
  ],
  'the function of a guard got another body': [
    `create or replace function public.trg_sessions_set_created_month() returns trigger language plpgsql set search_path = ''
     as 'begin return new; end'`,
    'triggers: trigger function public.trg_sessions_set_created_month() changed',
  ],
  'an event trigger was added': [
    `create function public.on_ddl() returns event_trigger language plpgsql as 'begin end';
     create event trigger watch on ddl_command_end execute function public.on_ddl()`,
    'triggers: event trigger watch added',
    'triggers: trigger function public.on_ddl() added',
  ],
  'a policy was dropped': [
    'drop policy sites_update_owner on public.sites',
    'row level security: policy public.sites.sites_update_owner removed',
  ],
  'a policy says something else': [
    'alter policy sites_update_owner on public.sites using (true)',
    'row level security: policy public.sites.sites_update_owner changed',
  ],
  'row level security was switched off': [
    'alter table public.calls disable row level security',
    'row level security: row level security public.calls removed',
  ],
  'row level security was forced': [
    'alter table public.calls force row level security',
    'row level security: row level security public.calls changed',
  ],
  'a table with row level security was added': [
    'create table public.notes (id integer); alter table public.notes enable row level security',
    'row level security: row level security public.notes added',
  ],
  'a partitioned table was added, but of its partitions nothing is said': [
    `create table public.clicks (at date not null) partition by range (at);
     create table public.clicks_2026 partition of public.clicks for values from ('2026-01-01') to ('2027-01-01')`,
    'partitioning: partition key public.clicks added',
  ],
  'a default partition was dropped': [
    'drop table public.events_default',
    'partitioning: partition public.events_default removed',
  ],
  'a partition was detached and kept': [
    'alter table public.events detach partition public.events_default',
    'partitioning: partition public.events_default removed',
    'triggers: trigger public.events_default.events_set_session_month_from_session removed',
  ],
  'a guard was unregistered': [
    `delete from drill.guards where relation_name = 'public.events'`,
    'guards: guard public.events.events_set_session_month_from_session removed',
  ],
  'a guard was registered again after an intended change': [
    `create or replace function public.trg_sessions_set_created_month() returns trigger language plpgsql set search_path = ''
     as 'begin return new; end'; select drill.register_guard('public.sessions', 'sessions_set_created_month')`,
    'guards: guard public.sessions.sessions_set_created_month changed',
    'triggers: trigger function public.trg_sessions_set_created_month() changed',
  ],
  'another period': [
    `update drill.partitioned_relations set period = 'week' where relation_name = 'public.events'`,
    'partitioning: registered period public.events changed',
  ],
  'a critical relation was registered': [
    `create table public.notes (id integer); select drill.register_critical_relation('public.notes', null, false)`,
    'critical relations: critical relation public.notes added',
  ],
  'a critical relation was unregistered': [
    `delete from drill.critical_relations where relation_name = 'public.calls'`,
    'critical relations: critical relation public.calls removed',
  ],
}
for (const [name, [statements, ...expected]] of Object.entries(changes)) {
  test(`a major change: ${name}`, async () => assert.equal(await changesAfter(statements), expected))
}

test('no such baseline: RD004', async () => {
  for (const id of ['null', "'00000000-0000-4000-8000-000000000000'"]) {
    const error = await db.query(`select * from drill.list_schema_changes(${id})`).catch((thrown) => thrown)
    assert.is(error.code, 'RD004')
  }
})

test('as a document: what could not be compared is a problem, never no change', async () => {
  const document = async (id: string) => {
    const [row] = await db.query<{ found: { problem: string | null; changes: unknown[] } }>(
      `select drill.get_schema_changes(${id}) as found`,
    )
    return row?.found
  }
  assert.match((await document('null'))?.problem ?? '', /against which baseline/)
  assert.match((await document("'00000000-0000-4000-8000-000000000000'"))?.problem ?? '', /not stored here/)
  assert.equal(await document(`'${baselineId}'`), { baseline_id: baselineId, problem: null, changes: [] })
  await db.run(`insert into drill.baselines select (jsonb_populate_record(b, '{"baseline_id": "0b1f0000-0000-4000-8000-000000000002"}')).*
    from drill.baselines as b where b.baseline_id = '${baselineId}'`)
  assert.match((await document("'0b1f0000-0000-4000-8000-000000000002'"))?.problem ?? '', /holds no objects/)
})

test.run()
