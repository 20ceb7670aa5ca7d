// A real pg_dump and pg_restore, by the user's own PostgreSQL, on a server of the
// same major version.

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

const test = suite('logical restore')
const system = findSystemPostgres()
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-logical-'))
const dump = join(files, 'dump')
const baselineFile = join(files, 'baseline.json')
let root: string
let watchdog: Watchdog
let cluster: Cluster

function program(name: string, ...args: string[]): string {
  return execFileSync(join(system?.bin ?? '', name), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

async function restored(...options: string[]): Promise<Scratch> {
  const copy = await makeDatabase(cluster, null)
  program('pg_restore', '--dbname', cluster.url(copy.target.connection.database), '--exit-on-error', ...options, dump)
  // As one should: without statistics there is a warning.
  await copy.run('analyze')
  return copy
}

test.before(async () => {
  if (system === undefined) return
  process.env['PGDRILL_PG_BIN'] = system.bin
  root = await makeSandboxRoot()
  watchdog = await startWatchdog(root)
  cluster = await buildProduction(root, new Stages({ quiet: true }))
  const target = sandboxTarget('production', cluster)
  await migrateUp(target)
  const sql = cluster.connect(sandboxDatabase)
  // An old month was dropped and made anew: the clones of its foreign keys get other numbers when restored.
  await sql.unsafe(`
    do $$
    declare
      v_partition text := (
        select i.inhrelid::regclass::text from pg_inherits as i where i.inhparent = 'public.events'::regclass order by i.inhrelid limit 1
      );
      v_bound text := (select pg_get_expr(c.relpartbound, c.oid) from pg_class as c where c.oid = v_partition::regclass);
    begin
      execute format('drop table %s', v_partition);
      execute format('create table %s partition of public.events %s', v_partition, v_bound);
    end $$`)
  await sql`select drill.record_heartbeat()`
  // And columns were dropped: the restored tables have the others in other places.
  await sql.unsafe(`
    alter table public.events add column old_a text, add column old_b integer;
    alter table public.events drop column label cascade;
    alter table public.events add column label text;
    update public.events set label = 'block-' || left(id::text, 2) where category <> 'page';
    alter table public.events drop column old_a, drop column old_b;
    alter table public.sites drop column config`)
  await sql`select drill.capture_baseline('before the dump', 'full')`
  await sql.end()
  writeFileSync(baselineFile, await baselineOf(target))
  program('pg_dump', '--format=custom', '--file', dump, cluster.url(sandboxDatabase))
})

test.after(async () => {
  rmSync(files, { recursive: true })
  if (system === undefined) return
  await cluster.stop('immediate')
  await rm(root, { recursive: true, force: true })
  await watchdog.release()
})

const production = () => sandboxTarget('production', cluster)

needsDump('an exact restore passes, with the baseline inside it and with the file', async () => {
  const copy = await restored()
  for (const file of [undefined, baselineFile]) {
    const verification = await verify(copy.target, { production: production(), baselineFile: file, depth: 'full' })
    assert.equal(findings(verification), [])
    assert.is(verification.verdict.exit_code, 0)
    for (const name of ['public.sessions', 'public.events']) {
      const row = verification.results.find((one) => one.check_name === 'fingerprints' && one.object_name === name)
      assert.is(row?.status, 'pass', `${name}: ${row?.detail}`)
    }
  }
  const places = await copy.query<{ attnum: number }>(
    `select attnum from pg_attribute where attrelid = 'public.events'::regclass and attname = 'label'`,
  )
  assert.is(places[0]?.attnum, 11)
  await copy.drop()
})

needsDump('without production to ask it passes with a warning: only the database name differs', async () => {
  const copy = await restored()
  const verification = await verify(copy.target, { production: undefined })
  assert.is(verification.verdict.exit_code, 0)
  assert.is(findings(verification).length, 1)
  assert.match(findings(verification)[0] ?? '', /^warn not_production null: it is not proven/)
  await copy.drop()
})

needsDump('must fail: the schema restored without its data', async () => {
  const copy = await restored('--schema-only')
  const verification = await verify(copy.target, { production: production(), baselineFile })
  assert.is(verification.verdict.exit_code, 1)
  assert.match(findings(verification).join('\n'), /fail identity drill\.installation/)
  await copy.drop()
})

needsDump('must fail: a table left out of the restore', async () => {
  const list = join(files, 'list')
  const entries = program('pg_restore', '--list', dump).split('\n')
  writeFileSync(list, entries.filter((line) => !/TABLE DATA public calls /.test(line)).join('\n'))
  const copy = await restored('--use-list', list)
  const verification = await verify(copy.target, { production: production() })
  assert.is(verification.verdict.exit_code, 1)
  assert.match(findings(verification).join('\n'), /fail row_counts public\.calls: public\.calls is empty/)
  await copy.drop()
})

needsDump('must fail: triggers left out of the restore', async () => {
  const list = join(files, 'list')
  const entries = program('pg_restore', '--list', dump).split('\n')
  writeFileSync(list, entries.filter((line) => !/ TRIGGER public /.test(line)).join('\n'))
  const copy = await restored('--use-list', list)
  const verification = await verify(copy.target, { production: production() })
  assert.is(verification.verdict.exit_code, 1)
  assert.match(
    findings(verification).join('\n'),
    /fail partition_triggers public\.events\.events_set_session_month_from_session: .* is missing/,
  )
  await copy.drop()
})

needsDump('the psql entry points: quick shows, assert fails a script', async () => {
  const copy = await restored()
  const url = cluster.url(copy.target.connection.database)
  const psql = (file: string) => program('psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', file, url)
  assert.match(psql('verify/quick.sql'), /\n all .*\| PASS/)
  assert.match(psql('verify/assert.sql'), /COMMIT/)
  await copy.run('alter table public.sessions disable trigger sessions_set_created_month')
  assert.match(psql('verify/quick.sql'), /is disabled[\s\S]*\n all .*\| FAIL/)
  try {
    psql('verify/assert.sql')
    assert.unreachable('assert.sql succeeded on a damaged copy')
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string }
    assert.is(status, 3)
    assert.match(stderr, /verification failed: \d+ wrong/)
    assert.match(stderr, /the trigger sessions_set_created_month on public\.sessions is disabled/)
  }
  await copy.drop()
})

test.run()
