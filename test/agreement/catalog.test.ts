// Three ways to install (migrations, sql/install.sql, the exported file) give one and the same catalog.

import * as assert from 'uvu/assert'
import { exportMigrations, migrateUp, migrationStates, shippedMigrations } from '../../src/database/migrations.ts'
import { compareCatalogs, listCatalog } from '../support/catalog.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'
import { installText } from './project.ts'

const test = suite('agreement/catalog')

const rpc = 'public.verify_partition_triggers_exist()'
/** Without the record of the runner, which sql/install.sql does not make. */
const withoutRecord = { without: ['drill_migrations'] }

let own: OwnCluster
let migrated: string[]

test.before(async () => {
  own = await startOwnCluster('agreement')
  await own.createDatabase('migrated')
  await migrateUp(own.target('migrated'))
  migrated = await own.use('migrated', (sql) => listCatalog(sql, withoutRecord))
  await own.createDatabase('installed')
  await own.use('installed', async (sql) => {
    for (const text of installText()) await sql.unsafe(text)
  })
})

test.after(() => own?.drop())

/** What the installation fills in, but the identity, which is random. */
async function contents(database: string): Promise<string[]> {
  const tables = ['policy', 'critical_relations', 'guards', 'partitioned_relations', 'replaced_functions', 'baselines']
  return await own.use(database, async (sql) => {
    const rows = tables.map((table) =>
      sql.unsafe(`select '${table} ' || to_jsonb(t)::text as line from drill.${table} as t`),
    )
    return (await Promise.all(rows)).flat().map((row) => row['line'] as string)
  })
}

test('the listing holds every kind of object that pgdrill makes', () => {
  for (const start of [
    'schema drill | ',
    'table drill.policy | ',
    'column drill.policy.policy_value | 2 interval not null',
    'constraint drill.policy.policy_policy_value_check | ',
    'index drill.baselines_captured_at_idx | ',
    'type drill.check_status | ',
    'composite drill.check_result | ',
    'constraint drill.check_status.check_status_check | ',
    'function drill.verify_all(p_depth text) | ',
    `function ${rpc} | `,
  ]) {
    assert.ok(
      migrated.some((line) => line.startsWith(start)),
      start,
    )
  }
})

test('migrations and sql/install.sql give the same catalog and the same contents', async () => {
  const installed = await own.use('installed', (sql) => listCatalog(sql, withoutRecord))
  assert.equal(compareCatalogs(migrated, installed), [])
  assert.equal(await contents('installed'), await contents('migrated'))
})

test('the exported file gives the same catalog, its record included, and migrate up has nothing left to do', async () => {
  await own.createDatabase('exported')
  await own.use('exported', (sql) => sql.unsafe(exportMigrations(undefined)))
  const [expected, exported] = [
    await own.use('migrated', (sql) => listCatalog(sql)),
    await own.use('exported', (sql) => listCatalog(sql)),
  ]
  assert.ok(expected.some((line) => line.startsWith('table drill_migrations.applied | ')))
  assert.equal(compareCatalogs(expected, exported), [])
  assert.equal(await contents('exported'), await contents('migrated'))

  assert.equal(
    await migrationStates(own.target('exported')),
    shippedMigrations().map((name) => ({ name, is_applied: true })),
  )
  assert.equal(await migrateUp(own.target('exported')), [])
  assert.equal(compareCatalogs(expected, await own.use('exported', (sql) => listCatalog(sql))), [])
})

test('an exported update goes on from what is there', async () => {
  const [first = '', ...others] = shippedMigrations()
  await own.createDatabase('updated')
  assert.equal(await migrateUp(own.target('updated'), 1), [first])
  await own.use('updated', (sql) => sql.unsafe(exportMigrations(first)))
  assert.equal(compareCatalogs(migrated, await own.use('updated', (sql) => listCatalog(sql, withoutRecord))), [])
  assert.equal((await migrationStates(own.target('updated'))).length, others.length + 1)
})

/** Damage, and what its differences must speak of. */
const damages: Record<string, [string, ...string[]]> = {
  'a changed body': [
    "create or replace function drill.schema_version() returns text language sql immutable set search_path = '' as $$ select '9999' $$",
    '- function drill.schema_version()',
    '+ function drill.schema_version()',
  ],
  'a lost stable': ['alter function drill.get_now() volatile', '- function drill.get_now()'],
  'a lost search_path': ['alter function drill.get_now() reset search_path', '- function drill.get_now()'],
  'a lost revoke': ['grant execute on function drill.get_now() to public', '+ function drill.get_now()'],
  'a lost revoke on a table': ['grant select on drill.policy to public', '+ table drill.policy '],
  'a lost revoke on a column': ['grant select (label) on drill.baselines to public', '+ column drill.baselines.label '],
  'another owner': ['create role somebody; alter table drill.policy owner to somebody', '+ table drill.policy '],
  'another order of columns': [
    `alter table drill.heartbeats drop column lsn, add column lsn pg_lsn not null;
     comment on column drill.heartbeats.lsn is 'WAL insert position at that moment'`,
    '- column drill.heartbeats.lsn | 2',
    '- column drill.heartbeats.system_identifier | 3',
    '- column drill.heartbeats.timeline_id | 4',
    '- column drill.heartbeats.started_at | 5',
    '- column drill.heartbeats.database_name | 6',
    '+ column drill.heartbeats.lsn | 6',
    '+ column drill.heartbeats.system_identifier | 2',
    '+ column drill.heartbeats.timeline_id | 3',
    '+ column drill.heartbeats.started_at | 4',
    '+ column drill.heartbeats.database_name | 5',
  ],
  'another type of a column': [
    'alter table drill.heartbeats alter column timeline_id type bigint',
    '- column drill.heartbeats.timeline_id | 4 integer',
    '+ column drill.heartbeats.timeline_id | 4 bigint',
  ],
  'a lost default': ['alter table drill.guards alter column profile drop default', '- column drill.guards.profile'],
  'a lost not null': [
    'alter table drill.baselines alter column policies drop not null',
    '- column drill.baselines.policies',
  ],
  'an extra overload': [
    "create function drill.get_now(p_zone text) returns timestamptz language sql as 'select now()'",
    '+ function drill.get_now(p_zone text)',
  ],
  'a lost comment on a function': ['comment on function drill.get_now() is null', '- function drill.get_now()'],
  'a lost comment on a column': [
    'comment on column drill.policy.policy_value is null',
    '- column drill.policy.policy_value',
  ],
  'a lost comment on a table': ['comment on table drill.policy is null', '- table drill.policy '],
  'a lost constraint': [
    'alter table drill.policy drop constraint policy_policy_value_check',
    '- constraint drill.policy.policy_policy_value_check',
  ],
  'a lost index': ['drop index drill.baselines_captured_at_idx', '- index drill.baselines_captured_at_idx'],
  'another domain': [
    'alter domain drill.check_status drop constraint check_status_check',
    '- constraint drill.check_status.check_status_check',
  ],
  'an extra view': ['create view drill.policies as select * from drill.policy', '+ view drill.policies '],
  'another RPC': [
    "create or replace function public.verify_partition_triggers_exist() returns boolean language sql as 'select true'",
    `- function ${rpc}`,
  ],
  'an extra trigger': [
    `create function drill.f() returns trigger language plpgsql as 'begin return new; end';
     create trigger t before insert on drill.policy for each row execute function drill.f()`,
    '+ function drill.f()',
    '+ trigger drill.policy.t',
  ],
  'row level security': ['alter table drill.policy enable row level security', '+ table drill.policy '],
}

for (const [name, [statement, ...differences]] of Object.entries(damages)) {
  test(`the comparison finds ${name}`, async () => {
    const found = await own.use('installed', async (sql) => {
      await sql.unsafe(`begin; ${statement}`)
      try {
        return compareCatalogs(migrated, await listCatalog(sql, withoutRecord))
      } finally {
        await sql.unsafe('rollback')
      }
    })
    assert.ok(found.length > 0, 'it found nothing')
    for (const start of differences) {
      assert.ok(
        found.some((line) => line.startsWith(start)),
        `${start} is not in:\n${found.join('\n')}`,
      )
    }
  })
}

test.run()
