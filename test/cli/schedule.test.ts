import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'
import { assertCode, assertRefused, type Outcome, urlOf, Workplace } from './program.ts'

const test = suite('pgdrill schedule')
let db: Scratch
let place: Workplace
let env: NodeJS.Dict<string>

/** What of pg_cron the program uses. */
const pgCron = [
  'create schema cron',
  `create table cron.job (jobid bigint generated always as identity, schedule text, command text, nodename text default 'localhost',
    nodeport integer default 5432, database text default current_database(), username text default current_user,
    active boolean default true, jobname text, unique (jobname, username))`,
  `create function cron.schedule_in_database(job_name text, schedule text, command text, database text, username text default null, active boolean default true)
    returns bigint language sql as $$ insert into cron.job (jobname, schedule, command, database, username) values ($1, $2, $3, $4, coalesce($5, current_user))
    on conflict (jobname, username) do update set schedule = excluded.schedule, command = excluded.command returning jobid $$`,
  `create function cron.schedule(job_name text, schedule text, command text) returns bigint language sql as
    $$ select cron.schedule_in_database($1, $2, $3, current_database()) $$`,
  `create function cron.alter_job(job_id bigint, schedule text default null, command text default null, database text default null, username text default null, active boolean default null)
    returns void language sql as 'update cron.job as j set active = coalesce($6, j.active) where j.jobid = $1'`,
]

test.before.each(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  place = new Workplace()
  env = { PRODUCTION_DATABASE_URL: urlOf(db) }
})
test.after.each(async () => {
  place.remove()
  await db.drop()
})

const schedule = (...args: string[]) => place.run(['schedule', '--target', 'production', ...args], env)
const standings = (outcome: Outcome) =>
  JSON.parse(outcome.stdout).jobs.map((job: { name: string; standing: string }) => `${job.name} ${job.standing}`)
const installed = ['pgdrill-heartbeat installed', 'pgdrill-baseline installed', 'pgdrill-cadence installed']

test('prints SQL that installs it, and nothing else', async () => {
  await db.run(...pgCron)
  const outcome = await place.spawn(['schedule', '--target', 'production'], env)
  assertCode(outcome, 0)
  assert.is(outcome.stderr, '')
  assert.match(outcome.stdout, /\n-- pgdrill-heartbeat \(\* \* \* \* \*\): .*; missing\.\n/)
  const before = await db.query('select * from cron.job')
  assert.equal(before, [])
  await db.run(outcome.stdout)
  assert.equal(standings(await schedule('--format', 'json')), installed)
})

test('--apply installs it, and again changes nothing', async () => {
  await db.run(...pgCron)
  const first = await schedule('--apply')
  assertCode(first, 0)
  assert.match(first.stderr, /^3 of 3 jobs are installed in production and run as postgres\n$/)
  const jobs = () => db.query('select * from cron.job order by jobid')
  const rows = await jobs()
  assert.is(rows.length, 3)
  assertCode(await schedule('--apply'), 0)
  assert.equal(await jobs(), rows)
})

test('what the jobs run is there and works', async () => {
  await db.run(
    ...pgCron,
    `create table public.t (at timestamptz)`,
    `select drill.register_critical_relation('public.t', 'at', true)`,
  )
  assertCode(await schedule('--apply'), 0)
  const rows = await db.query<{ jobname: string; command: string }>('select jobname, command from cron.job')
  for (const { jobname, command } of rows) {
    const error = await db.query(command).then(
      () => undefined,
      (thrown) => thrown,
    )
    // There was no drill: the check fails, as it should.
    assert.is(error?.code, jobname === 'pgdrill-cadence' ? 'RD001' : undefined)
  }
  const [count] = await db.query<{ beats: string; baselines: string }>(
    'select (select count(*) from drill.heartbeats) as beats, (select count(*) from drill.baselines) as baselines',
  )
  assert.ok(Number(count?.beats) > 0 && count?.baselines === '1')
})

test('a schedule that a person changed is kept; what was switched off or says something else is put right', async () => {
  await db.run(...pgCron)
  await schedule('--apply')
  await db.run(
    `update cron.job set schedule = '5 5 * * *' where jobname = 'pgdrill-baseline'`,
    `update cron.job set active = false where jobname = 'pgdrill-heartbeat'`,
    `update cron.job set command = 'select 1' where jobname = 'pgdrill-cadence'`,
  )
  assert.equal(standings(await schedule('--format', 'json')), [
    'pgdrill-heartbeat inactive',
    'pgdrill-baseline installed',
    'pgdrill-cadence differs',
  ])
  const outcome = await schedule('--apply', '--format', 'json')
  assert.equal(standings(outcome), installed)
  assert.is(JSON.parse(outcome.stdout).jobs[1].schedule, '5 5 * * *')
})

test('jobs of that name for another database do not count', async () => {
  await db.run(...pgCron)
  await schedule('--apply')
  await db.run(`update cron.job set database = 'another'`)
  assert.match(standings(await schedule('--format', 'json'))[0], /missing/)
})

test('a superuser installs it for the owner of the checks', async () => {
  const role = `owner_${Math.floor(Math.random() * 1e9)}`
  await db.run(...pgCron, `create role ${role}`, `alter schema drill owner to ${role}`)
  const outcome = await schedule('--apply')
  const users = await db.query('select distinct username from cron.job')
  await db.run('alter schema drill owner to postgres', `drop role ${role}`)
  assertCode(outcome, 0)
  assert.equal(users, [{ username: role }])
  assert.match(outcome.stderr, new RegExp(`run as ${role}\n$`))
})

test('pg_cron with its jobs in another database: the statements for there, and no --apply', async () => {
  const name = db.target.connection.database
  await db.run(`alter database ${name} set "cron.database_name" = 'postgres'`)
  const outcome = await schedule()
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /in the database postgres: run this there/)
  assert.ok(
    outcome.stdout.includes(
      `select cron.schedule_in_database('pgdrill-heartbeat-${name}', '* * * * *', 'select drill.record_heartbeat()', '${name}');`,
    ),
  )
  assertRefused(await schedule('--apply'), /keeps its jobs in the database postgres/)
})

test('pg_cron that was not created yet', async () => {
  const name = db.target.connection.database
  await db.run(`alter database ${name} set "cron.database_name" = '${name}'`)
  assert.match((await schedule()).stdout, /\ncreate extension pg_cron;\n/)
  assertRefused(await schedule('--apply'), /not created in the target/, /create extension pg_cron/)
})

test('without pg_cron: crontab, systemd and GitHub, without a password', async () => {
  const outcome = await schedule()
  assertCode(outcome, 0)
  assert.match(outcome.stdout, /^# The target production \(SANDBOX\) has no pg_cron\.\n/)
  assert.match(
    outcome.stdout,
    /\n\* \* \* \* \* {2}cd \S+ && psql -X -q -v ON_ERROR_STOP=1 -d service=production -c 'select drill\.record_heartbeat\(\)'\n/,
  )
  assert.match(
    outcome.stdout,
    /\n17 3 \* \* \* {2}cd \S+ && npx pgdrill baseline capture --target production --label scheduled\n/,
  )
  assert.match(outcome.stdout, /\nExecStart=\/usr\/bin\/env npx pgdrill status --target production\n/)
  assert.match(outcome.stdout, /\n {4}- cron: "17 3 \* \* \*"\n/)
  assert.not.match(outcome.stdout, /postgresql:/)
  assertRefused(await schedule('--apply'), /has no pg_cron/, /Without --apply/)
})

test('the lines of one scheduler need no database', async () => {
  for (const kind of ['crontab', 'systemd', 'github']) {
    const outcome = await place.run(['schedule', '--for', kind])
    assertCode(outcome, 0)
    assert.match(outcome.stdout, /baseline capture --target production/)
    assertRefused(await place.run(['schedule', '--for', kind, '--apply']), /--apply installs in pg_cron alone/)
  }
})

test('nothing is installed in a copy', async () => {
  await db.run(...pgCron)
  const copy = { ...env, RESTORE_DATABASE_URL: urlOf(db) }
  // The very same database by another name is production.
  assertCode(await place.run(['schedule', '--target', 'restore', '--apply'], copy), 0)
  const other = await makeBareDatabase((await sandboxClusters()).production)
  await other.run(...pgCron)
  const refused = await place.run(['schedule', '--target', 'restore', '--apply'], {
    ...env,
    RESTORE_DATABASE_URL: urlOf(other),
  })
  const unknown = await place.run(['schedule', '--target', 'restore', '--apply'], {
    RESTORE_DATABASE_URL: urlOf(other),
  })
  const rows = await other.query('select * from cron.job')
  await other.drop()
  assertRefused(refused, /is not production/)
  assertRefused(unknown, /is not known/)
  assert.equal(rows, [])
})

const system = findSystemPostgres()
const hasCron =
  system !== undefined && existsSync(`/usr/share/postgresql/${basename(dirname(system.bin))}/extension/pg_cron.control`)

test.needs(hasCron, "pg_cron is not installed for the system's PostgreSQL")('the real pg_cron takes it', async () => {
  process.env['PGDRILL_PG_BIN'] = system?.bin
  let own: OwnCluster | undefined
  try {
    own = await startOwnCluster('cron')
    await own.createDatabase('app')
    await own.use('postgres', (sql) => sql`create role keeper login`)
    await own.use('postgres', (sql) => sql`alter database app owner to keeper`)
    await own.use('app', (sql) => sql`grant create on schema public to keeper`)
    await migrateUp(own.target('app', 'keeper'))
    await own.cluster.stop()
    await own.cluster.start({ settings: { shared_preload_libraries: 'pg_cron', 'cron.database_name': 'app' } })
    const url = own.cluster.url('app')
    const run = (...args: string[]) =>
      place.run(['schedule', '--target', 'production', ...args], { PRODUCTION_DATABASE_URL: url })
    assertRefused(await run('--apply'), /not created in the target/)
    await own.use('app', (sql) => sql`create extension pg_cron`)
    assertCode(await run('--apply'), 0)
    assertCode(await run('--apply'), 0)
    const rows = await own.use(
      'app',
      (sql) => sql`select jobname, schedule, username, database, active from cron.job order by jobid`,
    )
    assert.equal(
      [...rows],
      [
        ['pgdrill-heartbeat', '* * * * *'],
        ['pgdrill-baseline', '17 3 * * *'],
        ['pgdrill-cadence', '47 6 * * *'],
      ].map(([jobname, schedule]) => ({ jobname, schedule, username: 'keeper', database: 'app', active: true })),
    )
    await own.use('app', (sql) => sql`select cron.alter_job(job_id := 1, active := false)`)
    assert.equal(standings(await run('--format', 'json'))[0], 'pgdrill-heartbeat inactive')
    assert.equal(standings(await run('--apply', '--format', 'json')), installed)
  } finally {
    delete process.env['PGDRILL_PG_BIN']
    await own?.drop()
  }
})

test.run()
