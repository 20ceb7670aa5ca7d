import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_indexes')
const { production } = await sandboxClusters()
const { major } = production.binaries
let db: Scratch
const lines = (settings: string[] = []) => checkLines(db, 'drill.verify_indexes()', settings)
const bad = async (settings: string[] = []) => (await lines(settings)).filter((line) => !/^(pass|skip) /.test(line))

async function install(scratch: Scratch): Promise<void> {
  await scratch.run(
    'drop function if exists drill.verify_indexes()',
    readFileSync(projectFile('sql', 'physical', 'verify_indexes.sql'), 'utf8'),
  )
}

async function hints(): Promise<string[]> {
  const rows = await db.query<{ hint: string }>(
    'select r.hint from drill.verify_indexes() as r where r.hint is not null order by r.object_name collate "C"',
  )
  return rows.map((row) => row.hint)
}

/** Runs what the only hint says to run; then nothing may be wrong. */
async function obey(name = 'mended'): Promise<void> {
  const [hint, ...more] = await hints()
  assert.equal(more, [])
  const statements =
    /run: (.*)\.$/i.exec(
      hint?.replace(/, which (makes|fails).*\.$/, '.').replace(/\. Of a unique.*$/, '.') ?? '',
    )?.[1] ?? ''
  await db.run(...statements.replaceAll('NAME', name).replace('; then: ', ';').split(/;\s*/))
  assert.equal(await bad(), [])
}

/** A unique index that could not be built, as after a broken-off "create index concurrently". */
async function invalidIndex(table: string, index: string): Promise<void> {
  await db.run(`insert into ${table} values (1), (1)`)
  const failed = await db.run(`create unique index concurrently ${index} on ${table} (id)`).then(
    () => false,
    () => true,
  )
  assert.ok(failed)
  // As if it had failed at its end: what is not ready has a test of its own.
  await db.run(
    `delete from ${table}`,
    `update pg_index set indisready = true where indexrelid = 's.${index.replaceAll("'", "''")}'::regclass`,
  )
}

test.before(async () => {
  db = await makeBareDatabase(production)
  await install(db)
})
test.before.each(() => db.run('drop schema if exists s cascade', 'create schema s'))
test.after(() => db.drop())

test('the sandbox: nothing is wrong', async () => {
  for (const cluster of Object.values(await sandboxClusters())) {
    const copy = await makeDatabase(cluster)
    await install(copy)
    const found = await checkLines(copy, 'drill.verify_indexes()')
    assert.equal(found.length, 3, found.join('\n'))
    assert.match(found[0] ?? '', /^pass -: [\d,]+ indexes are valid$/)
    assert.match(found[1] ?? '', /^pass -: [\d,]+ foreign keys are enforced$/)
    assert.match(found[2] ?? '', /^pass -: [\d,]+ foreign keys and check constraints are validated$/)
    await copy.drop()
  }
})

test('good: one row for each family', async () => {
  await db.run('create table s.a (id integer primary key)', 'create table s.b (id integer references s.a)')
  const found = await lines()
  assert.match(found[0] ?? '', /^pass -: \d+ indexes are valid$/)
  assert.is(found.filter((line) => line.startsWith('pass ')).length, 3)
})

test('warns: an invalid index; reindexed it passes', async () => {
  await db.run('create table s.a (id integer)')
  await invalidIndex('s.a', 'a_id')
  assert.equal(await bad(), ['warn s.a_id: the index s.a_id on s.a is not valid: queries do not use it'])
  await obey()
})

test('warns: not ready, half dropped; what a broken-off reindex left', async () => {
  await db.run('create table s.a (id integer)', 'create index a_id on s.a (id)')
  await db.run(`update pg_index set indisready = false, indisvalid = false where indexrelid = 's.a_id'::regclass`)
  assert.equal(await bad(), ['warn s.a_id: the index s.a_id on s.a is not ready: new rows do not go into it'])
  await db.run(`update pg_index set indislive = false where indexrelid = 's.a_id'::regclass`)
  assert.equal(await bad(), ['warn s.a_id: the index s.a_id on s.a is half dropped'])
  await obey()
  await invalidIndex('s.a', 'a_id_ccnew')
  assert.match((await hints()).join(), /left over .* drop index concurrently s\.a_id_ccnew\.$/)
  await obey()
})

test('warns: an index of TOAST', async () => {
  await db.run('create table s.a (t text)')
  const damage = `update pg_index set indisvalid = false
    where indrelid = (select reltoastrelid from pg_class where oid = 's.a'::regclass)`
  assert.match((await bad(['begin', damage])).join(), /^warn pg_toast\.pg_toast_\d+_index: /)
})

test('warns: a partitioned index without its part; the hint mends it', async () => {
  await db.run(
    'create table s.t (id integer, "ON ONLY x" integer) partition by list (id)',
    'create table s.p1 partition of s.t for values in (1)',
    'create table s.p2 partition of s.t for values in (2)',
    'create table s.p3 partition of s.t for values in (3)',
    'create unique index t_i on only s.t (id) include ("ON ONLY x")',
    'create unique index p1_i on s.p1 (id) include ("ON ONLY x")',
    'alter index s.t_i attach partition s.p1_i',
  )
  assert.equal(await bad(), [
    'warn s.t_i: the index s.t_i of the partitioned table s.t is not valid: the partition s.p2 has no part of it, and 1 more have no valid one',
  ])
  await db.run('alter table s.t detach partition s.p3')
  await obey()
})

test('warns: a partitioned primary key without its part; the hint mends it', async () => {
  await db.run(
    'create table s.t (id integer not null) partition by list (id)',
    'create table s.p1 partition of s.t for values in (1)',
    'alter table only s.t add constraint "t%s pk" primary key (id)',
  )
  assert.equal(await bad(), [
    'warn s."t%s pk": the index s."t%s pk" of the partitioned table s.t is not valid: the partition s.p1 has no part of it',
  ])
  await obey()
})

test('warns: an invalid part, then only the parent, until it is attached again', async () => {
  await db.run('create table s.p1 (id integer)')
  await invalidIndex('s.p1', 'p1_i')
  await db.run(
    'create table s.t (id integer) partition by list (id)',
    'alter table s.t attach partition s.p1 for values in (1)',
    'create unique index t_i on only s.t (id)',
    'alter index s.t_i attach partition s.p1_i',
  )
  assert.equal(await bad(), [
    'warn s.p1_i: the index s.p1_i on s.p1 is not valid: queries do not use it',
    'warn s.t_i: the index s.t_i of the partitioned table s.t is not valid: its part s.p1_i on s.p1 is not',
  ])
  await db.run('reindex index s.p1_i')
  if ((await bad()).length === 0) return // a newer server looks again by itself
  assert.equal(await bad(), ['warn s.t_i: the index s.t_i of the partitioned table s.t is not valid'])
  await obey()
})

test('fails: a foreign key whose triggers are off, on either side; the hint mends it', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (id integer constraint to_a references s.a)',
  )
  await db.run('alter table s.b disable trigger all')
  assert.equal(await bad(), [
    'fail s.b.to_a: the foreign key to_a of s.b is not enforced: its triggers on s.b are disabled',
  ])
  await obey()
  await db.run('alter table s.a disable trigger all')
  assert.equal(await bad(), [
    'fail s.b.to_a: the foreign key to_a of s.b is not enforced: its triggers on s.a are disabled',
  ])
  await db.run('alter table s.b disable trigger all')
  assert.match((await bad()).join(), /its triggers on s\.a and s\.b are disabled$/)
  await obey()
})

test('fails: triggers for replication only, and triggers that are gone', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (id integer constraint to_a references s.a)',
  )
  await db.run(`update pg_trigger set tgenabled = 'R' where tgrelid = 's.b'::regclass`)
  assert.match((await bad()).join(), /^fail s\.b\.to_a: /)
  await db.run(`update pg_trigger set tgenabled = 'A' where tgrelid = 's.b'::regclass`)
  assert.equal(await bad(), [])
  assert.equal(await bad(['begin', `delete from pg_trigger where tgrelid = 's.b'::regclass`]), [
    'fail s.b.to_a: the foreign key to_a of s.b is not enforced: it has 2 of its 4 triggers',
  ])
})

test('fails: a foreign key of a single partition; look-alike: a user trigger that is off', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.t (id integer constraint to_a references s.a) partition by list (id)',
    'create table s.p1 partition of s.t for values in (1)',
    'create table s.p2 partition of s.t for values in (2)',
    'create table s.child (id integer) partition by list (id)',
    'create table s.c1 partition of s.child for values in (1)',
    'create unique index on s.t (id)',
    'alter table s.child add constraint to_t foreign key (id) references s.t (id)',
    'create trigger mine before update on s.p1 for each row execute function suppress_redundant_updates_trigger()',
    'create constraint trigger mine2 after update on s.p1 for each row execute function suppress_redundant_updates_trigger()',
    'alter table s.p1 disable trigger mine',
    'alter table s.p1 disable trigger mine2',
  )
  assert.equal(await bad(), [])
  await db.run('alter table s.c1 disable trigger all')
  assert.equal(await bad(), [
    'fail s.c1.to_t: the foreign key to_t of s.c1 is not enforced: its triggers on s.c1 are disabled',
  ])
  await obey()
  await db.run('alter table s.p2 disable trigger all')
  const found = await bad()
  assert.ok(found.length > 0)
  for (const line of found) assert.match(line, /is not enforced: its triggers on s\.p2 are disabled$/)
})

test.needs(major >= 18, 'constraints that are not enforced came with PostgreSQL 18')(
  'warns: a foreign key, and a check, declared as not enforced',
  async () => {
    await db.run(
      'create table s.a (id integer primary key)',
      'create table s.b (id integer constraint to_a references s.a not enforced)',
    )
    assert.equal(await bad(), ['warn s.b.to_a: the foreign key to_a of s.b is declared as not enforced'])
    await obey()
    await db.run('create table s.c (id integer constraint positive check (id > 0) not enforced)')
    assert.equal(await bad(), [
      'warn s.c.positive: the check constraint positive of s.c is not enforced: rows may violate it',
    ])
    await obey()
    await db.run('alter table s.c add constraint there not null id not valid')
    assert.equal(await bad(), [
      'warn s.c.there: the not-null constraint there of s.c is not validated: rows may violate it',
    ])
    await obey()
  },
)

test('warns: constraints that are not valid, once for all partitions', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (id integer)',
    'alter table s.b add constraint to_a foreign key (id) references s.a not valid',
  )
  assert.equal(await bad(), ['warn s.b.to_a: the foreign key to_a of s.b is not validated: rows may violate it'])
  await obey()
  await db.run(
    'create table s.t (id integer) partition by list (id)',
    'create table s.p1 partition of s.t for values in (1)',
    'alter table s.t add constraint positive check (id > 0) not valid',
  )
  assert.equal(await bad(), [
    'warn s.t.positive: the check constraint positive of s.t is not validated: rows may violate it',
  ])
  await obey()
  await db.run('create domain s.d as integer', 'alter domain s.d add constraint "pos it" check (value > 0) not valid')
  assert.equal(await bad(), [
    'warn s.d."pos it": the check constraint "pos it" of s.d is not validated: rows may violate it',
  ])
  await obey()
})

test('names with quotes, newlines, other letters, 63 bytes', async () => {
  for (const name of ['Über "T".x', "it's", 'new\nline', '😀', 'select', 'x'.repeat(63), '%I ON ONLY %s']) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    await db.run('drop schema s cascade', 'create schema s', `create table s.${quoted} (id integer)`)
    const index = quoted === `"${'x'.repeat(63)}"` ? `"${'y'.repeat(63)}"` : `"${name.replaceAll('"', '""')} 2"`
    await invalidIndex(`s.${quoted}`, index)
    assert.match((await bad()).join(), /^warn s\..* is not valid: queries do not use it$/s, name)
    const [hint] = await hints()
    await db.run(hint?.replace(/^Run: /, '').replace(/\. Of a unique.*$/s, '') ?? '')
    assert.equal(await bad(), [])
  }
})

test('temporary tables are left out; any role may ask', async () => {
  await db.run('drop role if exists index_reader', 'create role index_reader', 'create table s.a (id integer)')
  await invalidIndex('s.a', 'a_id')
  await db.run(
    'grant usage on schema drill to index_reader',
    'grant execute on all functions in schema drill to index_reader',
  )
  assert.match((await bad(['set role index_reader'])).join(), /^warn s\.a_id: /)
  await db.run('drop owned by index_reader', 'drop role index_reader', 'drop index s.a_id')
  assert.equal(
    await bad(['create temporary table t (id integer)', 'alter table t add constraint c check (id > 0) not valid']),
    [],
  )
})

test('twelve hundred partitions with a foreign key', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.t (id integer primary key references s.a) partition by range (id)',
    `do $$ begin
       for i in 0..1199 loop
         execute format('create table s.p%s partition of s.t for values from (%s) to (%s)', i, i * 10, i * 10 + 10);
       end loop;
     end $$`,
  )
  const started = performance.now()
  assert.equal(await bad(), [])
  const took = performance.now() - started
  assert.ok(took < 3000, `took ${took} ms`)
  await db.run('alter table s.p600 disable trigger all')
  assert.is((await bad()).length, 1)
})

test.run()
