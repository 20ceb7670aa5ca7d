// Who may do what with the objects of pgdrill: each has its line in sql/privileges.json, and the roles of the API reach none
// of them.

import { readFileSync } from 'node:fs'
import type { Sql } from 'postgres'
import * as assert from 'uvu/assert'
import { listPrivileges, type Privileges } from '../../scripts/privileges.ts'
import { migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { makeDatabase, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('roles/privileges')
const written = JSON.parse(readFileSync(projectFile('sql', 'privileges.json'), 'utf8')) as Privileges
let own: OwnCluster

test.before(async () => {
  own = await startOwnCluster('privileges')
  await own.use('postgres', (sql) =>
    sql.unsafe('create role anon; create role authenticated; create role service_role; create role stranger'),
  )
  await own.createDatabase('installed')
  await migrateUp(own.target('installed'))
})
test.after(() => own?.drop())

/** What of the catalog is not as it is written, one line for each object. */
function differences(found: Privileges): string[] {
  const names = [...new Set([...Object.keys(written), ...Object.keys(found)])].sort()
  return names.flatMap((name) => {
    const [is, should] = [JSON.stringify(found[name]), JSON.stringify(written[name])]
    if (is === should) return []
    return `${name}: the database says ${is}, sql/privileges.json says ${should}. If the database is right: make manifest; if a grant is missing: the newest migration ends with a copy of sql/roles/grant_to_drill_roles.sql`
  })
}

async function after(damage: string): Promise<string[]> {
  return await own.use('installed', async (sql) => {
    await sql.unsafe(`begin; ${damage}`)
    const found = differences(await listPrivileges(sql))
    await sql.unsafe('rollback')
    return found
  })
}

test('every function, table and schema of ours has the rights that are written, and no others', async () => {
  assert.ok(Object.keys(written).length > 80)
  assert.equal(await after(''), [])
})

for (const [what, damage, named] of [
  [
    'a new function',
    "create function drill.list_x() returns int language sql as 'select 1'",
    /^function drill\.list_x\(\)/,
  ],
  ['a new table', 'create table drill.x (y int)', /^table drill\.x: /],
  ['a new sequence', 'create sequence drill.x', /^sequence drill\.x: /],
  [
    'a grant',
    'grant execute on function drill.get_now() to service_role',
    /^function drill\.get_now\(\).*service_role/,
  ],
  ['a grant to PUBLIC', 'grant usage on schema drill to public', /^schema drill.*PUBLIC/],
  ['a grant on a column', 'grant select (label) on drill.baselines to stranger', /^column drill\.baselines\.label/],
  ['a right to pass on', 'grant select on drill.guards to drill_reader with grant option', /^table drill\.guards/],
  ['a missing grant', 'revoke all on function drill.get_now() from drill_reader', /^function drill\.get_now\(\)/],
  ['a writing reader', 'grant insert on drill.waivers to drill_reader', /^table drill\.waivers/],
] as const) {
  test(`found: ${what}`, async () => {
    const found = await after(damage)
    assert.is(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', named)
  })
}

test('the grants may be repeated, and heal what a new function lacks', async () => {
  const grants = readFileSync(projectFile('sql', 'roles', 'grant_to_drill_roles.sql'), 'utf8')
  assert.equal(await after(grants), [])
  assert.equal(await after(`revoke all on all functions in schema drill from drill_reader, drill_owner; ${grants}`), [])
})

test('PUBLIC has nothing, and the reader can store nothing', () => {
  for (const [name, roles] of Object.entries(written)) {
    const allowed = ['drill_reader', 'drill_owner', 'service_role']
    assert.equal(
      Object.keys(roles).filter((role) => !allowed.includes(role)),
      [],
      name,
    )
    assert.not.match(roles['drill_reader'] ?? '', /insert|update|delete|truncate|trigger|references|create/, name)
  }
})

/** Calls of all our functions and reads of all our tables, with arguments that are null. */
async function attempts(sql: Sql): Promise<string[]> {
  const rows = await sql.unsafe<{ statement: string }[]>(`
    select format('select %s.%s(%s)', n.nspname, p.proname, (
      select string_agg('null::' || format_type(a.type, null), ', ') from unnest(p.proargtypes) as a (type)
    )) as statement
    from pg_proc as p
    inner join pg_namespace as n on n.oid = p.pronamespace
    where p.prokind = 'f' and (n.nspname = 'drill' or p.proname = 'verify_partition_triggers_exist' and n.nspname = 'public')
    union all
    select format(v.statement, c.oid::regclass)
    from pg_class as c
    cross join (values ('select from %s'), ('delete from %s')) as v (statement)
    where c.relnamespace in ('drill'::regnamespace, 'drill_migrations'::regnamespace) and c.relkind = 'r'`)
  return rows.map((row) => row.statement)
}

test('anon, authenticated and whoever is nobody reach nothing, on the schema of OpsMantik', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  const sql = copy.cluster.connect(copy.target.connection.database)
  const role = `t_nobody_${copy.target.connection.database}`
  try {
    await sql.unsafe(`create role ${role}`)
    const statements = await attempts(sql)
    assert.ok(statements.length > 100)
    for (const who of ['anon', 'authenticated', role]) {
      // As PostgREST does it: log in as another, then become this one.
      await sql.unsafe(`set role ${who}`)
      for (const statement of statements) {
        const code = await sql.unsafe(statement).then(
          () => 'was allowed',
          (error: { code: string }) => error.code,
        )
        assert.is(code, '42501', `${who}: ${statement}`)
      }
      await sql.unsafe('reset role')
    }
    await sql.unsafe(`drop role ${role}`)
  } finally {
    await sql.end()
    await copy.drop()
  }
})

test.run()
