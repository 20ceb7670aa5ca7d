// One of every kind through a real pg_dump and pg_restore: what comes out has the same definitions.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { findSystemPostgres } from '../support/system-postgres.ts'
import { fixture } from './fixture.ts'
import { compare, lines, listObjects } from './support.ts'

const test = suite('objects/logical')
const system = findSystemPostgres()
const needsDump = test.needs(system !== undefined, 'no pg_dump with a server of the same version')
const files = mkdtempSync(join(tmpdir(), 'pgdrill-objects-'))
let own: OwnCluster | undefined

test.before(async () => {
  if (system === undefined) return
  process.env['PGDRILL_PG_BIN'] = system.bin
  own = await startOwnCluster('logical')
})
test.after(async () => {
  rmSync(files, { recursive: true })
  await own?.drop()
})

needsDump('every kind comes out of a dump as it went in, but for what a dump leaves out', async () => {
  if (system === undefined || own === undefined) return
  const program = (name: string, ...args: string[]) =>
    execFileSync(join(system.bin, name), args, { stdio: ['ignore', 'pipe', 'pipe'] })
  await own.createDatabase('kinds')
  await own.createDatabase('restored')
  await migrateUp(own.target('kinds'))
  const before = await own.use('kinds', async (sql) => {
    for (const statement of fixture.split(/;\s*\n/)) await sql.unsafe(statement)
    // A dump knows no language but as an extension.
    await sql.unsafe('drop language k_language')
    // By its baselines a copy knows how production was called, and so which jobs are its own.
    await sql.unsafe(`
      insert into drill.baselines (captured_at, captured_lsn, schema_version, installation_id, system_identifier, timeline_id, started_at, database_name, server_version, policies, guards, partitioned_relations)
      values (now(), '0/1', '1', gen_random_uuid(), 1, 1, now(), 'kinds', '15', '{}', '[]', '[]')`)
    return await listObjects(sql)
  })
  const dump = join(files, 'dump')
  program('pg_dump', '--format=custom', '--file', dump, own.cluster.url('kinds'))
  program('pg_restore', '--exit-on-error', '--dbname', own.cluster.url('restored'), dump)
  const after = await own.use('restored', listObjects)
  const rows = compare(before, after).filter((row) => row.status !== 'pass')
  // Settings of a database are in a dump with --create only.
  assert.equal(lines(rows), [
    'fail this database role k_reader statement_timeout: the setting this database role k_reader statement_timeout is missing',
  ])
})

test.run()
