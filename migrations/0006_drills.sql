-- Up Migration

-- begin copy of sql/drills/drills.sql
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
-- end copy of sql/drills/drills.sql

-- begin copy of sql/drills/drill_policy.sql
-- What of the plan's drills is no duration that every copy is judged by. One row.
create table drill.drill_policy (
  is_only_row boolean primary key default true,
  is_app_required boolean not null default true,
  drill_every interval,
  drill_notice interval not null default interval '14 days',
  baseline_max_age interval not null default interval '1 day',
  follow_up_due interval not null default interval '14 days',
  constraint drill_policy_is_only_row_check check (is_only_row),
  constraint drill_policy_drill_every_check check (drill_every > interval '0' and isfinite(drill_every)),
  constraint drill_policy_drill_notice_check check (drill_notice >= interval '0' and isfinite(drill_notice)),
  constraint drill_policy_baseline_max_age_check check (baseline_max_age >= interval '0' and isfinite(baseline_max_age)),
  constraint drill_policy_follow_up_due_check check (follow_up_due >= interval '0' and isfinite(follow_up_due))
);

comment on table drill.drill_policy is
  'What a drill has to have, and how often there has to be one; edit it with update';
comment on column drill.drill_policy.is_only_row is 'Always true: there is one row';
comment on column drill.drill_policy.is_app_required is 'False: a drill of the database alone counts';
comment on column drill.drill_policy.drill_every is 'At most this long between good drills; null: one in each calendar quarter (UTC)';
comment on column drill.drill_policy.drill_notice is 'How long before its deadline the next drill is due';
comment on column drill.drill_policy.baseline_max_age is
  'How old the newest baseline may be: a drill that starts captures one when it is older';
comment on column drill.drill_policy.follow_up_due is
  'How long what a drill could not look at may stay so; what it found wrong: half as long';

insert into drill.drill_policy default values;

revoke all on table drill.drill_policy from public;
-- end copy of sql/drills/drill_policy.sql

-- begin copy of sql/drills/record_drill.sql
-- A drill that was recorded stays as it was: the same document again changes nothing,
-- another one under its name is refused. The document is the drill of proof.json
-- (DrillRecord), with tool_version and proof_sha256 beside what it has there.
create or replace function drill.record_drill(p_drill jsonb)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_drill_id text := p_drill ->> 'drill_id';
  v_proof_sha256 text := p_drill ->> 'proof_sha256';
  v_state text := p_drill ->> 'state';
  v_is_recorded boolean;
begin
  if v_drill_id is null or v_drill_id !~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$' or v_state is null then
    raise exception using
      errcode = 'RD011',
      message = 'cannot record the drill: the document is no drill',
      hint = 'Give the drill of a proof: pgdrill drill status records what is waiting.';
  end if;

  insert into drill.drills (
    drill_id, ticket, lead, db_owner, app_owner, method, scope, target_name, is_sandbox, started_at, restore_started_at,
    restored_at, verified_at, finished_at, failure_point, restore_point, recovery_point, recovery_time, data_loss,
    baseline_id, state, verdict, follow_ups, notes, tool_version, proof_sha256, previous_proof_sha256
  )
  values (
    v_drill_id,
    p_drill ->> 'ticket',
    p_drill #>> '{owners,lead}',
    p_drill #>> '{owners,db_owner}',
    p_drill #>> '{owners,app_owner}',
    p_drill ->> 'method',
    p_drill ->> 'scope',
    p_drill ->> 'target_name',
    -- A sandbox cannot be talked into a real drill.
    (p_drill ->> 'is_sandbox')::boolean or coalesce(pg_catalog.current_setting('drill.sandbox', true) = 'on', false),
    (p_drill ->> 'started_at')::timestamptz,
    (p_drill ->> 'restore_started_at')::timestamptz,
    (p_drill ->> 'restored_at')::timestamptz,
    (p_drill ->> 'verified_at')::timestamptz,
    (p_drill ->> 'finished_at')::timestamptz,
    (p_drill ->> 'failure_point')::timestamptz,
    (p_drill ->> 'restore_point')::timestamptz,
    (p_drill ->> 'recovery_point')::timestamptz,
    pg_catalog.make_interval(secs => (p_drill #>> '{rto,seconds}')::double precision),
    pg_catalog.make_interval(secs => (p_drill #>> '{rpo,seconds}')::double precision),
    (p_drill ->> 'baseline_id')::uuid,
    v_state,
    p_drill ->> 'verdict',
    coalesce(p_drill -> 'follow_ups', '[]'),
    coalesce(p_drill -> 'notes', '[]'),
    p_drill ->> 'tool_version',
    v_proof_sha256,
    p_drill #>> '{previous,proof_sha256}'
  )
  on conflict (drill_id) do nothing
  returning true
  into v_is_recorded;

  if v_is_recorded is null and not exists (
    select
    from drill.drills as d
    where d.drill_id = v_drill_id
      and d.state = v_state
      and d.proof_sha256 is not distinct from v_proof_sha256
  ) then
    raise exception using
      errcode = 'RD012',
      message = format('the drill %L is recorded already, with another state or proof', v_drill_id),
      hint = format('Compare the proof at hand with: select * from drill.drills where drill_id = %L.', v_drill_id);
  end if;

  return coalesce(v_is_recorded, false);
end
$$;

comment on function drill.record_drill(jsonb) is
  'Records a finished or aborted drill in production, once; true when it was not recorded before; raises RD011, RD012';

revoke all on function drill.record_drill(jsonb) from public;
-- end copy of sql/drills/record_drill.sql

-- begin copy of sql/core/schema_version.sql
-- Changed by every migration: the command line compares it with the migrations
-- it ships, so that an older or newer schema is seen before anything is believed.
create or replace function drill.schema_version()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0006'
$$;

comment on function drill.schema_version() is
  'The number of the newest migration that made this schema';

revoke all on function drill.schema_version() from public;
-- end copy of sql/core/schema_version.sql

-- Down Migration

drop function drill.record_drill(jsonb);
drop table drill.drill_policy;
drop table drill.drills;
