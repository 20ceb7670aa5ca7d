// What pg_dump and pg_restore leave out while they return 0, with the options that people use: real dumps of a production
// that has something of each, by the user's own PostgreSQL.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { buildProduction, sandboxDatabase, sandboxTarget } from '../../src/sandbox/build.ts'
import type { Cluster } from '../../src/sandbox/cluster.ts'
import { makeSandboxRoot } from '../../src/sandbox/ownership.ts'
import { startWatchdog, type Watchdog } from '../../src/sandbox/watchdog.ts'
import { Stages } from '../../src/terminal/stages.ts'
import { baselineOf, findings, makeDatabase, type Scratch, verify } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'
import { ofThisDatabase } from './support.ts'

const test = suite('modes/logical')
const system = findSystemPostgres()
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-modes-'))
let root: string
let watchdog: Watchdog
let cluster: Cluster
let dump: string
let exact: Scratch | undefined

const settings = ofThisDatabase(`alter database %I set statement_timeout = '20min'`)
const fixture = [
  'create role shop_owner',
  'create role dumper login',
  'create role dumper_of_all login bypassrls',
  'create schema shop authorization shop_owner',
  'grant usage on schema shop to authenticated',
  'create table shop.orders (id serial primary key, note text)',
  `insert into shop.orders (note) select 'x' from generate_series(1, 40)`,
  'alter table shop.orders owner to shop_owner',
  'grant select on shop.orders to authenticated',
  'alter default privileges in schema shop grant select on tables to authenticated',
  'create view shop.names as select id from shop.orders',
  // Without a search_path, but its names are qualified.
  `create function shop.count_orders() returns bigint language sql stable as 'select count(*) from shop.orders'`,
  'create materialized view shop.totals as select shop.count_orders() as count',
  `create function shop.secret() returns text language sql security definer set search_path = '' as $$ select 'x' $$`,
  'alter function shop.secret() owner to shop_owner',
  'revoke execute on function shop.secret() from public',
  `create function shop.watch() returns event_trigger language plpgsql as 'begin end'`,
  'create event trigger watch on ddl_command_end when tag in ($$DROP TABLE$$) execute function shop.watch()',
  'create publication changes for table shop.orders',
  'create extension pg_trgm with schema shop',
  `select lo_from_bytea(4711, 'x')`,
  settings,
  'create policy calls_select_dumper on public.calls for select to dumper using (status = $$new$$)',
  'grant select on public.calls to dumper, dumper_of_all',
  'grant usage on schema public to dumper, dumper_of_all',
]

function program(name: string, ...args: string[]): string {
  return execFileSync(join(system?.bin ?? '', name), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function makeDump(name: string, options: string[], source = sandboxDatabase): string {
  const file = join(files, name)
  program('pg_dump', '--format=custom', '--file', file, ...options, cluster.url(source))
  return file
}

/** A dump, restored. @param without lines of its list that are left out */
async function restored(file: string, options: string[] = [], without = /^$/): Promise<Scratch> {
  const copy = await makeDatabase(cluster, null)
  const entries = program('pg_restore', '--list', file).split('\n')
  // Of a dump of schemas it is one.
  if (entries.some((line) => / SCHEMA - public /.test(line))) await copy.run('drop schema public')
  const list = join(files, 'list')
  writeFileSync(list, entries.filter((line) => !without.test(line)).join('\n'))
  const url = cluster.url(copy.target.connection.database)
  program('pg_restore', '--exit-on-error', '--dbname', url, '--use-list', list, ...options, file)
  return copy
}

/** Of the exact restore, which is made once. */
async function cloned(): Promise<Scratch> {
  exact ??= await restored(dump)
  return await makeDatabase(cluster, exact.target.connection.database)
}

async function look(copy: Scratch, baselineFile?: string): Promise<{ lines: string[]; code: number }> {
  const verification = await verify(copy.target, { production: sandboxTarget('production', cluster), baselineFile })
  await copy.drop()
  return { lines: findings(verification), code: verification.verdict.exit_code }
}

async function found(copy: Scratch, ...expected: string[]): Promise<void> {
  const { lines, code } = await look(copy)
  for (const line of expected)
    assert.ok(
      lines.some((other) => other.startsWith(line)),
      `no '${line}' among:\n${lines.join('\n')}`,
    )
  assert.is(code, 1)
}

test.before(async () => {
  if (system === undefined) return
  process.env['PGDRILL_PG_BIN'] = system.bin
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  cluster = await buildProduction(root, new Stages({ quiet: true }))
  await migrateUp(sandboxTarget('production', cluster))
  const sql = cluster.connect(sandboxDatabase)
  for (const statement of [...fixture, 'select drill.record_heartbeat(), drill.capture_baseline()'])
    await sql.unsafe(statement)
  await sql.end()
  dump = makeDump('dump', [])
})

test.after(async () => {
  rmSync(files, { recursive: true })
  if (system === undefined) return
  await cluster.stop('immediate')
  await rm(root, { recursive: true, force: true })
  await watchdog.release()
})

needsDump('F30 passes: an exact restore of everything, with the settings of the database', async () => {
  const copy = await cloned()
  await copy.run(settings, 'analyze')
  assert.equal(await look(copy), { lines: [], code: 0 })
})

needsDump('F22 must fail: a dump without -C has no settings of the database', async () => {
  const copy = await cloned()
  // And F31: not analyzed.
  await found(copy, 'fail objects this database statement_timeout:', 'warn physical null:')
})

needsDump('F17 must fail: a restore without owners and privileges', async () => {
  const copy = await restored(dump, ['--no-owner', '--no-privileges'])
  await copy.run(settings, 'analyze')
  await found(
    copy,
    'fail objects table shop.orders to authenticated:',
    'fail objects schema shop to authenticated:',
    // F18, F19, F20
    'fail objects of postgres tables in shop to authenticated:',
    'fail objects function shop.secret() to public:',
    'fail objects shop.secret():',
    'fail objects shop.orders:',
  )
})

needsDump(
  'F23 must fail: a dump of schemas has no extensions, publications, event triggers and large objects',
  async () => {
    const schemas = ['public', 'private', 'shop', 'drill', 'drill_migrations'].flatMap((name) => ['-n', name])
    const copy = await restored(makeDump('schemas', schemas))
    await copy.run(settings, 'analyze')
    await found(
      copy,
      'fail objects pg_trgm:',
      // F36, F39, F53
      'fail objects changes:',
      'fail objects watch:',
      'fail objects of postgres:',
    )
  },
)

needsDump('F30 must fail: a function without a search_path broke a materialized view', async () => {
  const source = await makeDatabase(cluster, sandboxDatabase)
  await source.run(
    settings,
    'set search_path = shop',
    `create function shop.count_mine() returns bigint language plpgsql stable as 'begin return (select count(*) from orders); end'`,
    'create materialized view shop.mine as select shop.count_mine() as count',
    'reset search_path',
    'select drill.record_heartbeat(), drill.capture_baseline()',
  )
  const baselineFile = join(files, 'mine.json')
  writeFileSync(baselineFile, await baselineOf(source.target))
  const file = makeDump('mine', ['-n', 'shop'], source.target.connection.database)
  const list = join(files, 'mine.list')
  const entries = program('pg_restore', '--list', file).split('\n')
  writeFileSync(list, entries.filter((line) => / (mine|count_mine\(\)) /.test(line)).join('\n'))
  const copy = await cloned()
  // pg_restore goes on after the error, and what calls it may do so, too.
  assert.throws(
    () => program('pg_restore', '--dbname', cluster.url(copy.target.connection.database), '--use-list', list, file),
    /count_mine/,
  )
  await copy.run(settings, 'analyze')
  const { lines } = await look(copy, baselineFile)
  assert.equal(
    lines.map((line) => line.replace(/: .*/s, '')),
    ['fail physical shop.mine', 'fail objects shop.mine'],
  )
  await source.drop()
})

for (const [title, role, isPartial] of [
  ['F54 must fail: the dump of a role that row level security holds', 'dumper', true],
  ['F54 passes: the dump of a role that bypasses it', 'dumper_of_all', false],
] as const)
  needsDump(title, async () => {
    const copy = await cloned()
    const rows = join(files, 'calls.sql')
    const url = cluster.url(sandboxDatabase).replace('//postgres@', `//${role}@`)
    program('pg_dump', '--enable-row-security', '--data-only', '-t', 'public.calls', '--file', rows, url)
    await copy.run('truncate public.calls')
    program('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', rows, cluster.url(copy.target.connection.database))
    await copy.run(settings, 'analyze')
    if (isPartial) return found(copy, 'fail row_counts public.calls:')
    assert.equal(await look(copy), { lines: [], code: 0 })
  })

test.run()
