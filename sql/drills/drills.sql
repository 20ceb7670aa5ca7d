-- Production's own record of its drills; only a whole, real, finished drill with the verdict verified is a good one.
create table drill.drills (
  drill_id text primary key,
  ticket text not null,
  lead text not null,
  db_owner text not null,
  app_owner text not null,
  method text not null,
  scope text not null,
  target_name text not null,
  is_sandbox boolean not null,
  started_at timestamptz not null,
  restore_started_at timestamptz,
  restored_at timestamptz,
  verified_at timestamptz,
  finished_at timestamptz,
  failure_point timestamptz,
  restore_point timestamptz,
  recovery_point timestamptz,
  recovery_time interval,
  data_loss interval,
  baseline_id uuid,
  state text not null,
  verdict text,
  follow_ups jsonb not null default '[]',
  notes jsonb not null default '[]',
  tool_version text not null,
  proof_sha256 text,
  previous_proof_sha256 text,
  recorded_at timestamptz not null default now(),
  constraint drills_method_check check (method in ('pitr', 'dump', 'backup')),
  constraint drills_scope_check check (scope in ('whole', 'database_only')),
  constraint drills_state_check check (state in ('open', 'finished', 'aborted')),
  constraint drills_verdict_check check (verdict in ('verified', 'failed', 'could_not_verify')),
  constraint drills_finished_at_check check (state <> 'finished' or finished_at is not null and verdict is not null)
);

comment on table drill.drills is
  'Drills as recorded in production, one row each; a good one is finished, whole, not of the sandbox, with the verdict verified';
comment on column drill.drills.drill_id is 'Name of the drill and of its folders';
comment on column drill.drills.ticket is 'Ticket of the drill';
comment on column drill.drills.lead is 'DR lead: coordinates the drill, records the proof';
comment on column drill.drills.db_owner is 'Database owner: executes the restore';
comment on column drill.drills.app_owner is 'App owner: validates the application';
comment on column drill.drills.method is 'How it was restored: pitr, dump or backup';
comment on column drill.drills.scope is 'whole, or database_only when the application was not looked at';
comment on column drill.drills.target_name is 'Name of the target that was verified';
comment on column drill.drills.is_sandbox is 'True for a rehearsal, which never counts';
comment on column drill.drills.started_at is 'When the drill was started';
comment on column drill.drills.restore_started_at is 'When the restore was started';
comment on column drill.drills.restored_at is 'When the restore was said to be done';
comment on column drill.drills.verified_at is 'When it was verified; of what never was: when the last verification ended';
comment on column drill.drills.finished_at is 'When the drill was finished or aborted';
comment on column drill.drills.failure_point is 'When production failed, or was taken to have failed: when the restore began';
comment on column drill.drills.restore_point is 'The moment to which somebody wanted to restore';
comment on column drill.drills.recovery_point is 'Up to when the restored data reaches';
comment on column drill.drills.recovery_time is 'From the start of the restore until it was verified (RTO); null when not known';
comment on column drill.drills.data_loss is 'From the recovery point to the failure point (RPO); null when not known';
comment on column drill.drills.baseline_id is 'Baseline that it was verified against';
comment on column drill.drills.state is 'open, finished or aborted';
comment on column drill.drills.verdict is 'verified, failed or could_not_verify; null before a verification';
comment on column drill.drills.follow_ups is 'What is left to do, with owner and due date';
comment on column drill.drills.notes is 'Notes of those who did it';
comment on column drill.drills.tool_version is 'Version of pgdrill that wrote the row';
comment on column drill.drills.proof_sha256 is 'SHA-256 of the proof''s SHA256SUMS, in hex';
comment on column drill.drills.previous_proof_sha256 is 'The same of the proof before it: a chain';
comment on column drill.drills.recorded_at is 'When this row was written';

create index drills_started_at_idx on drill.drills (started_at desc);

revoke all on table drill.drills from public;
