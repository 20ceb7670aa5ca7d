// F24, F25, F31, F37, F40, F41, F44, F46 to F50: the state of the server, what the copy reaches, and the platform.

import { modes, ofThisDatabase } from './support.ts'

const settings = [ofThisDatabase(`alter database %I set app.settings.jwt_secret = 'a'`)]
const { test, mustFail, passes } = modes('server', [
  ...settings,
  `create collation public.german (provider = icu, locale = 'de')`,
  'create table public.words (word text collate public.german)',
  'create index words_word on public.words (word)',
  `insert into public.words select 'x' || i from generate_series(1, 50) as i`,
  // pg_cron and pg_net, as far as the checks look.
  'create schema cron',
  `create table cron.job (
     jobid bigserial primary key, schedule text not null, command text not null, nodename text default 'localhost',
     nodeport integer default 5432, database text not null default current_database(),
     username text not null default current_user, active boolean not null default true, jobname text
   )`,
  `insert into cron.job (jobname, schedule, command) values ('report', '0 3 * * *', 'select 1')`,
  // With it the application's own trigger posts each new call.
  'create schema net',
  `create table net.http_request_queue (id bigserial, method text default 'POST', url text not null, headers jsonb, body bytea)`,
  `create function net.http_post(url text, body jsonb default '{}') returns bigint language plpgsql as
     'begin insert into net.http_request_queue (url) values (url); return 1; end'`,
  // Supabase, as far as the checks look. The server's root key is the one that the function knows.
  'create schema vault',
  `create table vault.secrets (
     id uuid primary key default gen_random_uuid(), name text, description text not null default '', secret text not null,
     key_id uuid, nonce bytea, created_at timestamptz not null default now(), updated_at timestamptz not null default now()
   )`,
  `create function vault.decrypt(message text) returns text language plpgsql stable as $$
   begin
     if message not like 'root1:%' then raise exception 'invalid ciphertext' using errcode = '22000'; end if;
     return split_part(message, ':', 2);
   end $$`,
  `create view vault.decrypted_secrets as
     select s.id, s.name, s.description, s.secret, vault.decrypt(s.secret) as decrypted_secret, s.key_id, s.nonce,
       s.created_at, s.updated_at
     from vault.secrets as s`,
  `insert into vault.secrets (name, secret) values ('stripe', 'root1:a')`,
  'create schema auth',
  `create table auth.users (
     instance_id uuid, id uuid primary key, aud varchar(255), role varchar(255), email varchar(255),
     encrypted_password varchar(255), raw_app_meta_data jsonb, raw_user_meta_data jsonb, created_at timestamptz
   )`,
  `create function public.handle_new_user() returns trigger language plpgsql as 'begin return new; end'`,
  'create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user()',
  'create schema storage',
  `create table storage.buckets (
     id text primary key, name text not null, owner uuid, created_at timestamptz default now(), public boolean default false,
     file_size_limit bigint, allowed_mime_types text[]
   )`,
  `create table storage.objects (
     id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets, name text, owner uuid,
     metadata jsonb
   )`,
  'alter table storage.buckets enable row level security',
  'alter table storage.objects enable row level security',
  // TimescaleDB, as far as the checks look.
  `insert into pg_catalog.pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
     values (99998, 'timescaledb', 10, 'public'::regnamespace, false, '2.17.0')`,
  'grant usage on schema storage to authenticated',
  'grant all on all tables in schema storage to authenticated',
  `create policy "own files" on storage.objects using (bucket_id = 'avatars')`,
  `insert into storage.buckets (id, name) values ('avatars', 'avatars')`,
])
/** The cron of this server takes its jobs from this database. */
const loadCron = ofThisDatabase(`alter database %1$I set "cron.database_name" = %1$L`)
const disarmed = [
  'update cron.job set active = false',
  'alter table public.calls disable trigger calls_notify_new_call',
]

mustFail(
  'F24 must fail: TimescaleDB was left in restoring mode',
  [...settings, ...disarmed, ofThisDatabase('alter database %I set timescaledb.restoring = on')],
  ['fail platform '],
)
passes(
  'F24 passes: restoring mode of a role that nobody uses here',
  [...settings, ...disarmed, ofThisDatabase('alter role anon in database %I set timescaledb.restoring = on')],
  ['objects this database role anon timescaledb.restoring:'],
)

mustFail(
  'F25 must fail: a collation that an index is in had another version',
  [
    ...settings,
    ...disarmed,
    `update pg_catalog.pg_collation set collversion = '1.0' where oid = 'public.german'::regcollation`,
  ],
  ['fail physical public.german:'],
)
passes('F25 passes: another version of a collation that nothing is stored with', [
  ...settings,
  ...disarmed,
  `update pg_catalog.pg_collation set collversion = '1.0' where collname = 'fr-x-icu'`,
])

mustFail(
  'F31 must fail: there are no planner statistics',
  [...settings, ...disarmed, `delete from pg_catalog.pg_statistic where starelid = 'public.words'::regclass`],
  ['warn physical null:'],
)
passes('F31 passes: a table without rows has none', [
  ...settings,
  ...disarmed,
  'truncate public.words',
  `delete from pg_catalog.pg_statistic where starelid = 'public.words'::regclass`,
])

const subscription = [
  `create subscription changes connection 'host=production.example' publication changes with (connect = false, slot_name = none)`,
]
const withoutSubscription = ['alter subscription changes disable', 'drop subscription changes']
passes(
  'F37 passes: a subscription that is disabled',
  [...settings, ...disarmed, ...subscription],
  ['objects changes:'],
  { cleanUp: withoutSubscription },
)

mustFail('F40 must fail: a cron job is active on the copy', [...settings, loadCron], ['fail isolation report:'])
mustFail('F40 must fail: a cron job is missing', [...settings, 'delete from cron.job'], ['fail objects report:'])
passes(
  'F40 passes: the same job, switched off, under another number',
  [...settings, ...disarmed, loadCron, 'update cron.job set jobid = 700'],
  ['objects this database cron.database_name:'],
)

mustFail(
  'F41 must fail: a webhook of the copy calls production, and requests wait to be sent there',
  [
    ...settings,
    ...disarmed,
    `insert into net.http_request_queue (url) values ('https://production.example/hook')`,
    'alter table public.calls enable trigger calls_notify_new_call',
  ],
  ['fail isolation net.http_request_queue:', 'fail isolation public.calls.calls_notify_new_call:'],
)
passes('F41 passes: the webhook is disarmed, and nothing waits', [...settings, ...disarmed])

mustFail(
  'F44 must fail: a foreign server points at production, with a user mapping',
  [
    ...settings,
    ...disarmed,
    'create extension postgres_fdw',
    `create server billing foreign data wrapper postgres_fdw options (host 'billing.production.example')`,
    `create user mapping for public server billing options (user 'app', password 'secret')`,
  ],
  ['fail isolation billing:'],
)
passes(
  'F44 passes: a foreign server that reads files',
  [...settings, ...disarmed, 'create extension file_fdw', 'create server files foreign data wrapper file_fdw'],
  ['objects file_fdw:', 'objects files:'],
)

mustFail(
  'F46 must fail: a prepared transaction is left, and writing is off by default',
  [
    ...settings,
    ...disarmed,
    'begin',
    'update public.words set word = word',
    `prepare transaction 'left over'`,
    ofThisDatabase('alter database %I set default_transaction_read_only = on'),
  ],
  ["fail physical 'left over':", 'fail physical database '],
  { cleanUp: ['set default_transaction_read_only = off', `rollback prepared 'left over'`] },
)
passes(
  'F46 passes: a role that may not write is read-only by default',
  [...settings, ...disarmed, ofThisDatabase('alter role anon in database %I set default_transaction_read_only = on')],
  ['objects this database role anon default_transaction_read_only:'],
)

mustFail(
  'F47 must fail: secrets of the vault were encrypted with another root key',
  [...settings, ...disarmed, `update vault.secrets set secret = 'root0:a'`],
  ['fail platform '],
)
passes('F47 passes: a secret that was set anew on this server', [
  ...settings,
  ...disarmed,
  `update vault.secrets set secret = 'root1:b', updated_at = now()`,
])

mustFail(
  'F48 must fail: the trigger on auth.users and the policy of storage.objects are gone',
  [
    ...settings,
    ...disarmed,
    'drop trigger on_auth_user_created on auth.users',
    'drop policy "own files" on storage.objects',
  ],
  [
    'fail objects auth.users.on_auth_user_created:',
    'fail objects storage.objects."own files":',
    'fail platform storage.objects:',
  ],
)
mustFail(
  'F48 must fail: the trigger on auth.users is off',
  [...settings, ...disarmed, 'alter table auth.users disable trigger on_auth_user_created'],
  ['fail objects auth.users.on_auth_user_created:', 'fail platform auth.users.on_auth_user_created:'],
)
passes('F48 passes: another version of the platform, with columns and tables of its own', [
  ...settings,
  ...disarmed,
  'alter table auth.users add column is_anonymous boolean not null default false',
  'create table auth.passkeys (id uuid primary key)',
])

mustFail(
  'F49 must fail: a bucket is gone, another is public',
  [...settings, ...disarmed, `update storage.buckets set public = true`],
  ['fail objects avatars:'],
)
passes('F49 passes: the same bucket, made anew', [
  ...settings,
  ...disarmed,
  `delete from storage.buckets`,
  `insert into storage.buckets (id, name, owner) values ('avatars', 'avatars', gen_random_uuid())`,
])

mustFail(
  'F50 must fail: the token secret is lost',
  [...disarmed],
  ['fail platform t_', 'fail objects this database app.settings.jwt_secret:'],
)
passes('F50 passes: another token secret', [
  ...disarmed,
  ofThisDatabase(`alter database %I set app.settings.jwt_secret = 'b'`),
])

test.run()
