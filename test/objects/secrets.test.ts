// What must not get into a baseline, a proof or a log: arguments of triggers, settings of an application, and what plainly
// is a credential in any definition. A change of it must still show.

import * as assert from 'uvu/assert'
import { checkLines, makeBareDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { findingsAfter, lines, listObjects } from './support.ts'

const test = suite('objects/secrets')
let db: Scratch
let sql: ReturnType<Scratch['cluster']['connect']>

test.before(async () => {
  db = await makeBareDatabase((await sandboxClusters()).production)
  sql = db.cluster.connect(db.target.connection.database)
  await sql.unsafe(`
    create schema s;
    create table s.t (id integer, note text);
    create function s.hook() returns trigger language plpgsql as 'begin return new; end'`)
})
test.after(async () => {
  await sql?.end()
  await db?.drop()
})

async function definitionOf(statements: string, name: string): Promise<string> {
  let definition: string | undefined
  await sql
    .begin(async (transaction) => {
      await transaction.unsafe(statements)
      definition = (await listObjects(transaction)).find((object) => object.object_name === name)?.definition
      await transaction.unsafe('rollback')
    })
    .catch((error) => {
      if (definition === undefined) throw error
    })
  return definition ?? ''
}

const hook = (rest: string, name = 'hook') => `create trigger ${name} after insert on s.t for each row ${rest}`

test('of the arguments of a trigger only their number and a fingerprint are left', async () => {
  const start = 'enabled\nCREATE TRIGGER hook AFTER INSERT ON s.t FOR EACH ROW '
  const hash = '[0-9a-f]{12}'
  for (const [rest, expected] of [
    ['execute function s.hook()', 'EXECUTE FUNCTION s\\.hook\\(\\)'],
    ["execute function s.hook('hunter2')", `EXECUTE FUNCTION s\\.hook\\(1 argument, sha256 ${hash}\\)`],
    [
      `execute function s.hook('https://x.example', '{"Authorization":"Bearer hunter2"}', '', 'it''s', 'a, b', '漢字 🦀', 'back\\slash', ')')`,
      `EXECUTE FUNCTION s\\.hook\\(8 arguments, sha256 ${hash}\\)`,
    ],
    [
      `when (new.note <> 'EXECUTE FUNCTION s.hook(''x'')') execute function s.hook('hunter2')`,
      `WHEN \\(\\(new\\.note <> 'EXECUTE FUNCTION s\\.hook\\(''x''\\)'::text\\)\\) EXECUTE FUNCTION s\\.hook\\(1 argument, sha256 ${hash}\\)`,
    ],
  ] as const) {
    const definition = await definitionOf(hook(rest), 's.t.hook')
    assert.ok(definition.startsWith(start), definition)
    assert.match(definition.slice(start.length), new RegExp(`^${expected}$`))
    assert.not.match(definition, 'hunter2')
  }
})

test('another argument is another definition, whatever the session escapes', async () => {
  await sql.unsafe(hook("execute function s.hook('a\\b', 'hunter2')"))
  const before = await listObjects(sql)
  assert.equal(lines(await findingsAfter(sql, before, 'set local standard_conforming_strings = off')), [])
  const rows = await findingsAfter(
    sql,
    before,
    `drop trigger hook on s.t; ${hook("execute function s.hook('a\\b', 'hunter3')")}`,
  )
  assert.match(lines(rows).join(), /fail s\.t\.hook: .*- .*\(2 arguments, sha256 .*\+ .*\(2 arguments, sha256/)
  assert.not.match(JSON.stringify(rows), /hunter/)
  const [gone] = await findingsAfter(sql, before, 'drop trigger hook on s.t')
  assert.match(gone?.hint ?? '', 'by your migrations')
  await sql.unsafe('drop trigger hook on s.t')
})

test('a guard is registered, judged and exported without its arguments', async () => {
  await sql.unsafe(hook("execute function s.hook('hunter2')"))
  await sql.unsafe("select drill.register_guard('s.t', 'hook')")
  const look = () => checkLines(db, 'drill.verify_partition_triggers()')
  assert.ok((await look()).every((line) => line.startsWith('pass ')))
  const [row] = await sql.unsafe(
    'select drill.export_registrations()::text as text, (select string_agg(g::text, $$$$) from drill.guards as g) as guards',
  )
  assert.not.match(`${row?.['text']}${row?.['guards']}`, 'hunter2')
  await sql.unsafe(`drop trigger hook on s.t; ${hook("execute function s.hook('hunter3')")}`)
  assert.match((await look()).join('\n'), /fail s\.t\.hook: the trigger hook on s\.t has another definition/)
  await sql.unsafe('delete from drill.guards; drop trigger hook on s.t')
})

// Put together here, so that nobody's scanner takes them for real ones.
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJyb2xlIjoic2VydmljZSJ9', 'c2lnbmF0dXJlLW9mLWl0'].join('.')
const secrets: [name: string, text: string, secret: string][] = [
  ['a JSON web token', `select '${jwt}'`, jwt],
  ['a bearer token', `headers := '{"Authorization": "Bearer abcdef.123-456"}'`, 'abcdef.123-456'],
  ['a token as bearer', `headers := 'Bearer ${jwt}'`, jwt],
  ['basic authorization', `'{"Authorization":"Basic dXNlcjpodW50ZXIy"}'`, 'dXNlcjpodW50ZXIy'],
  ['a password in an address', 'postgres://app:hunter2@db.example:5432/app', 'hunter2'],
  ['one without a user', 'redis://:hunter2@cache.example', 'hunter2'],
  ['a password in a connection string', `dblink('host=db.example user=app password=hunter2 dbname=app')`, 'hunter2'],
  ['one in quotes', `dblink('host=db.example password=''hunter 2''')`, 'hunter 2'],
  ['a password of a role', `create role x password 'hunter2'`, 'hunter2'],
  ['a password in JSON', `'{"password": "hunter2"}'`, 'hunter2'],
  ['a key of Stripe', `'${'sk'}_live_abcdefgh12345678'`, 'abcdefgh12345678'],
  ['a secret key of Supabase', `'${'sb'}_secret_abcdefgh12345678'`, 'abcdefgh12345678'],
  ['a token of GitHub', `'${'ghp'}_abcdefghijklmnopqrst1234567890'`, 'abcdefghijklmnopqrst1234567890'],
  ['a key of AWS', `'${'AKIA'}ABCDEFGHIJKLMNOP'`, 'ABCDEFGHIJKLMNOP'],
  ['a private key', `'-----BEGIN ${'RSA PRIVATE'} KEY-----\nMIIEabc\nxyz==\n-----END RSA PRIVATE KEY-----'`, 'MIIEabc'],
]
for (const [name, text, secret] of secrets) {
  test(`masked in a function: ${name}`, async () => {
    const make = (body: string) =>
      `create function s.f() returns void language plpgsql as $f$begin /* before ${body} after */ end$f$`
    const definition = await definitionOf(make(text), 's.f()')
    assert.not.ok(definition.includes(secret), definition)
    assert.match(definition, /before [\s\S]*\(sha256 [0-9a-f]{12}\)[\s\S]* after/)
    assert.is(await definitionOf(make(text), 's.f()'), definition)
    const other = secret.replace(/.$/, secret.endsWith('z') ? 'y' : 'z')
    assert.is.not(await definitionOf(make(text.replace(secret, other)), 's.f()'), definition)
  })
}

test('masked wherever a definition may hold one', async () => {
  for (const [statements, name] of [
    [`create view s.v as select '${jwt}'::text as x`, 's.v'],
    [`create policy p on s.t using (note = '${jwt}')`, 's.t.p'],
    [`alter table s.t alter note set default '${jwt}'`, 's.t.note'],
    [`create rule r as on insert to s.t do also insert into s.t values (1, '${jwt}')`, 's.t.r'],
    [`alter table s.t add constraint c check (note <> '${jwt}')`, 's.t.c'],
    [`create index i on s.t (id) where note <> '${jwt}'`, 's.i'],
    [`create type s.e as enum ('${'sk'}_live_abcdefgh1234')`, 's.e'],
  ] as const) {
    const definition = await definitionOf(statements, name)
    assert.match(definition, /\(sha256 [0-9a-f]{12}\)/, name)
    assert.not.match(definition, /eyJ|abcdefgh/)
  }
})

test('what only looks alike stays as it is', async () => {
  const body = [
    'https://example.com/a?b=c@d',
    'the password must be changed',
    'password = new.password and password_hash is not null',
    'user:name@example.com',
    'task-list-of-a-very-long-name-indeed',
    'eyJust a word.',
    "raise notice 'bearer of news'",
  ].join('\n')
  const definition = await definitionOf(
    `create function s.f() returns void language plpgsql as $f$begin /* ${body} */ end$f$`,
    's.f()',
  )
  assert.ok(definition.includes(body), definition)
})

test('settings: an application’s own are fingerprints, those named like secrets not even that', async () => {
  const name = db.target.connection.database
  const values = async (settings: [string, string][]) => {
    await sql.unsafe(settings.map(([key, value]) => `alter database ${name} set ${key} = '${value}'`).join(';'))
    const rows = (await listObjects(sql)).filter((object) => object.object_kind === 'setting')
    await sql.unsafe(`alter database ${name} reset all`)
    return rows.map((row) => `${row.object_name}=${row.definition}`).join('\n')
  }
  const settings: [string, string][] = [
    ['app.settings.jwt_secret', 'hunter2'],
    ['app.url', 'https://internal.example'],
    ['statement_timeout', '7s'],
    ['password_encryption', 'md5'],
  ]
  const text = await values(settings)
  assert.match(text, 'this database app.settings.jwt_secret=set\n')
  assert.match(text, /this database app\.url=sha256 [0-9a-f]{12}\n/)
  assert.match(text, 'this database statement_timeout=7s')
  assert.match(text, 'this database password_encryption=md5')
  assert.not.match(text, /hunter2|internal/)
  assert.is.not(
    await values([['app.url', 'https://other.example']]),
    await values([['app.url', 'https://internal.example']]),
  )
})

test.run()
