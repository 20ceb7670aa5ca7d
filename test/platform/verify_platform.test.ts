import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { migrateUp } from '../../src/database/migrations.ts'
import { projectFile } from '../../src/project-files.ts'
import { checkLines, makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { type OwnCluster, startOwnCluster } from '../support/own-cluster.ts'
import { suite } from '../support/suite.ts'

const test = suite('drill.verify_platform')
const call = 'drill.verify_platform()'
const { major } = (await sandboxClusters()).production.binaries
const installation = [
  `drop function if exists ${call}`,
  readFileSync(projectFile('sql', 'platform', 'verify_platform.sql'), 'utf8'),
]
let own: OwnCluster
let db: Scratch
let count = 0

/** Of a server of this file's own: it makes the roles of Supabase. */
async function makeOwn(template: string): Promise<Scratch> {
  const name = `p${++count}`
  await own.createDatabase(name, template)
  const query = <Row extends object>(statement: string) =>
    own.use(name, async (sql) => [...(await sql.unsafe(statement))] as unknown as Row[])
  return {
    target: own.target(name),
    cluster: own.cluster,
    query,
    run: (...statements) =>
      own.use(name, async (sql) => {
        for (const statement of statements) await sql.unsafe(statement)
      }),
    drop: () => own.use('postgres', async (sql) => void (await sql.unsafe(`drop database ${name} with (force)`))),
  }
}

const lines = (settings: string[] = []) => checkLines(db, call, settings)
const bad = async (settings: string[] = []) => (await lines(settings)).filter((line) => !/^(pass|skip) /.test(line))
const about = async (pattern: RegExp) => (await lines()).filter((line) => pattern.test(line))

async function hints(settings: string[] = []): Promise<string[]> {
  const sql = db.cluster.connect(db.target.connection.database)
  try {
    for (const setting of settings) await sql.unsafe(setting)
    const rows = await sql.unsafe(`select r.hint from ${call} as r where r.hint is not null`)
    return rows.map((row) => row['hint'])
  } finally {
    await sql.end()
  }
}

/** Runs what the only hint says to run; then nothing may be wrong. */
async function obey(settings: string[] = []): Promise<void> {
  const [hint, ...more] = await hints(settings)
  assert.equal(more, [])
  const statements = /run(?: as its owner)?: (.*)\.$/is.exec(hint ?? '')?.[1]?.replace('; then connect anew', '') ?? ''
  await db.run(...statements.split('; '))
  assert.equal(await bad(settings), [])
}

const nothing = [
  'skip -: there is no Supabase Vault',
  'skip -: there is no Supabase Auth',
  'skip -: there is no Supabase Storage',
  'skip -: PostgREST does not serve this database',
  'skip -: TimescaleDB is not installed',
  'skip -: the setting app.settings.jwt_secret is not there, and no baseline tells whether production has it',
]

// A secret is "encrypted" with the name of the server's root key, which a setting holds.
const vault = [
  'create schema vault',
  `create table vault.secrets (
     id uuid primary key default gen_random_uuid(), name text, description text not null default '', secret text not null,
     key_id uuid, nonce bytea, created_at timestamptz not null default current_timestamp,
     updated_at timestamptz not null default current_timestamp
   )`,
  'create unique index on vault.secrets (name) where name is not null',
  `create function vault._crypto_aead_det_decrypt(message text) returns text language plpgsql immutable as $$
   begin
     if split_part(message, ':', 1) <> 'key1' then
       raise exception 'pgsodium_crypto_aead_det_decrypt_by_id: invalid ciphertext %', message using errcode = '22000';
     end if;
     return nullif(split_part(message, ':', 2), 'null');
   end $$`,
  'revoke execute on function vault._crypto_aead_det_decrypt from public',
  `create view vault.decrypted_secrets as
   select s.id, s.name, s.description, s.secret, vault._crypto_aead_det_decrypt(s.secret) as decrypted_secret, s.key_id,
     s.nonce, s.created_at, s.updated_at
   from vault.secrets as s`,
]
const ids = [1, 2, 3].map((digit) => `00000000-0000-0000-0000-00000000000${digit}`)
const putSecret = (id: string | undefined, secret: string) =>
  `insert into vault.secrets (id, name, secret) values ('${id}', 'stripe ${id}', '${secret}')`

const auth = [
  'create schema auth',
  `create table auth.users (
     instance_id uuid, id uuid primary key, aud varchar(255), role varchar(255), email varchar(255),
     encrypted_password varchar(255), raw_app_meta_data jsonb, raw_user_meta_data jsonb, created_at timestamptz
   )`,
  `create function public.handle_new_user() returns trigger language plpgsql as 'begin return new; end'`,
]
const authTrigger =
  'create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user()'

const storage = [
  'create schema storage',
  'create table storage.buckets (id text primary key, name text not null, owner uuid, public boolean default false)',
  `create table storage.objects (
     id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets, name text, owner uuid,
     metadata jsonb
   )`,
  'alter table storage.buckets enable row level security',
  'alter table storage.objects enable row level security',
  'grant usage on schema storage to anon, authenticated',
  'grant all on all tables in schema storage to anon, authenticated',
]
const storagePolicy = `create policy "own files" on storage.objects using (bucket_id = 'x')`

const watch = (name: string, event: string, body = "notify pgrst, 'reload schema';") => [
  `create function public.${name}() returns event_trigger language plpgsql as $$ begin ${body} end $$`,
  `create event trigger ${name} on ${event} execute function public.${name}()`,
]
// As Supabase writes it, in capitals and inside a loop.
const supabaseWatch = [
  ...watch(
    'pgrst_ddl_watch',
    'ddl_command_end',
    `for i in 1..1 loop IF true THEN NOTIFY pgrst, 'reload schema'; END IF; end loop;`,
  ),
  ...watch('pgrst_drop_watch', 'sql_drop', `NOTIFY pgrst, 'reload schema';`),
]

/** A baseline of production, with these objects. */
const baseline = (...objects: [kind: string, name: string, definition: string, relation?: string][]) => [
  'delete from drill.baselines',
  `insert into drill.baselines (captured_at, captured_lsn, schema_version, installation_id, system_identifier, timeline_id,
     started_at, database_name, server_version, policies, guards, partitioned_relations)
   values (now(), '0/1', '1', gen_random_uuid(), 1, 1, now(), 'production', '17', '{}', '[]', '[]')`,
  ...[['schema', 'public', 'owner: x'], ...objects].map(
    ([kind, name, definition, relation]) =>
      `insert into drill.baseline_objects
       select b.baseline_id, '${kind}', '${name}', E'${definition}', ${relation ? `'${relation}'` : 'null'}, false
       from drill.baselines as b`,
  ),
]

test.before(async () => {
  own = await startOwnCluster('platform')
  await own.use('postgres', async (sql) => {
    for (const name of ['anon', 'authenticated', 'service_role', 'authenticator', 'reader', 'vault_owner']) {
      await sql.unsafe(`create role ${name} noinherit`)
    }
    await sql.unsafe('grant anon, authenticated, service_role to authenticator')
  })
  await own.createDatabase('base')
  await migrateUp(own.target('base'))
  await own.use('base', async (sql) => {
    for (const statement of installation) await sql.unsafe(statement)
  })
})
test.before.each(async () => {
  db = await makeOwn('base')
})
test.after.each(() => db.drop())
test.after(() => own.drop())

test('an ordinary database: every part is skipped, for a role with few rights, too', async () => {
  assert.equal(await lines(), nothing)
  await db.run(
    'grant usage on schema drill to reader',
    `grant execute on function ${call} to reader`,
    'revoke all on schema public from public',
  )
  assert.equal(await lines(['set role reader']), nothing)
  assert.equal(await lines(['begin transaction read only']), nothing)
})

test('the sandbox, which is no Supabase', async () => {
  for (const cluster of Object.values(await sandboxClusters())) {
    const copy = await makeDatabase(cluster)
    await copy.run(...installation)
    const found = await checkLines(copy, call)
    assert.equal(found.slice(0, 5), nothing.slice(0, 5))
    assert.match(found[5] ?? '', /^skip -: /)
    await copy.drop()
  }
})

test('everything is there and right', async () => {
  await db.run(
    ...vault,
    ...ids.map((id) => putSecret(id, 'key1:hello')),
    ...auth,
    authTrigger,
    ...storage,
    storagePolicy,
    ...supabaseWatch,
    `alter database ${db.target.connection.database} set app.settings.jwt_secret = 'super-secret'`,
    ...baseline(['setting', 'this database app.settings.jwt_secret', 'x']),
  )
  assert.equal(await lines(), [
    'pass -: each secret of the vault can be decrypted (3 in all)',
    'pass -: each trigger on the tables of schema auth is enabled (1 in all)',
    'pass -: row level security is on for storage.buckets and storage.objects',
    'pass -: storage.objects has one policy',
    'pass -: PostgREST learns of changes of the schema by the event triggers pgrst_ddl_watch, pgrst_drop_watch',
    'skip -: TimescaleDB is not installed',
    'pass -: the setting app.settings.jwt_secret is there',
  ])
  const rows = JSON.stringify(await db.query(`select r from ${call} as r`))
  assert.not.match(rows, /hello|super-secret|stripe/)
})

test('vault: no secret is a skip', async () => {
  await db.run(...vault)
  assert.equal((await lines())[0], 'skip -: the vault holds no secret')
})

test('vault: secrets that another key encrypted are counted, and their contents are not told', async () => {
  await db.run(...vault, putSecret(ids[0], 'key1:a'), putSecret(ids[1], 'key2:b'), putSecret(ids[2], 'key1:null'))
  assert.equal(await bad(), [
    `fail vault.decrypted_secrets: 2 of 3 secrets of the vault cannot be decrypted (SQLSTATE 22000), by their ids: ${ids[1]}, ${ids[2]}`,
  ])
  const rows = JSON.stringify(await db.query(`select r from ${call} as r`))
  assert.not.match(rows, /key2|stripe|ciphertext/)
  assert.match((await hints()).join(), /root key/)
  await db.run(`update vault.secrets set secret = 'key1:b'`)
  assert.equal(await bad(), [])
})

test('vault: of many that are bad ten are named', async () => {
  await db.run(...vault, `insert into vault.secrets (secret) select 'key2:x' from generate_series(1, 12)`)
  const [line] = await bad()
  assert.match(line ?? '', /12 of 12 secrets .*: ([-0-9a-f]{36}, ){9}[-0-9a-f]{36} and others$/)
})

test('vault: a role without rights gets the grants, one by one, until it may look', async () => {
  await db.run(
    ...vault,
    putSecret(ids[0], 'key1:a'),
    'grant usage on schema drill to reader',
    `grant execute on function ${call} to reader`,
  )
  const asReader = ['set role reader']
  assert.equal((await bad(asReader)).slice(0, 1), [
    'error vault.decrypted_secrets: could not look whether the secrets of the vault can be decrypted: reader may not',
  ])
  const [hint] = await hints(asReader)
  assert.is(
    hint,
    'Verify as the owner of the vault, or run: grant usage on schema vault to reader; grant select on vault.secrets to reader; ' +
      'grant select on vault.decrypted_secrets to reader; grant execute on function vault._crypto_aead_det_decrypt(text) to reader.',
  )
  await db.run(...(/run: (.*)\.$/.exec(hint ?? '')?.[1] ?? '').split('; '))
  assert.is((await lines(asReader))[0], 'pass -: each secret of the vault can be decrypted (1 in all)')

  // A right that only shows while decrypting.
  await db.run(
    'create function vault.inner_step() returns text language sql as $$ select 1::text $$',
    'revoke execute on function vault.inner_step() from public',
    `create or replace function vault._crypto_aead_det_decrypt(message text) returns text language plpgsql as
     $$ begin return vault.inner_step(); end $$`,
  )
  assert.match((await bad(asReader))[0] ?? '', /^error vault\.decrypted_secrets: .* \(SQLSTATE 42501\)$/)
  assert.equal(await bad(), [])

  await db.run('alter table vault.secrets enable row level security')
  assert.match((await bad(asReader))[0] ?? '', /^error vault\.secrets: .* row level security may hide/)
  assert.equal(await bad(), [])
})

test('vault: somebody locks it, or cancels', async () => {
  await db.run(...vault, putSecret(ids[0], 'key1:a'))
  const other = db.cluster.connect(db.target.connection.database)
  await other.unsafe('begin; lock table vault.secrets in access exclusive mode')
  assert.match(
    (await bad([`set lock_timeout = '50ms'`]))[0] ?? '',
    /^error vault\.decrypted_secrets: .* \(SQLSTATE 55P03\)$/,
  )
  await other.unsafe('rollback')
  await other.end()
  await db.run(
    `create or replace function vault._crypto_aead_det_decrypt(message text) returns text language plpgsql as
     $$ begin perform pg_sleep(60); return 'x'; end $$`,
  )
  const state = await lines([`set statement_timeout = '200ms'`]).catch((error) => error.code)
  assert.is(state, '57014')
})

test('vault, look-alikes: schemas of that name that are not Supabase’s', async () => {
  for (const statements of [
    ['create table vault.secrets (id uuid, secret text)'],
    [
      'create table vault.secrets (id text, secret text)',
      `create view vault.decrypted_secrets as select 'x'::text as id, null::text as decrypted_secret`,
    ],
    ['create table vault.keys (id uuid)'],
  ]) {
    await db.run('drop schema if exists vault cascade', 'create schema vault', ...statements)
    assert.equal(await lines(), nothing)
  }
})

test('vault: the extension is installed, and its view is gone', async () => {
  await db.run(
    `insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     values (99999, 'supabase_vault', 10, 'public'::regnamespace, false, '0.3.1')`,
  )
  assert.match(
    (await bad()).join(),
    /^error vault: could not look for secrets: the extension supabase_vault is installed/,
  )
})

test('auth: a disabled trigger fails and is named; the hint mends it', async () => {
  await db.run(...auth, authTrigger, 'alter table auth.users disable trigger on_auth_user_created')
  assert.equal(await bad(), [
    'fail auth.users.on_auth_user_created: the trigger on_auth_user_created of auth.users is disabled',
  ])
  await obey()
  await db.run('alter table auth.users enable replica trigger on_auth_user_created')
  assert.equal(await bad(), [
    'fail auth.users.on_auth_user_created: the trigger on_auth_user_created of auth.users fires only while rows are replicated',
  ])
  await obey()
})

test('auth: disabled in production, too, is a warning', async () => {
  await db.run(...auth, authTrigger, 'alter table auth.users disable trigger on_auth_user_created')
  const object = 'auth.users.on_auth_user_created'
  await db.run(...baseline(['trigger', object, 'create trigger ...\\ndisabled', 'auth.users']))
  assert.equal(await bad(), [
    `warn ${object}: the trigger on_auth_user_created of auth.users is disabled, as in production`,
  ])
  await db.run(...baseline(['trigger', object, 'create trigger ...\\nenabled', 'auth.users']))
  assert.match((await bad()).join(), /^fail /)
})

test('auth, look-alikes: foreign keys, triggers that are always on, other schemas, a schema of the application', async () => {
  await db.run(
    ...auth,
    authTrigger,
    'alter table auth.users enable always trigger on_auth_user_created',
    'create table auth.identities (id uuid references auth.users)',
    'create table public.profiles (id uuid)',
    'create trigger t before update on public.profiles for each row execute function suppress_redundant_updates_trigger()',
    'alter table public.profiles disable trigger t',
  )
  assert.equal(await bad(), [])
  await db.run('drop trigger on_auth_user_created on auth.users')
  assert.equal((await about(/schema auth/)).length, 1)
  assert.match((await about(/schema auth/)).join(), /^skip -: no table of schema auth has a trigger; .* objects tells$/)
  await db.run(authTrigger, 'alter table auth.users disable trigger on_auth_user_created')
  await db.run('alter table auth.users drop column encrypted_password')
  assert.equal(await lines(), nothing)
})

test('auth: names with quotes, newlines, other letters, 63 bytes', async () => {
  await db.run(...auth)
  for (const name of ['Über "T".x', "it's", 'new\nline', '😀 %s', 'x'.repeat(63)]) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    const table = `auth."t ${quoted.slice(1, 60)}${quoted.length > 60 ? '"' : ''}`
    await db.run(
      `create table ${table} (id uuid)`,
      `create trigger ${quoted} before insert on ${table} for each row execute function public.handle_new_user()`,
      `alter table ${table} disable trigger ${quoted}`,
    )
    assert.match((await bad()).join(), /^fail auth\."t .* is disabled$/s)
    await obey()
  }
})

test('storage: row level security is off', async () => {
  await db.run(...storage, storagePolicy, ...supabaseWatch)
  assert.equal(await bad(), [])
  for (const [table, what] of [
    ['storage.objects', 'file'],
    ['storage.buckets', 'bucket'],
  ]) {
    await db.run(`alter table ${table} disable row level security`)
    assert.equal(await bad(), [
      `fail ${table}: row level security is off on ${table}, so anon and authenticated may reach every ${what} there is`,
    ])
    await obey()
  }
  await db.run('alter table storage.objects disable row level security', 'revoke all on storage.objects from anon')
  assert.match((await bad()).join(), /^fail .*, so authenticated may reach every file there is$/)
  await db.run('revoke usage on schema storage from authenticated')
  assert.equal(await bad(), [
    'warn storage.objects: row level security is off on storage.objects, so only missing grants keep anon and authenticated out',
  ])
})

test('storage: no policy is judged by what production has', async () => {
  await db.run(...storage, ...supabaseWatch)
  const none = 'storage.objects has no policy'
  assert.equal(await bad(), [`warn storage.objects: ${none}: only the service role and public buckets give files out`])
  await db.run(...baseline())
  assert.equal(await bad(), [])
  assert.equal((await about(/no policy/)).join(), `pass -: ${none}, and neither has production's`)
  await db.run(...baseline(['policy', 'storage.objects."own files"', 'command: all', 'storage.objects']))
  assert.equal(await bad(), [
    `fail storage.objects: ${none}, and production's has 1: anon and authenticated reach no file`,
  ])
  await db.run(storagePolicy)
  assert.equal(await bad(), [])
})

test('storage, look-alike: a schema of the application', async () => {
  await db.run(
    'create schema storage',
    'create table storage.objects (id uuid, name text)',
    'create table storage.buckets ()',
  )
  assert.equal(await lines(), nothing)
})

test('PostgREST: roles without rights in this database are no sign of it', async () => {
  assert.equal(await lines(), nothing)
  await db.run('create table public.t (id integer)', 'grant select on public.t to anon')
  assert.equal(await bad(), [
    `warn ${db.target.connection.database}: no event trigger tells PostgREST when a table is created or altered: it answers from its old cache`,
  ])
  assert.match((await hints()).join(), /notify pgrst, 'reload schema'/)
  await db.run('revoke all on public.t from anon', 'grant usage on schema public to reader')
  assert.equal(await lines(), nothing)
})

test('PostgREST: event triggers that are off, or that do something else', async () => {
  await db.run('grant usage on schema public to anon', ...supabaseWatch)
  assert.equal(await bad(), [])
  await db.run('alter event trigger pgrst_ddl_watch disable')
  assert.equal(await bad(), [
    'warn pgrst_ddl_watch: the event trigger pgrst_ddl_watch is not enabled, so PostgREST does not learn of every change of the schema',
  ])
  await obey()
  await db.run('alter event trigger pgrst_drop_watch enable replica')
  assert.match((await bad()).join(), /^warn pgrst_drop_watch: /)
  await obey()

  await db.run('drop event trigger pgrst_ddl_watch')
  assert.match((await bad()).join(), /^warn \w+: no event trigger tells PostgREST/, 'drops alone')
  await db.run(...watch('another_one', 'ddl_command_end', `notify other, 'pgrst'; notify pgrst_other;`))
  assert.match((await bad()).join(), /^warn \w+: no event trigger tells PostgREST/)
  await db.run(...watch('in_comments', 'ddl_command_end', `-- notify pgrst\n /* notify pgrst */ perform 1; /* x */`))
  assert.match((await bad()).join(), /^warn \w+: no event trigger tells PostgREST/)
  await db.run(
    'drop function public.pgrst_ddl_watch() cascade',
    `create function public.pgrst_ddl_watch() returns event_trigger language plpgsql as $$ begin null; end $$`,
    'create event trigger pgrst_ddl_watch on ddl_command_end execute function public.pgrst_ddl_watch()',
  )
  assert.match((await bad()).join(), /^warn \w+: no event trigger tells PostgREST/, 'an emptied function')
  await db.run(
    `create event trigger narrow on ddl_command_end when tag in ('CREATE FUNCTION') execute function public.pgrst_drop_watch()`,
  )
  assert.match((await bad()).join(), /^warn \w+: no event trigger tells PostgREST/, 'some commands only')
})

test('PostgREST, look-alikes: other ways to tell it', async () => {
  for (const body of [
    `perform pg_notify('pgrst', 'reload schema');`,
    `perform pg_catalog.pg_notify( 'pgrst', '');`,
    'NOTIFY "pgrst";',
    'perform public.reload_schema ();',
  ]) {
    const one = await makeOwn('base')
    const before = db
    db = one
    await db.run(
      `create function public.reload_schema() returns void language plpgsql as $$ begin NOTIFY pgrst; end $$`,
      ...watch('"My Watch"', 'ddl_command_end', body),
    )
    assert.equal(await bad(), [], body)
    assert.equal(
      (await about(/PostgREST/)).join(),
      'pass -: PostgREST learns of changes of the schema by the event triggers "My Watch"',
    )
    db = before
    await one.drop()
  }
})

test.needs(major >= 17, 'event_triggers came with PostgreSQL 17')(
  'PostgREST: all event triggers are switched off',
  async () => {
    await db.run(...supabaseWatch, `alter database ${db.target.connection.database} set event_triggers = off`)
    assert.match((await bad()).join(), /^warn \w+: event_triggers is off, so no event trigger tells PostgREST/)
    await db.run(`alter database ${db.target.connection.database} reset event_triggers`)
    assert.equal(await bad(), [])
  },
)

test('TimescaleDB: restoring mode, in the session or in the settings of the database', async () => {
  const database = db.target.connection.database
  await db.run(`alter database ${database} set timescaledb.restoring = 'on'`)
  assert.equal(await lines(), nothing, 'not installed')
  await db.run(
    `insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     values (99998, 'timescaledb', 10, 'public'::regnamespace, false, '2.17.0')`,
  )
  const found = [
    `fail ${database}: TimescaleDB of the database ${database} was left in restoring mode: it runs no jobs`,
  ]
  assert.equal(await bad(), found)
  assert.equal(await hints(), ['Run: select public.timescaledb_post_restore(); then connect anew.'])
  assert.equal(await bad([`set timescaledb.restoring = 'off'`]), found, 'a session that is older than the setting')
  await db.run(`alter database ${database} set timescaledb.restoring = 'off'`)
  assert.equal(await bad(), [])
  assert.equal(await bad([`set timescaledb.restoring = 'true'`]), found)
  await db.run(`alter database ${database} reset timescaledb.restoring`)
  assert.equal((await about(/TimescaleDB/)).join(), 'pass -: TimescaleDB is not in restoring mode')
})

test('TimescaleDB, look-alikes: another database, one role, and off here while on for all', async () => {
  const database = db.target.connection.database
  await db.run(
    `insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     values (99998, 'timescaledb', 10, 'public'::regnamespace, false, '2.17.0')`,
    `alter role reader in database ${database} set timescaledb.restoring = 'on'`,
    `alter database base set timescaledb.restoring = 'on'`,
    `alter role all set timescaledb.restoring = 'on'`,
    `alter database ${database} set timescaledb.restoring = 'off'`,
  )
  try {
    assert.equal(await bad(), [])
    await db.run(`alter database ${database} reset timescaledb.restoring`)
    assert.match((await bad()).join(), /^fail /)
  } finally {
    await db.run('alter role all reset timescaledb.restoring', 'alter database base reset timescaledb.restoring')
  }
})

test('token secret: missing where production has it; never its value', async () => {
  const database = db.target.connection.database
  const name = 'app.settings.jwt_secret'
  await db.run(...baseline(['setting', `this database ${name}`, 'super-secret']))
  assert.equal(await bad(), [
    `fail ${database}: the setting ${name} is missing in the database ${database}, and production has it: no token can be made or checked`,
  ])
  const rows = JSON.stringify(await db.query(`select r from ${call} as r`))
  assert.not.match(rows, /super-secret/)
  await db.run(`alter database ${database} set ${name} = ''`)
  assert.match((await bad()).join(), /^fail /, 'empty')
  await db.run(`alter database ${database} set app.settings.jwt_secret2 = 'x'`)
  assert.match((await bad()).join(), /^fail /, 'another setting')
  await db.run(`alter database ${database} set ${name} = 'other'`)
  assert.equal(await bad(), [])
  await db.run(`alter database ${database} reset all`)
  await db.run(...baseline(['setting', 'this database app.settings.jwt_exp', '3600']))
  assert.equal(await bad(), [])
  assert.match((await lines()).at(-1) ?? '', /^skip -: neither this database nor production has the setting/)
})

test('token secret: a role that may not read the baselines', async () => {
  await db.run(
    ...auth,
    ...baseline(['setting', 'this database app.settings.jwt_secret', 'x']),
    'grant usage on schema drill to reader',
    `grant execute on function ${call} to reader`,
  )
  const asReader = ['set role reader']
  assert.equal(await bad(asReader), [
    'error -: could not look whether production has the setting app.settings.jwt_secret: reader may not read the baselines',
  ])
  const [hint] = await hints(asReader)
  assert.is(hint, 'Run: grant drill_reader to reader.')
  await db.run('alter role reader inherit', 'grant drill_reader to reader')
  try {
    assert.match((await bad(asReader)).join(), /^fail /)
  } finally {
    await db.run('revoke drill_reader from reader', 'alter role reader noinherit')
  }
})

test('a copy does not believe the baseline that it captured itself', async () => {
  const copy = await makeDatabase((await sandboxClusters()).restore)
  await copy.run(...installation, ...auth, authTrigger, 'alter table auth.users disable trigger on_auth_user_created')
  await copy.query('select drill.capture_baseline()')
  const found = async (setting: string) =>
    (await checkLines(copy, call, [setting])).filter((line) => !/^(pass|skip) /.test(line)).join()
  assert.match(await found('set drill.is_copy = off'), /^warn .*, as in production$/)
  assert.match(await found('set drill.is_copy = on'), /^fail /)
  await copy.drop()
})

test.run()
