create table drill.baselines (
  baseline_id uuid primary key default gen_random_uuid(),
  captured_at timestamptz not null,
  captured_lsn pg_lsn not null,
  label text,
  depth text not null default 'standard',
  is_exact boolean not null default false,
  schema_version text not null,
  installation_id uuid not null,
  system_identifier bigint not null,
  timeline_id integer not null,
  started_at timestamptz not null,
  database_name text not null,
  server_version text not null,
  policies jsonb not null,
  guards jsonb not null,
  partitioned_relations jsonb not null,
  isolation_policy jsonb not null default '{}',
  waivers jsonb not null default '[]'
);

comment on table drill.baselines is
  'Stored sets of facts of production, each at one moment; they travel in every backup';
comment on column drill.baselines.baseline_id is 'Random identity of the baseline';
comment on column drill.baselines.captured_at is 'The moment that the facts describe';
comment on column drill.baselines.captured_lsn is 'WAL insert position at that moment';
comment on column drill.baselines.label is 'Free text of whoever captured it';
comment on column drill.baselines.depth is 'standard: counts and timestamps; full: fingerprints and tenants too';
comment on column drill.baselines.is_exact is 'True when it was taken in the snapshot that a dump was made from: a copy restored from that dump is equal to it';
comment on column drill.baselines.schema_version is 'Version of schema drill that captured it';
comment on column drill.baselines.installation_id is 'Installation of pgdrill, the same in production and its copies';
comment on column drill.baselines.system_identifier is 'Server that was production';
comment on column drill.baselines.timeline_id is 'Timeline of that server';
comment on column drill.baselines.started_at is 'Start time of that server, to recognise production as such';
comment on column drill.baselines.database_name is 'Name of production''s database';
comment on column drill.baselines.server_version is 'PostgreSQL version of production';
comment on column drill.baselines.policies is 'Policy durations of production: name to seconds';
comment on column drill.baselines.guards is 'Registered guards of production with their definitions, as drill.export_registrations() gives them';
comment on column drill.baselines.partitioned_relations is 'Registered partitioned tables of production, as drill.export_registrations() gives them';
comment on column drill.baselines.isolation_policy is 'What isolation demanded in production: kind to status';
comment on column drill.baselines.waivers is 'Waivers of production, as drill.export_registrations() gives them';

create index baselines_captured_at_idx on drill.baselines (captured_at desc);

revoke all on table drill.baselines from public;
