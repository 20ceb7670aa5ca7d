create table drill.incidents (
  incident_id uuid primary key default gen_random_uuid(),
  occurred_at timestamptz not null,
  what text not null,
  recorded_at timestamptz not null default now(),
  recorded_by text not null default session_user,
  constraint incidents_occurred_at_what_key unique (occurred_at, what),
  constraint incidents_what_check check (what ~ '\S')
);

comment on table drill.incidents is
  'Incidents with corrupted or deleted data in production; each makes a drill due until a good one was started after it';
comment on column drill.incidents.incident_id is 'Random identity of the incident';
comment on column drill.incidents.occurred_at is 'When it happened';
comment on column drill.incidents.what is 'What happened, in words; nothing secret';
comment on column drill.incidents.recorded_at is 'When this row was written';
comment on column drill.incidents.recorded_by is 'Role that wrote it';

revoke all on table drill.incidents from public;
