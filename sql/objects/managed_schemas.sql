create table drill.managed_schemas (
  schema_name text primary key,
  platform text not null
);

comment on table drill.managed_schemas is
  'Schemas whose inside a platform manages: only the triggers, policies and grants that users put there are compared';
comment on column drill.managed_schemas.schema_name is 'Name of the schema, as the catalog has it';
comment on column drill.managed_schemas.platform is 'Whose schema it is';

-- Supabase's own (https://supabase.com/docs/guides/platform/migrating-within-supabase lists what its dumps leave out).
insert into drill.managed_schemas (schema_name, platform)
values
  ('auth', 'supabase'),
  ('cron', 'supabase'),
  ('extensions', 'supabase'),
  ('graphql', 'supabase'),
  ('graphql_public', 'supabase'),
  ('net', 'supabase'),
  ('pgbouncer', 'supabase'),
  ('pgsodium', 'supabase'),
  ('pgsodium_masks', 'supabase'),
  ('realtime', 'supabase'),
  ('storage', 'supabase'),
  ('supabase_functions', 'supabase'),
  ('supabase_migrations', 'supabase'),
  ('vault', 'supabase');

revoke all on table drill.managed_schemas from public;
