import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_orphans')
const { production } = await sandboxClusters()
const { major } = production.binaries
let db: Scratch
const lines = (settings: string[] = []) => checkLines(db, 'drill.verify_orphans()', settings)
const register = (table: string) => db.run(`select drill.register_critical_relation('${table}', null, false)`)
/** Statements that bypass the triggers of foreign keys, as a restore with --disable-triggers does. */
const unguarded = (...statements: string[]) => db.run('set session_replication_role = replica', ...statements)

test.before(async () => {
  db = await makeBareDatabase(production)
})
test.before.each(() =>
  db.run('drop schema if exists s cascade', 'create schema s', 'delete from drill.critical_relations'),
)
test.after(() => db.drop())

test('the sandbox: each foreign key of its critical tables holds', async () => {
  const copy = await makeDatabase(production)
  const found = await checkLines(copy, 'drill.verify_orphans()')
  assert.equal(
    found.filter((line) => !line.startsWith('pass ')),
    [],
  )
  assert.ok(found.length >= 6, found.join('\n'))
  assert.match(found.join('\n'), /every row of public\.events has the row of public\.sessions that it refers to/)
  await copy.drop()
})

test('must fail: sessions are gone, their events stayed', async () => {
  const copy = await makeDatabase(production)
  await copy.run(
    'set session_replication_role = replica',
    'delete from public.sessions where id = (select session_id from public.events limit 1)',
  )
  const found = (await checkLines(copy, 'drill.verify_orphans()')).filter((line) => !line.startsWith('pass '))
  assert.is(found.length, 1)
  assert.match(
    found[0] ?? '',
    /^fail public\.events\.events_session_id_session_month_fkey: \d+ rows? of public\.events refers? to a row of public\.sessions that is not there/,
  )
  await copy.drop()
})

test('the hint shows the orphans, whatever the names', async () => {
  await db.run(
    `create table s."Paren""t 漢" ("I d" integer primary key)`,
    `create table s."chi.ld" ("P id" integer constraint "F k" references s."Paren""t 漢")`,
  )
  await register('s."chi.ld"')
  await unguarded('insert into s."chi.ld" values (7), (null), (7)')
  assert.equal(await lines(), [
    'fail s."chi.ld"."F k": 2 rows of s."chi.ld" refer to a row of s."Paren""t 漢" that is not there (foreign key s."chi.ld"."F k")',
  ])
  const [row] = await db.query<{ hint: string }>('select r.hint from drill.verify_orphans() as r')
  const query = /: (select .*)\. Restore /.exec(row?.hint ?? '')?.[1] ?? ''
  assert.is((await db.query(query)).length, 2)
})

test('a key that refers to a critical table counts, one between other tables does not', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (id integer primary key, a_id integer references s.a)',
    'create table s.c (b_id integer references s.b)',
  )
  await register('s.a')
  await unguarded('insert into s.b values (1, 1)', 'insert into s.c values (2)')
  assert.equal(
    (await lines()).map((line) => line.split(':')[0]),
    ['fail s.b.b_a_id_fkey'],
  )
})

test('look-alikes: null in a key of several columns, an empty table, a key to the table itself', async () => {
  await db.run(
    'create table s.a (x integer, y text, primary key (x, y))',
    'create table s.b (x integer, y text, foreign key (x, y) references s.a)',
    'insert into s.b values (1, null), (null, null)',
    'create table s.tree (id integer primary key, parent_id integer references s.tree)',
    'insert into s.tree values (1, null), (2, 1), (3, 3)',
  )
  await register('s.b')
  await register('s.tree')
  assert.equal(
    (await lines()).map((line) => line.split(':')[0]),
    ['pass s.b.b_x_y_fkey', 'pass s.tree.tree_parent_id_fkey'],
  )
})

test('a key that is declared "match full" may not be null in part', async () => {
  await db.run(
    'create table s.a (x integer, y text, primary key (x, y))',
    'create table s.b (x integer, y text, foreign key (x, y) references s.a match full)',
  )
  await register('s.b')
  await unguarded('insert into s.b values (null, null)')
  assert.match((await lines())[0] ?? '', /^pass /)
  await unguarded(`insert into s.b values (1, null)`)
  assert.match((await lines())[0] ?? '', /^fail s\.b\.b_x_y_fkey: 1 row of s\.b refers /)
})

test('types that differ, domains and enums are compared as the key does', async () => {
  await db.run(
    'create domain s.word as varchar(10)',
    `create type s.mood as enum ('good', 'bad')`,
    'create table s.a (n numeric, w text, m s.mood, primary key (n, w, m))',
    'create table s.b (n integer, w s.word, m s.mood, foreign key (n, w, m) references s.a)',
    `insert into s.a values (1.0, 'x', 'good')`,
    `insert into s.b values (1, 'x', 'good')`,
  )
  await register('s.b')
  assert.match((await lines())[0] ?? '', /^pass /)
  await unguarded(`insert into s.b values (1, 'x', 'bad')`)
  assert.match((await lines())[0] ?? '', /^fail .*1 row /)
})

test('a key that was never validated is a warning: production may have it so', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (a_id integer)',
    'insert into s.b values (5)',
    'alter table s.b add constraint later foreign key (a_id) references s.a not valid',
  )
  await register('s.b')
  assert.match((await lines())[0] ?? '', /^warn s\.b\.later: 1 row .*, not validated\)$/)
})

test('a key on one partition alone counts for its table; copies of a key on partitions are not asked twice', async () => {
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.p (a_id integer, k integer) partition by list (k)',
    'create table s.p1 partition of s.p for values in (1)',
    'create table s.p2 partition of s.p for values in (2)',
    'alter table s.p1 add constraint only_here foreign key (a_id) references s.a',
  )
  await register('s.p')
  await unguarded('insert into s.p values (9, 1), (9, 2)')
  assert.equal(await lines(), [
    'fail s.p1.only_here: 1 row of s.p1 refers to a row of s.a that is not there (foreign key s.p1.only_here)',
  ])
  await db.run('alter table s.p1 drop constraint only_here', 'delete from s.p')
  await db.run('alter table s.p add constraint everywhere foreign key (a_id) references s.a')
  assert.equal(
    (await lines()).map((line) => line.split(':')[0]),
    ['pass s.p.everywhere'],
  )
})

test('without a right, or behind row level security: an error with what is missing, and the others go on', async () => {
  const role = `t_role_${randomBytes(4).toString('hex')}`
  await db.run(
    'create table s.a (id integer primary key)',
    'create table s.b (a_id integer references s.a)',
    'create table s.c (a_id integer references s.a)',
    `create role ${role}`,
    `grant usage on schema s, drill to ${role}`,
    `grant select on all tables in schema drill to ${role}`,
    `grant execute on all functions in schema drill to ${role}`,
    `grant select on s.a, s.c to ${role}`,
  )
  await register('s.b')
  await register('s.c')
  try {
    const found = await lines([`set role ${role}`])
    assert.match(
      found[0] ?? '',
      /^error s\.b\.b_a_id_fkey: could not look for orphans .* permission denied for table b/,
    )
    assert.match(found[1] ?? '', /^pass s\.c\.c_a_id_fkey/)
    await db.run('alter table s.a enable row level security', `grant select on s.b to ${role}`)
    const hidden = await lines([`set role ${role}`])
    assert.ok(
      hidden.every((line) => /^error .*row-level security/.test(line)),
      hidden.join('\n'),
    )
  } finally {
    await db.run(`drop owned by ${role}`, `drop role ${role}`)
  }
})

test('no foreign key, or nothing registered, is nothing to look at', async () => {
  await db.run('create table s.a (id integer primary key)')
  const nothing = ['skip -: no foreign key is declared on a critical relation or refers to one']
  assert.equal(await lines(), nothing)
  await register('s.a')
  assert.equal(await lines(), nothing)
})

if (major >= 18) {
  test('a key over periods is not looked at, and says so', async () => {
    await db.run(
      'create extension if not exists btree_gist',
      'create table s.a (id integer, during daterange, primary key (id, during without overlaps))',
      'create table s.b (a_id integer, during daterange, foreign key (a_id, period during) references s.a)',
    )
    await register('s.b')
    assert.match((await lines())[0] ?? '', /^skip s\.b\..*: the foreign key .* is one over periods/)
  })
}

test.run()
