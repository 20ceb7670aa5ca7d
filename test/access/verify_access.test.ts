import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { projectFile } from '../../src/project-files.ts'
import { checkLines, makeBareDatabase, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_access')
const source = readFileSync(projectFile('sql/access/verify_access.sql'), 'utf8')
const install = ['drop function if exists drill.verify_access()', source]
let db: Scratch
const lines = (scratch = db) => checkLines(scratch, 'drill.verify_access()')
const bad = async (scratch = db) => (await lines(scratch)).filter((line) => !/^(pass|skip) /.test(line))
const hints = async () =>
  (await db.query<{ hint: string }>('select r.hint from drill.verify_access() as r where r.hint is not null')).map(
    ({ hint }) => hint,
  )

test.before(async () => {
  // The roles anon and authenticated are there: the sandbox made them for its cluster.
  db = await makeBareDatabase((await sandboxClusters()).production)
  await db.run(...install)
})
test.before.each(async () => {
  await db.run(
    'drop schema if exists s cascade',
    'drop schema if exists private cascade',
    'drop schema public cascade',
    'create schema public',
    'grant usage on schema public to public',
    'create schema s',
    'grant usage on schema s to anon, authenticated',
    source,
  )
})
test.after(() => db.drop())

const partitioned = [
  'create table s.t (at date not null) partition by range (at)',
  `create table s.a partition of s.t for values from ('2026-01-01') to ('2026-07-01')`,
  `create table s.b partition of s.t for values from ('2026-07-01') to ('2027-01-01') partition by range (at)`,
  `create table s.b1 partition of s.b for values from ('2026-07-01') to ('2027-01-01')`,
  'alter table s.t enable row level security',
  'create policy everything on s.t using (true)',
]
const definer = (name: string, settings = "set search_path = ''") =>
  `create function ${name}(p_id integer) returns integer language sql security definer ${settings} as 'select 1'`

test('good: the copy of the sandbox has no finding', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  await copy.run(...install)
  assert.equal(await bad(copy), [])
  assert.equal(
    (await lines(copy)).map((line) => line.replace(/\d+/g, 'N')),
    [
      'pass -: row level security is on for all N tables with policies',
      'pass -: none of N partitions lets API roles or PUBLIC past the policies of its parent',
      'pass -: anon and PUBLIC may write none of the N tables of schema public without row level security',
      'pass -: all N security definer functions have a pinned search_path',
      'pass -: anon and PUBLIC may execute none of N security definer functions',
      'pass -: the schema private is closed to API roles and PUBLIC',
    ],
  )
  for (const [damage, expected] of [
    [
      'alter table public.calls disable row level security',
      /^warn public\.calls: row level security is off on public\.calls/,
    ],
    [
      'grant select on public.sessions_default to authenticated',
      /^warn public\.sessions_default: .* authenticated may select it directly, past the policies of public\.sessions$/,
    ],
    ['grant usage on schema private to anon', /^warn private: the schema private is open to anon$/],
    [
      'alter function public.get_site_secrets(text) reset all',
      /^warn public\.get_site_secrets\(p_public_id text\): .* no pinned search_path/,
    ],
    [
      'grant execute on function public.get_site_secrets(text) to anon',
      /^warn public\.get_site_secrets\(p_public_id text\): anon may execute the security definer function/,
    ],
  ] as const) {
    const one = await makeDatabase(copy.cluster, copy.target.connection.database)
    await one.run(damage)
    const found = await bad(one)
    assert.is(found.length, 1, damage)
    assert.match(found.join(), expected)
    await one.drop()
  }
  await copy.drop()
})

test('nothing to look at: every rule says so', async () => {
  assert.equal(
    (await lines()).map((line) => line.slice(0, 7)),
    ['skip -:', 'skip -:', 'skip -:', 'skip -:', 'skip -:', 'skip -:'],
  )
})

test('found: policies without row security; forgotten on a partition is no finding by itself', async () => {
  await db.run(...partitioned)
  assert.equal(await bad(), [])
  await db.run('alter table s.t disable row level security')
  assert.equal(await bad(), ['warn s.t: row level security is off on s.t, which has policies: nobody obeys them'])
  assert.ok((await hints()).includes('Run: alter table s.t enable row level security.'))
})

test('found: direct privileges on partitions at any depth, on a column, of PUBLIC, through a role', async () => {
  await db.run(...partitioned, 'grant select, update on s.a to anon', 'grant select (at) on s.b1 to public')
  assert.equal(await bad(), [
    'warn s.a: the partition s.a has no row level security of its own, and anon may select, update it directly, past the policies of s.t',
    'warn s.b1: the partition s.b1 has no row level security of its own, and PUBLIC may select it directly, past the policies of s.t',
  ])
  assert.equal(await hints(), ['Run: revoke all on s.a from anon.', 'Run: revoke all on s.b1 from public.'])
  await db.run('revoke all on s.a from anon', 'revoke all on s.b1 from public')
  assert.equal(await bad(), [])
})

test('look-alikes: other roles, a partition with row security, a schema that is closed, rights on the parent', async () => {
  await db.run(
    ...partitioned,
    'grant all on s.t to anon, authenticated',
    'grant all on s.a to service_role',
    'alter table s.b1 enable row level security',
    'grant all on s.b1 to anon',
  )
  assert.equal(await bad(), [])
  await db.run('grant select on s.a to anon', 'revoke usage on schema s from anon')
  assert.equal(await bad(), [])
})

test('warns: security definer without a search_path, or open; a pinned one passes', async () => {
  await db.run(definer('s.f'), 'revoke execute on function s.f from public')
  assert.equal(await bad(), [])
  await db.run('alter function s.f reset all')
  assert.equal(await bad(), [
    'warn s.f(p_id integer): the security definer function s.f(p_id integer) has no pinned search_path: its caller decides which objects it finds',
  ])
  await db.run(`alter function s.f set search_path = ''`, 'grant execute on function s.f to public, anon')
  assert.equal(await bad(), [
    'warn s.f(p_id integer): PUBLIC, anon may execute the security definer function s.f(p_id integer), which runs with the rights of its owner',
  ])
  assert.ok(
    (await hints()).includes(
      'If that is not intended, run: revoke execute on routine s.f(p_id integer) from anon, public.',
    ),
  )
})

test('warns: a procedure that PUBLIC may call, as they are made', async () => {
  await db.run(
    `create procedure s.p() language plpgsql security definer set search_path = '' as 'begin end'`,
    definer('s.g'),
  )
  assert.is((await bad()).length, 2)
  for (const hint of await hints()) {
    const statement = /run: (.*)\.$/.exec(hint)?.[1]
    if (statement) await db.run(statement)
  }
  assert.equal(await bad(), [])
})

test('look-alikes: functions of triggers, invoker, another role, a closed schema, members of extensions', async () => {
  await db.run(
    `create function s.trg() returns trigger language plpgsql security definer set search_path = '' as 'begin return new; end'`,
    `create function s.invoker() returns integer language sql as 'select 1'`,
    definer('s.mine'),
    'revoke execute on function s.mine from public',
    'grant execute on function s.mine to authenticated, service_role',
    'create schema private',
    definer('private.closed'),
  )
  assert.equal(await bad(), [])
})

test('found: tables of schema public that anyone may write', async () => {
  await db.run(
    'create table public.t (id integer, x integer)',
    'create view public.v as select * from public.t',
    'grant all on public.v to anon',
    'grant select on public.t to anon, public',
    'create table s.elsewhere (id integer)',
    'grant all on s.elsewhere to anon',
  )
  assert.equal(await bad(), [])
  await db.run('grant insert, delete on public.t to anon', 'grant update (x) on public.t to public')
  assert.equal(await bad(), [
    'warn public.t: PUBLIC, anon may delete, insert, update the table public.t, which has no row level security',
  ])
  await db.run('alter table public.t enable row level security')
  assert.equal(await bad(), [])
})

test('found: schema private open to API roles or PUBLIC; the service role may use it', async () => {
  await db.run('create schema private', 'grant usage on schema private to service_role')
  assert.equal(await bad(), [])
  await db.run('grant usage on schema private to authenticated')
  assert.equal(await bad(), ['warn private: the schema private is open to authenticated'])
  await db.run('revoke all on schema private from authenticated', 'grant usage on schema private to public')
  assert.equal(await bad(), ['warn private: the schema private is open to PUBLIC'])
  assert.ok((await hints()).includes('Run: revoke all on schema private from public.'))
})

test('a right that comes through another role names that role in the hint', async () => {
  const role = `t_editors_${Math.floor(Math.random() * 1e9)}`
  await db.run(
    `create role ${role}`,
    'create schema private',
    `grant usage on schema private to ${role}`,
    // The API roles do not inherit unless told: from PostgreSQL 16 on a grant can tell.
    `grant ${role} to authenticated ${db.cluster.binaries.major >= 16 ? 'with inherit true' : ''}`,
  )
  try {
    if (db.cluster.binaries.major >= 16) {
      assert.equal(await bad(), ['warn private: the schema private is open to authenticated'])
      assert.ok((await hints()).includes(`Run: revoke all on schema private from ${role}.`))
    } else {
      assert.equal(await bad(), [])
    }
  } finally {
    await db.run('drop schema private', `drop role ${role}`)
  }
})

test('names with quotes and other letters, and statements that run', async () => {
  await db.run(
    'create table public."Über ""t"".x" (id integer)',
    'create policy "p "" ü" on public."Über ""t"".x" using (true)',
    'grant insert on public."Über ""t"".x" to anon',
    definer('public."f ""ü""; drop table x"', ''),
  )
  assert.is((await bad()).length, 4)
  assert.match((await bad()).join('\n'), /warn public\."Über ""t""\.x": row level security is off/)
  assert.match((await bad()).join('\n'), /warn public\."f ""ü""; drop table x"\(p_id integer\): PUBLIC may execute/)
  for (const hint of await hints()) {
    for (const [, statement] of hint.matchAll(/[Rr]un: (.*?)\.(?= [A-Z]|$)/gs)) await db.run(statement as string)
  }
  assert.equal(await bad(), [])
})

test('other settings of the session, and a role without any right, change nothing', async () => {
  await db.run(...partitioned, 'grant select on s.a to anon', definer('s.f', ''))
  const settings = ["set search_path = 's'", "set datestyle = 'German'"]
  assert.equal(await checkLines(db, 'drill.verify_access()', settings), await lines())
  await db.run(
    'grant usage on schema drill to service_role',
    'grant execute on function drill.verify_access() to service_role',
  )
  assert.equal(await checkLines(db, 'drill.verify_access()', ['set role service_role']), await lines())
})

test.run()
