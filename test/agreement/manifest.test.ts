// sql/manifest.json says which functions pgdrill ships. A verdict rests on it: a stale one would call our own functions
// replaced, or let a replaced one through.

import * as assert from 'uvu/assert'
import { compareManifests, installedManifest, type Manifest, shippedManifest } from '../../src/database/attestation.ts'
import { type Database, withDatabase } from '../../src/database/connect.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { recordProblems } from './problems.ts'

const test = suite('agreement/manifest')

const shipped = shippedManifest()
let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('manifest')
  await own.createDatabase('fresh')
  await migrateUp(own.target('fresh'))
})

test.after(() => own?.drop())

const inFresh = <T>(use: (database: Database) => Promise<T>) => withDatabase(own.target('fresh'), {}, use)

async function manifestAfter(damage: string): Promise<Manifest> {
  await own.createDatabase('damaged', 'fresh')
  try {
    await own.use('damaged', (sql) => sql.unsafe(damage))
    return await withDatabase(own.target('damaged'), {}, installedManifest)
  } finally {
    await own.use('postgres', (sql) => sql`drop database damaged`)
  }
}

test('sql/manifest.json is what a fresh database gives', async () => {
  const installed = await inFresh(installedManifest)
  assert.ok(Object.keys(installed).length > 20)
  assert.equal(recordProblems(installed, shipped), [], 'run make manifest')
  assert.equal(
    compareManifests(shipped, installed).map((row) => row.status),
    ['pass'],
  )
})

const body = "language sql stable set search_path = ''"
const replaced: Record<string, [string, string]> = {
  'a replaced body': [
    `create or replace function drill.schema_version() returns text ${body.replace('stable', 'immutable')} as $$ select '0004' $$`,
    'drill.schema_version()',
  ],
  'a body of the new kind, which the catalog keeps elsewhere': [
    `create or replace function drill.get_now() returns timestamptz ${body} return pg_catalog.now()`,
    'drill.get_now()',
  ],
  'the RPC replaced': [
    `create or replace function public.verify_partition_triggers_exist() returns boolean ${body} as 'select true'`,
    'public.verify_partition_triggers_exist()',
  ],
  'another volatility': ['alter function drill.get_now() immutable', 'drill.get_now()'],
  'another security': ['alter function drill.get_now() security definer', 'drill.get_now()'],
  'a lost search_path': ['alter function drill.verify_all(text) reset search_path', 'drill.verify_all(text)'],
  'an added setting': ['alter function drill.verify_all(text) set work_mem = 64', 'drill.verify_all(text)'],
  'a function made strict': ['alter function drill.verify_all(text) strict', 'drill.verify_all(text)'],
}

for (const [name, [damage, signature]] of Object.entries(replaced)) {
  test(`the attestation finds ${name}`, async () => {
    const installed = await manifestAfter(damage)
    assert.equal(
      recordProblems(shipped, installed).map((problem) => problem.split(': ')[0]),
      [signature],
    )
    assert.equal(
      compareManifests(shipped, installed).map((row) => [row.status, row.object_name]),
      [['fail', signature]],
    )
  })
}

test('the attestation finds a missing function, which leaves it unable to look', async () => {
  const installed = await manifestAfter('drop function drill.verify_partitions()')
  assert.equal(recordProblems(shipped, installed), ['drill.verify_partitions(): is missing'])
  assert.equal(
    compareManifests(shipped, installed).map((row) => [row.status, row.object_name]),
    [['error', 'drill.verify_partitions()']],
  )
})

test('the plan itself demands the RPC: without it, it fails', async () => {
  const installed = await manifestAfter('drop function public.verify_partition_triggers_exist()')
  assert.equal(
    compareManifests(shipped, installed).map((row) => [row.status, row.object_name]),
    [['fail', 'public.verify_partition_triggers_exist()']],
  )
})

test('a function that the manifest does not know is found', async () => {
  const installed = await manifestAfter(
    "create function drill.get_now(p_zone text) returns text language sql as 'select $1'",
  )
  assert.equal(recordProblems(shipped, installed), ['drill.get_now(text): was not expected'])
})

test('what belongs to an installation does not count: owner, grants, comment', async () => {
  const installed = await manifestAfter(`create role somebody; grant create on schema drill to somebody;
    alter function drill.get_now() owner to somebody; grant execute on function drill.get_now() to public;
    comment on function drill.get_now() is null`)
  assert.equal(recordProblems(shipped, installed), [])
})

test.run()
