// Every way out of a copy must be found, named and closed by the statement in the hint; what only looks like one passes.

import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_isolation')
const isCopy = 'set drill.is_copy = on'
let own: OwnCluster
let db: Scratch

interface Row {
  object_name: string | null
  status: string
  detail: string
  hint: string | null
}

async function rows(scratch = db, settings: string[] = [isCopy]): Promise<Row[]> {
  const sql = scratch.cluster.connect(scratch.target.connection.database)
  try {
    await sql.unsafe('begin transaction isolation level repeatable read read only')
    for (const setting of settings) await sql.unsafe(setting)
    return [...(await sql.unsafe('select r.* from drill.verify_isolation() as r'))] as unknown as Row[]
  } finally {
    await sql.end()
  }
}
/** Without archiving, which this server has by its command line. */
const isOther = (row: { object_name: string | null }) => !row.object_name?.startsWith('archive_')
const bad = async (scratch = db, settings?: string[]) =>
  (await rows(scratch, settings))
    .filter(isOther)
    .filter((row) => !['pass', 'skip'].includes(row.status))
    .map((row) => `${row.status} ${row.object_name}: ${row.detail}`)

interface Outbound {
  kind: string
  object_kind: string
  object_name: string
  reaches: string | null
  is_armed: boolean | null
  mitigation: string | null
  disarming_statements: string[]
}
const outbound = async (kind?: string, scratch = db) =>
  (await scratch.query<Outbound>('select * from drill.list_outbound()')).filter(
    (row) => isOther(row) && (kind === undefined || row.kind === kind),
  )

/** Runs what the hints say, and demands that nothing is left. */
async function obey(scratch = db): Promise<void> {
  for (const row of await outbound(undefined, scratch)) await scratch.run(...row.disarming_statements)
  assert.equal(await bad(scratch), [])
}

/** Schema net as pg_net makes it, as far as anybody calls it. */
const pgNet = [
  'create schema net',
  `create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 1)
    returns bigint language plpgsql as 'begin insert into net.http_request_queue (url) values (url); return 1; end'`,
  `create table net.http_request_queue (id bigserial, method text default 'POST', url text not null, headers jsonb, body bytea)`,
]
const pgCron = [
  'create schema cron',
  `create table cron.job (
    jobid bigserial primary key, schedule text not null default '* * * * *', command text not null,
    nodename text default 'localhost', nodeport integer default 5432, database text not null default current_database(),
    username text not null default current_user, active boolean not null default true, jobname text
  )`,
  `create function cron.alter_job(job_id bigint, schedule text default null, command text default null, database text default null, username text default null, active boolean default null)
    returns void language sql as 'update cron.job as j set active = coalesce($6, j.active) where j.jobid = $1'`,
]
const trigger = (name: string, body: string, more = '') => [
  `create function public.${name}() returns trigger language plpgsql ${more} as $body$ begin ${body} return null; end $body$`,
  `create trigger ${name} after insert on public.t for each row execute function public.${name}()`,
]
const loadPgCron = (scratch: Scratch, home: string) =>
  `alter database ${scratch.target.connection.database} set "cron.database_name" = '${home}'`

test.before(async () => {
  own = await startOwnCluster('isolation')
})
test.before.each(async () => {
  db = await makeBareDatabase(own.cluster)
  await db.run('create table public.t (id integer, note text)')
})
test.after.each(() => db.drop())
test.after(() => own?.drop())

test('good: the sandbox, in production and as a copy, has no finding', async () => {
  const { production, restore } = await sandboxClusters()
  for (const cluster of [restore, production]) {
    const copy = await makeDatabase(cluster)
    const found = await rows(copy)
    assert.equal(
      found.filter((row) => !['pass', 'skip'].includes(row.status)),
      [],
    )
    assert.equal(
      found.map((row) => `${row.status} ${row.detail.replace(/\d+|t_\w+/g, 'N').replace(/ WAL files .*/, '')}`),
      [
        'skip there is no event trigger',
        'skip there is no cron job',
        'skip there is no subscription',
        'pass no trigger that posts to the outside is enabled (looked at: N)',
        'skip there is no queue of pg_net',
        'skip there is no foreign server that reaches another machine',
        cluster === restore
          ? 'pass what is written here is not archived elsewhere: Archiving is off.'
          : "pass what is written here is not archived elsewhere: The newest baseline was captured in another database of this running server, so what it archives is production's own.",
        'pass no other client is connected to this database',
        cluster === restore
          ? 'pass the database N differs from the source of the newest baseline: timeline N instead of N, the name N instead of opsmantik'
          : 'pass the database N differs from the source of the newest baseline: the name N instead of opsmantik',
      ],
    )
    await copy.drop()
  }
})

test('a session that does not take it for a copy judges nothing', async () => {
  await db.run(...pgCron, `insert into cron.job (command) values ('select 1')`)
  const found = await rows(db, [])
  assert.is(found.length, 1)
  assert.is(found[0]?.status, 'skip')
  assert.match(found[0]?.hint ?? '', /set drill\.is_copy = on/)
})

test('an active cron job; only a warning while pg_cron is not loaded, or loaded for another database', async () => {
  await db.run(
    ...pgCron,
    `insert into cron.job (jobname, command, active) values
      ('nightly report', $$select net.http_post('https://u:S3cret@reports.example.com/x?token=S3cret')$$, true),
      ('off', 'select 2', false)`,
    `insert into cron.job (command) values ('vacuum')`,
  )
  assert.equal(await bad(), [
    'warn "nightly report": the cron job "nightly report" is active and reaches reports.example.com; pg_cron is not loaded, so it cannot run now, but as soon as pg_cron is',
    'warn 3: the cron job 3 is active; pg_cron is not loaded, so it cannot run now, but as soon as pg_cron is',
  ])
  await db.run(loadPgCron(db, 'elsewhere'))
  assert.match((await bad()).join('\n'), /^warn .*takes its jobs from the database elsewhere.*\nwarn 3/)
  await db.run(loadPgCron(db, db.target.connection.database))
  assert.equal(await bad(), [
    'fail "nightly report": the cron job "nightly report" is active and reaches reports.example.com',
    'fail 3: the cron job 3 is active',
  ])
  const hint = (await rows()).find((row) => row.object_name === '3')?.hint
  assert.is(hint, 'Run: select cron.alter_job(job_id := 3, active := false).')
  assert.not.match(JSON.stringify(await rows()), /S3cret/)
  await obey()
  assert.ok((await rows()).some((row) => row.detail === 'no cron job is active (3 in all)'))
})

test('jobs of another database of the server are named with it; of one that is gone they cannot run', async () => {
  await db.run(
    ...pgCron,
    loadPgCron(db, db.target.connection.database),
    `insert into cron.job (command, database) values ('select 1', 'postgres'), ('select 1', 'no such')`,
    'drop function cron.alter_job',
  )
  assert.equal(await bad(), [
    'fail 1: the cron job 1 is active',
    'warn 2: the cron job 2 is active; it cannot run now: this server has no database "no such"',
  ])
  const hint = (await rows()).find((row) => row.object_name === '1')?.hint
  assert.is(hint, 'Run: update cron.job set active = false where jobid = 1. It runs in the database postgres.')
  await obey()
})

test('jobs that a policy or a missing right hides are not "none"', async () => {
  const role = `cron_reader_${Math.floor(Math.random() * 1e9)}`
  await db.run(
    ...pgCron,
    loadPgCron(db, db.target.connection.database),
    `insert into cron.job (command) values ('select 1')`,
    'alter table cron.job enable row level security',
    'create policy cron_job_policy on cron.job using (username = current_user)',
    `create role ${role}`,
    `grant usage on schema drill to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
  )
  const asRole = [isCopy, `set local role ${role}`]
  assert.match(
    (await bad(db, asRole)).join('\n'),
    /^error cron\.job: could not look .*: permission denied for schema cron$/,
  )
  await db.run(`grant usage on schema cron to ${role}`, `grant select on cron.job to ${role}`)
  assert.equal(await bad(db, asRole), [
    'error cron.job: could not look at everything of kind cron_job: row level security of cron.job hides the jobs of other users',
  ])
  await db.run(`alter role ${role} bypassrls`, `grant select on drill.isolation_policy to ${role}`)
  assert.equal(await bad(db, asRole), ['fail 1: the cron job 1 is active'])
  await db.run(`drop owned by ${role}`, `drop role ${role}`)
})

test('pg_cron that keeps its jobs in another database is not "none"', async () => {
  await db.run(loadPgCron(db, 'postgres'))
  assert.equal(await bad(), [
    'error cron.job: could not look at everything of kind cron_job: pg_cron is loaded and keeps its jobs in another database',
  ])
  assert.match((await rows()).find((row) => row.status === 'error')?.hint ?? '', /^Connect to the database postgres /)
})

test('an enabled subscription, with its host and nothing else of its connection', async () => {
  const make = (name: string, connection: string) =>
    db.run(`create subscription ${name} connection '${connection}' publication p with (connect = false)`)
  await make('s1', `host=db.example.com password=''S3cret host=S3cret'' dbname=x`)
  await make('"S 2"', 'postgresql://u:S3cret@primary.example.com:5433/x?application_name=S3cret')
  await make('s3', 'dbname=x')
  assert.equal(await bad(), [])
  await db.run(`update pg_subscription set subenabled = true where subname in ('s1', 'S 2')`)
  try {
    assert.equal(await bad(), [
      'fail "S 2": the subscription "S 2" is enabled and reads from primary.example.com',
      'fail s1: the subscription s1 is enabled and reads from db.example.com',
    ])
    const found = await rows()
    assert.not.match(JSON.stringify([found, await outbound()]), /S3cret/)
    assert.match(
      found.find((row) => row.object_name === 's1')?.hint ?? '',
      /^Run: alter subscription s1 disable\. Before it is dropped, run: alter subscription s1 set \(slot_name = none\)\./,
    )
    // Those of another database are its own.
    const other = await makeBareDatabase(own.cluster)
    assert.equal(await bad(other), [])
    await other.drop()
    await obey()
    assert.is((await outbound('subscription')).length, 3)
  } finally {
    for (const name of ['s1', '"S 2"', 's3']) {
      await db.run(`alter subscription ${name} disable`, `alter subscription ${name} set (slot_name = none)`)
      await db.run(`drop subscription ${name}`)
    }
  }
})

test('triggers that post: pg_net, the webhooks of Supabase, dblink, a program', async () => {
  await db.run(
    ...pgNet,
    'create extension dblink',
    'create schema supabase_functions',
    `create function supabase_functions.http_request() returns trigger language plpgsql as 'begin perform net.http_post(url := TG_ARGV[0]); return new; end'`,
    ...trigger(
      'a_net',
      `perform net.http_post(url := 'https://k:S3cret@hooks.example.com/services/S3cret', body := '{}');`,
    ),
    ...trigger(
      'b_dblink',
      `perform dblink_exec('host=other.example.com password=S3cret', 'insert into x values (1)');`,
    ),
    ...trigger('c_program', `copy public.t to program 'curl https://files.example.com';`),
    ...trigger('d_setting', `execute 'select net.http_post(url := $1)' using current_setting('app.url');`),
    `create trigger e_webhook after insert on public.t for each row
      execute function supabase_functions.http_request('https://api.example.com/hook?key=S3cret', 'POST', '{}', '{}', '1000')`,
    ...trigger('f_quoted', `perform "net"."http_post" ('https://[2001:db8::1]:8443/');`),
  )
  assert.equal(await bad(), [
    'fail public.t.a_net: the trigger public.t.a_net is enabled and posts to hooks.example.com',
    'fail public.t.b_dblink: the trigger public.t.b_dblink is enabled and posts to other.example.com',
    'fail public.t.c_program: the trigger public.t.c_program is enabled and posts to files.example.com',
    'fail public.t.d_setting: the trigger public.t.d_setting is enabled and posts to an address that is not in its text',
    'fail public.t.e_webhook: the trigger public.t.e_webhook is enabled and posts to api.example.com',
    'fail public.t.f_quoted: the trigger public.t.f_quoted is enabled and posts to [2001:db8::1]',
  ])
  assert.not.match(JSON.stringify([await rows(), await outbound()]), /S3cret/)
  assert.is(
    (await rows()).find((row) => row.object_name === 'public.t.a_net')?.hint,
    'Run: alter table public.t disable trigger a_net.',
  )
  assert.equal(
    (
      await db.query<{ n: number }>(
        `select count(*)::integer as n from drill.list_outbound() as o inner join drill.list_objects() as l using (object_kind, object_name) where o.kind = 'webhook_trigger'`,
      )
    ).map(({ n }) => n),
    [6],
  )
  await obey()
  assert.ok((await outbound('webhook_trigger')).every((row) => row.is_armed === false && row.mitigation === null))
})

test('a trigger that posts through other functions, in any depth and language', async () => {
  await db.run(
    ...pgNet,
    `create function public.send(p_url text) returns bigint language sql as 'select net.http_post(p_url)'`,
    `create function public."Log ""it"""(p text) returns bigint language sql begin atomic select public.send('https://deep.example.com/'); end`,
    `create function public.around(n integer) returns void language plpgsql as 'begin perform public.around(1); perform public."Log ""it"""(''x''); end'`,
    ...trigger('deep', 'perform public.around(1);'),
    'create language plfake handler plpgsql_call_handler',
    `create function public.py() returns trigger language plfake as 'import requests; requests.post("https://py.example.com")'`,
    'create trigger py after insert on public.t for each row execute function public.py()',
  )
  assert.equal(await bad(), [
    'fail public.t.deep: the trigger public.t.deep is enabled and posts to deep.example.com',
    'fail public.t.py: the trigger public.t.py is enabled and posts to py.example.com',
  ])
  await obey()
})

test('look-alikes: what is not there cannot be called; comments, grants, other functions of the name', async () => {
  await db.run(
    ...trigger('no_net', `execute 'select net.http_post(url := $1)' using 'https://x.example.com';`),
    ...trigger('no_dblink', `perform dblink('host=x.example.com', 'select 1');`),
    'create schema supabase_functions',
    `create function supabase_functions.http_request() returns trigger language plpgsql as 'begin perform net.http_post(url := TG_ARGV[0]); return new; end'`,
    `create trigger no_hook after insert on public.t for each row execute function supabase_functions.http_request('https://x.example.com')`,
  )
  assert.equal(await bad(), [])
  await db.run(
    'drop trigger no_net on public.t',
    'drop trigger no_dblink on public.t',
    'drop trigger no_hook on public.t',
    ...pgNet,
    'create extension dblink',
    'create schema other',
    `create function other.http_post(text) returns bigint language sql as 'select 1::bigint'`,
    `create function public.http_postpone(text) returns bigint language sql as 'select 1::bigint'`,
    ...trigger(
      'comment',
      `-- we no longer call net.http_post('https://x.example.com')\n /* nor dblink('x'), * / ** */`,
    ),
    ...trigger('other_name', `perform other.http_post('x'), public.http_postpone('x');`),
    ...trigger('only_word', `raise notice 'net.http_post is not used, dblink neither -- see docs';`),
    ...trigger('disabled', `perform net.http_post('https://x.example.com');`),
    'alter table public.t disable trigger disabled',
    // As Supabase has it, on every project.
    `create function public.grant_pg_net_access() returns event_trigger language plpgsql as $$
      begin
        if exists (select from pg_event_trigger_ddl_commands()) then
          grant usage on schema net to public;
          if true then
            alter function net.http_post(url text, body jsonb, params jsonb, headers jsonb, timeout_milliseconds integer) security definer;
          end if;
          revoke all on function net.http_post(url text, body jsonb, params jsonb, headers jsonb, timeout_milliseconds integer) from public;
          execute 'grant execute on function net.http_post(text, jsonb, jsonb, jsonb, integer) to public';
        end if;
      end $$`,
    `create event trigger issue_pg_net_access on ddl_command_end when tag in ('CREATE EXTENSION') execute function public.grant_pg_net_access()`,
  )
  assert.equal(await bad(), [])
  assert.equal(
    (await outbound()).map((row) => [row.object_name, row.is_armed]),
    [
      ['public.t.disabled', false],
      ['net.http_request_queue', false],
    ],
  )
  // Two dashes in a string begin no comment.
  await db.run(...trigger('dashes', `raise notice 'a -- b'; perform net.http_post('https://x.example.com');`))
  assert.equal(await bad(), ['fail public.t.dashes: the trigger public.t.dashes is enabled and posts to x.example.com'])
})

test('a webhook that was pointed at a host that cannot exist, and a trigger for replicas only', async () => {
  await db.run(
    ...pgNet,
    'create schema supabase_functions',
    `create function supabase_functions.http_request() returns trigger language plpgsql as 'begin perform net.http_post(url := TG_ARGV[0]); return new; end'`,
    `create trigger w after insert on public.t for each row execute function supabase_functions.http_request('https://disarmed.invalid/hook')`,
  )
  assert.equal(await bad(), [])
  await db.run(
    ...trigger('r', `perform net.http_post('https://x.example.com');`),
    'alter table public.t enable replica trigger r',
  )
  assert.match((await bad()).join('\n'), /^warn public\.t\.r: .*session_replication_role = replica$/)
  await obey()
})

test('a trigger of a partitioned table is named once, and disarmed on every partition', async () => {
  await db.run(
    ...pgNet,
    'create table public.p (id integer) partition by range (id)',
    'create table public.p1 partition of public.p for values from (0) to (10)',
    'create table public.p2 partition of public.p for values from (10) to (20) partition by range (id)',
    'create table public.p21 partition of public.p2 for values from (10) to (20)',
    `create function public.post() returns trigger language plpgsql as 'begin perform net.http_post(''https://x.example.com''); return null; end'`,
    'create trigger post after insert on public.p for each row execute function public.post()',
  )
  const state = () => db.query(`select from pg_trigger where tgfoid = 'public.post'::regproc and tgenabled <> 'D'`)
  assert.equal(await bad(), ['fail public.p.post: the trigger public.p.post is enabled and posts to x.example.com'])
  await obey()
  assert.is((await state()).length, 0)
  // On one partition only.
  await db.run('alter table public.p21 enable trigger post')
  assert.is((await bad()).length, 1)
  await obey()
  assert.is((await state()).length, 0)
  // PostgreSQL 14 leaves the old name on the partitions.
  await db.run('alter table public.p enable trigger post', 'alter trigger post on public.p rename to posted')
  assert.is((await bad()).length, 1)
  await obey()
  assert.is((await state()).length, 0)
})

test('a trigger of a view cannot be disabled: it is dropped', async () => {
  await db.run(
    ...pgNet,
    'create view public.v as select * from public.t',
    `create function public.post() returns trigger language plpgsql as 'begin perform net.http_post(''https://x.example.com''); return null; end'`,
    'create trigger post instead of insert on public.v for each row execute function public.post()',
  )
  assert.is((await bad()).length, 1)
  await obey()
})

test('an event trigger that posts', async () => {
  await db.run(
    ...pgNet,
    `create function public.tell() returns event_trigger language plpgsql as 'begin perform net.http_post(''https://ddl.example.com/x''); end'`,
    `create function public.quiet() returns event_trigger language plpgsql as 'begin perform pg_notify(''pgrst'', ''reload schema''); end'`,
    'create event trigger quiet on ddl_command_end execute function public.quiet()',
  )
  assert.equal(await bad(), [])
  await db.run('create event trigger "Tell ""all""" on ddl_command_end execute function public.tell()')
  assert.equal(await bad(), [
    'fail "Tell ""all""": the event trigger "Tell ""all""" is enabled and posts to ddl.example.com',
  ])
  await db.run('delete from net.http_request_queue')
  await obey()
})

test('requests that wait in the queue of pg_net', async () => {
  await db.run(...pgNet)
  assert.equal(await bad(), [])
  await db.run(
    `insert into net.http_request_queue (url) values ('https://u:S3cret@a.example.com/S3cret'), ('http://b.example.com'), ('x')`,
  )
  assert.equal(await bad(), [
    'fail net.http_request_queue: the queue net.http_request_queue holds requests to a.example.com, b.example.com',
  ])
  assert.is(
    (await rows()).find((row) => row.object_name === 'net.http_request_queue')?.hint,
    'Run: delete from net.http_request_queue. Requests that wait: 3.',
  )
  await obey()
})

test('foreign servers: postgres_fdw, dblink_fdw and others by their options', async () => {
  await db.run(
    'create extension postgres_fdw',
    'create extension dblink',
    `create server a foreign data wrapper postgres_fdw options (host 'db.example.com', port '5432', dbname 'x')`,
    `create server b foreign data wrapper postgres_fdw options (hostaddr '10.0.0.7', dbname 'x')`,
    `create server c foreign data wrapper dblink_fdw options (service 'prod')`,
    `create server "D ""d""" foreign data wrapper postgres_fdw options (host 'one.example.com,two.invalid', hostaddr '10.0.0.8,10.0.0.9')`,
    'create foreign data wrapper api handler postgres_fdw_handler',
    `create server e foreign data wrapper api options (api_url 'https://u:S3cret@api.example.com/v1?key=S3cret', api_key_id 'S3cret')`,
    `create server f foreign data wrapper api options (dbserver '//ora.example.com:1521/XE')`,
    `create server g foreign data wrapper api options (project_id 'S3cret')`,
    `create user mapping for public server g options (token 'S3cret')`,
    `create user mapping for postgres server a options (user 'u', password 'S3cret')`,
  )
  assert.equal(await bad(), [
    'fail "D ""d""": the foreign server "D ""d""" points at 10.0.0.8, 10.0.0.9, one.example.com, two.invalid',
    'fail a: the foreign server a points at db.example.com',
    'fail b: the foreign server b points at 10.0.0.7',
    'fail c: the foreign server c points at a host that is not among its options',
    'fail e: the foreign server e points at api.example.com',
    'fail f: the foreign server f points at ora.example.com',
    'fail g: the foreign server g points at a host that is not among its options',
  ])
  const found = await rows()
  const hint = (name: string) => found.find((row) => row.object_name === name)?.hint
  assert.is(hint('a'), `Run: alter server a options (set host 'disarmed.invalid').`)
  assert.is(hint('b'), `Run: alter server b options (drop hostaddr, add host 'disarmed.invalid').`)
  assert.is(hint('e'), `Run: alter server e options (set api_url 'https://disarmed.invalid').`)
  assert.is(hint('f'), `Run: alter server f options (set dbserver '//disarmed.invalid').`)
  assert.is(hint('g'), 'Run: drop user mapping for public server g.')
  assert.not.match(JSON.stringify([found, await outbound()]), /S3cret/)
  for (const row of await outbound()) await db.run(...row.disarming_statements)
  // Without a mapping, what the wrapper reaches still cannot be known.
  assert.equal(await bad(), [
    'warn g: the foreign server g points at a host that is not among its options; it has no user mapping, so nobody can log in through one',
  ])
})

test('look-alikes: a server of this machine warns, one of files or without use is none', async () => {
  await db.run(
    'create extension file_fdw',
    'create extension postgres_fdw',
    'create server files foreign data wrapper file_fdw',
    'create foreign data wrapper nothing',
    `create server unused foreign data wrapper nothing options (color 'red')`,
    `create server done foreign data wrapper postgres_fdw options (host 'disarmed.invalid')`,
  )
  assert.equal(await bad(), [])
  assert.equal(
    (await outbound()).map((row) => row.object_name),
    ['done'],
  )
  await db.run(
    `create server loopback foreign data wrapper postgres_fdw options (dbname 'x')`,
    `create server socket foreign data wrapper postgres_fdw options (host '/tmp')`,
  )
  assert.equal(await bad(), [
    'warn loopback: the foreign server loopback points at this machine; it reaches only the machine that the server runs on',
    'warn socket: the foreign server socket points at /tmp; it reaches only the machine that the server runs on',
  ])
  await obey()
})

test('other clients, one row for each role and application; sessions of this program are none', async () => {
  const role = `app_${Math.floor(Math.random() * 1e9)}`
  await db.run(`create role ${role} login`)
  const { default: postgres } = await import('postgres')
  const connect = (application_name: string, user = role) =>
    postgres({
      host: own.cluster.socketDirectory,
      port: own.cluster.port,
      database: db.target.connection.database,
      user,
      max: 2,
      connection: { application_name },
    })
  const clients = [connect('web "1"'), connect('pgdrill', 'postgres'), connect('pgdrill sandbox', 'postgres')]
  try {
    for (const client of clients) await Promise.all([client`select pg_sleep(0.01)`, client`select pg_sleep(0.01)`])
    const expected = `warn ${role}: 2 other sessions are of the role ${role} with the application name 'web "1"' connected to this database`
    assert.equal(await bad(), [expected])
    const hint = (await rows()).find((row) => row.status === 'warn')?.hint ?? ''
    await db.run(`update drill.isolation_policy set status = 'fail' where kind = 'client'`)
    assert.equal(await bad(), [expected.replace('warn', 'fail')])
    await db.run(/run: (select .*)\.$/.exec(hint)?.[1] ?? 'no statement')
    for (let attempt = 0; attempt < 100 && (await bad()).length > 0; attempt += 1) {
      await new Promise((done) => setTimeout(done, 20))
    }
    assert.equal(await bad(), [])
  } finally {
    for (const client of clients) await client.end({ timeout: 0 }).catch(() => {})
    await db.run(`drop role ${role}`)
  }
})

test('the policy decides; a kind without a row is an error', async () => {
  await db.run(
    'create extension postgres_fdw',
    `create server a foreign data wrapper postgres_fdw options (host 'db.example.com')`,
    `update drill.isolation_policy set status = 'warn' where kind = 'foreign_server'`,
  )
  assert.match((await bad()).join(), /^warn a: /)
  await db.run(`update drill.isolation_policy set status = 'skip'`)
  const found = await rows()
  assert.ok(found.every((row) => row.status === 'skip' && /^by the policy of this database/.test(row.detail)))
  assert.is(found.length, 9)
  await db.run('delete from drill.isolation_policy')
  const errors = await rows()
  assert.is(errors.length, 9)
  assert.ok(errors.every((row) => row.status === 'error' && /insert into drill\.isolation_policy/.test(row.hint ?? '')))
})

test('identity: production itself, a copy that cannot be told apart, and one that can', async () => {
  const identity = async (settings?: string[]) => {
    const row = (await rows(db, settings)).at(-1)
    return `${row?.status} ${row?.detail}`
  }
  assert.match(await identity(), /^skip there is no baseline/)
  await db.run(
    'alter table public.t add column at timestamptz',
    `select drill.register_critical_relation('public.t', 'at', false)`,
    'select drill.capture_baseline()',
  )
  assert.match(await identity(), /^fail this running server captured baselines of the database/)
  assert.match(await identity([isCopy, 'set drill.is_not_production = on']), /^pass /)
  await db.run(`update drill.baselines set started_at = started_at - interval '1 day'`)
  assert.match(await identity(), /^fail the database t_\w+ cannot be told from production/)
  await db.run(`update drill.baselines set timeline_id = timeline_id + 1`)
  assert.match(await identity(), /^pass the database t_\w+ differs .*: timeline 1 instead of 2$/)
  await db.run(`update drill.baselines set system_identifier = 1, database_name = 'x'`)
  assert.match(await identity(), /: another system identifier, timeline 1 instead of 2, the name t_\w+ instead of x$/)
  await db.run('select drill.capture_baseline()')
  assert.match(await identity(), /^warn this running server captured baselines/)
})

test('archiving on the command line: there is no statement, and the hint says so', async () => {
  const found = (await rows()).filter((row) => !isOther(row))
  assert.equal(
    found.map((row) => `${row.status} ${row.object_name}: ${row.detail}`),
    ['fail archive_command: the setting archive_command archives the WAL of this server'],
  )
  assert.match(found[0]?.hint ?? '', /^archive_command is set on the command line of the server/)
  await db.run(`create role supabase_admin`)
  try {
    const platform = (await rows()).find((row) => !isOther(row))
    assert.is(platform?.status, 'warn')
    assert.match(platform?.detail ?? '', /Supabase archives each instance for itself/)
  } finally {
    await db.run('drop role supabase_admin')
  }
})

test("archiving is production's own by a heartbeat alone, and it is said so", async () => {
  await db.run('select drill.record_heartbeat()', `update drill.heartbeats set database_name = 'production'`)
  const found = (await rows()).filter((row) => row.detail.includes('archived'))
  assert.match(
    found.map((row) => `${row.status} ${row.detail}`).join(),
    /^pass what is written here is not archived elsewhere: A heartbeat was recorded in another database of this running server/,
  )
})

test('a role with few rights, and other settings of the session', async () => {
  const role = `few_${Math.floor(Math.random() * 1e9)}`
  await db.run(
    `create role ${role}`,
    `grant usage on schema public, drill to ${role}`,
    `grant select on all tables in schema public to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
  )
  try {
    const few = await rows(db, [isCopy, `set local role ${role}`])
    assert.equal(
      few.filter((row) => row.status === 'error').map((row) => row.object_name),
      // This server archives, and the role may not read how bad that is.
      ['archive_command'],
    )
    await db.run(`grant select on all tables in schema drill to ${role}`)
    assert.equal(await bad(db, [isCopy, `set local role ${role}`]), [])
    await db.run(...pgNet, ...trigger('a', `perform net.http_post('https://x.example.com');`))
    const plain = await checkLines(db, 'drill.verify_isolation()', [isCopy])
    const settings = [
      isCopy,
      "set search_path = 'net'",
      'set standard_conforming_strings = off',
      "set datestyle = 'German'",
    ]
    assert.equal(await checkLines(db, 'drill.verify_isolation()', settings), plain)
    assert.match((await bad(db, [isCopy, `set local role ${role}`])).join('\n'), /fail public\.t\.a/)
    assert.match(
      (await bad(db, [isCopy, `set local role ${role}`])).join('\n'),
      /error net\.http_request_queue: .*permission denied/,
    )
  } finally {
    await db.run(`drop owned by ${role}`, `drop role ${role}`)
  }
})

test('hostile names: each statement is exact', async () => {
  const name = 'x"; drop table public.t; --\n-- 😀'
  const quoted = `"${name.replaceAll('"', '""')}"`
  await db.run(
    ...pgNet,
    `create schema ${quoted}`,
    `create table ${quoted}.${quoted} (id integer)`,
    `create function ${quoted}.${quoted}() returns trigger language plpgsql as 'begin perform net.http_post(''https://x.example.com''); return null; end'`,
    `create trigger ${quoted} after insert on ${quoted}.${quoted} for each row execute function ${quoted}.${quoted}()`,
    'create extension postgres_fdw',
    `create server ${quoted} foreign data wrapper postgres_fdw options (host 'x.example.com')`,
  )
  assert.is((await bad()).length, 2)
  await obey()
  assert.is((await db.query('select from public.t')).length, 0)
})

test.run()
