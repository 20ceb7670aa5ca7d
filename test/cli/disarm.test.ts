// pgdrill disarm: what it prints can be run, what it runs is undone nowhere else, and production is never touched.

import { open } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { sandboxDatabase } from '../../src/sandbox/build.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import { launch } from '../../src/sandbox/process.ts'
import { makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { assertCode, assertRefused, type Outcome, urlOf, Workplace } from './program.ts'

const test = suite('cli/disarm')
let production: Cluster
let restore: Cluster
let place: Workplace
let copy: Scratch
let env: Record<string, string>

const pgNet = [
  'create schema net',
  'create table net.http_request_queue (id bigserial, url text)',
  `create function net.http_post(url text) returns bigint language sql as 'insert into net.http_request_queue (url) values (url) returning id'`,
]
const armed = [
  ...pgNet,
  `insert into net.http_request_queue (url) values ('https://waiting.example.com/')`,
  `create function public.post() returns trigger language plpgsql as 'begin perform net.http_post(''https://u:S3cret@hooks.example.com/S3cret''); return null; end'`,
  'create trigger post after insert on public.sites for each row execute function public.post()',
  `create function public.tell() returns event_trigger language plpgsql as 'begin perform net.http_post(''https://ddl.example.com/''); end'`,
  'create extension postgres_fdw',
  `create server primary_db foreign data wrapper postgres_fdw options (host 'db.example.com')`,
  'create event trigger tell on ddl_command_end execute function public.tell()',
]
const objects = [
  'event trigger tell',
  // The sandbox's own, as soon as there is a pg_net to call.
  'trigger public.calls.calls_notify_new_call',
  'trigger public.sites.post',
  'table net.http_request_queue',
  'foreign server primary_db',
]

const disarm = (...args: string[]) => place.run(['disarm', '-t', 'restore', ...args], env)
const armedNames = async (scratch = copy) =>
  (
    await scratch.query<{ name: string }>(
      `select o.object_kind || ' ' || o.object_name as name from drill.list_outbound() as o where o.is_armed`,
    )
  ).map(({ name }) => name)

test.before(async () => {
  ;({ production, restore } = await sandboxClusters())
})
test.before.each(async () => {
  place = new Workplace()
  copy = await makeDatabase(restore)
  env = {
    RESTORE_DATABASE_URL: urlOf(copy),
    PRODUCTION_DATABASE_URL: urlOf({ cluster: production, name: sandboxDatabase }),
  }
})
test.after.each(async () => {
  place.remove()
  await copy.drop()
})

test('nothing is armed: 0, with and without --apply', async () => {
  const shown = await disarm()
  assertCode(shown, 0)
  assert.match(shown.stdout, /^-- pgdrill disarm: target restore \(SANDBOX\), postgresql:.*\n-- Nothing is armed\.\n$/)
  assert.is(shown.stderr, '0 armed; nothing was run\n')
  const applied = await disarm('--apply')
  assertCode(applied, 0)
  assert.is(applied.stderr, '0 disarmed, 0 still armed\n')
  assert.equal(applied.files, [])
})

test('prints SQL and runs nothing; the SQL disarms', async () => {
  await copy.run(...armed)
  assert.equal(await armedNames(), objects)
  const shown = await disarm()
  assertCode(shown, 1)
  assert.match(
    shown.stdout,
    /^-- trigger public\.sites\.post, reaches hooks\.example\.com\.\nalter table public\.sites disable trigger post;$/m,
  )
  assert.not.match(shown.stdout + shown.stderr, /S3cret/)
  assert.is(shown.stderr, '5 armed; nothing was run: pgdrill disarm --target restore --apply runs it\n')
  assert.equal(await armedNames(), objects)

  const { objects: listed, ...document } = JSON.parse((await disarm('--format', 'json')).stdout)
  assert.is(document.exit_code, 1)
  assert.is(document.is_applied, false)
  assert.is(document.not_production.status, 'pass')
  assert.equal(
    listed
      .filter((one: { standing: string }) => one.standing === 'armed')
      .map((one: { object_name: string }) => one.object_name),
    ['tell', 'public.calls.calls_notify_new_call', 'public.sites.post', 'net.http_request_queue', 'primary_db'],
  )

  // Event triggers come first: otherwise the rest would let them fire.
  await copy.run(shown.stdout)
  assert.equal(await armedNames(), [])
  assertCode(await disarm(), 0)
})

test('--apply runs it, says of each what became of it, and can be repeated', async () => {
  await copy.run(...armed)
  const applied = await disarm('--apply')
  assertCode(applied, 0)
  for (const name of objects) {
    assert.ok(applied.stderr.includes(`  ✓ ${name}\n`), applied.stderr)
    assert.match(applied.stdout, new RegExp(`^disarmed ${name.replaceAll('.', '\\.')}`, 'm'))
  }
  assert.match(applied.stderr, /^5 disarmed, 0 still armed$/m)
  assert.equal(await armedNames(), [])
  const again = await disarm('--apply', '--format', 'json')
  assertCode(again, 0)
  assert.is(JSON.parse(again.stdout).exit_code, 0)
  assert.is(again.stderr, '0 disarmed, 0 still armed\n')
  // And the verification has nothing to say about isolation any more.
  const verified = await place.run(['verify', '-t', 'restore', '--no-proof', '--format', 'json', '-d', 'quick'], env)
  const rows = JSON.parse(verified.stdout).results.filter(
    (row: { check_name: string }) => row.check_name === 'isolation',
  )
  assert.ok(rows.length > 0)
  assert.ok(
    rows.every((row: { status: string }) => ['pass', 'skip'].includes(row.status)),
    JSON.stringify(rows),
  )
})

test('one that fails is named, and the others go on: 1', async () => {
  await copy.run(
    ...armed,
    'create schema cron',
    `create table cron.job (jobid bigint, command text, database text default current_database(), active boolean default true, jobname text)`,
    `insert into cron.job values (7, 'select 1', current_database(), true, 'nightly')`,
    `create function cron.alter_job(job_id bigint, active boolean) returns void language plpgsql as $$ begin raise exception E'no\\nforged: ✓'; end $$`,
  )
  const applied = await disarm('--apply')
  assertCode(applied, 1)
  assert.match(applied.stderr, /^ {2}✗ cron job nightly: no\\u000aforged: ✓ \(SQLSTATE P0001\)$/m)
  assert.match(applied.stderr, /^5 disarmed, 1 still armed$/m)
  assert.match(applied.stdout, /^ARMED {4}cron job nightly.*: no\\u000aforged/m)
  assert.equal(await armedNames(), ['cron job nightly'])
})

test('production is refused, whatever its name; nothing is run', async () => {
  const source = await makeDatabase(production)
  await source.run(...armed)
  const url = urlOf(source)
  for (const args of [[], ['--apply']]) {
    const run = (more: Record<string, string>) => place.run(['disarm', '-t', 'restore', ...args], more)
    assertRefused(await run({ RESTORE_DATABASE_URL: url, PRODUCTION_DATABASE_URL: url }), /is production itself/)
    assertRefused(
      await place.run(['disarm', '-t', 'production', ...args], { PRODUCTION_DATABASE_URL: url }),
      /is production itself/,
    )
  }
  // With no production to ask: the baselines inside tell what is running still.
  await source.run(`update drill.baselines set database_name = current_database()`)
  assertRefused(
    await place.run(['disarm', '-t', 'restore', '--apply'], { RESTORE_DATABASE_URL: url }),
    /is production itself/,
  )
  assert.equal(
    (await armedNames(source)).filter((name) => !name.startsWith('setting')),
    objects,
  )
  await source.drop()
})

test('not certain that it is a copy: it prints and says so, and does not run', async () => {
  await copy.run(...armed)
  for (const PRODUCTION_DATABASE_URL of ['', 'postgresql://u@%2Fnowhere/x']) {
    env = { ...env, PRODUCTION_DATABASE_URL }
    const shown = await disarm()
    assertCode(shown, 1)
    assert.match(shown.stdout, /^-- Make sure first: it is not proven that the target is not production/m)
    assertRefused(await disarm('--apply'), /nothing was run: it is not proven/, /PRODUCTION_DATABASE_URL.*by psql/)
  }
  // A production of something else vouches for nothing.
  const other = await makeBareDatabase(restore)
  env = { ...env, PRODUCTION_DATABASE_URL: urlOf(other) }
  assertRefused(await disarm('--apply'), /nothing was run: .* is another database than the one that this copy is of/)
  await other.drop()
  assert.equal(await armedNames(), objects)
})

test('functions that are replaced would choose what is run', async () => {
  await copy.run(
    ...armed,
    `create or replace function drill._url_host(p_text text) returns text language sql immutable set search_path = '' as 'select ''x'''`,
  )
  for (const args of [[], ['--apply']]) {
    assertRefused(await disarm(...args), /missing or replaced.*: drill\._url_host\(text\)/, /pgdrill verify/)
  }
  assert.equal(await armedNames(), objects)
})

test('what the plan lets stay is left alone; what it has no word on, or nobody can see, is 2', async () => {
  await copy.run(...armed, `update drill.isolation_policy set status = 'skip' where kind = 'foreign_server'`)
  const applied = await disarm('--apply')
  assertCode(applied, 0)
  assert.match(applied.stdout, /^left {5}foreign server primary_db, reaches db\.example\.com: by policy$/m)
  assert.equal(await armedNames(), ['foreign server primary_db'])
  await copy.run(`delete from drill.isolation_policy where kind = 'foreign_server'`)
  const unknown = await disarm('--apply')
  assertCode(unknown, 2)
  assert.match(unknown.stdout, /^UNKNOWN {2}foreign server primary_db.*: drill\.isolation_policy has no row/m)
  await copy.run(
    `insert into drill.isolation_policy values ('foreign_server', 'skip', 'kept')`,
    `alter database ${copy.target.connection.database} set "cron.database_name" = 'elsewhere'`,
  )
  const hidden = await disarm()
  assertCode(hidden, 2)
  assert.match(
    hidden.stdout,
    /^-- table cron\.job: could not be looked at: pg_cron is loaded and keeps its jobs in another database\. Connect/m,
  )
})

test('hostile names: the SQL is theirs, the lines are ours', async () => {
  const name = 'x"; drop table public.calls;\n-- 😀\u001b[31m\u202e\\'
  const quoted = `"${name.replaceAll('"', '""')}"`
  await copy.run(
    ...pgNet,
    `create schema ${quoted}`,
    `create table ${quoted}.${quoted} (id integer)`,
    `create function ${quoted}.${quoted}() returns trigger language plpgsql as 'begin perform net.http_post(''https://x.example.com''); return null; end'`,
    `create trigger ${quoted} after insert on ${quoted}.${quoted} for each row execute function ${quoted}.${quoted}()`,
    'create extension postgres_fdw',
    `create server ${quoted} foreign data wrapper postgres_fdw options (host 'x.example.com')`,
  )
  const harmless = (outcome: Outcome) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    assert.not.match(outcome.stdout + outcome.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  }
  const shown = await disarm()
  assertCode(shown, 1)
  harmless(shown)
  for (const line of shown.stdout.split('\n')) assert.match(line, /^(-- .*|alter (table|server) .*;|)$/)
  assert.is(shown.stdout.match(/^alter .* U&".*;$/gm)?.length, 2)
  const spare = await makeDatabase(restore, copy.target.connection.database)
  await spare.run(shown.stdout)
  assert.equal(await armedNames(spare), [])
  await spare.drop()
  const applied = await disarm('--apply')
  assertCode(applied, 0)
  harmless(applied)
  assert.ok(JSON.stringify(JSON.parse((await disarm('--format', 'json')).stdout)).includes('drop table public.calls'))
  assert.equal(await armedNames(), [])
  assert.ok((await copy.query('select from public.calls limit 1')).length > 0)
})

test('archiving: turned off by settings, unless the server is production’s own', async () => {
  const own = await startOwnCluster('archiving')
  try {
    const scratch = await makeBareDatabase(own.cluster)
    const installation = `select installation_id::text as id from drill.installation`
    const sql = production.connect(sandboxDatabase)
    const [source] = await sql.unsafe(installation)
    await sql.end()
    await scratch.run(
      `update drill.installation set installation_id = '${source?.['id']}'`,
      `alter system set archive_mode = on`,
      `alter system set archive_command = 'scp %p backup@archive.example.com:S3cret/%f'`,
    )
    // Not by the command line, which no setting overrides.
    await own.cluster.stop()
    const { data, socketDirectory, port, binaries, directory } = own.cluster
    const settings = [
      '-c',
      'listen_addresses=',
      '-c',
      `unix_socket_directories=${socketDirectory}`,
      '-c',
      `port=${port}`,
    ]
    const log = await open(own.cluster.logFile, 'a')
    await launch(binaries, 'postgres', ['-D', data, ...settings], { cwd: directory, log: log.fd })
    await log.close()
    const env = {
      RESTORE_DATABASE_URL: urlOf(scratch),
      PRODUCTION_DATABASE_URL: urlOf({ cluster: production, name: sandboxDatabase }),
    }
    let shown = await place.run(['disarm', '-t', 'restore'], env)
    for (let attempt = 0; shown.code === 2 && attempt < 100; attempt += 1) {
      await new Promise((done) => setTimeout(done, 100))
      shown = await place.run(['disarm', '-t', 'restore'], env)
    }
    assertCode(shown, 1)
    assert.match(
      shown.stdout,
      /^-- setting archive_command, reaches archive\.example\.com\. .*\nalter system set archive_command = '\/bin\/true';\nselect pg_catalog\.pg_reload_conf\(\);$/m,
    )
    assert.not.match(shown.stdout, /S3cret/)
    const applied = await place.run(['disarm', '-t', 'restore', '--apply'], env)
    assertCode(applied, 0)
    assert.match(applied.stdout, /^disarmed setting archive_command$/m)

    // The same server, taken for production's: what it archives is not the copy's to turn off.
    await scratch.run(`alter system set archive_command = 'cp %p /dev/null'`, 'select pg_reload_conf()')
    const beside = await makeDatabase(own.cluster, scratch.target.connection.database)
    const spared = await place.run(['disarm', '-t', 'restore', '--apply'], {
      RESTORE_DATABASE_URL: urlOf(beside),
      PRODUCTION_DATABASE_URL: urlOf(scratch),
    })
    assertCode(spared, 0)
    const [setting] = await scratch.query<{ archive_command: string }>('show archive_command')
    assert.is(setting?.archive_command, 'cp %p /dev/null')
  } finally {
    await own.drop()
  }
})

test('--help has examples and exit codes; a target that is none', async () => {
  const helped = await place.run(['disarm', '--help'])
  assertCode(helped, 0)
  assert.match(helped.stdout, /Exit codes: 0 nothing is armed/)
  assert.match(helped.stdout, /pgdrill disarm --target restore --apply/)
  assertRefused(await place.run(['disarm']), /no target was named/)
  assertRefused(await place.run(['disarm', '-t', 'sandbox']), /for verify alone/)
  assertCode(await place.run(['disarm', '-t', 'restore', '--aply'], env), 2)
})

test('as a process of its own: pure SQL on stdout, the rest on stderr', async () => {
  await copy.run(...armed)
  const outcome = await place.spawn(['disarm', '-t', 'restore'], env)
  assertCode(outcome, 1)
  assert.ok(
    outcome.stdout.split('\n').every((line) => /^(--.*|alter .*;|delete .*;|)$/.test(line)),
    outcome.stdout,
  )
})

test.run()
